import Foundation

// embed-stdlib OUTPUT NAME FOLDER FILE… Writes `NAME`, a list of (path inside the folder, text), as Swift string
// literals: they compile in a quarter of a second where the package manager's own `.embedInCode` needs sixteen.

let arguments = CommandLine.arguments
let folder = arguments[3] + "/"
var entries: [String] = []
for path in arguments.dropFirst(4) {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let name = path.hasPrefix(folder) ? String(path.dropFirst(folder.count)) : path
    entries.append("    (\"\(name)\", ####\"\"\"\n\(text)\n\"\"\"####),")
}
let source = """
    /// The embedded files: path inside their folder, and text.
    let \(arguments[2]): [(path: String, text: String)] = [
    \(entries.joined(separator: "\n"))
    ]

    """
try source.write(toFile: arguments[1], atomically: true, encoding: .utf8)
