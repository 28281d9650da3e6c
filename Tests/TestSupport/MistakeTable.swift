import Foundation

/// A row of `Tests/LanguageTests/Mistakes/mistakes.txt`: what somebody typed, and what becomes of it.
public struct Mistake: Sendable, CustomStringConvertible {
    public var typed: String
    /// The text with the edit that its one error proposes; nil where only words are expected.
    public var mended: String?
    /// What the error or its fix must say where no edit can be proposed.
    public var words: [String] = []
    public var line: Int

    public var description: String { "line \(line): \(typed)" }
}

public enum MistakeTable {
    private static let folder = packageFolder.appending(path: "Tests/LanguageTests/Mistakes")

    /// What is said before each of them, so that their names have values.
    public static var preamble: String {
        (try? String(contentsOf: folder.appending(path: "before.icot"), encoding: .utf8)) ?? ""
    }

    public static let rows: [Mistake] = {
        let text = (try? String(contentsOf: folder.appending(path: "mistakes.txt"), encoding: .utf8)) ?? ""
        return rows(of: text)
    }()

    static func rows(of text: String) -> [Mistake] {
        var found: [Mistake] = []
        // A `-` after a `+` or `?` begins a new row, so do a title and an empty line.
        var isOpen = false
        for (number, line) in text.components(separatedBy: "\n").enumerated() {
            let content = String(line.dropFirst(2))
            if line.hasPrefix("- ") {
                if let last = found.last, isOpen, last.mended == nil, last.words.isEmpty {
                    found[found.count - 1].typed += "\n" + content
                } else {
                    found.append(Mistake(typed: content, line: number + 1))
                }
                isOpen = true
            } else if line.hasPrefix("+ "), isOpen, !found.isEmpty {
                let before = found[found.count - 1].mended.map { $0 + "\n" } ?? ""
                found[found.count - 1].mended = before + content
            } else if line.hasPrefix("? "), isOpen, !found.isEmpty {
                found[found.count - 1].words.append(content)
            } else {
                isOpen = false
            }
        }
        return found
    }
}
