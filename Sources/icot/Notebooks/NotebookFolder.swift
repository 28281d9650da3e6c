// Where the paths in a notebook start: in the working directory, as in any script. If what the notebook reads is not
// there but lies beside the notebook, or beside a folder above it, icot goes there, so that a notebook which was moved
// together with its data runs from anywhere. Paths of `import` always start beside the file that imports.

import Glibc
import Language
import Notebooks
import Support

enum NotebookFolder {
    /// Changes the working directory where that is needed. The path of the notebook from there, and what to tell the
    /// person.
    static func enter(_ path: String, _ report: EffectsReport, pins: [Pin]) -> (path: String, notice: StyledText?) {
        guard let found = start(of: path, report, pins: pins), chdir(found.folder) == 0 else { return (path, nil) }
        return (found.path, found.notice)
    }

    /// The folder in which the paths of a notebook start, where that is not the working directory, and the notebook's
    /// own path from there.
    static func start(
        of path: String, _ report: EffectsReport, pins: [Pin]
    ) -> (folder: String, path: String, notice: StyledText)? {
        var inputs = pins.map(\.path)
        for item in report.items where item.kind == .reads && item.verb != "import" && item.file == nil {
            if let path = item.path { inputs.append(path) }
        }
        inputs = inputs.filter { !$0.hasPrefix("/") && !$0.hasPrefix("~") }
        func holdsAll(_ folder: String) -> Bool { inputs.allSatisfy { access(folder + $0, F_OK) == 0 } }
        if inputs.isEmpty || holdsAll("") { return nil }
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        let parts = String(cString: pointer).split(separator: "/").map(String.init)
        for count in stride(from: parts.count - 1, through: 1, by: -1) {
            let folder = "/" + parts[..<count].joined(separator: "/")
            guard holdsAll(folder + "/") else { continue }
            return (
                folder, parts[count...].joined(separator: "/"),
                StyledText(
                    "paths start in \(Escaping.neutral(folder)), where \(Escaping.neutral(inputs[0])) lies",
                    .dim)
            )
        }
        return nil
    }
}
