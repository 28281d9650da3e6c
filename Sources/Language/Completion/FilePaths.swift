// The names of files and folders that completion offers inside quotes.

import Glibc
import Support

public enum FilePaths {
    /// The paths that begin with `prefix`; folders end with `/`.
    public static func beginning(with prefix: String) -> [String] {
        let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
        return names(in: folder, prefix: String(prefix.dropFirst(folder.count))).map { entry in
            folder + entry.name + (entry.isFolder ? "/" : "")
        }
    }

    /// The folders of kept runs whose paths begin with `prefix`: those beside what is typed, and, before any folder is
    /// typed, those in `runs`, where `start … name:` keeps them.
    public static func runs(beginningWith prefix: String) -> [String] {
        var paths = beginning(with: prefix)
        if !prefix.contains("/") { paths += beginning(with: "runs/" + prefix) }
        return paths.filter { $0.hasSuffix("/") && FileSystem.exists(FileSystem.withHome($0) + "run.json") }
            .map { String($0.dropLast()) }
    }

    /// The path of a file or folder that is there, under a name near to one that is not.
    public static func nearest(to path: String) -> String? {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let name = String(path.dropFirst(folder.count))
        return Suggestions.nearest(to: name, among: names(in: folder, prefix: "").map(\.name)).first.map { folder + $0 }
    }

    /// What a folder (empty, or with its `/`) holds under names that begin with `prefix`, sorted.
    public static func names(in folder: String, prefix: String) -> [(name: String, isFolder: Bool)] {
        let folder = folder.isEmpty ? "." : FileSystem.withHome(folder)
        guard let reader = FolderReader(folder) else { return [] }
        var names: [(name: String, isFolder: Bool)] = []
        for name in reader {
            if names.count == 1000 { break }
            guard name.hasPrefix(prefix), prefix.hasPrefix(".") || !name.hasPrefix(".") else { continue }
            // A name that would have to be escaped, or could steer the terminal, is not offered.
            guard !name.contains(where: { "\"\\{}".contains($0) }), Escaping.neutral(name) == name else {
                continue
            }
            var status = stat()
            names.append((name, stat(folder + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR))
        }
        return names.sorted { $0.name < $1.name }
    }
}
