// Hands the text to the user's own editor: $VISUAL, $EDITOR, or vi.

import CTerminal
import Glibc

enum ExternalEditor {
    /// The text as it was saved, without the newline at its end; nil if the editor failed or could not be started.
    static func edit(_ text: String) -> String? {
        let folder = environment("TMPDIR") ?? "/tmp"
        var name = Array("\(folder)/icot-XXXXXX.icot".utf8CString)
        let descriptor = mkstemps(&name, 5)
        guard descriptor >= 0 else { return nil }
        let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let bytes = Array((text + "\n").utf8)
        let written = Glibc.write(descriptor, bytes, bytes.count)
        close(descriptor)
        guard written == bytes.count else { return nil }
        let editor = [environment("VISUAL"), environment("EDITOR")].compactMap { $0 }.first { !$0.isEmpty } ?? "vi"
        // Through the shell, since EDITOR may hold arguments ("code --wait").
        guard runProgram(["/bin/sh", "-c", "exec \(editor) \"$1\"", "sh", path]) == 0 else { return nil }
        guard var saved = contents(of: path) else { return nil }
        while saved.hasSuffix("\n") { saved.removeLast() }
        return saved
    }

    private static func contents(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Runs a program in the foreground and returns its exit status, -1 if it cannot be started.
func runProgram(_ arguments: [String], standardInput: Int32 = -1) -> Int32 {
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return terminal_run(&pointers, standardInput)
}
