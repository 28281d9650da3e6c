import Glibc

/// The names in a folder, one after the other, in no order; without `.` and `..`.
public final class FolderReader: Sequence, IteratorProtocol {
    private let handle: OpaquePointer

    /// nil where the folder cannot be read.
    public init?(_ path: String) {
        guard let handle = opendir(path) else { return nil }
        self.handle = handle
    }

    deinit { closedir(handle) }

    public func next() -> String? {
        while let entry = readdir(handle) {
            // An entry ends with its name: the structure as C declares it may reach beyond what is there.
            let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
            let name = String(cString: start.assumingMemoryBound(to: CChar.self))
            if name != ".", name != ".." { return name }
        }
        return nil
    }
}
