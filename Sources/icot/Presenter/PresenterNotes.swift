// Notes for the person who presents: on a second terminal a page that is painted over, into a file one block after
// another.

import Glibc
import Language
import Notebooks
import Support

final class PresenterNotes {
    private let descriptor: Int32
    private let isTerminal: Bool
    private var shown = ""

    /// Throws the exit status where the path cannot be written.
    init(path: String) throws {
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Icot.failure("--notes \(path): \(String(cString: strerror(errno)).lowercased())")
        }
        isTerminal = isatty(descriptor) == 1
    }

    deinit { close(descriptor) }

    /// - Parameter seconds: how long the talk has been going on.
    func show(_ presentation: Presentation, after seconds: Double) {
        // What is being typed is no news for the notes.
        let (done, count) = presentation.position
        // In a file every minute would be a page of its own.
        let time = isTerminal ? "   \(Self.clock())   \(Int(seconds / 60)) min since the start" : ""
        let text = (["\(done) of \(count)\(time)", ""] + presentation.notes + ["", "next: \(presentation.preview)"])
            .flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }
            .map { Escaping.neutral(String($0)) }
        let page = text.joined(separator: "\n") + "\n"
        guard page != shown else { return }
        shown = page
        let bytes = Array((isTerminal ? "\u{1b}[H\u{1b}[2J" + text.map { $0 + "\r\n" }.joined() : page + "\n").utf8)
        _ = write(descriptor, bytes, bytes.count)
    }

    /// The time of day, `14:05`.
    private static func clock() -> String {
        var now = time(nil)
        var local = tm()
        localtime_r(&now, &local)
        func twoDigits(_ value: Int32) -> String { (value < 10 ? "0" : "") + String(value) }
        return "\(twoDigits(local.tm_hour)):\(twoDigits(local.tm_min))"
    }
}
