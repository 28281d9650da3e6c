import Glibc

/// A file's bytes, mapped for reading: opening costs nothing per byte, and pages come in when they are touched.
///
/// The mapping is private and read-only. If another program shortens the file while it is mapped, touching the lost
/// pages is fatal to any process (SIGBUS); our own writers never shorten a file in place (see `writeFileAtomically`).
public final class MappedFile: @unchecked Sendable {
    public let path: String
    public let bytes: UnsafeRawBufferPointer

    /// Maps the regular file at `path`; throws `FileError` if it is missing, not a regular file or unreadable.
    public init(_ path: String) throws {
        self.path = path
        // O_NONBLOCK: opening a pipe must not wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError.opening(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError.opening(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(.unreadable, path, "is not a regular file")
        }
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw FileError(.unreadable, path, "cannot be mapped: \(errorText(errno))")
        }
        bytes = UnsafeRawBufferPointer(start: base, count: count)
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }

}

extension FileError {
    /// What the system said when a file was to be opened.
    static func opening(_ path: String, _ code: Int32) -> FileError {
        switch code {
        case ENOENT, ENOTDIR: FileError(.missing, path, "does not exist")
        default: FileError(.unreadable, path, "cannot be opened: \(errorText(code))")
        }
    }
}

/// The whole of a small text-like file; throws `FileError` if it has more than `limit` bytes.
public func readWholeFile(_ path: String, limit: Int) throws -> MappedFile {
    let file = try MappedFile(path)
    guard file.bytes.count <= limit else {
        throw FileError(.refused, path, "has \(file.bytes.count) bytes; at most \(limit) are read")
    }
    return file
}

/// All bytes of a file, a pipe or a device, read to its end; throws `FileError`, also if there are more than `limit`,
/// or if a stop is asked for.
public func readBytes(
    _ path: String, limit: Int = 1 << 29, interrupt: Interrupt = Interrupt()
) throws(FileError) -> [UInt8] {
    let stream = try ByteStream(path)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count: Int
        do { count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0, interrupt) } } catch {
            throw error as? FileError ?? FileError(.unreadable, path, "was given up before its end")
        }
        if count == 0 { return bytes }
        bytes += buffer[..<count]
        guard bytes.count <= limit else { throw FileError(.refused, path, "has more than \(byteText(limit))") }
    }
}
