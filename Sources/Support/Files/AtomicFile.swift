import Glibc

/// Writes a file whole or not at all: into a temporary file beside it, flushed to the disk, then renamed over `path`,
/// then the folder flushed. Folders on the way to it that are missing are made. A crash at any byte leaves the old
/// file or the new one, and perhaps a `.tmp-…` beside it. What is there already must be a file: a device, a folder or a
/// link is never replaced, nor is anything written through a link.
///
/// - Parameters:
///   - byteCount: where it is known; must be what `body` writes
///   - mode: the permissions of the file, whatever the umask is; nil for those of the old file, or that new files have
///   - check: called when all is written, before the new file takes the place of the old; what it throws leaves the
/// old one
/// - Throws: `FileError`, and what `check` throws; `path` is then as it was.
public func writeFileAtomically(
    _ path: String, byteCount: Int? = nil, mode: mode_t? = nil, check: () throws -> Void = {},
    _ body: (inout FileSink) throws -> Void
) throws {
    if let kind = FileSystem.kind(of: path), kind != .file {
        // Where a link leads is said, and not proposed: whoever put it there may have wanted just that.
        let what = kind == .link ? "a link to \(FileSystem.resolved(path))" : kind.rawValue
        throw FileError(
            .notWritten, path, "is \(what) and is not replaced",
            help: kind == .link ? "choose another name, or remove the link" : "choose another name")
    }
    var mode = mode
    var old = stat()
    if lstat(path, &old) == 0 {
        // Whoever took the right to write away meant it, also for one to whom the system lets everything through.
        if old.st_mode & 0o222 == 0 {
            throw FileError(.notWritten, path, "is read-only", help: "choose another name, or chmod u+w \(path)")
        }
        mode = mode ?? old.st_mode & 0o7777
    }
    let folder = FileSystem.folder(of: path)
    try FileSystem.makeFolder(folder)
    let temporary = folder + "/.tmp-" + randomSuffix()
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode ?? 0o666)
    guard descriptor >= 0 else { throw FileError(.notWritten, path, "cannot be written: \(errorText(errno))") }
    var isOpen = true
    do {
        var sink = FileSink(descriptor: descriptor, path: path, expectedCount: byteCount)
        try body(&sink)
        try sink.flush()
        if let byteCount, sink.writtenCount != byteCount {
            throw FileError(
                .notWritten, path, "\(sink.writtenCount) bytes were written where \(byteCount) were announced")
        }
        if let mode { guard fchmod(descriptor, mode) == 0 else { throw sink.failure(errno) } }
        guard fsync(descriptor) == 0 else { throw sink.failure(errno) }
        isOpen = false
        guard close(descriptor) == 0 else { throw sink.failure(errno) }
        try check()
        guard rename(temporary, path) == 0 else { throw sink.failure(errno) }
        try FileSystem.flushFolder(folder)
    } catch {
        if isOpen { close(descriptor) }
        unlink(temporary)
        throw error
    }
}

/// Writes `bytes` to `path`, whole or not at all.
public func writeFileAtomically(
    _ path: String, mode: mode_t? = nil, check: () throws -> Void = {}, _ bytes: some Sequence<UInt8>
) throws {
    let bytes = Array(bytes)
    try writeFileAtomically(path, byteCount: bytes.count, mode: mode, check: check) { sink in
        try bytes.withUnsafeBytes { try sink.write($0) }
    }
}

/// Where a file being written takes its bytes. Small pieces are gathered, large ones go straight through.
public struct FileSink: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private let expectedCount: Int?
    private var pending: [UInt8] = []
    public private(set) var writtenCount = 0

    private static let bufferSize = 1 << 16

    init(descriptor: Int32, path: String, expectedCount: Int?) {
        self.descriptor = descriptor
        self.path = path
        self.expectedCount = expectedCount
    }

    /// Appends bytes; throws `FileError` when the disk is full or gone.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        if bytes.count >= FileSink.bufferSize {
            try flush()
            return try writeNow(bytes)
        }
        pending.append(contentsOf: bytes)
        if pending.count >= FileSink.bufferSize { try flush() }
    }

    public mutating func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }

    mutating func flush() throws {
        let pieces = pending
        pending.removeAll(keepingCapacity: true)
        try pieces.withUnsafeBytes { try writeNow($0) }
    }

    private mutating func writeNow(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let count = Glibc.write(descriptor, base + done, bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure(count == 0 ? ENOSPC : errno) }
            done += count
        }
        writtenCount += bytes.count
    }

    fileprivate borrowing func failure(_ code: Int32) -> FileError {
        guard code == ENOSPC || code == EDQUOT else {
            return FileError(.notWritten, path, "could not be written: \(errorText(code))")
        }
        var status = statvfs()
        let free =
            statvfs(FileSystem.folder(of: path), &status) == 0
            ? Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize)) : 0
        let needed = expectedCount.map { ", \(byteText($0)) needed" } ?? ""
        return FileError(.notWritten, path, "not saved: \(errorText(code)), \(byteText(free)) free\(needed)")
    }
}

/// Sixteen characters no other process picks at the same time.
func randomSuffix() -> String { String(UInt64.random(in: .min ... .max) | 1 << 63, radix: 16) }
