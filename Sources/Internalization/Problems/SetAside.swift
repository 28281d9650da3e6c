// Stopping, like every other choice, must not look at the problems that an accuracy is reported on. So a run has
// validation problems beside its test problems; where somebody gives only one of the two, the other is set aside from
// the training problems.

extension ProblemSet {
    /// How many problems are set aside of this many different ones: a tenth, at most 500.
    public static func countSetAside(of different: Int) -> Int { min(500, max(different / 10, different > 1 ? 1 : 0)) }

    /// Takes the last problems away whose questions are different, and every other problem that asks one of those
    /// questions.
    /// - Returns: what is left, in its order, and what was set aside; nothing is set aside from fewer than two
    ///   questions.
    public func settingAside() -> (rest: ProblemSet, aside: ProblemSet) {
        let marks = (0..<count).map { questionMark($0) }
        let wanted = Self.countSetAside(of: Set(marks).count)
        var taken: Set<UInt64> = []
        var aside: [Int] = []
        for index in marks.indices.reversed() where aside.count < wanted && taken.insert(marks[index]).inserted {
            aside.append(index)
        }
        return (select(marks.indices.filter { !taken.contains(marks[$0]) }), select(aside.reversed()))
    }

    fileprivate func questionMark(_ index: Int) -> UInt64 {
        withParts(of: index) { question, _, _ in
            question.baseAddress.map { InputSet.mark($0, question.count) } ?? .max
        }
    }
}

/// The questions of a set, to be found again in others.
public struct AskedQuestions: Sendable {
    private let marks: Set<UInt64>

    public init(_ problems: ProblemSet) { marks = Set((0..<problems.count).map { problems.questionMark($0) }) }

    /// The first problem of a set that asks one of them; nil if none does.
    public func first(in problems: ProblemSet) -> Problem? {
        (0..<problems.count).first { marks.contains(problems.questionMark($0)) }.map { problems[$0] }
    }

    /// How many problems of a set ask one of them.
    public func count(in problems: ProblemSet) -> Int {
        (0..<problems.count).reduce(0) { $0 + (marks.contains(problems.questionMark($1)) ? 1 : 0) }
    }
}
