// How a page keeps the weights of its stages: the very ones where they fit, else half of their bits, else differences
// from stage to stage, rounded to the finest steps that fit.
//
// A step is shared out by how much a tensor's weights matter: noise on each tensor by itself, at the first, the middle
// and the last stage, moves the logits by so much for a unit of it, and steps that are inverse to this cost the fewest
// bits for the same deviation of the logits. What the rounding does is then measured at every stage, over the problems
// of the page, and weights that write too little of what the run writes are no page of it.

import Checkpoints
import Experiments
import Glibc
import Internalization
import Language
import Support
import Transformer

struct PageWeights {
    /// A run with the stages that are shown of it.
    struct Shown {
        var experiment: Experiment
        var role: String
        var stages: [(removed: Int, stage: Timeline.Stage)]
        var layout: ParameterLayout { experiment.run.model.parameters.layout }
        var weightCount: Int { experiment.run.model.parameterCount }
    }

    /// How true the page is to the run.
    struct Fidelity {
        /// For each stage of how many problems it writes the very tokens that the run writes.
        var agreements: [(removed: Int, same: Int)]
        var problemCount: Int
        /// Of a logit, over what the run writes at all stages: the largest difference, the root mean square, and how
        /// large they are themselves.
        var largest: Double
        var typical: Double
        var size: Double

        var least: (removed: Int, same: Int) { agreements.min { $0.same < $1.same } ?? (0, 0) }

        var value: Value {
            .record([
                (
                    "agreement",
                    .list(
                        agreements.map {
                            .record([
                                ("removed", .integer($0.removed)), ("same", .integer($0.same)),
                                ("of", .integer(problemCount)),
                            ])
                        })
                ),
                ("largest", .real(largest)), ("typical", .real(typical)), ("size", .real(size)),
            ])
        }
    }

    private let runs: [Shown]
    private let problems: ProblemSet
    private let call: Invocation

    init(_ runs: [Shown], _ problems: ProblemSet, _ call: Invocation) {
        self.runs = runs
        self.problems = problems
        self.call = call
    }

    // MARK: Which code

    /// Room that everything else on the page takes, its problems aside, in bytes: scripts, prose, probes.
    private static let otherBytes = 112_000
    /// Files up to this size keep the very weights, in bytes.
    private static let smallBytes = 1_000_000
    /// The size of a weight to the mean step, from as fine as half precision to one step, in eighths of an octave.
    private static let finenesses = (0...80).map { 1024 * exp2(-Double($0) / 8) }
    /// The share of problems that rounded weights must write as the run does.
    private static let shareSame = 0.9

    func coded() throws -> (stages: [[CodedStage]], code: WeightCode) {
        let limit = Int(try call.real("limit") * 1e6)
        let stageWeights = try runs.map { run in
            try run.stages.map { stage in
                try call.checkInterrupt()
                let weights = try run.experiment.run.model(at: stage.stage).parameters.values()
                if weights.contains(where: { !$0.isFinite }) {
                    throw call.failure(
                        "with \(stage.removed) removed the weights of \(run.experiment.name) are not all numbers",
                        code: .runtimeArgument, at: "run", help: "show the stages before that: stages: [0]")
                }
                return weights
            }
        }
        // Quotes and commas take about as much as the digits between which there are spaces.
        let texts = (0..<problems.count).reduce(0) { sum, index in
            sum + problems.withParts(of: index) { 2 * ($0.count + $1.count + $2.count) }
        }
        let count = stageWeights.joined().reduce(0) { $0 + $1.count }
        /// Base64 takes four characters for three bytes.
        func fits(_ bytes: Int, _ limit: Int) -> Bool { bytes * 4 / 3 + Self.otherBytes + texts <= limit }
        func encode(_ code: WeightCode) -> [[CodedStage]] {
            stageWeights.map { StageCoder.encode($0, tensors: [], code: code) }
        }
        let asked = try call.choice("weights")
        if asked == "float32" || asked == "automatic" && fits(4 * count, min(limit, Self.smallBytes)) {
            return (encode(.float32), .float32)
        }
        if asked == "half" || asked == "automatic" && fits(2 * count, limit) { return (encode(.half), .half) }
        guard let coded = try finest(stageWeights, where: { fits($0, limit) }) else {
            throw tooLarge(4 * count, "even rounded to steps of their own size")
        }
        return (coded, .rounded)
    }

    /// The stages with the finest steps that fit, by halving the interval.
    private func finest(_ stageWeights: [[[Float]]], where fits: (Int) -> Bool) throws -> [[CodedStage]]? {
        let scales = try zip(runs, stageWeights).map { run, weights in try stepShares(run, weights) }
        var found: [[CodedStage]]?
        var candidates = Self.finenesses[...]
        while !candidates.isEmpty {
            let middle =
                found == nil && candidates.count == Self.finenesses.count
                ? candidates.startIndex : (candidates.startIndex + candidates.endIndex) / 2
            let fineness = candidates[middle]
            call.progress(WorkProgress("rounding weights, \(Int(fineness)) steps to their size", 0, of: nil))
            try call.checkInterrupt()
            let coded = zip(zip(runs, stageWeights), scales).map { pair, scales in
                StageCoder.encode(
                    pair.1, tensors: pair.0.layout.entries.map(\.range.count),
                    steps: scales.map { Float($0 / fineness) }, multiples: .adaptive)
            }
            if fits(coded.joined().reduce(0) { $0 + $1.bytes.count }) {
                found = coded
                candidates = candidates[..<middle]
            } else {
                candidates = candidates[(middle + 1)...]
            }
        }
        return found
    }

