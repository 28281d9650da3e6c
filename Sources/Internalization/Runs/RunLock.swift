import Support

/// The right to write a run's folder, held by one process at a time: a `FolderLock` whose refusals are those of a run.
public final class RunLock {
    /// What a copy of a run's folder leaves out.
    public static let fileNames = FolderLock.fileNames("run")

    private let lock: FolderLock

    /// - Throws: `RunFolderError.inUse`, `.foreignOwner`.
    init(_ folder: String, steals: Bool = false) throws {
        do {
            lock = try FolderLock(folder, name: "run", steals: steals)
        } catch let refusal as FolderLock.Refusal {
            throw switch refusal {
            case .held(let owner):
                RunFolderError.inUse(
                    path: folder, host: owner?.host ?? "this host", process: owner?.process ?? 0,
                    since: owner?.since ?? "an unknown time")
            case .foreign(let owner):
                RunFolderError.foreignOwner(
                    path: folder, host: owner.host, process: owner.process, since: owner.since)
            case .system(let path, let code): RunFolderError.notWritten(path: path, reason: errorText(code))
            }
        }
    }
}
