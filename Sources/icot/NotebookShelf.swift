// The notebooks that come with icot, with the runs that they read, and those at hand.
//
// They lie beside the program, so that `icot tour` works in every folder: in `share/icot/notebooks` next to the folder
// of the program or in that folder itself, or in the checkout in whose `.build` the program was built.

import ArgumentParser
import Glibc
import Language
import Support

enum NotebookShelf {
    /// The folder that holds `notebooks`; nil for a program that stands alone.
    static let folder: String? = places(of: Icot.executablePath).first { FileSystem.isFolder($0 + "/notebooks") }

    static func places(of executable: String) -> [String] {
        let parts = executable.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        guard parts.count > 1 else { return [] }
        var places = [Array(parts.dropLast()), Array(parts)].map { $0.joined(separator: "/") + "/share/icot" }
        if let build = parts.firstIndex(where: { $0.hasPrefix(".build") }) {
            places.append(parts[..<build].joined(separator: "/"))
        }
        return places
    }

    // MARK: - By name

    static let completion = CompletionKind.file(extensions: ["icot"])

    /// What a person meant by a notebook: a file if there is one; a bare word is otherwise the file of that name with
    /// `.icot`, or else the notebook that comes with icot.
    @Sendable static func path(_ given: String) -> String {
        guard isBare(given), !FileSystem.exists(given) else { return given }
        if FileSystem.exists(given + ".icot") { return given + ".icot" }
        guard let folder, case let path = "\(folder)/notebooks/\(given).icot", FileSystem.exists(path) else {
            return given
        }
        return path
    }

    /// The same for the folder of a kept run.
    static func run(_ given: String) -> String {
        guard isBare(given), !FileSystem.exists(given), let folder,
            case let path = "\(folder)/notebooks/runs/\(given)", FileSystem.isFolder(path)
        else { return given }
        return path
    }

    /// Where what is made of a file goes: beside it; of one that comes with icot, into the working directory.
    static func placeOfExport(of path: String) -> String {
        guard let folder, path.hasPrefix("\(folder)/notebooks/") else { return path }
        return path.split(separator: "/").last.map(String.init) ?? path
    }

    /// What to say where there is no such notebook; nothing where a path was meant.
    static func hint(_ missing: String) -> String {
        guard isBare(missing) else { return "" }
        if let near = Suggestions.nearest(to: missing, among: all.map(\.name)).first {
            return "\n  fix: icot \(near)"
        }
        return all.isEmpty ? "" : "\n  fix: icot notebooks lists those that come with icot"
    }

    private static func isBare(_ given: String) -> Bool {
        !given.isEmpty && given.first != "-" && !given.contains("/") && !given.contains(".")
    }

    // MARK: - Lists

    struct Entry {
        var name: String
        var title: String
        var path: String
    }

    /// Those that come with icot, in the order of their names.
    static var all: [Entry] {
        guard let folder else { return [] }
        return FilePaths.beginning(with: folder + "/notebooks/").filter { $0.hasSuffix(".icot") }.map { path in
            let name = (path.split(separator: "/").last ?? "").dropLast(".icot".count)
            return Entry(name: String(name), title: title(path) ?? "", path: path)
        }
    }

    /// For the search of help: the notebooks of the folder `notebooks`, or else of the current one, or else those that
    /// come with icot, in the order of their names.
    static func readings() -> [Reading] {
        for folder in ["notebooks/", ""] {
            let paths = FilePaths.beginning(with: folder).filter { $0.hasSuffix(".icot") }
            if !paths.isEmpty { return paths.prefix(200).map { Reading(path: $0, title: title($0) ?? "") } }
        }
        return all.map { Reading(path: $0.path, title: $0.title) }
    }

    /// What a notebook says it is called, in its first lines: `# title: …`.
    private static func title(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 2000)
        let count = fread(&bytes, 1, bytes.count, file)
        let mark = "# title: "
        let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
        return lines.first { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) }
    }
}
