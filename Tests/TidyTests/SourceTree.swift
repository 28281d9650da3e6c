import Foundation
import TestSupport

/// The text files of the package, read once.
struct SourceTree {
    struct File {
        /// From the package's folder on.
        var path: String
        var text: String
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    /// The files below some folders whose names end in one of these.
    static func files(_ folders: [String], _ extensions: [String]) -> [File] {
        var files: [File] = []
        for folder in folders {
            let walk = FileManager.default.enumerator(atPath: packageFolder.appending(path: folder).path)
            while let name = walk?.nextObject() as? String {
                let path = folder + "/" + name
                guard extensions.contains(where: { path.hasSuffix("." + $0) }) else { continue }
                if let text = try? String(contentsOf: packageFolder.appending(path: path), encoding: .utf8) {
                    files.append(File(path: path, text: text))
                }
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: packageFolder.appending(path: path), encoding: .utf8)
    }

    /// The text of a Swift file without what stands after `//`.
    static func withoutComments(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var rest = line[...]
            while let place = rest.range(of: "//") {
                // Not the one of an address in a string.
                let before = line[..<place.lowerBound].last
                if before != ":" && before != "\"" { return line[..<place.lowerBound] }
                rest = line[place.upperBound...]
            }
            return line
        }.joined(separator: "\n")
    }
}