    // MARK: Steps

    /// Problems and stages over which it is measured how much each tensor matters.
    private static let measuredProblems = 24
    private static let measuredStages = 3

    /// For each tensor the size of its step, as a multiple of one that is the same for all: of the root mean square of
    /// all weights on (geometric) average.
    private func stepShares(_ run: Shown, _ stageWeights: [[Float]]) throws -> [Double] {
        let entries = run.layout.entries
        let few = problems[0..<Self.measuredProblems]
        let picked = Set(
            (0..<Self.measuredStages).map { $0 * (run.stages.count - 1) / max(Self.measuredStages - 1, 1) }
        ).sorted()
        var effects = [Double](repeating: 0, count: entries.count)
        let size = Self.rootMeanSquare(stageWeights)
        let noise = Float(size / 16)
        for (done, index) in picked.enumerated() {
            let stage = run.stages[index].stage
            let model = try run.experiment.run.model(at: stage)
            let logits = try run.experiment.writtenLogits(
                of: model, few, removed: stage.record.removed, interrupt: call.interrupt)
            for (tensor, entry) in entries.enumerated() {
                call.progress(
                    WorkProgress(
                        "measuring how much each tensor matters",
                        Double(done * entries.count + tensor) / Double(picked.count * entries.count)))
                try call.checkInterrupt()
                let own = Array(stageWeights[index][entry.range])
                // Up or down by the digits of the golden ratio, which repeat in no row or column.
                model.parameters.put(
                    own.enumerated().map { place, value in
                        (UInt32(truncatingIfNeeded: place) &* 0x9E37_79B9) >> 31 == 0 ? value + noise : value - noise
                    }, at: entry.range.lowerBound)
                effects[tensor] +=
                    try logits.deviation(of: model).meanSquare / (Double(noise) * Double(noise) * Double(own.count))
                model.parameters.put(own, at: entry.range.lowerBound)
            }
        }
        // What seems not to matter at all is not rounded to nothing: these were a few problems.
        let mean = effects.reduce(0, +) / Double(max(effects.count, 1))
        let shares: [Double] = effects.map { mean > 0 ? 1 / max($0 / mean, 1e-3).squareRoot() : 1 }
        var sum = 0.0
        for (share, entry) in zip(shares, entries) { sum += log2(share) * Double(entry.range.count) }
        let centre = exp2(sum / Double(max(run.layout.count, 1)))
        return shares.map { size * $0 / centre }
    }

    private static func rootMeanSquare(_ stageWeights: [[Float]]) -> Double {
        var (square, count) = (0.0, 0.0)
        for weights in stageWeights {
            for weight in weights { square += Double(weight) * Double(weight) }
            count += Double(weights.count)
        }
        return max((square / max(count, 1)).squareRoot(), 1e-30)
    }

    // MARK: What it costs

    /// Compares what the page's weights write with what the run writes.
    /// - Throws: where they are no longer the run's.
    func fidelity(_ coded: [CodedStage]) throws -> Fidelity {
        let experiment = runs[0].experiment
        var result = Fidelity(agreements: [], problemCount: problems.count, largest: 0, typical: 0, size: 0)
        for (stage, coded) in zip(runs[0].stages, coded) {
            call.progress(WorkProgress("comparing answers, removed \(stage.removed)", 0, of: nil))
            let exact = try experiment.run.model(at: stage.stage)
            let kept = LanguageModel(uninitialized: exact.configuration)
            kept.parameters.put(coded.values)
            let removed = stage.stage.record.removed
            let logits = try experiment.writtenLogits(of: exact, problems, removed: removed, interrupt: call.interrupt)
            let written = try experiment.written(by: kept, problems, removed: removed, interrupt: call.interrupt)
            result.agreements.append((stage.removed, zip(logits.tokens, written).count { $0 == $1 }))
            let deviation = try logits.deviation(of: kept)
            result.largest = max(result.largest, Double(deviation.largest))
            result.typical += deviation.meanSquare / Double(runs[0].stages.count)
            result.size = max(result.size, Double(logits.size))
        }
        result.typical = result.typical.squareRoot()
        guard Double(result.least.same) >= Self.shareSame * Double(problems.count) else {
            let bytes = runs.reduce(0) { $0 + $1.stages.count * $1.weightCount * 4 }
            throw tooLarge(
                bytes,
                "without rounding that changes what it writes (with \(result.least.removed) removed only "
                    + "\(result.least.same) of \(problems.count) problems are written as the run writes them)")
        }
        return result
    }

    private func tooLarge(_ bytes: Int, _ how: String) -> Diagnostic {
        let stages = runs.reduce(0) { $0 + $1.stages.count }
        return call.failure(
            "\(Phrase.count(stages, "stage")) of \(NumberText.grouped(runs[0].weightCount)) weights "
                + (stages == 1 ? "does" : "do")
                + " not fit into a page of \(Phrase.short((try? call.real("limit")) ?? 3)) MB \(how)",
            code: .runtimeArgument,
            help:
                "show fewer stages, stages: [0, \(runs[0].experiment.run.removedCount)], keep half of the bytes, "
                + "weights: .half, or allow more, limit: \(bytes * 4 / 3_000_000 + 1)"
        )
    }

    func check(size bytes: Int, _ code: WeightCode) throws {
        guard Double(bytes) > (try call.real("limit")) * 1e6 else { return }
        throw tooLarge(bytes, "in \(code == .half ? "half precision" : code.rawValue)")
    }
}
