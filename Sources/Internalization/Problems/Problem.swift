/// A question, the chain of thought that leads from it to the answer, and the answer, as text.
public struct Problem: Sendable, Equatable, Hashable {
    public var question: String
    public var chain: String
    public var answer: String

    public init(question: String, chain: String, answer: String) {
        self.question = question
        self.chain = chain
        self.answer = answer
    }
}
