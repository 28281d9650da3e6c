// What a file or folder holds, as one number, so that a notebook can say which inputs its outputs come from.
//
//   file     SHA-256 of its bytes
//   folder   SHA-256 over one line `path NUL hash LF` for each regular file below it, sorted by the bytes of its
//            path, where path is relative to the folder and hash is the file's; names that start with a dot or end in
//            `.lock` or `.tmp` do not count, and links are followed to files only

import Glibc
import Language
import Support

public enum InputHash {
    /// The hash of what lies at a path; nil where nothing does or it cannot be read.
    public static func of(_ path: String) -> String? {
        var status = stat()
        guard stat(FileSystem.withHome(path), &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return file(FileSystem.withHome(path))
        case S_IFDIR: return folder(FileSystem.withHome(path))
        default: return nil
        }
    }

    private static func file(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { return hash.finalizeHex() }
            hash.update(count == buffer.count ? buffer : Array(buffer[..<count]))
        }
    }

    private static func folder(_ path: String) -> String? {
        var files: [String] = []
        guard collect(path, "", depth: 0, &files) else { return nil }
        files.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var hash = SHA256()
        for name in files {
            guard let digest = file("\(path)/\(name)") else { return nil }
            hash.update("\(name)\0\(digest)\n")
        }
        return hash.finalizeHex()
    }

    private static func collect(_ root: String, _ prefix: String, depth: Int, _ files: inout [String]) -> Bool {
        guard depth < 32, files.count < 100_000, let folder = FolderReader(prefix.isEmpty ? root : "\(root)/\(prefix)")
        else { return false }
        for name in folder {
            if name.hasPrefix(".") || name.hasSuffix(".lock") || name.hasSuffix(".tmp") { continue }
            let relative = prefix.isEmpty ? name : "\(prefix)/\(name)"
            var own = stat()
            var target = stat()
            guard lstat("\(root)/\(relative)", &own) == 0, stat("\(root)/\(relative)", &target) == 0 else { continue }
            if own.st_mode & S_IFMT == S_IFDIR {
                guard collect(root, relative, depth: depth + 1, &files) else { return false }
            } else if target.st_mode & S_IFMT == S_IFREG {
                files.append(relative)
            }
        }
        return true
    }
}

/// What became of a pinned input.
public struct InputReport: Sendable, Equatable {
    public enum State: String, Sendable { case same, changed, missing }

    public var path: String
    public var state: State

    init(_ pin: Pin) {
        path = pin.path
        guard let hash = InputHash.of(pin.path) else {
            state = .missing
            return
        }
        // A shortened hash is compared as far as it goes.
        state = hash.hasPrefix(pin.hash.lowercased()) ? .same : .changed
    }
}

/// The inputs of a run: what its text names and what it really reads, each as it was before the run touched it, or,
/// where nobody should wait for a large file to be read twice, as it is when the pins are asked for. What the run
/// itself wrote before is no input.
final class InputWatch {
    private let hashesAtOnce: Bool
    private var hashes: [String: String] = [:]
    private var order: [String] = []
    private var written: [String] = []
    private var readBefore: Set<String> = []
    /// Where relative paths start, whatever folder the run goes to.
    private let start = FileSystem.currentFolder ?? "/"

    init(_ named: [String] = [], hashesAtOnce: Bool = true) {
        self.hashesAtOnce = hashesAtOnce
        for path in named { add(path) }
    }

    private func add(_ path: String) {
        guard !order.contains(path) else { return }
        order.append(path)
        hashes[path] = hashesAtOnce ? hash(path) : ""
    }

    private func hash(_ path: String) -> String? { InputHash.of(FileSystem.joined(start, path)) }

    func note(_ given: String, _ use: ParameterKind.PathUse) {
        let path = FileSystem.path(given, asFrom: start)
        switch use {
        case .read: if !isOwn(path) { add(path) }
        case .write:
            if isOwn(path) { return }
            written.append(path)
            // Named by the text as an input, but not read before it is written.
            if !readBefore.contains(path) { hashes[path] = nil }
        case .look: break
        }
        if use == .read { readBefore.insert(path) }
    }

    private func isOwn(_ path: String) -> Bool { written.contains { path == $0 || path.hasPrefix($0 + "/") } }

    /// Old pins that still are inputs in their order, then new ones.
    func pins(after old: [Pin]) -> [Pin] {
        let kept = old.map(\.path).filter { hashes[$0] != nil }
        return (kept + order.filter { !kept.contains($0) }).compactMap { path in
            guard let known = hashes[path], let hash = known.isEmpty ? hash(path) : known else { return nil }
            return Pin(path: path, hash: hash)
        }
    }
}
