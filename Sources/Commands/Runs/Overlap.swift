import Internalization

/// Whether two sets share an input.
enum Overlap {
    /// The first problem of `set` whose question is also in `other`; nil if there is none.
    static func first(_ set: ProblemSet, _ other: ProblemSet) -> Problem? {
        func question(_ set: ProblemSet, _ index: Int) -> [UInt8] {
            set.withParts(of: index) { question, _, _ in Array(question) }
        }
        let wanted = Set((0..<set.count).map { question(set, $0) })
        var found: Set<[UInt8]> = []
        for index in 0..<other.count {
            let text = question(other, index)
            if wanted.contains(text) { found.insert(text); break }
        }
        guard let text = found.first else { return nil }
        return (0..<set.count).first { question(set, $0) == text }.map { set[$0] }
    }
}
