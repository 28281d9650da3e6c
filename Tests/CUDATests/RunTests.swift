import Foundation
import TestSupport
import Tensors
import Testing
import Transformer

@testable import CUDA
@testable import Internalization

/// A tiny run of the tour's task with its model where an executor computes.
private func parityRun(on executor: any Executor) throws -> Run {
    let task = try DigitSum.parity(digits: 3)
    let encoder = CharacterEncoder(answerCount: 1)
    let held = try ProblemSet.generate(task, count: 20, seed: 99)
    let problems = try EncodedProblems(
        ProblemSet.generate(task, count: 100, seed: 7, apartFrom: [held]), encoder: encoder)
    let configuration = ModelConfiguration.gpt2(
        vocabularySize: encoder.vocabularySize, positionCount: 16, width: 16, layerCount: 2, headCount: 2,
        isHeadTied: false, dropout: DropoutProbabilities(embedding: 0.1, attention: 0.1, residual: 0.1))
    var settings = TrainingSettings()
    settings.batchSize = 8
    settings.seed = 3
    let model = LanguageModel(configuration, initialization: .fanIn, seed: 3).copy(on: executor)
    return try Run(
        model, on: problems, heldOut: HeldOut(EncodedProblems(held, encoder: encoder), encoder: encoder),
        settings: settings)
}

/// All numbers that decide how a run goes on.
private func numbers(_ run: Run) -> [Float] {
    run.model.parameters.values() + run.optimizer.firstMoments.values() + run.optimizer.secondMoments.values()
}

@Suite struct RunOnCardTests {
    @Test func `a run on a card takes the steps that it takes here, and writes the same answers`() throws {
        let here = try parityRun(on: CPUExecutor.shared), there = try parityRun(on: testExecutor(2))
        for run in [here, there] {
            try run.train(TrainingGoal(steps: 4))
            try run.removeMore()
            try run.train(TrainingGoal(steps: 4))
        }
        #expect(
            largestDifference(there.model.parameters.values(), here.model.parameters.values().map(Double.init)) <= 1e-3)
        let evaluations = try [here, there].map { try #require(try $0.evaluateHeldOut()) }
        #expect(evaluations[0].accuracy == evaluations[1].accuracy)
    }

    @Test func `back and forward again gives the same bits on a card`() throws {
        let run = try parityRun(on: testExecutor(1))
        try run.train(TrainingGoal(steps: 3))
        let first = numbers(run)
        try run.removeMore()
        try run.train(TrainingGoal(steps: 3))
        let second = numbers(run)
        try run.back(1)
        #expect(numbers(run) == first)
        try run.removeMore()
        try run.train(TrainingGoal(steps: 3))
        #expect(numbers(run) == second)
    }
}

@Suite struct PrecisionTests {
    private static let batch: RaggedBatch = {
        var batch = RaggedBatch()
        batch.append([1, 5, 9, 2, 7, 3], positions: nil, labels: [5, 9, 2, 7, 3, -1])
        return batch
    }()

    private static func gradients(_ model: LanguageModel) throws -> [Double] {
        let trainee = Trainee(model)
        _ = try trainee.accumulate(batch)
        return trainee.gradients.values().map(Double.init)
    }

    /// ‖a − b‖ / ‖b‖
    private static func error(_ a: [Double], _ b: [Double]) -> Double {
        let square = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return (square / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
    }

    @Test(arguments: ["gpt2", "llama", "phi3"])
    func `gradients are the processor's, as far as the factors of products are read`(_ name: String) throws {
        let model = try LanguageModel.load(from: goldenFolder.appending(path: "models/\(name)").path)
        let right = try Self.gradients(model)
        for (precision, least, most) in [
            (ProductPrecision.f32, 0, 1e-5), (.tf32, 1e-5, 5e-3), (.bf16, 1e-3, 3e-2),
        ] {
            let error = Self.error(try Self.gradients(model.copy(on: hostExecutor(precision))), right)
            #expect(error <= most && error >= least, "\(precision): \(error)")
        }
    }

    /// In bf16 products read copies, which must follow whatever changes the weights.
    @Test func `in bf16 products read the weights as they were changed last`() throws {
        let golden = try LanguageModel.load(from: goldenFolder.appending(path: "models/gpt2").path)
        let executor = hostExecutor(.bf16), model = golden.copy(on: executor)
        let trainee = Trainee(model), optimizer = AdamW(model.parameters.layout, executor: executor)
        func isAsNew() throws -> Bool {
            let other = LanguageModel(model.configuration, initialization: .gpt2, seed: 9).copy(on: hostExecutor(.bf16))
            other.parameters.put(model.parameters.values())
            return try model.logits(Self.batch) == other.logits(Self.batch)
        }
        #expect(try isAsNew())
        for _ in 0..<2 {
            trainee.clearGradients()
            _ = try trainee.accumulate(Self.batch)
            _ = try optimizer.update(model, gradients: trainee.gradients, learningRate: 1e-2, clip: 1)
            #expect(try isAsNew())
        }
        // An update that changes nothing, because a gradient is not finite.
        trainee.gradients.put([.nan], at: 3)
        #expect(throws: NonFiniteGradient.self) {
            try optimizer.update(model, gradients: trainee.gradients, learningRate: 1e-2)
        }
        #expect(try isAsNew())
        // From outside, through another executor of the same memory, and from another model.
        model.parameters.put(golden.parameters.values())
        #expect(try isAsNew())
        let exact = try executor.multiplying(in: .f32)
        exact.copyIn([Float](repeating: 0.5, count: 100), to: model.parameters.place[0..<100])
        #expect(try isAsNew())
        model.parameters.copyValues(
            from: LanguageModel(golden.configuration, initialization: .gpt2, seed: 4).parameters)
        #expect(try isAsNew())
        let same = model.copy(on: executor)
        _ = try same.logits(Self.batch)
        same.parameters.put([Float](repeating: 0.25, count: 64))
        model.parameters.copyValues(from: same.parameters)
        #expect(try isAsNew())
    }
}
