/// What lies where another file was meant to be, told from its first bytes: what people really have when fetching or
/// copying went wrong. None of these can be a weight file, a tokenizer, a configuration, problems or a notebook.
public enum MistakenFile: Sendable, Equatable {
    /// What a clone holds where Git LFS did not fetch the file: `version https://git-lfs.github.com/spec/v1`, then
    /// `oid sha256:…` and `size N`, a line each.
    case lfsPointer(byteCount: Int?)
    /// A login or an error page instead of a download.
    case webPage
    /// A server's answer in XML instead of a download.
    case serverAnswer
    /// Two bytes a character, as Windows editors and PowerShell write text.
    case utf16
    case empty

    /// Nil for bytes that are none of these.
    /// - Parameter isText: whether the file was to be text, so that two-byte text is a mistake too.
    public init?(_ bytes: UnsafeRawBufferPointer, isText: Bool = true) {
        guard !bytes.isEmpty else {
            self = .empty
            return
        }
        let head = bytes.prefix(1024)
        if head.starts(with: "version https://git-lfs.github.com/spec/".utf8) {
            self = .lfsPointer(byteCount: Self.announcedSize(head))
            return
        }
        if isText, Self.isUTF16(head) {
            self = .utf16
            return
        }
        let start = head.drop { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        func begins(_ word: String) -> Bool {
            start.count >= word.utf8.count && zip(start, word.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        }
        if begins("<!doctype html") || begins("<html") {
            self = .webPage
        } else if begins("<?xml") {
            self = .serverAnswer
        } else {
            return nil
        }
    }

    /// The number after `size ` in a pointer.
    private static func announcedSize(_ head: Slice<UnsafeRawBufferPointer>) -> Int? {
        for line in head.split(separator: 0x0A) where line.starts(with: "size ".utf8) {
            return Int(String(decoding: line.dropFirst(5), as: UTF8.self).filter { $0 != "\r" })
        }
        return nil
    }

    /// A byte order mark, or every second byte zero.
    private static func isUTF16(_ head: Slice<UnsafeRawBufferPointer>) -> Bool {
        let bytes = Array(head.prefix(16))
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return true }
        guard bytes.count >= 4 else { return false }
        let even = stride(from: 0, to: bytes.count, by: 2).map { bytes[$0] }
        let odd = stride(from: 1, to: bytes.count, by: 2).map { bytes[$0] }
        func alternate(_ text: [UInt8], _ zeros: [UInt8]) -> Bool {
            zeros.allSatisfy { $0 == 0 } && text.allSatisfy { $0 != 0 }
        }
        return alternate(even, odd) || alternate(odd, even)
    }

    /// The error of a reader that found this at `path`.
    public func error(_ path: String) -> FileError {
        switch self {
        case .lfsPointer(let count):
            let size = count.map { " of \(byteText($0))" } ?? ""
            return FileError(
                .malformed, path, at: nil, "is a Git LFS pointer to a file\(size), not the file itself",
                help: "fetch it: git lfs install && git lfs pull, in the folder of its clone")
        case .webPage:
            return FileError(
                .malformed, path, at: nil, "is a web page: what a download gives that met a login or an error",
                help: "fetch the file again, and look at its first line before using it")
        case .serverAnswer:
            return FileError(
                .malformed, path, at: nil, "is XML, most likely a server's answer instead of the file",
                help: "fetch the file again, and look at its first lines before using it")
        case .utf16:
            return FileError(
                .malformed, path, at: nil, "is UTF-16 text; UTF-8 is read",
                help: "convert it: iconv -f UTF-16 -t UTF-8 old > new")
        case .empty:
            return FileError(.malformed, path, at: nil, "is empty", help: "fetch or write it again")
        }
    }

    /// Throws the error of a file that is none of what anybody reads here.
    public static func refuse(_ file: MappedFile, isText: Bool = true) throws(FileError) {
        if let mistake = MistakenFile(file.bytes, isText: isText) { throw mistake.error(file.path) }
    }
}

/// The whole of a small file of text; throws `FileError` also for what is another thing altogether (`MistakenFile`).
public func readTextFile(_ path: String, limit: Int) throws -> MappedFile {
    let file = try readWholeFile(path, limit: limit)
    try MistakenFile.refuse(file)
    return file
}
