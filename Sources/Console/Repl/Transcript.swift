// Everything typed and shown in a session, as plain text, appended to a file as it happens.

import Glibc
import Support

public final class Transcript {
    private let descriptor: Int32

    /// - Throws: `FileError` if the file cannot be written.
    public init(path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(.notWritten, path, "cannot be written: \(errorText(errno))") }
    }

    deinit { close(descriptor) }

    func add(_ line: String) { writeAll(Array((Neutral.text(line) + "\n").utf8), to: descriptor) }

    /// What was typed, each line after its prompt.
    func add(input: String, prompt: String) {
        for (index, line) in input.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            add((index == 0 ? prompt : "....> ") + line)
        }
    }
}
