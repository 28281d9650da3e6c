import Internalization
import Language
import Support

/// A set of problems as a value: `gen`, `read`, a part of another set.
final class ProblemsValue: HostObject {
    let set: ProblemSet

    init(_ set: ProblemSet) { self.set = set }

    static let typeName = "problems"
    override var typeName: String { Self.typeName }
    override var count: Int? { self.set.count }
    override func element(at index: Int) throws -> Value { .object(ProblemValue(set, index)) }
    override func slice(_ range: Range<Int>) -> Value? { .object(ProblemsValue(set[range])) }
    override func selecting(_ places: [Int]) -> Value? { .object(ProblemsValue(self.set.select(places))) }
    override var fieldNames: [String] { ["task", "sha256"] + set.facts.map(\.name) }

    override func field(_ name: String) -> Value? {
        switch name {
        case "task": .text(set.taskName)
        case "sha256": .text(set.fingerprint)
        default:
            ProblemRow.names(set).contains(name)
                ? .list((0..<set.count).map { ProblemRow(set, $0).value(name) ?? .none }) : nil
        }
    }

    override func isEqual(to other: Object) -> Bool {
        guard let other = other as? ProblemsValue else { return false }
        return other === self || other.set.count == set.count && other.set.fingerprint == set.fingerprint
    }

    override var text: String {
        let repeated = set.hasRepetition ? ", some more than once" : ""
        return "\(Phrase.count(set.count, "problem")) of \(set.taskName)\(repeated)"
    }

    override var json: String {
        Value.record([
            ("task", .text(set.taskName)), ("count", .integer(set.count)), ("sha256", .text(set.fingerprint)),
        ]).json
    }

    override func show(_ options: DisplayOptions) throws -> DisplayBundle {
        var lines = [StyledText(text)]
        for index in 0..<min(set.count, 5) { lines.append(StyledText("  ") + ProblemDisplay.line(set[index])) }
        if set.count > 5 { lines.append(StyledText("  … \(NumberText.grouped(set.count - 5)) more", .dim)) }
        return DisplayBundle(lines: lines, json: json)
    }
}

/// One problem of a set.
final class ProblemValue: HostObject {
    let set: ProblemSet
    let index: Int
    var problem: Problem { self.set[index] }

    init(_ set: ProblemSet, _ index: Int) {
        self.set = set
        self.index = index
    }

    static let typeName = "problem"
    override var typeName: String { Self.typeName }
    override var fieldNames: [String] { ProblemRow(set, index).names }
    override func field(_ name: String) -> Value? { ProblemRow(set, index).value(name) }
    override var text: String { ProblemDisplay.line(problem).plain }

    override func isEqual(to other: Object) -> Bool { (other as? ProblemValue)?.problem == problem }

    override var json: String {
        let problem = problem
        return Value.record([
            ("question", .text(problem.question)), ("chain", .text(problem.chain)), ("answer", .text(problem.answer)),
        ]).json
    }

    /// The set that holds only this problem.
    var alone: ProblemSet { self.set.select([index]) }
}

/// A problem as `where` and `by` see it.
struct ProblemRow: Row {
    let set: ProblemSet
    let index: Int

    init(_ set: ProblemSet, _ index: Int) {
        self.set = set
        self.index = index
    }

    static func names(_ set: ProblemSet) -> [String] {
        ["question", "chain", "answer"] + set.facts.map(\.name).filter { $0 != "answer" }
    }
    var names: [String] { Self.names(set) }

    /// A part of the text, or a fact of the task: a list of it where it has an index.
    func value(_ name: String) -> Value? {
        switch name {
        case "question": return .text(set[index].question)
        case "chain": return .text(set[index].chain)
        case "answer": return .text(set[index].answer)
        default: break
        }
        guard let fact = set.facts.first(where: { $0.name == name }) else { return nil }
        if fact.hasWhole { return set.fact(name, ofProblem: index).map(Value.init) }
        return .list(
            (fact.indices ?? 0..<0).map { place in
                set.fact(name, index: place, ofProblem: index).map(Value.init) ?? .none
            })
    }
}

extension Value {
    init(_ fact: Fact) {
        switch fact {
        case .integer(let value): self = .integer(value)
        case .number(let digits): self = Value.integer(digits: digits) ?? .none
        case .text(let text): self = .text(text)
        }
    }
}
