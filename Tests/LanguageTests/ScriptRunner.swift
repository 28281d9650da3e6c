// Scripts of the language with what they must show beside the lines: `#> text` for results and `#! E304` for an error
// that ends the lines above it. One session a script.

import Foundation
import Language
import TestSupport

struct ScriptRunner {
    /// Lines of code up to an expectation, and what is expected of them.
    struct Piece {
        var code: String
        var line: Int
        var shown: [String]
        var error: String?
    }

    static func pieces(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var code: [String] = []
        var start = 1
        var isExpecting = false
        func flush() {
            guard code.contains(where: { !$0.isEmpty }) else { return }
            pieces.append(Piece(code: code.joined(separator: "\n"), line: start, shown: [], error: nil))
        }
        for (number, line) in text.components(separatedBy: "\n").enumerated() {
            if line.hasPrefix("#>") || line.hasPrefix("#!") {
                if !isExpecting {
                    flush()
                    code = []
                }
                isExpecting = true
                guard !pieces.isEmpty else { continue }
                if line.hasPrefix("#!") {
                    pieces[pieces.count - 1].error = line.dropFirst(2).trimmingCharacters(in: .whitespaces)
                } else {
                    pieces[pieces.count - 1].shown.append(String(line.dropFirst(line.hasPrefix("#> ") ? 3 : 2)))
                }
                continue
            }
            if isExpecting || code.isEmpty { start = number + 1 }
            isExpecting = false
            code.append(line)
        }
        flush()
        return pieces
    }

    /// What differs from what a text says, as lines to read.
    static func differences(_ text: String, name: String, session: Session = TestSession.make()) -> [String] {
        var found: [String] = []
        let recorder = TestSession.Recorder(session)
        for piece in pieces(text) {
            recorder.clear()
            session.run(SourceText(piece.code, name: name))
            let expectedError =
                piece.error.map { [$0.split(separator: " ", maxSplits: 1).first.map(String.init) ?? ""] } ?? []
            if recorder.lines != piece.shown {
                found.append(
                    "\(name):\(piece.line): shows\n  \(recorder.lines.joined(separator: "\n  "))\ninstead of\n  \(piece.shown.joined(separator: "\n  "))"
                )
            }
            if recorder.errors.map(\.code.rawValue) != expectedError {
                found.append(
                    "\(name):\(piece.line): errors \(recorder.errors.map { "\($0.code.rawValue) \($0.message)" }) instead of \(expectedError)"
                )
            }
            if let message = piece.error?.split(separator: " ", maxSplits: 1).dropFirst().first,
                recorder.errors.first?.message != String(message)
            {
                found.append(
                    "\(name):\(piece.line): says '\(recorder.errors.first?.message ?? "")' instead of '\(message)'")
            }
        }
        return found
    }
}

enum TestSession {
    static func make(_ vocabulary: Vocabulary = Vocabulary()) -> Session { Session(vocabulary) }

    /// What a session has told.
    final class Recorder {
        private(set) var lines: [String] = []
        private(set) var errors: [Diagnostic] = []
        private(set) var sources: [SourceText] = []
        private(set) var bundles: [DisplayBundle] = []
        private(set) var timings = 0

        init(_ session: Session) {
            session.onEvent = { event in
                switch event {
                case .output(let bundle):
                    self.bundles.append(bundle)
                    self.lines += bundle.lines.map(\.plain)
                case .diagnostic(let diagnostic, let source):
                    self.errors.append(diagnostic)
                    self.sources.append(source)
                case .timed: self.timings += 1
                case .progress, .panel, .progressEnded: break
                }
            }
        }

        func clear() {
            lines = []
            errors = []
            sources = []
            bundles = []
            timings = 0
        }
    }

    /// Runs a text in a new session and gives what it shows, or its error.
    static func shown(_ text: String, limits: Limits = Limits()) -> String {
        let session = make()
        session.limits = limits
        let recorder = Recorder(session)
        session.run(SourceText(text))
        return (recorder.lines + recorder.errors.map(\.code.rawValue)).joined(separator: "\n")
    }
}
