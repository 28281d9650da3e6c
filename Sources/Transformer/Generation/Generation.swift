import Glibc
import Support
import Tensors

/// What a generation goes on from.
public struct Prompt: Sendable, Equatable {
    public var tokens: [Int32]
    /// Position ids of the tokens; nil for 0, 1, …. Generation goes on from the last one plus 1.
    public var positions: [Int32]?
    /// (L, C) what block after block gets at the last token in place of the model's own state; nil for its own.
    public var lastStates: [Float]?

    public init(tokens: [Int32], positions: [Int32]? = nil, lastStates: [Float]? = nil) {
        self.tokens = tokens
        self.positions = positions
        self.lastStates = lastStates
    }
}

/// When a generation ends by itself.
public enum StopRule: Sendable, Hashable {
    /// After this token.
    case token(Int32)
    /// After this token has been generated this many times: the reference stops an explicit chain of thought at the
    /// second separator.
    case nthToken(Int32, count: Int)
    case none
}

/// How a token is chosen.
public enum Sampling: Sendable, Equatable {
    /// The most probable one.
    case greedy
    /// At random in proportion to p^(1/temperature), among the `topK` most probable.
    case sample(temperature: Float, topK: Int?, seed: UInt64)
}

public struct GenerationOptions: Sendable, Equatable {
    public var maximumNewTokens: Int
    public var stop: StopRule
    public var sampling: Sampling

    public init(maximumNewTokens: Int, stop: StopRule, sampling: Sampling = .greedy) {
        self.maximumNewTokens = maximumNewTokens
        self.stop = stop
        self.sampling = sampling
    }
}

public struct Generated: Sendable, Equatable {
    /// The new tokens, the one that stopped included.
    public var tokens: [Int32] = []
    /// The model's probability of each of them.
    public var probabilities: [Float] = []
}

extension LanguageModel {
    /// Continues every prompt. Prompts of different lengths share a batch, and a finished one leaves it.
    /// - Parameter finished: hears from time to time how many prompts are done.
    ///
    /// A generation also ends when the model has no further position; it is then shorter than `maximumNewTokens`.
    /// - Throws: `BatchError` for ids outside the model's tables or an empty prompt; `Interrupted`.
    public func generate(
        _ prompts: [Prompt], _ options: GenerationOptions, workers: Workers = .shared,
        interrupt: Interrupt = Interrupt(), finished: (_ prompts: Int) -> Void = { _ in }
    ) throws -> [Generated] {
        let most = executor(workers).generationMost
        var results: [Generated] = []
        var start = 0
        while start < prompts.count {
            var longest = 0
            var end = start
            while end < prompts.count, end - start < most.sequences {
                let length = max(longest, prompts[end].tokens.count + options.maximumNewTokens)
                let cache = (end + 1 - start) * length * Decoder.cacheWidth(configuration)
                if end > start, cache > most.cacheFloats { break }
                longest = length
                end += 1
            }
            var generator = try Generator(self, Array(prompts[start..<end]), options, firstIndex: start, workers)
            results += try generator.run(interrupt)
            start = end
            finished(start)
        }
        return results
    }
}

/// One batch of prompts on the way to being finished.
private struct Generator {
    let model: LanguageModel
    let prompts: [Prompt]
    let options: GenerationOptions
    let firstIndex: Int
    let decoder: Decoder
    var results: [Generated]
    var nextPosition: [Int32]
    var random: [RandomSource]
    var sampler: TokenSampler?
    /// Of the last rows of a call.
    var chosen: [Int32] = []
    var probabilities: [Float] = []

