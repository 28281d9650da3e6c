// A sweep's folder, held while its points run.

import Glibc
import Support

/// What has become of a point.
public enum PointState: Equatable, Sendable {
    case missing
    case done(PointResult)
    case failed(PointResult)

    init(_ result: PointResult?) {
        self = result.map { $0.failure == nil ? .done($0) : .failed($0) } ?? .missing
    }

    public var result: PointResult? {
        switch self {
        case .missing: nil
        case .done(let result), .failed(let result): result
        }
    }

    /// One word for it, also in tables.
    public var word: String {
        switch self {
        case .missing: "missing"
        case .done: "done"
        case .failed: "failed"
        }
    }
}

public final class SweepFolder {
    public let path: String
    public let sweep: Sweep
    private let lock: FolderLock

    /// Takes the folder for this process; makes it where it is not there, and adds the points of a grid.
    /// - Throws: `SweepFault`, `FileError`.
    public init(_ path: String, _ asked: Sweep, own: [SweepValue], grid: Grid, notebook: [UInt8]) throws {
        self.path = path
        // Looked at before anything is made in it, and again when nobody else can change it.
        _ = try SweepFolder.plan(path, asked, own: own, grid: grid)
        try FileSystem.makeFolder(path)
        do {
            lock = try FolderLock(path, name: "sweep")
        } catch let refusal as FolderLock.Refusal {
            throw switch refusal {
            case .held(let owner): SweepFault.inUse(path: path, owner: owner)
            case .foreign(let owner): SweepFault.foreignOwner(path: path, owner: owner)
            case .system(let path, let code): FileError(.notWritten, path, "cannot be locked: \(errorText(code))")
            }
        }
        sweep = try SweepFolder.plan(path, asked, own: own, grid: grid)
        let copy = path + "/" + Sweep.notebookName
        if !FileSystem.exists(copy) || !FileSystem.exists(path + "/" + Sweep.fileName) {
            try writeFileAtomically(copy, notebook)
        }
        try sweep.write(to: path)
    }

    /// What the folder's sweep would be with the points of a grid; changes nothing.
    /// - Throws: `SweepFault`, `FileError`.
    public static func plan(_ path: String, _ asked: Sweep, own: [SweepValue], grid: Grid) throws -> Sweep {
        var sweep = asked
        if FileSystem.exists(path + "/" + Sweep.fileName) {
            sweep = try Sweep.read(path)
            guard sweep.code == asked.code else {
                throw sweep.notebook == asked.notebook
                    ? SweepFault.changedNotebook(path: path, notebook: asked.notebook)
                    : SweepFault.otherNotebook(path: path, theirs: sweep.notebook, ours: asked.notebook)
            }
        } else if !holdsNothing(path) {
            throw SweepFault.otherContents(path: path)
        } else if grid.axes.isEmpty {
            throw SweepFault.nothingVaries(known: asked.parameters)
        }
        if !grid.axes.isEmpty { try sweep.add(grid, own: own) }
        return sweep
    }

    /// Whether a sweep may begin there: nothing is there, or what is left of one that died before it wrote anything.
    private static func holdsNothing(_ path: String) -> Bool {
        guard FileSystem.kind(of: path) != nil else { return true }
        return FileSystem.isFolder(path)
            && FileSystem.names(in: path).allSatisfy {
                $0.hasSuffix(".lock") || $0.hasPrefix(".tmp-") || $0 == Sweep.notebookName
            }
    }

    // MARK: Points

    public static func state(of point: SweepPoint, in path: String) -> PointState {
        PointState(PointResult.read(Sweep.folder(of: point.name, in: path)))
    }

    public func state(of point: SweepPoint) -> PointState { SweepFolder.state(of: point, in: path) }

    /// What points of this sweep are likely to take.
    public static func forecast(_ sweep: Sweep, in path: String) -> Forecast {
        Forecast(
            sweep.points.compactMap { point in
                state(of: point, in: path).result.map {
                    ($0.seconds, $0.peakBytes, FileSystem.byteCount(of: Sweep.folder(of: point.name, in: path)))
                }
            })
    }
}
