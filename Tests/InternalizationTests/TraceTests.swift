import Checkpoints
import Foundation
import Support
import TestSupport
import Testing
import Transformer

@testable import Internalization

/// Trainings with the reference's own `main()`, recorded batch by batch.
@Suite struct TraceTests {
    @Test(arguments: ["left", "right_keep_position"])
    func `training follows the reference's loop step by step`(_ name: String) throws {
        let folder = goldenFolder.appending(path: "trace/\(name)").path
        let trace = try #require(try JSONReader.readFile(folder + "/trace.json").object)
        let tolerances = try #require(trace["tolerances_float32_engine"]?.object)
        let run = try Run(
            try LanguageModel.load(from: folder + "/model"), on: try problems(folder), schedule: try schedule(trace),
            settings: try settings(trace))
        for expected in try #require(trace["steps"]?.array).compactMap(\.object) {
            let number = try #require(expected["step"]?.integer)
            var resets = false
            if case .remove(let count) = run.due { resets = run.remove(to: count, isManual: false) }
            #expect(resets == expected["reset_optimizer"]?.bool, "step \(number)")
            let report = try run.step()
            #expect(report.epoch == expected["epoch"]?.integer, "step \(number)")
            #expect(
                report.removed == expected["scheduled_to_remove"]?.integer.map { .units($0) } ?? .all, "step \(number)")
            #expect(
                try abs(report.loss - #require(expected["loss"]?.double)) <= #require(tolerances["loss_atol"]?.double),
                "step \(number)")
            let norm = expected["grad_norm"]?.double
            #expect((report.gradientNorm == nil) == (norm == nil), "step \(number)")
            if let norm, let own = report.gradientNorm {
                #expect(try abs(own - norm) <= norm * #require(tolerances["grad_norm_rtol"]?.double), "step \(number)")
            }
        }
        let final = try SafeTensorsReader(folder + "/final_params.safetensors")
        let limit = try #require(tolerances["param_atol"]?.double),
            keyLimit = try #require(tolerances["key_bias_atol"]?.double)
        for entry in run.model.parameters.entries {
            let expected = try #require(final[entry.name]).doubles()
            let width = run.model.configuration.width
            for (index, (own, theirs)) in zip(run.model.parameters.values(entry.range), expected).enumerated() {
                // The key bias has no gradient but rounding noise, of which Adam makes steps.
                let isKey = entry.name.hasSuffix("c_attn.bias") && (width..<2 * width).contains(index)
                let error = abs(Double(own) - theirs)
                if error > (isKey ? keyLimit : limit) { Issue.record("\(entry.name)[\(index)] is off by \(error)") }
            }
        }
    }

    private func problems(_ folder: String) throws -> EncodedProblems {
        let encoder = try ReferenceEncoder(try TokenizerFolder.load(folder + "/model"))
        let lines = try String(contentsOfFile: folder + "/train.txt", encoding: .utf8).split(separator: "\n")
        return try EncodedProblems(
            lines.map { line in
                let parts = line.components(separatedBy: "||"), rest = parts[1].components(separatedBy: " #### ")
                return try encoder.encode(Problem(question: parts[0], chain: rest[0], answer: rest[1]))
            })
    }

    private func schedule(_ trace: JSONObject) throws -> RemovalSchedule {
        let arguments = try #require(trace["args"]?.object)
        var schedule = RemovalSchedule.reference
        schedule.pace = .perEpoch(try #require(arguments["remove_per_epoch"]?.double))
        schedule.smoothing = .none
        schedule.order = arguments["removal_side"] == "right" ? .right : .left
        schedule.startFrom = arguments["remove_start_from"]?.integer ?? 0
        schedule.removeAllBeyond = arguments["remove_all_when_remove_beyond"]?.integer
        schedule.positions = arguments["keep_position"]?.bool == true ? .kept : .shifted
        return schedule
    }

    private func settings(_ trace: JSONObject) throws -> TrainingSettings {
        let arguments = try #require(trace["args"]?.object)
        var settings = TrainingSettings()
        settings.batchSize = try #require(arguments["batch_size"]?.integer)
        settings.learningRate = Float(try #require(arguments["lr"]?.double))
        settings.warmUp = 0
        settings.accumulation = arguments["accumulate"]?.integer ?? 1
        settings.accumulationRule = .reference
        settings.isShuffled = false
        settings.keepsPartialBatch = true
        return settings
    }
}
