// What a probe is to find: a fact of the task, a value for each problem, or a function of a problem.

import Internalization
import Language
import Probing
import Support

enum ProbeTargets {
    /// The facts that completion offers first; every fact of the problems may be given.
    static let common: [ChoiceOption] = [
        .init("running_sum", "the sums ĉ_k, from which digit and carry come"),
        .init("carry", "what a column carries over"),
        .init("running_parity", "the parity of the first digits"),
        .init("partial_product_0", "a times the last digit of b, or a digit of it"),
        .init("digit", "a digit of the question"),
    ]

    static let kinds = ParameterKind.oneOf([.selector(common, allowsIndex: true), .list(of: .any), .function])

    /// The targets that `target:` means for some problems.
    static func make(_ call: Invocation, _ set: ProblemSet, asClasses: Bool?) throws -> [ProbeTarget] {
        let value = try call.value("target")
        if let choice = value.asChoice { return try facts(choice.name, choice.index, set, asClasses, call) }
        if let function = value.asFunction {
            let values = try (0..<set.count).map { index in
                if index & 255 == 0 { try call.checkInterrupt() }
                return try call.call(value, [.object(ProblemValue(set, index))])
            }
            return [
                try target(
                    function.signature.name.isEmpty ? "function" : function.signature.name, values, asClasses, call)
            ]
        }
        guard let values = value.asList else { return [] }
        guard values.count == set.count else {
            throw call.failure(
                "\(Phrase.count(values.count, "value")) for \(Phrase.count(set.count, "problem"))",
                code: .runtimeArgument, at: "target", help: "give one for each problem")
        }
        return [try target("values", values, asClasses, call)]
    }

    /// A fact of the task at one index, or at each.
    static func facts(
        _ name: String, _ index: Int?, _ set: ProblemSet, _ asClasses: Bool?, _ call: Invocation
    ) throws -> [ProbeTarget] {
        guard let fact = set.facts.first(where: { $0.name == name }) else {
            throw call.failure(
                "\(set.taskName) has no fact .\(name)", code: .runtimeArgument, at: "target",
                help: "there are " + set.facts.prefix(20).map { "." + $0.name }.joined(separator: " ")
                    + ", or give a function of a problem")
        }
        let indices: [Int?] = index != nil || fact.hasWhole ? [index] : (fact.indices ?? 0..<0).map { $0 }
        let isFew = (fact.values?.count ?? .max) <= fewest
        return try indices.compactMap { index in
            let label = "." + name + (index.map { "[\($0)]" } ?? "")
            let values = try set.facts(name, index: index).map(Value.init)
            // A fact that is always the same says nothing; among many it is left out, alone it is an error of the
            // probe.
            if indices.count > 1, let first = values.first, values.allSatisfy({ $0 == first }) { return nil }
            return try target(label, values, asClasses ?? isFew, call)
        }
    }

    /// Targets of so few whole numbers are read as classes.
    private static let fewest = 20

    /// Numbers, or classes where there are few values: whole numbers, truths or texts.
    private static func target(
        _ name: String, _ values: [Value], _ asClasses: Bool?, _ call: Invocation
    ) throws -> ProbeTarget {
        let integers = values.compactMap { $0.asInteger ?? $0.asBoolean.map { $0 ? 1 : 0 } }
        if integers.count == values.count {
            return asClasses ?? (Set(integers).count <= fewest)
                ? ProbeTarget(name, classes: integers) : ProbeTarget(name, numbers: integers.map(Double.init))
        }
        let texts = values.compactMap(\.asText)
        if texts.count == values.count {
            let order = Array(Set(texts)).sorted()
            guard order.count <= 1000, asClasses != false else {
                throw call.failure(
                    "\(name) is a text, with \(order.count) different ones, and not a number that a probe can read",
                    code: .runtimeType, at: "target", help: "give whole numbers, or few texts")
            }
            let codes = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
            return ProbeTarget(name, classes: texts.map { codes[$0] ?? 0 })
        }
        let numbers = values.compactMap(\.asReal)
        guard numbers.count == values.count, asClasses != true else {
            let bad = values.first { $0.asReal == nil } ?? .none
            throw call.failure(
                numbers.count == values.count
                    ? "\(name) is not a whole number everywhere, so it has no classes"
                    : "\(name) is \(TypeName.withArticle(bad.typeName)) for some problem, not a number that a probe "
                        + "can read",
                code: .runtimeType, at: "target", help: "give whole numbers, numbers, truths or texts")
        }
        return ProbeTarget(name, numbers: numbers)
    }
}
