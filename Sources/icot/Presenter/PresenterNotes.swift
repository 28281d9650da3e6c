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

    func show(_ presentation: Presentation) {
        // What is being typed is no news for the notes.
        let (done, count) = presentation.position
        let text = (["\(done) of \(count)", ""] + presentation.notes + ["", "next: \(presentation.preview)"])
            .flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }
            .map { Escaping.neutral(String($0)) }
        let page = text.joined(separator: "\n") + "\n"
        guard page != shown else { return }
        shown = page
        let bytes = Array((isTerminal ? "\u{1b}[H\u{1b}[2J" + text.map { $0 + "\r\n" }.joined() : page + "\n").utf8)
        _ = write(descriptor, bytes, bytes.count)
    }
}
