import CAllocationCount
import Tensors
import Transformer

/// Whole training steps on a batch that stays the same: forwards, loss, backwards, clip at 1, AdamW.
func measureTraining(
    _ shape: Shape, threads: Int, runs: Int, budget: Double, precision: ProductPrecision
) throws -> String {
    let workers = Workers(threadCount: threads)
    let model = LanguageModel(shape.configuration, initialization: .gpt2, seed: 1)
    try model.multiply(in: precision)
    let trainee = Trainee(model, workers: workers)
    let optimizer = AdamW(model.parameters.layout, executor: model.executor(workers))
    let batch = shape.randomBatch(seed: 2)
    func step() throws {
        trainee.clearGradients()
        _ = try trainee.accumulate(batch)
        _ = try optimizer.update(model, gradients: trainee.gradients, learningRate: 5e-5, clip: 1)
    }
    let time = try measure(warm: shape.width < 512 ? 5 : 1, runs: runs, budget: budget, step)
    let before = allocation_count()
    for _ in 0..<2 { try step() }
    let allocations = Double(allocation_count() - before) / 2
    let tokens = Double(shape.batch * shape.length)
    return
        "train \(shape.name) \(precision.rawValue) B=\(shape.batch) T=\(shape.length) threads=\(threads)"
        + " ms=\(rounded(time.median * 1e3, 2)) best_ms=\(rounded(time.least * 1e3, 2))"
        + " tokens_per_s=\(rounded(tokens / time.median, 0)) gflops=\(rounded(shape.trainingFlops / time.median / 1e9, 1))"
        + " allocations=\(rounded(allocations, 1)) peak_gb=\(rounded(peakResidentBytes() / 1e9, 2))"
}
