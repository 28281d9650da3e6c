// The history on disk: one entry a line, in plain text, appended.
//
//     # icot history 1
//     1764012345 let m = model .gpt2 layers: 2
//     1764012399 for k in 0...3 {\n  step\n}
//
// A line is the time in seconds since 1970, a space, and the entry with `\\` for a backslash and `\n` for a newline.
// Whatever else a line holds (the file was cut, overwritten, written by something else) that line is passed over, and
// nothing else: a damaged file costs its damaged lines, never the start of a session.
//
// Each entry is added with a single write to the end under a lock, so sessions side by side do not lose or mix lines.
// The file is shortened by writing a new one and renaming it; whoever waited for the lock of the old one sees that it
// is no longer the file of that name, and opens again.

import Glibc
import Support

struct HistoryFile {
    let path: String
    /// Entries kept when the file is shortened; it is when it holds twice as many lines.
    var entriesMax = Self.entriesMax
    static let entriesMax = 10_000

    private static let header = "# icot history 1\n"

    /// `$XDG_STATE_HOME/icot/history`, by default in `~/.local/state`; nil without a home.
    static func standard() -> HistoryFile? {
        StateFile.path("history").map { HistoryFile(path: $0) }
    }

    /// The newest entries, oldest first. Empty if there is no file or none can be read.
    func load() -> [String] {
        guard let bytes = contents() else { return [] }
        var lines = Self.lines(of: bytes)
        if lines.count > 2 * entriesMax {
            shorten()
        }
        lines = Array(lines.suffix(entriesMax))
        return lines.compactMap { Self.entry(bytes[$0]) }
    }

    /// Adds an entry; says whether that worked.
    @discardableResult
    func append(_ entry: String) -> Bool {
        guard let descriptor = openLocked() else { return false }
        defer { close(descriptor) }
        var size = stat()
        var line = Self.line(for: entry, time: time(nil))
        if fstat(descriptor, &size) == 0 {
            if size.st_size == 0 { line = Self.header + line }
            // A line that was cut short must not swallow this one.
            var last: UInt8 = 0x0a
            if size.st_size > 0, pread(descriptor, &last, 1, size.st_size - 1) == 1, last != 0x0a { line = "\n" + line }
        }
        return Self.write(line, to: descriptor)
    }

    // MARK: The format

    static func line(for entry: String, time: Int) -> String {
        var line = "\(time) "
        for scalar in entry.unicodeScalars {
            switch scalar {
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line + "\n"
    }

    /// The entry of a line, nil if the line is damaged.
    static func entry(_ line: ArraySlice<UInt8>) -> String? {
        let digits = line.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard digits.count >= 1, digits.count <= 12, line.dropFirst(digits.count).first == 0x20 else { return nil }
        let escaped = line.dropFirst(digits.count + 1)
        guard !escaped.isEmpty else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(escaped.count)
        var isEscaped = false
        for byte in escaped {
            guard byte >= 0x20 && byte != 0x7f else { return nil }
            if isEscaped {
                guard byte == 0x5c || byte == 0x6e else { return nil }
                bytes.append(byte == 0x6e ? 0x0a : byte)
                isEscaped = false
            } else if byte == 0x5c {
                isEscaped = true
            } else {
                bytes.append(byte)
            }
        }
        guard !isEscaped, let entry = String(validating: bytes, as: UTF8.self) else { return nil }
        return entry.unicodeScalars.contains { $0 != "\n" && Escaping.steers($0) } ? nil : entry
    }

    private static func lines(of bytes: [UInt8]) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        bytes.withUnsafeBufferPointer { buffer in
            while start < buffer.count {
                let rest = buffer.count - start
                let found = memchr(buffer.baseAddress! + start, 0x0a, rest)
                let end = found.map { $0 - UnsafeMutableRawPointer(mutating: buffer.baseAddress!) } ?? buffer.count
                lines.append(start..<end)
                start = end + 1
            }
        }
        return lines
    }

    // MARK: The file

    /// The last four megabytes.
    private func contents() -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let limit = 4 << 20
        let offset = max(0, status.st_size - limit)
        var bytes = [UInt8](repeating: 0, count: min(status.st_size, limit))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + filled, $0.count - filled, offset + filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            filled += count
        }
        return Array(bytes.prefix(filled))
    }

    /// The file opened for appending and locked, its folder made where it is missing.
    private func openLocked() -> Int32? {
        for _ in 0..<10 {
            var descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
            if descriptor < 0 && errno == ENOENT {
                try? FileSystem.makeFolder(FileSystem.folder(of: path), mode: 0o700)
                descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
            }
            guard descriptor >= 0 else { return nil }
            while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
            var opened = stat()
            var named = stat()
            if fstat(descriptor, &opened) == 0, opened.st_mode & S_IFMT == S_IFREG, stat(path, &named) == 0,
                opened.st_ino == named.st_ino, opened.st_dev == named.st_dev
            {
                return descriptor
            }
            close(descriptor)
        }
        return nil
    }

    /// Writes the newest entries to a new file and puts it in the place of this one.
    private func shorten() {
        guard let lock = openLocked() else { return }
        defer { close(lock) }
        guard let bytes = contents() else { return }
        var text = Self.header
        for range in Self.lines(of: bytes).suffix(entriesMax) where Self.entry(bytes[range]) != nil {
            text += String(decoding: bytes[range], as: UTF8.self) + "\n"
        }
        // What cannot be shortened stays long.
        try? writeFileAtomically(path, mode: 0o600, text.utf8)
    }

    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + sent, bytes.count - sent)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }
}
