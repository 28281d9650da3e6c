import Commands
import Language

/// A session with all of icot's verbs, and what it has said.
final class Desk {
    let session = Session(EngineVocabulary.make())
    private(set) var lines: [String] = []
    private(set) var codes: [DiagnosticCode] = []
    private(set) var messages: [String] = []

    init() {
        session.onEvent = { [unowned self] event in
            switch event {
            case .output(let bundle): lines += (bundle.lines + bundle.picture).map(\.plain)
            case .diagnostic(let diagnostic, let source):
                codes.append(diagnostic.code)
                messages.append(DiagnosticRenderer().text(diagnostic, in: source))
            case .progress, .panel, .progressEnded, .timed: break
            }
        }
    }

    /// A run that is made in no time, without test problems.
    static func bare(_ labels: String = "") -> Desk {
        let desk = Desk()
        desk.run(
            """
            let data = gen .parity digits: 4 n: 40
            let m = model .gpt2 width: 8 heads: 1 layers: 1 positions: 32
            let r = start m on: data batch: 8 \(labels)
            """)
        return desk
    }

    /// A small run on 4-digit parity, with held-out problems, as `r`.
    static func withRun() -> Desk {
        let desk = Desk()
        desk.run(
            """
            let test = gen .parity digits: 4 n: 200 seed: 7
            let data = gen .parity digits: 4 n: 4000 apart_from: test
            let m = model .gpt2 width: 32 heads: 2 positions: 32
            let r = start m on: data test: test batch: 32
            """)
        return desk
    }

    /// Runs a text; its output replaces what was kept.
    @discardableResult
    func run(_ text: String) -> Session.Outcome {
        lines = []
        codes = []
        messages = []
        return session.run(SourceText(text))
    }

    /// The value of an expression; `none` after an error.
    func value(_ expression: String) -> Value {
        session.run(SourceText("let __result = (\(expression))"))
        return session.value(of: "__result") ?? .none
    }

    var text: String { lines.joined(separator: "\n") }
}
