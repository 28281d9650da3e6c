import CAllocationCount
import Tensors
import Transformer

/// Greedy decoding of one sequence from a prompt of 10 tokens.
func measureDecoding(
    _ shape: Shape, new: Int, threads: Int, runs: Int, precision: ProductPrecision
) throws -> String {
    let workers = Workers(threadCount: threads)
    let model = LanguageModel(shape.configuration, initialization: .gpt2, seed: 1)
    try model.multiply(in: precision)
    var random = RandomSource(seed: 3)
    let prompt = Prompt(tokens: (0..<10).map { _ in Int32(random.below(shape.vocabulary)) })
    func generate(_ count: Int) throws {
        _ = try model.generate([prompt], GenerationOptions(maximumNewTokens: count, stop: .none), workers: workers)
    }
    let time = try measure(warm: 1, runs: runs, budget: 20) { try generate(new) }
    // What a token allocates is the difference of a long and a short generation.
    var before = allocation_count()
    try generate(new)
    let long = allocation_count() - before
    before = allocation_count()
    try generate(new / 2)
    let allocations = Double(long - (allocation_count() - before)) / Double(new - new / 2)
    let rate = Double(new) / time.median
    return
        "decode \(shape.name) \(precision.rawValue) new=\(new) threads=\(threads)"
        + " tokens_per_s=\(rounded(rate, 1)) best_tokens_per_s=\(rounded(Double(new) / time.least, 1))"
        + " gb_per_s=\(rounded(shape.weightBytes * rate * (precision == .bf16 ? 0.5 : 1) / 1e9, 2))"
        + " allocations_per_token=\(rounded(allocations, 2))"
}

/// Greedy answers of 10 tokens to prompts of 11, as many at once as the engine thinks right.
func measureEvaluation(
    _ shape: Shape, problems: Int, threads: Int, precision: ProductPrecision
) throws -> String {
    let workers = Workers(threadCount: threads)
    let model = LanguageModel(shape.configuration, initialization: .gpt2, seed: 1)
    try model.multiply(in: precision)
    var random = RandomSource(seed: 4)
    let prompts = (0..<problems).map { _ in Prompt(tokens: (0..<11).map { _ in Int32(random.below(shape.vocabulary)) })
    }
    let options = GenerationOptions(maximumNewTokens: 10, stop: .none)
    _ = try model.generate(Array(prompts.prefix(100)), options, workers: workers)
    let begin = seconds()
    _ = try model.generate(prompts, options, workers: workers)
    let time = seconds() - begin
    let (l, d, v) = (Double(shape.layers), Double(shape.width), Double(shape.vocabulary))
    let flops = Double(problems) * (24 * l * d * d * 20 + 2 * v * d * 10)
    return
        "evaluate \(shape.name) \(precision.rawValue) problems=\(problems) threads=\(threads)"
        + " examples_per_s=\(rounded(Double(problems) / time, 2))"
        + " seconds=\(rounded(time, 2)) gflops=\(rounded(flops / time / 1e9, 1))"
}
