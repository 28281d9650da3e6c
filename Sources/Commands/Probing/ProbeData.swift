// Problems as a model sees them at some stage, and positions by meaning in them.
//
//   2 7 4 3 5 3 |  1 1 0 1  0  $
//   input       │  chain    answer            .separator is the | ; .predicts_answer[0] is where answer token 0 is predicted

import Internalization
import Language
import Probing
import Transformer

struct ProbeData {
    let set: ProblemSet
    let encoder: any ProblemEncoder
    let removed: RemovalCount
    let schedule: RemovalSchedule
    let problems: [EncodedProblem]
    let remaining: [RemainingProblem]
    let batch: RaggedBatch

    init(_ set: ProblemSet, encoder: any ProblemEncoder, removed: RemovalCount, schedule: RemovalSchedule) throws {
        self.set = set
        self.encoder = encoder
        self.removed = removed
        self.schedule = schedule
        let groups = try RunData.groups(of: set, encoder: encoder, order: schedule.order)
        problems = try (0..<set.count).map { try encoder.encode(set[$0]) }
        var batch = RaggedBatch()
        remaining = problems.enumerated().map { index, problem in
            problem.removing(removed, order: schedule.order, positions: schedule.positions, groups: groups?[index])
        }
        for problem in remaining { batch.append(problem.tokens, positions: problem.positions, labels: problem.labels) }
        self.batch = batch
    }

    static let places: [ChoiceOption] = [
        .init("answer", "the tokens of the answer"), .init("predicts_answer", "where each answer token is predicted"),
        .init("separator", "the end of the question"), .init("input", "the tokens of the question"), .init("chain", "the chain of thought, as far as it is there"),
        .init("predicts_chain", "where each chain token is predicted"), .init("last", "the last token"),
    ]

    /// The positions that a selector means: one, or all of its part where it has no index.
    func positions(_ name: String, _ index: Int?, _ call: Invocation) throws -> [Position] {
        let first = problems.first
        let count: Int
        switch name {
        case "input": count = (first?.inputCount ?? 1) - 1
        case "chain", "predicts_chain": count = first?.chain.count ?? 0
        case "answer", "predicts_answer": count = first?.answer.count ?? 0
        case "separator", "last": return [position(name, nil)]
        default:
            let near = Self.places.map { "." + $0.name }.joined(separator: " ")
            throw call.failure("there is no position .\(name)", code: .runtimeArgument, at: "at", help: "there are \(near)")
        }
        if let index { return [position(name, index)] }
        let all = (0..<count).map { position(name, $0) }
        // Chain tokens that are gone have no place to be read at.
        let there = all.filter { $0.indices.contains { $0 != nil } }
        if there.isEmpty { throw call.failure("no .\(name) is left to read at after \(removed) removals", code: .runtimeArgument, at: "at") }
        return there
    }

    private func position(_ name: String, _ index: Int?) -> Position {
        Position("." + name + (index.map { "[\($0)]" } ?? ""), indices: problems.indices.map { place(name, index, of: $0) })
    }

    private func place(_ name: String, _ index: Int?, of problem: Int) -> Int? {
        let whole = problems[problem]
        let original: Int
        switch name {
        case "separator": return whole.inputCount - 1
        case "last": return remaining[problem].tokens.count - 1
        case "input":
            guard let index, index < whole.inputCount - 1 else { return nil }
            return index
        case "chain", "predicts_chain":
            guard let index, index < whole.chain.count else { return nil }
            original = whole.chain.lowerBound + index
        default:
            guard let index, index < whole.answer.count else { return nil }
            original = whole.answer.lowerBound + index
        }
        if remaining[problem].removed.contains(where: { $0.contains(original) }) { return nil }
        let gone = remaining[problem].removed.reduce(0) { $0 + ($1.upperBound <= original ? $1.count : 0) }
        let place = original - gone
        return name.hasPrefix("predicts") ? place - 1 : place
    }

    /// What a probe is to find, from the facts of the task.
    func targets(_ name: String, _ index: Int?, asClasses: Bool?, _ call: Invocation) throws -> [ProbeTarget] {
        guard let fact = set.facts.first(where: { $0.name == name }) else {
            throw call.failure(
                "\(set.taskName) has no fact .\(name)", code: .runtimeArgument, at: "target", help: "there are " + set.facts.prefix(12).map { "." + $0.name }.joined(separator: " "))
        }
        let indices: [Int?] = index != nil || fact.hasWhole ? [index] : (fact.indices ?? 0..<0).map { $0 }
        return try indices.compactMap { index in
            let values = try set.facts(name, index: index)
            let label = "." + name + (index.map { "[\($0)]" } ?? "")
            let numbers: [Int] = try values.map {
                guard case .integer(let value) = $0 else { throw call.failure("\(label) is not a number that a probe can read", code: .runtimeType, at: "target") }
                return value
            }
            // A fact that is always the same says nothing; among many it is left out, alone it is an error of the probe.
            if indices.count > 1, Set(numbers).count < 2 { return nil }
            let isFew = (fact.values?.count ?? .max) <= 20
            return asClasses ?? isFew ? ProbeTarget(label, classes: numbers) : ProbeTarget(label, numbers: numbers.map(Double.init))
        }
    }

    /// The raw question, and which problems belong together.
    var questions: ProbeProblems {
        var groups: [String: Int] = [:]
        let numbers = (0..<set.count).map { index in
            let question = set[index].question
            if let known = groups[question] { return known }
            groups[question] = groups.count
            return groups.count - 1
        }
        let width = problems.map { $0.inputCount - 1 }.min() ?? 0
        let columns = (0..<width).map { column in problems.map { Int($0.tokens[column]) } }.filter { Set($0).count > 1 }
        // The type of a problem for the control task: its first and its last varying token, as (a_i, b_j) in multiplication.
        let types = columns.first.flatMap { first in columns.last.map { last in zip(first, last).map { $0 << 20 | $1 } } }
        return ProbeProblems(groups: numbers, rawInputs: columns, controlTypes: types)
    }
}

/// Where hidden states are read, by the names of the field.
enum HookArguments {
    static let options: [ChoiceOption] = [
        .init("resid_post", "the residual stream after a block"), .init("resid_mid", "between attention and MLP"), .init("resid_pre", "before a block"),
        .init("attn_out", "what attention adds"), .init("mlp_out", "what the MLP adds"), .init("mlp_post", "the MLP's neurons"),
        .init("z", "the heads' outputs before they are mixed"), .init("embed", "token and position rows"), .init("final", "after the final norm"),
    ]

    static func point(_ name: String, layer: Int) -> HookPoint {
        switch name {
        case "resid_mid": .block(layer, .residualMiddle)
        case "resid_pre": .block(layer, .residualPre)
        case "attn_out": .block(layer, .attentionOutput)
        case "mlp_out": .block(layer, .mlpOutput)
        case "mlp_post": .block(layer, .mlpPost)
        case "z": .block(layer, .headOutputs)
        case "embed": .embedding
        case "final": .finalNorm
        default: .block(layer, .residualPost)
        }
    }
}
