import Glibc
import Support
import Transformer

/// `metrics.jsonl`: one JSON object a line, only ever appended to. Lines that a crash left after the last checkpoint,
/// or a torn last line, are cut off on resuming and kept as `metrics.lost-<time>.jsonl`.
final class MetricsLog {
    private let path: String
    private let descriptor: Int32
    private var pending: [UInt8] = []
    /// Bytes written, pending ones included.
    private(set) var byteCount: Int

    /// - Parameter length: how much of the file is kept.
    init(_ folder: String, keeping length: Int) throws {
        path = folder + "/metrics.jsonl"
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw RunFolderError.system(path) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        byteCount = min(length, max(size, 0))
        guard size > byteCount else { return }
        try keepLost(size, folder)
        guard ftruncate(descriptor, byteCount) == 0 else { throw RunFolderError.system(path) }
    }

    deinit {
        try? flush()
        close(descriptor)
    }

    private func keepLost(_ size: Int, _ folder: String) throws {
        var bytes = [UInt8](repeating: 0, count: size - byteCount)
        let count = pread(descriptor, &bytes, bytes.count, off_t(byteCount))
        guard count >= 0 else { throw RunFolderError.system(path) }
        var name = folder + "/metrics.lost-\(UTCTime.now().filter { $0 != ":" }).jsonl"
        var number = 2
        while FileSystem.exists(name) {
            name = folder + "/metrics.lost-\(UTCTime.now().filter { $0 != ":" })-\(number).jsonl"
            number += 1
        }
        try writeFileAtomically(name, bytes.prefix(count))
    }

    func append(_ line: JSONObject) throws {
        let bytes = JSONWriter.bytes(.object(line))
        pending += bytes + [UInt8(ascii: "\n")]
        byteCount += bytes.count + 1
        if pending.count > 1 << 14 { try flush() }
    }

    func flush() throws {
        var done = 0
        while done < pending.count {
            let count = pending.withUnsafeBytes { write(descriptor, $0.baseAddress! + done, pending.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = count < 0 ? errno : ENOSPC
                pending.removeFirst(done)
                throw RunFolderError.notWritten(path: path, reason: errorText(code))
            }
            done += count
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// Makes sure that all of it is on the disk.
    func sync() throws {
        try flush()
        guard fsync(descriptor) == 0 else { throw RunFolderError.system(path) }
    }
}
