// What a text answers, in one list that a test can be held against.

import Language

enum Answers {
    /// What a text shows, then its errors with what they say to do, such as
    /// `E304 division by zero | test the divisor before '/'`.
    static func of(_ text: String, _ session: Session = TestSession.make()) -> [String] {
        let recorder = TestSession.Recorder(session)
        session.run(SourceText(text))
        return recorder.lines + recorder.errors.map { "\($0.code.rawValue) \($0.message) | \($0.help ?? "")" }
    }

    /// The words that the errors of a text underline.
    static func underlined(_ text: String, _ session: Session = TestSession.make()) -> [String] {
        let recorder = TestSession.Recorder(session)
        session.run(SourceText(text))
        return zip(recorder.errors, recorder.sources).map { $1.text($0.span) }
    }
}
