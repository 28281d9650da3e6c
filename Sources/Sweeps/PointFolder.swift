// The folder of a point, held by the process that runs it.

import Glibc
import Support

public final class PointFolder {
    public let path: String
    private let descriptor: Int32

    static let logName = "log"
    private static let lockName = "point.lock"

    /// Takes the folder, once whoever held it is gone: a process that was killed may take a moment to die.
    /// - Throws: `FileError`.
    public init(_ name: String, of sweep: String) throws {
        path = Sweep.folder(of: name, in: sweep)
        try FileSystem.makeFolder(path)
        let file = path + "/" + Self.lockName
        descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw FileError(.notWritten, file, "cannot be opened: \(errorText(errno))") }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw FileError(.notWritten, file, "cannot be locked: \(errorText(errno))") }
        }
    }

    deinit { close(descriptor) }

    /// What stands in it already.
    public var state: PointState { PointState(PointResult.read(path)) }

    /// Removes what an earlier attempt left, its result first.
    /// - Parameter kept: paths from the folder, of folders that the notebook goes on with and that it wrote itself.
    public func clear(keeping kept: [String] = []) {
        unlink(path + "/" + PointResult.fileName)
        clear("", keeping: Set(kept))
    }

    private func clear(_ folder: String, keeping kept: Set<String>) {
        for name in FileSystem.names(in: path + "/" + folder) {
            let inside = folder.isEmpty ? name : folder + "/" + name
            if folder.isEmpty, name == Self.lockName || name == Self.logName { continue }
            guard FileSystem.kind(of: path + "/" + inside) == .folder else {
                unlink(path + "/" + inside)
                continue
            }
            if kept.contains(inside) { continue }
            if kept.contains(where: { $0.hasPrefix(inside + "/") }) {
                clear(inside, keeping: kept)
            } else {
                FileSystem.removeFolder(path + "/" + inside)
            }
        }
    }

    /// The last lines of what its process printed.
    static func tail(of folder: String, count: Int) -> [String] {
        guard let file = try? MappedFile(folder + "/" + logName) else { return [] }
        return withExtendedLifetime(file) {
            String(decoding: file.bytes.suffix(4000), as: UTF8.self).split(separator: "\n").suffix(count).map(
                String.init)
        }
    }
}
