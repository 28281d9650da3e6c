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
    @Test func `with TF32 gradients are the processor's to a few thousandths, and not to the last bits`() throws {
        let model = try LanguageModel.load(from: goldenFolder.appending(path: "models/gpt2").path)
        var batch = RaggedBatch()
        batch.append([1, 5, 9, 2, 7, 3], positions: nil, labels: [5, 9, 2, 7, 3, -1])
        let gradients = try [model, model.copy(on: hostExecutor(.tf32)), model.copy(on: hostExecutor(.f32))].map {
            model in
            let trainee = Trainee(model)
            _ = try trainee.accumulate(batch)
            return trainee.gradients.values().map(Double.init)
        }
        func error(_ found: [Double]) -> Double {
            let square = zip(found, gradients[0]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            return (square / gradients[0].reduce(0) { $0 + $1 * $1 }).squareRoot()
        }
        #expect(error(gradients[1]) <= 3e-3 && error(gradients[1]) >= 1e-5)
        #expect(error(gradients[2]) <= 1e-5)
    }
}
