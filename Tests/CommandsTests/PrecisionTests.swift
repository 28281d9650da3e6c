import Foundation
import Language
import TestSupport
import Testing

@testable import Commands

/// `precision: .bf16`, from the label to the kept run.
@Suite struct PrecisionTests {
    private static let problems = """
        let test = gen .parity digits: 4 n: 100 seed: 7
        let data = gen .parity digits: 4 n: 400 apart_from: test

        """
    private static func run(_ more: String, model: String = "") -> String {
        problems
            + """
            let m = model .gpt2 width: 32 heads: 2 positions: 32 dropout: 0.1 \(model)
            let r = start m on: data test: test batch: 16 \(more)

            """
    }

    private func hash(_ desk: Desk) -> String? { desk.value("hash r").asText }

    @Test func `a run in bf16 says so, trains and evaluates in it, and comes to other bits than one in float32`() {
        let desk = Desk(), exact = Desk()
        let text = "train steps: 5\nstep\ntrain steps: 5\nlet e = eval test"
        #expect(desk.run(Self.run("precision: .bf16") + text) == .finished, "\(desk.messages)")
        #expect(exact.run(Self.run("") + text) == .finished, "\(exact.messages)")
        #expect(desk.value("r.precision").asText == "bf16" && exact.value("r.precision").asText == "f32")
        #expect(desk.value("r.model.precision").asText == "bf16")
        #expect(desk.value("r.profile").asText?.hasPrefix("bf16 ") == true)
        #expect(exact.value("r.profile").asText?.hasPrefix("f32 ") == true)
        #expect(hash(desk) != hash(exact))
        desk.run("show r")
        #expect(desk.text.contains("products in bf16"), "\(desk.text)")
        exact.run("show r")
        #expect(!exact.text.contains("products in"), "\(exact.text)")
        // The same once more.
        let again = Desk()
        again.run(Self.run("precision: .bf16") + text)
        #expect(hash(again) == hash(desk) && again.value("e").json == desk.value("e").json)
    }

    @Test func `a model made in bf16 is trained in it, and precision: .f32 beside start is float32`() {
        let desk = Desk()
        desk.run(Self.run("", model: "precision: .bf16") + "train steps: 4")
        let byLabel = Desk()
        byLabel.run(Self.run("precision: .bf16") + "train steps: 4")
        #expect(desk.value("r.precision").asText == "bf16" && hash(desk) == hash(byLabel))
        let back = Desk(), exact = Desk()
        back.run(Self.run("precision: .f32", model: "precision: .bf16") + "train steps: 4")
        exact.run(Self.run("") + "train steps: 4")
        #expect(back.value("m.precision").asText == "f32" && hash(back) == hash(exact))
    }

    @Test func `what was gone back from leaves no trace in bf16, and a control is computed in it`() {
        let desk = Desk()
        desk.run(
            Self.run("precision: .bf16") + "train steps: 3\nstep\ntrain steps: 3\nlet h = hash r\nstep\ntrain steps: 3")
        #expect(desk.run("back 1\nlet b = hash r\ntrain steps: 3") == .finished, "\(desk.messages)")
        #expect(desk.value("h").asText == desk.value("b").asText)
        // As if it had never gone on.
        let other = Desk()
        other.run(Self.run("precision: .bf16") + "train steps: 3\nstep\ntrain steps: 6")
        #expect(hash(desk) == hash(other))
        #expect(desk.run("let c = control r kind: .no_cot") == .finished, "\(desk.messages)")
        #expect(desk.value("c.precision").asText == "bf16")
    }

    @Test func `a kept run goes on in bf16 to the bits of one that was left open, without a word`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/run"
            let open = Desk(), opened = Desk()
            var kept: Desk? = Desk()
            open.run(Self.run("precision: .bf16") + "train steps: 3\nstep\ntrain steps: 4\nlet e = eval test")
            kept?.run(Self.run("precision: .bf16") + "save_run \"\(path)\"\ntrain steps: 3\nstep")
            kept = nil
            #expect(
                opened.run(
                    "let r = resume \"\(path)\"\ntrain steps: 4\nlet test = r.test\nlet e = eval test")
                    == .finished, "\(opened.messages)")
            #expect(!opened.text.contains("trained so far under"), "\(opened.text)")
            #expect(opened.value("r.precision").asText == "bf16")
            #expect(hash(opened) == hash(open) && opened.value("e").json == open.value("e").json)
            let state = try FileManager.default.contentsOfDirectory(atPath: path + "/checkpoints").sorted().last.map {
                try String(contentsOfFile: "\(path)/checkpoints/\($0)/state.json", encoding: .utf8)
            }
            #expect(state?.contains("\"bf16 ") == true && state?.contains(/"precision" ?: ?"bf16"/) == true)
        }
    }

    @Test func `what there is no such precision of, and what a processor has not, is refused with what there is`() {
        for line in ["model .gpt2 precision: .f16", "start m on: data precision: .f16"] {
            let desk = Desk()
            desk.run(Self.problems + "let m = model .gpt2\n" + line)
            let message = desk.messages.first ?? ""
            #expect(message.contains(".f16 is not a choice of 'precision:'") && message.contains(".bf16"), "\(message)")
        }
        for line in ["model .gpt2 precision: .tf32", "start m on: data precision: .tf32"] {
            let desk = Desk()
            desk.run(Self.problems + "let m = model .gpt2\n" + line)
            let message = desk.messages.first ?? ""
            #expect(desk.codes == [.runtimeArgument], "\(desk.messages)")
            #expect(message.contains("the processor multiplies in f32 or bf16, not in tf32"), "\(message)")
            #expect(message.contains("write precision: .f32 or .bf16"), "\(message)")
        }
    }

    @Test func `a preset promises float32: another precision beside it is said`() {
        for (model, start) in [("", "precision: .bf16"), ("precision: .bf16", "")] {
            let desk = Desk()
            desk.run(Self.run("preset: .reference batch: 32 \(start)".replacing("batch: 32 ", with: ""), model: model))
            #expect(desk.text.contains("precision: .bf16 instead of .f32"), "\(desk.text)")
        }
        let desk = Desk()
        desk.run(Self.run("preset: .reference precision: .f32"))
        #expect(!desk.text.contains("precision"), "\(desk.text)")
    }
}
