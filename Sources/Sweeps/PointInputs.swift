// What a point reads. A point runs in a folder of its own, so that whatever it writes with a relative path is its own.
// What it reads with a relative path lies where the notebook's paths start; there a link to it is put into the point's
// folder under the same path when it is first read:
//
//   a file, a folder       a link
//   a kept run             a copy without its locks: going on with it must neither wait for another point nor change it
//
// Where a point then writes, links make way: one that would be written over is removed, and a linked folder becomes a
// folder of links, so that nothing outside is ever written, or removed, through one. The same for a kept run below a
// folder that is linked already: it is copied, whatever of it is linked.

import Glibc
import Support

public final class PointInputs {
    private let start: String
    private let point: String
    /// Folders that are here only to hold links, by their path from `point`.
    private var ofLinks: Set<String> = []

    /// - Parameters:
    ///   - start: the folder in which the notebook's paths start, as an absolute path
    ///   - point: the folder of the point, as an absolute path
    public init(start: String, point: String) {
        (self.start, self.point) = (start, point)
    }

    /// The path without `.` and doubled slashes; nil where it is not below the folder it starts in.
    public static func inside(_ path: String) -> String? {
        if path.hasPrefix("/") || path.hasPrefix("~") { return nil }
        let parts = path.split(separator: "/").filter { $0 != "." }
        return parts.isEmpty || parts.contains("..") ? nil : parts.joined(separator: "/")
    }

    /// Something is about to be read.
    public func willRead(_ path: String) {
        guard let path = PointInputs.inside(path) else { return }
        provide(path)
    }

    /// Something is about to be written. False where what lies outside would be: a link on the way could not be taken
    /// away.
    @discardableResult
    public func willWrite(_ path: String) -> Bool {
        guard let path = PointInputs.inside(path) else { return true }
        guard makeParents(of: path) else { return false }
        ofLinks.remove(path)
        return FileSystem.kind(of: here(path)) != .link || unlink(here(path)) == 0
    }

    private func here(_ path: String) -> String { point + "/" + path }
    private func there(_ path: String) -> String { start + "/" + path }

    private func provide(_ path: String) {
        guard FileSystem.exists(there(path)) else { return }
        if FileSystem.exists(there(path) + "/run.json") { return provideRun(path) }
        switch FileSystem.kind(of: here(path)) {
        case nil:
            guard makeParents(of: path), FileSystem.kind(of: here(path)) == nil else { return }
            symlink(there(path), here(path))
        case .folder where ofLinks.contains(path):
            for name in FileSystem.names(in: there(path)) { provide(path + "/" + name) }
        default: break
        }
    }

    /// A copy of a kept run, in the place of links to it or to parts of it. What the point wrote itself stays.
    private func provideRun(_ path: String) {
        guard makeParents(of: path) else { return }
        switch FileSystem.kind(of: here(path)) {
        case .link: guard unlink(here(path)) == 0 else { return }
        case .folder:
            guard ofLinks.contains(path) else { return }
            ofLinks = ofLinks.filter { $0 != path && !$0.hasPrefix(path + "/") }
        case nil: break
        default: return
        }
        copy(there(path), to: here(path))
    }

    /// Makes the folders above a path, real ones; false where a link, or something else, is left in their place.
    private func makeParents(of path: String) -> Bool {
        let parts = path.split(separator: "/").dropLast()
        for count in parts.indices {
            let folder = parts[...count].joined(separator: "/")
            switch FileSystem.kind(of: here(folder)) {
            case nil:
                guard mkdir(here(folder), 0o777) == 0 else { return false }
                ofLinks.insert(folder)
            case .link:
                guard unlink(here(folder)) == 0, mkdir(here(folder), 0o777) == 0 else { return false }
                ofLinks.insert(folder)
                for name in FileSystem.names(in: there(folder)) {
                    symlink(there(folder) + "/" + name, here(folder) + "/" + name)
                }
            case .folder: break
            default: return false
            }
        }
        return true
    }

    private func copy(_ folder: String, to target: String) {
        guard mkdir(target, 0o777) == 0 || FileSystem.kind(of: target) == .folder else { return }
        for name in FileSystem.names(in: folder) where !name.hasSuffix(".lock") {
            let (source, copy) = (folder + "/" + name, target + "/" + name)
            if FileSystem.kind(of: copy) == .link { unlink(copy) }
            switch FileSystem.kind(of: source) {
            case .folder: self.copy(source, to: copy)
            // No part of a run; whoever reads the copy says so, as of the original.
            case .link: symlink(source, copy)
            default:
                guard FileSystem.kind(of: copy) == nil, let file = try? MappedFile(source) else { continue }
                withExtendedLifetime(file) {
                    try? writeFileAtomically(copy, byteCount: file.bytes.count) { try $0.write(file.bytes) }
                }
            }
        }
    }
}
