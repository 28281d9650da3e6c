// A Jupyter notebook (nbformat 4) as an `.icot` file:
//
//   cell of code, tagged `parameters`     # %% params
//   other cells of code                   # %%
//   cells of Markdown                     # %% [md], or [notes] where the slide show has them as notes
//   raw cells                             # %% [raw]
//   metadata.title, or the first heading  # title:
//
// Outputs are left out: replaying records them. A line of Jupyter's own magic (`%matplotlib`, `!ls`) is kept as a comment.
// Lines of code that would look like a sign of the format get a space after their `#`.

import Support

public enum JupyterImport {
    /// - Throws: `NotebookError.file` where the text is no notebook of Jupyter's.
    public static func notebook(_ bytes: [UInt8], named path: String) throws(NotebookError) -> [UInt8] {
        let document: JSONValue
        do { document = try JSONReader.read(bytes, path: path) } catch { throw .file(error) }
        guard let cells = document["cells"]?.array, document["nbformat"]?.integer == 4 else {
            throw .file(FileError(.malformed, path, "is no notebook of Jupyter's format 4: it has no cells"))
        }
        var lines = ["# icot 1"]
        if let title = title(document, cells) { lines.append("# title: \(title)") }
        for cell in cells {
            let source = source(cell).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            if source.allSatisfy({ $0.allSatisfy(\.isWhitespace) }) { continue }
            lines.append("")
            switch cell["cell_type"]?.string {
            case "markdown":
                let isNotes = cell["metadata"]?["slideshow"]?["slide_type"]?.string == "notes"
                lines.append(isNotes ? "# %% [notes]" : "# %% [md]")
                lines += source.map { $0.isEmpty ? "#" : "# " + $0 }
            case "raw":
                lines.append("# %% [raw]")
                lines += source.map { $0.isEmpty ? "#" : "# " + $0 }
            default:
                let tags = cell["metadata"]?["tags"]?.array?.compactMap(\.string) ?? []
                lines.append(tags.contains("parameters") ? "# %% params" : "# %%")
                lines += source.map(code)
            }
        }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    private static func source(_ cell: JSONValue) -> String {
        cell["source"]?.string ?? cell["source"]?.array?.compactMap(\.string).joined() ?? ""
    }

    private static func title(_ document: JSONValue, _ cells: [JSONValue]) -> String? {
        let heading = cells.lazy.filter { $0["cell_type"]?.string == "markdown" }.flatMap {
            source($0).split(separator: "\n")
        }.first { $0.hasPrefix("# ") }.map { String($0.dropFirst(2)) }
        let title = document["metadata"]?["title"]?.string ?? heading
        return title.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }.flatMap {
            $0.isEmpty ? nil : $0
        }
    }

    private static func code(_ line: String) -> String {
        let start = line.drop { $0 == " " || $0 == "\t" }
        if start.hasPrefix("%") || start.hasPrefix("!") { return "# " + line }
        for sign in ["#>", "#~", "#!", "# %%"] where line.hasPrefix(sign) { return "# " + line.dropFirst() }
        return line
    }
}
