import Glibc
import Synchronization

/// Files and folders that are of use to this process only. They go when it ends, in whatever way it ends that runs
/// `exit`, if nobody has removed them before: at that moment no object is deinitialised.
public enum Leftovers {
    private static let paths = Mutex<Set<String>>([])
    private static let isWatched = Mutex(false)

    /// - Parameter path: from the root; a file, or a folder with all that is in it.
    public static func add(_ path: String) {
        let isFirst = isWatched.withLock { isWatched in
            defer { isWatched = true }
            return !isWatched
        }
        if isFirst { atexit { Leftovers.removeAll() } }
        paths.withLock { _ = $0.insert(path) }
    }

    /// Removes it now.
    public static func remove(_ path: String) {
        paths.withLock { _ = $0.remove(path) }
        delete(path)
    }

    private static func removeAll() {
        let all = paths.withLock { paths in
            defer { paths = [] }
            return paths
        }
        for path in all { delete(path) }
    }

    private static func delete(_ path: String) {
        if FileSystem.kind(of: path) == .folder { FileSystem.removeFolder(path) } else { unlink(path) }
    }
}
