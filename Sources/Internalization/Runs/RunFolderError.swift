import Glibc
import Support

/// What is wrong with the folder of a run.
public enum RunFolderError: Error, Equatable, CustomStringConvertible {
    case inUse(path: String, host: String, process: Int, since: String)
    case foreignOwner(path: String, host: String, process: Int, since: String)
    case exists(path: String)
    case notARun(path: String)
    /// A link, a device or the like among the files of a run, through which a write would land elsewhere.
    case strangeEntry(path: String, kind: FileSystem.Kind)
    case version(path: String, found: Int, known: Int)
    case malformed(path: String, rule: String)
    case changedData(path: String, what: String)
    /// A file that never changes is another than at the start.
    case changedFile(path: String)
    /// - Parameter passedOver: why each of those that are there is not complete.
    case noCheckpoint(path: String, passedOver: [String])
    case notWritten(path: String, reason: String)

    public var description: String {
        switch self {
        case .inUse(let path, let host, let process, let since):
            "\(path) is being written by process \(process) on \(host) since \(since); wait for it, or choose another "
                + "name"
        case .foreignOwner(let path, let host, let process, let since):
            "\(path) belongs to process \(process) on \(host) since \(since), which cannot be seen from here; if it "
                + "is gone, take the run over with steal: true"
        case .exists(let path): "\(path) is there already; resume it, or choose another name"
        case .notARun(let path): "\(path) is not a run: it has no run.json"
        case .strangeEntry(let path, let kind):
            "\(path) is \(kind.rawValue), and a run has only files and folders; copy the run without it"
        case .version(let path, let found, let known):
            "\(path) was written in format \(found); this program knows format \(known)"
        case .malformed(let path, let rule): "\(path): \(rule)"
        case .changedData(let path, let what): "\(path): \(what) are not those the run was started with"
        case .changedFile(let path): "\(path) is not as the run wrote it"
        case .noCheckpoint(let path, let passedOver):
            "\(path) has no complete checkpoint to go on from"
                + (passedOver.isEmpty ? "" : ": " + passedOver.joined(separator: "; "))
        case .notWritten(let path, let reason): "\(path) could not be written: \(reason)"
        }
    }
}

extension RunFolderError {
    /// What the system says now (`errno`) of a file that could not be written.
    static func system(_ path: String) -> RunFolderError { .notWritten(path: path, reason: errorText(errno)) }
}
