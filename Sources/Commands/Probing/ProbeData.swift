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
    let removed: RemovalCount
    let problems: [EncodedProblem]
    let remaining: [RemainingProblem]
    let batch: RaggedBatch

    init(_ set: ProblemSet, for subject: Subject, _ call: Invocation) throws {
        let schedule = subject.schedule
        let removed = subject.removed
        let groups = try RunData.groups(of: set, encoder: subject.encoder, order: schedule.order)
        let problems = try (0..<set.count).map { index in
            if index & 0xFFF == 0xFFF { try call.checkInterrupt() }
            return try subject.encoder.encode(set[index])
        }
        let shape = try subject.shape ?? DataShape(EncodedProblems(problems, groups: groups))
        var batch = RaggedBatch()
        let remaining = try problems.enumerated().map { index, problem in
            if index & 0xFFF == 0xFFF { try call.checkInterrupt() }
            return shape.remaining(of: problem, removed: removed, schedule: schedule, groups: groups?[index])
        }
        for problem in remaining { batch.append(problem.tokens, positions: problem.positions, labels: problem.labels) }
        (self.set, self.removed, self.problems, self.remaining, self.batch) = (set, removed, problems, remaining, batch)
    }

    // MARK: Positions

    static let places: [ChoiceOption] = [
        .init("answer", "the tokens of the answer"), .init("predicts_answer", "where each answer token is predicted"),
        .init("separator", "the end of the question"), .init("input", "the tokens of the question"),
        .init("chain", "the chain of thought, as far as it is there"),
        .init("predicts_chain", "where each chain token is predicted"), .init("last", "the last token"),
    ]

    /// The positions that a selector means: one, or all of its part where it has no index; none where the chain's tokens that it means are gone.
    /// - Parameter argument: the argument that it was given with, for errors.
    func positions(_ name: String, _ index: Int?, _ call: Invocation, at argument: String = "at") throws -> [Position] {
        guard Self.places.contains(where: { $0.name == name }) else {
            throw call.failure(
                "there is no position .\(name)", code: .runtimeArgument, at: argument,
                help: "there are " + Self.places.map { "." + $0.name }.joined(separator: " "))
        }
        if name == "separator" || name == "last" { return [position(name, nil)] }
        let most = problems.map { length(of: name, in: $0) }.max() ?? 0
        if let index, index >= most {
            let there = most == 0 ? "they have none" : "there are .\(name)[0] to .\(name)[\(most - 1)]"
            throw call.failure(
                "no problem has a position .\(name)[\(index)]", code: .runtimeArgument, at: argument, help: there)
        }
        let all = index.map { [$0] } ?? Array(0..<(problems.first.map { length(of: name, in: $0) } ?? 0))
        return all.map { position(name, $0) }.filter { $0.indices.contains { $0 != nil } }
    }

    /// The same, and an error where there is nothing left to read.
    func somePositions(
        _ name: String, _ index: Int?, _ call: Invocation, at argument: String = "at"
    ) throws -> [Position] {
        let found = try positions(name, index, call, at: argument)
        guard found.isEmpty else { return found }
        let place = "." + name + (index.map { "[\($0)]" } ?? "")
        throw call.failure(
            "\(place) is gone after \(removed) removals", code: .runtimeArgument, at: argument,
            help: "read .separator or .predicts_answer, or go back before its removal")
    }

    private func length(of name: String, in problem: EncodedProblem) -> Int {
        switch name {
        case "input": problem.inputCount - 1
        case "chain", "predicts_chain": problem.chain.count
        default: problem.answer.count
        }
    }

    private func position(_ name: String, _ index: Int?) -> Position {
        Position(
            "." + name + (index.map { "[\($0)]" } ?? ""), indices: problems.indices.map { place(name, index, of: $0) })
    }

    private func place(_ name: String, _ index: Int?, of problem: Int) -> Int? {
        let whole = problems[problem]
        if name == "separator" { return whole.inputCount - 1 }
        if name == "last" { return remaining[problem].tokens.count - 1 }
        guard let index, index < length(of: name, in: whole) else { return nil }
        if name == "input" { return index }
        let original = (name.hasSuffix("chain") ? whole.chain.lowerBound : whole.answer.lowerBound) + index
        if remaining[problem].removed.contains(where: { $0.contains(original) }) { return nil }
        let gone = remaining[problem].removed.reduce(0) { $0 + ($1.upperBound <= original ? $1.count : 0) }
        return original - gone - (name.hasPrefix("predicts") ? 1 : 0)
    }

    /// Every position that all problems have, in order, called by what stands there in all of them.
    func everyPosition() -> [Position] {
        let count = remaining.map(\.tokens.count).min() ?? 0
        return (0..<count).map { index in
            let meaning = meaning(index, of: 0)
            let isShared = remaining.indices.allSatisfy { self.meaning(index, of: $0) == meaning }
            return Position(isShared ? meaning : "token \(index)", index: index, count: remaining.count)
        }
    }

    private func meaning(_ index: Int, of problem: Int) -> String {
        let whole = problems[problem]
        var original = index
        for cut in remaining[problem].removed where cut.lowerBound <= original { original += cut.count }
        if original < whole.inputCount - 1 { return ".input[\(original)]" }
        if original == whole.inputCount - 1 { return ".separator" }
        if whole.chain.contains(original) { return ".chain[\(original - whole.chain.lowerBound)]" }
        if whole.answer.contains(original) { return ".answer[\(original - whole.answer.lowerBound)]" }
        return original == whole.tokens.count - 1 ? ".last" : "token \(index)"
    }

    // MARK: What is known without a model

    /// The raw question, and which problems belong together.
    var questions: ProbeProblems {
        let width = problems.map { $0.inputCount - 1 }.min() ?? 0
        let columns = (0..<width).map { column in problems.map { Int($0.tokens[column]) } }.filter { Set($0).count > 1 }
        // The type of a problem for the control task: its first and its last varying token, as (a_i, b_j) in multiplication.
        let types = columns.first.flatMap { first in columns.last.map { last in zip(first, last).map { $0 << 20 | $1 } }
        }
        return ProbeProblems(groups: groups, rawInputs: columns, controlTypes: types)
    }

    /// (problems) those with the same question have the same number.
    var groups: [Int] {
        var numbers: [String: Int] = [:]
        return (0..<set.count).map { index in
            let question = set[index].question
            if let known = numbers[question] { return known }
            numbers[question] = numbers.count
            return numbers.count - 1
        }
    }
}

/// Where hidden states are read, by the names of the field.
enum HookArguments {
    static let options: [ChoiceOption] = [
        .init("resid_post", "the residual stream after a block"), .init("resid_mid", "between attention and MLP"),
        .init("resid_pre", "before a block"),
        .init("attn_out", "what attention adds"), .init("mlp_out", "what the MLP adds"),
        .init("mlp_post", "the MLP's neurons"),
        .init("z", "the heads' outputs before they are mixed"), .init("embed", "token and position rows"),
        .init("final", "after the final norm"),
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

    /// The layer of a hook point for a table: its number, `embed` or `final`.
    static func layer(_ hook: String) -> Value {
        guard case .block(let layer, _)? = HookPoint(hook) else {
            return .text(hook == HookPoint.embedding.description ? "embed" : "final")
        }
        return .integer(layer)
    }

    /// `1 resid_mid`, `embed`
    static func short(_ hook: String) -> String {
        guard case .block(let layer, let site)? = HookPoint(hook) else { return layer(hook).text }
        return "\(layer) \(site.rawValue.replacing("hook_", with: "").replacing("attn.", with: ""))"
    }
}