    init(
        _ model: LanguageModel, _ prompts: [Prompt], _ options: GenerationOptions, firstIndex: Int, _ workers: Workers
    ) throws {
        self.model = model
        self.prompts = prompts
        self.options = options
        self.firstIndex = firstIndex
        for prompt in prompts {
            var batch = RaggedBatch()
            batch.append(prompt.tokens, positions: prompt.positions, labels: nil)
            if prompt.tokens.isEmpty { throw BatchError.noTargets }
            let states = model.configuration.layerCount * model.configuration.width
            if let given = prompt.lastStates, given.count != states {
                throw BatchError.states(given.count, needed: states)
            }
            try batch.check(against: model.configuration)
        }
        let longest = prompts.map(\.tokens.count).max() ?? 0
        decoder = Decoder(model, sequenceCount: prompts.count, capacity: longest + options.maximumNewTokens, workers)
        results = Array(repeating: Generated(), count: prompts.count)
        nextPosition = prompts.map { ($0.positions?.last ?? Int32($0.tokens.count - 1)) + 1 }
        for index in results.indices {
            results[index].tokens.reserveCapacity(options.maximumNewTokens)
            results[index].probabilities.reserveCapacity(options.maximumNewTokens)
        }
        if case .sample(let temperature, let topK, let seed) = options.sampling, temperature > 0 {
            sampler = TokenSampler(temperature: temperature, topK: topK)
            // A source of its own for each prompt: what one prompt draws does not depend on its neighbours.
            let source = RandomSource(seed: seed)
            random = prompts.indices.map { source.split(UInt64(firstIndex + $0)) }
        } else {
            random = []
        }
    }

    mutating func run(_ interrupt: Interrupt) throws -> [Generated] {
        guard options.maximumNewTokens > 0 else { return results }
        var rows: [Decoder.Row] = []
        for (sequence, prompt) in prompts.enumerated() {
            for (index, token) in prompt.tokens.enumerated() {
                rows.append(row(sequence, index, token))
            }
        }
        while !rows.isEmpty {
            try interrupt.check()
            choose(decoder.advance(rows))
            rows.removeAll(keepingCapacity: true)
            for (index, sequence) in decoder.lastSequences.enumerated() {
                results[sequence].tokens.append(chosen[index])
                results[sequence].probabilities.append(probabilities[index])
                if !isFinished(sequence, chosen[index]) { goOn(sequence, chosen[index], &rows) }
            }
        }
        return results
    }

    /// Appends the row of a new token.
    private mutating func goOn(_ sequence: Int, _ token: Int32, _ rows: inout [Decoder.Row]) {
        let position = nextPosition[sequence]
        nextPosition[sequence] += 1
        if let rotary = model.configuration.rotary, rotary.isLong(Int(position)), !rotary.isLong(Int(position) - 1) {
            // From here on other frequencies hold, also for what the cache has: the sequence is taken in again, as
            // transformers does.
            decoder.forget(sequence)
            let known = prompts[sequence].tokens + results[sequence].tokens.dropLast()
            for (index, token) in known.enumerated() { rows.append(row(sequence, index, token)) }
        }
        rows.append(Decoder.Row(sequence: sequence, token: token, position: position))
    }

    /// The row of token `index` of prompt and continuation.
    private func row(_ sequence: Int, _ index: Int, _ token: Int32) -> Decoder.Row {
        let states = index == prompts[sequence].tokens.count - 1 ? prompts[sequence].lastStates : nil
        return Decoder.Row(sequence: sequence, token: token, position: position(sequence, index), states: states)
    }

    /// The position id of token `index` of prompt and continuation.
    private func position(_ sequence: Int, _ index: Int) -> Int32 {
        let prompt = prompts[sequence]
        guard let positions = prompt.positions else { return Int32(index) }
        return index < positions.count ? positions[index] : (positions.last ?? -1) + Int32(index - positions.count) + 1
    }

    /// A token for each of the decoder's last sequences, from its logits, and the token's probability.
    private mutating func choose(_ logits: Variable) {
        chosen.removeAll(keepingCapacity: true)
        probabilities.removeAll(keepingCapacity: true)
        if sampler == nil {
            decoder.executor.appendMostProbable(logits, to: &chosen, &probabilities)
        } else {
            for (index, sequence) in decoder.lastSequences.enumerated() {
                let row = logits.place[index * logits.columns..<(index + 1) * logits.columns]
                let token = decoder.executor.read(row) { sampler?.draw($0, &random[sequence]) ?? 0 }
                chosen.append(Int32(token))
            }
            decoder.executor.appendProbabilities(of: chosen, logits, to: &probabilities)
        }
    }

    private func isFinished(_ sequence: Int, _ token: Int32) -> Bool {
        let tokens = results[sequence].tokens
        if tokens.count >= options.maximumNewTokens || Int(nextPosition[sequence]) >= model.configuration.positionCount
        {
            return true
        }
        switch options.stop {
        case .token(let stop): return token == stop
        case .nthToken(let stop, let count):
            return token == stop && tokens.reduce(0) { $1 == stop ? $0 + 1 : $0 } >= count
        case .none: return false
        }
    }
}
