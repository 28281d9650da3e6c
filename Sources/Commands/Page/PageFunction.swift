// `page`: a run as one HTML file that answers in a browser, at every stage, without icot and without a network.

import Experiments
import Internalization
import Language
import Page
import Transformer

enum PageFunction {
    static func command(_ bench: Workbench) -> Command {
        Command(
            CommandSignature(
                "page",
                "Makes a web page that holds a run: it answers problems there at every stage, and can be looked into.",
                [
                    .value(
                        "run", .value(RunValue.typeName), required: false, "the run; the current one without it"),
                    .label(
                        "beside", .oneOf([.value(RunValue.typeName), .list(of: .value(RunValue.typeName))]),
                        "controls on the same problems, which answer beside it: control(r)"),
                    .label(
                        "probes", .oneOf([.value(TypeName.table), .boolean]),
                        "what probe … over: the run found; fitted here without it, false for none"
                    ),
                    .label(
                        "stages", .list(of: .integer(0...1_000_000)),
                        "only the stages with these numbers of tokens removed; all without it"),
                    .label(
                        "weights",
                        .choice([
                            .init("automatic", "the truest that fits"), .init("float32", "those of the run"),
                            .init("half", "half the size, eleven bits each"),
                            .init("rounded", "differences from stage to stage, rounded until they fit"),
                        ]), default: ".automatic", "how they are kept; the page says what that costs"),
                    .label("limit", .real(0.1...1000), default: "3", "megabytes that the file may have"),
                    .label("title", .text, "what the page is called"),
                ], result: PageValue.typeName,
                examples: [], seeAlso: ["write", "timeline", "probe", "control"],
                discussion: """
                    write page(r, beside: control(r)) "parity.html" writes the file; so does icot export runs/x --to \
                    page. The model must write one token a character. Where its weights do not fit as they are, \
                    answers with the rounded ones are compared with the run's own at every stage, and the page says \
                    how many are the same.
                    """)
        ) { call in
            let experiment = try call.experimentIfPresent("run") ?? bench.run(call)
            defer { call.endProgress() }
            let made = try PageMaker(experiment, call).make()
            call.output(made.summaryLine)
            return .object(made)
        }
    }
}

/// A page that has been made.
final class PageValue: HostObject {
    let html: String
    let summaryLine: StyledText
    private let facts: [(String, Value)]

    init(html: String, summary: StyledText, facts: [(String, Value)]) {
        (self.html, summaryLine, self.facts) = (html, summary, facts + [("bytes", .integer(html.utf8.count))])
    }

    static let typeName = "page"
    override var typeName: String { Self.typeName }
    override var text: String { summaryLine.plain }
    override var json: String { Value.record(facts).json }
    override var fieldNames: [String] { facts.map(\.0) }
    override func field(_ name: String) -> Value? { facts.first { $0.0 == name }?.1 }
    override func isEqual(to other: Object) -> Bool { (other as? PageValue)?.html == html }
}
