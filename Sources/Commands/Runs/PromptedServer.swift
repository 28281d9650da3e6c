// `prompted … at:`: the questions go to an OpenAI-compatible server, the answers into a file from which the same line
// takes them the next time.

import Experiments
import Glibc
import Internalization
import Language
import Prompting
import Support

struct PromptedServer {
    static let parameters: [Parameter] = [
        .label(
            "at", .text, aliases: ["url", "base_url", "server", "address", "endpoint", "host"],
            "the address of an OpenAI-compatible server, such as \"http://127.0.0.1:8000/v1\""),
        .label(
            "interface",
            .choice([
                .init("chat", "a message to a model that converses"),
                .init("completions", "a text that the model goes on with"),
            ]), default: ".chat", aliases: ["api"], "how the server is asked"),
        .label(
            "answers", .path(.look), default: "\"answers.jsonl\"", aliases: ["cache", "record"],
            "the file that keeps the answers"),
        .label("ask", .boolean, default: "true", "with false kept answers only: no network, nothing is written"),
        .label(
            "seconds", .real(0.1...3600), default: "60", aliases: ["timeout", "limit"], "how long one answer may take"),
        .label(
            "tries", .integer(1...100), default: "5", aliases: ["retries"],
            "how often a busy server is asked the same, after 1, 2, 4 … seconds or as long as it says"),
        .label("price_read", .real(0...1_000_000), "what a million tokens of questions cost"),
        .label("price_written", .real(0...1_000_000), "what a million tokens of answers cost"),
    ]
    static let labels = parameters.compactMap(\.label).filter { $0 != "at" }

    private let call: Invocation
    private let set: ProblemSet
    private let prompt: FewShotPrompt
    private let address: ServerAddress
    private let model: String
    private let interface: ServerQuestion.Interface
    private let most: Int

    init(_ call: Invocation, _ address: String, _ set: ProblemSet, _ prompt: FewShotPrompt) throws {
        (self.call, self.set, self.prompt) = (call, set, prompt)
        self.address = try ServerAddress(address)
        guard let name = call.textIfPresent("model") else {
            throw call.failure(
                "a server knows its model by a name", code: .runtimeArgument, at: "model",
                help: "write its name in quotes, such as \"gpt-4\", or take at: away")
        }
        model = name
        for (given, other) in [("price_read", "price_written"), ("price_written", "price_read")]
        where call.isGiven(given) && !call.isGiven(other) {
            throw call.failure(
                "\(given): says one price of two", code: .runtimeArgument, at: given,
                help: "add \(other): what a million tokens of the other kind cost, or 0")
        }
        interface = ServerQuestion.Interface(rawValue: try call.choice("interface")) ?? .chat
        most = try call.integer("most")
    }

    func result() throws -> Value {
        let kept = try RecordedAnswers(FileSystem.withHome(try call.text("answers")))
        let questions = (0..<set.count).map { number in
            ServerQuestion(to: address, interface, model: model, prompt: prompt.text(for: set[number]), most: most)
        }
        var answers = questions.map { kept.answer(to: $0) }
        let missing = answers.indices.filter { answers[$0] == nil }
        if !missing.isEmpty {
            guard try call.boolean("ask") else {
                throw call.failure(
                    "\(Phrase.count(missing.count, "answer")) of \(NumberText.grouped(set.count)) "
                        + "\(missing.count == 1 ? "is" : "are") not in \(kept.path)", at: "answers",
                    help: "take ask: false away, and the server is asked for \(missing.count == 1 ? "it" : "them")")
            }
            do {
                try ask(questions, missing, kept, &answers)
            } catch {
                call.endProgress()
                sayWhatIsThere(answers, kept.path)
                throw error
            }
            call.endProgress()
        }
        return .record(record(answers.compactMap { $0 }))
    }

    private func ask(
        _ questions: [ServerQuestion], _ missing: [Int], _ kept: RecordedAnswers, _ answers: inout [ServerAnswer?]
    ) throws {
        let key = try ServerKey(for: address) { getenv($0).map { String(cString: $0) } }
        let server = try Server(
            address, key: key, seconds: try call.real("seconds"), tries: try call.integer("tries"))
        let known = set.count - missing.count
        for (done, number) in missing.enumerated() {
            func show(_ details: [String]) {
                call.progress(
                    WorkProgress(
                        "asking", Double(done), of: Double(missing.count), unit: "problem",
                        details: details + (known > 0 ? ["\(NumberText.grouped(known)) were kept"] : [])))
            }
            show([])
            // Two problems may be the same.
            let answer =
                try kept.answer(to: questions[number])
                ?? server.answer(questions[number], call.interrupt) { seconds, reason in
                    show(["\(Self.words(reason)), waits \(Phrase.seconds(seconds))"])
                }
            if kept.answer(to: questions[number]) == nil { try kept.add(answer, to: questions[number]) }
            answers[number] = answer
        }
    }

    private static func words(_ reason: Server.Reason) -> String {
        switch reason {
        case .status(let status): "the server is busy (\(status))"
        case .outOfTime: "no answer in time"
        case .broken: "the connection broke"
        }
    }

    /// A part of the table is better than none.
    private func sayWhatIsThere(_ answers: [ServerAnswer?], _ path: String) {
        let count = answers.count { $0 != nil }
        guard count > 0 else { return }
        let right = right(answers)
        let interval = wilsonInterval(right, of: count)
        call.output(
            StyledText(
                "\(NumberText.grouped(count)) of \(Phrase.count(set.count, "problem")) answered, accuracy "
                    + "\(Phrase.rate(Double(right) / Double(count))) "
                    + "[\(Phrase.rate(interval.lowerBound)), \(Phrase.rate(interval.upperBound))]; kept in "
                    + "\(Escaping.neutral(path)), the same line goes on"))
    }

    private func right(_ answers: [ServerAnswer?]) -> Int {
        answers.enumerated().count { number, answer in answer.map { prompt.isRight($0.text, set[number]) } ?? false }
    }

    private func record(_ answers: [ServerAnswer]) -> [(String, Value)] {
        func total(_ count: (ServerAnswer) -> Int?) -> Int? {
            answers.reduce(0 as Int?) { sum, next in sum.flatMap { sum in count(next).map { sum + $0 } } }
        }
        let (read, written) = (total(\.read), total(\.written))
        var cost = Value.none
        if let read, let written, let priceRead = call.realIfPresent("price_read"),
            let priceWritten = call.realIfPresent("price_written")
        {
            cost = .real((Double(read) * priceRead + Double(written) * priceWritten) / 1e6)
        }
        return PromptedFunction.score(right(answers), of: set.count) + [
            ("written", written.map { .real(Double($0) / Double(max(set.count, 1))) } ?? .none),
            ("tokens_read", read.map { .integer($0) } ?? .none),
            ("tokens_written", written.map { .integer($0) } ?? .none), ("cost", cost),
        ]
    }
}
