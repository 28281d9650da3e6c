// What icot has written here, so that a file that somebody wrote or changed by hand is not replaced without a word. The
// file is text, appended:
//
//     # icot written 1
//     4be0… 9f2c…    SHA-256 of a path, and of what was written there; other lines are passed over, the last one counts
//
// Of a file the second is the SHA-256 of its bytes, of a folder that of the names, sizes and times in it.

import Glibc

public final class WrittenFiles {
    private let path: String?
    /// Entries kept when the file is shortened; it is when it holds twice as many.
    private let entriesMax: Int
    /// What this process wrote.
    private var own: [String: String] = [:]

    private static let header = "# icot written 1\n"
    private static let lineLength = 130

    /// - Parameter path: where it is remembered; nil to remember it as long as this lives.
    public init(path: String? = nil, entriesMax: Int = 10_000) {
        (self.path, self.entriesMax) = (path, entriesMax)
    }

    /// That of this user, in the folder of states.
    public static func standard() -> WrittenFiles { WrittenFiles(path: StateFile.path("written")) }

    /// What became of a file since icot wrote it.
    public enum State: Sendable { case asWritten, changed, unknown }

    public func state(of file: String) -> State {
        let name = Self.name(file)
        guard let written = own[name] ?? remembered()[name] else { return .unknown }
        return Self.print(file) == written ? .asWritten : .changed
    }

    /// A file or folder has just been written.
    public func note(_ file: String) {
        guard let print = Self.print(file) else { return }
        let name = Self.name(file)
        own[name] = print
        guard let path else { return }
        shortenIfLong(path)
        StateFile.append("\(name) \(print)\n", to: path, header: Self.header)
    }

    private func remembered() -> [String: String] {
        guard let path, let bytes = try? readBytes(path) else { return [:] }
        return Dictionary(Self.entries(bytes)) { $1 }
    }

    private static func entries(_ bytes: [UInt8]) -> [(String, String)] {
        bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let words = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            return words.count == 2 && words.allSatisfy { $0.utf8.count == 64 } ? (words[0], words[1]) : nil
        }
    }

    private func shortenIfLong(_ path: String) {
        guard let size = FileSystem.size(of: path), size > 2 * entriesMax * Self.lineLength,
            let bytes = try? readBytes(path)
        else { return }
        let lines = Self.entries(bytes).suffix(entriesMax).map { "\($0) \($1)\n" }
        try? writeFileAtomically(path, mode: 0o600, (Self.header + lines.joined()).utf8)
    }

    private static func name(_ file: String) -> String {
        SHA256.hex(FileSystem.resolved(FileSystem.absolute(file)))
    }

    private static func print(_ file: String) -> String? {
        if !FileSystem.isFolder(file) { return try? SHA256.hex(ofFile: file) }
        var hash = SHA256()
        for name in FileSystem.names(in: file) {
            var status = stat()
            guard lstat(file + "/" + name, &status) == 0 else { continue }
            hash.update("\(name)\0\(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)\n")
        }
        return hash.finalizeHex()
    }
}
