import Glibc

/// A text that only grows and is hardly ever read, such as all that a long session showed: its beginning is in a file
/// without a name, which nobody else can open and which goes with the process, so that it takes no memory however long
/// the session is. What the file cannot take, because the disk is full, stays in memory.
public final class GrowingText {
    private let folder: String
    private var descriptor: Int32?
    /// Bytes in the file.
    private var fileSize = 0
    /// What comes after them.
    private var rest: [UInt8] = []
    /// Bytes in memory from which on they go to the file.
    private var memoryMost: Int

    /// - Parameters:
    ///   - folder: where the file is made; nil for that of temporary files.
    ///   - memoryMost: bytes that stay in memory.
    public init(folder: String? = nil, memoryMost: Int = 1 << 16) {
        self.folder = folder ?? FileSystem.temporaryFolder
        self.memoryMost = memoryMost
    }

    deinit { if let descriptor { close(descriptor) } }

    public func append(_ text: String) {
        rest += text.utf8
        if rest.count > memoryMost { moveToFile() }
    }

    private func moveToFile() {
        if descriptor == nil { descriptor = unnamedFile() }
        if let descriptor, write(rest, to: descriptor) {
            fileSize += rest.count
            rest.removeAll(keepingCapacity: true)
        } else {
            // Not tried again before it has doubled.
            memoryMost = 2 * rest.count
        }
    }

    /// A file whose name goes at once.
    private func unnamedFile() -> Int32? {
        var path = Array("\(folder)/icot-session-XXXXXX".utf8CString)
        let made = mkstemp(&path)
        guard made >= 0 else { return nil }
        unlink(path)
        _ = fcntl(made, F_SETFD, FD_CLOEXEC)
        return made
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = pwrite(
                    descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(fileSize + done))
                if count < 0, errno == EINTR { continue }
                if count <= 0 { return false }
                done += count
            }
            return true
        }
    }

    /// The whole text.
    /// - Throws: `FileError` if the file cannot be read back.
    public func text() throws -> String {
        var bytes = [UInt8](repeating: 0, count: fileSize)
        try bytes.withUnsafeMutableBytes { buffer in
            var done = 0
            while let descriptor, done < buffer.count {
                let count = pread(
                    descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(done))
                if count < 0, errno == EINTR { continue }
                if count <= 0 {
                    throw FileError(
                        .unreadable, "\(folder)/(what this session showed)",
                        "cannot be read: \(errorText(count < 0 ? errno : EIO))")
                }
                done += count
            }
        }
        return String(decoding: bytes + rest, as: UTF8.self)
    }
}
