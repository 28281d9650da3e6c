// A recorded line of output and the text in it. The rules stand at the head of Notebook.swift.

import Language
import Support

public struct OutputLine: Sendable, Equatable {
    public enum Kind: String, Sendable {
        case result = "#>"
        case picture = "#~"
        case error = "#!"

        init?(startOf bytes: ArraySlice<UInt8>) {
            guard bytes.count >= 2, bytes[bytes.startIndex] == UInt8(ascii: "#") else { return nil }
            switch bytes[bytes.startIndex + 1] {
            case UInt8(ascii: ">"): self = .result
            case UInt8(ascii: "~"): self = .picture
            case UInt8(ascii: "!"): self = .error
            default: return nil
            }
        }
    }

    public var kind: Kind
    /// As written after the sign, with its escapes, without spaces at the end.
    public var text: String

    public init(_ kind: Kind, written text: String) {
        self.kind = kind
        self.text = text.withoutTrailingBlanks
    }

    /// What a command showed.
    public init(_ kind: Kind, _ line: StyledText) { self.init(kind, written: OutputText.write(line)) }

    /// From a whole line of a file.
    init?(line: String) {
        let bytes = Array(line.utf8)
        guard let kind = Kind(startOf: bytes[...]) else { return nil }
        let rest = bytes.dropFirst(2)
        self.init(
            kind, written: String(decoding: rest.first == UInt8(ascii: " ") ? rest.dropFirst() : rest, as: UTF8.self))
    }

    /// The whole line.
    public var line: String { text.isEmpty ? kind.rawValue : "\(kind.rawValue) \(text)" }

    /// What it says, volatile parts marked, without escapes.
    public var shown: StyledText { OutputText.read(text) }

    /// The code of an error.
    public var code: String { String(text.prefix { !$0.isWhitespace }) }
}

/// Between what commands show and what is written.
enum OutputText {
    /// As written; a volatile run becomes `{~…}`.
    static func write(_ line: StyledText) -> String {
        var written = ""
        // Runs of one volatility go together, so that an escape is not missed where two meet.
        var index = 0
        while index < line.runs.count {
            let isVolatile = line.runs[index].isVolatile
            var text = ""
            while index < line.runs.count, line.runs[index].isVolatile == isVolatile {
                text += line.runs[index].text
                index += 1
            }
            if text.isEmpty { continue }
            text = Escaping.neutral(text)
            written += isVolatile ? "{~\(OutputText.withoutBraces(text))}" : escape(text)
        }
        return escapeWords(written).withoutTrailingBlanks
    }

    static func withoutBraces(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "}" ? ")" : $0 }))
    }

    /// `{~` as `{\~`, with one more backslash for each that was there.
    private static func escape(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "~")) else { return text }
        var result: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            result.append(bytes[index])
            if bytes[index] == UInt8(ascii: "{"), let tilde = tilde(after: index, bytes) {
                result += [UInt8](repeating: UInt8(ascii: "\\"), count: tilde - index)
                index = tilde - 1
            }
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The place of a `~` that follows a `{` with nothing but backslashes between.
    private static func tilde(after brace: Int, _ bytes: [UInt8]) -> Int? {
        var place = brace + 1
        while place < bytes.count, bytes[place] == UInt8(ascii: "\\") { place += 1 }
        return place < bytes.count && bytes[place] == UInt8(ascii: "~") ? place : nil
    }

    /// The words `...` and, at the start, `…` with one more backslash.
    private static func escapeWords(_ text: String) -> String {
        let text = mapWords(text) { isDots($0) ? [backslash] + $0 : Array($0) }
        return startsWithEllipsis(text) ? "\\" + text : text
    }

    private static let backslash = UInt8(ascii: "\\")

    /// Whether a word is `...` after any number of backslashes.
    static func isDots(_ word: ArraySlice<UInt8>) -> Bool { word.drop { $0 == backslash }.elementsEqual("...".utf8) }

    private static func startsWithEllipsis(_ text: String) -> Bool {
        text.utf8.drop { $0 == backslash }.starts(with: "…".utf8)
    }

    private static func mapWords(_ text: String, _ change: (ArraySlice<UInt8>) -> [UInt8]) -> String {
        guard text.contains("...") else { return text }
        let words = Array(text.utf8).split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(change)
        return String(decoding: Array(words.joined(separator: [UInt8(ascii: " ")])), as: UTF8.self)
    }

    /// What a written text says.
    static func read(_ written: String) -> StyledText {
        var line = StyledText()
        for piece in pieces(written) {
            switch piece {
            case .plain(let text): line.append(text)
            case .volatile(let text): line.append(text, isVolatile: true)
            }
        }
        return line
    }

    enum Piece: Equatable {
        case plain(String)
        case volatile(String)
    }

    /// The parts of a written text without their escapes, except that `...` and `\...` stay as they are where
    /// `keepsWords`.
    static func pieces(_ written: String, keepsWords: Bool = false) -> [Piece] {
        var text = written
        if !keepsWords {
            if text.utf8.first == backslash, startsWithEllipsis(text) { text = String(text.unicodeScalars.dropFirst()) }
            text = mapWords(text) { $0.first == backslash && isDots($0) ? Array($0.dropFirst()) : Array($0) }
        }
        guard text.utf8.contains(UInt8(ascii: "~")) else { return text.isEmpty ? [] : [.plain(text)] }
        let bytes = Array(text.utf8)
        var pieces: [Piece] = []
        var plain: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "{"), let tilde = tilde(after: index, bytes) else {
                plain.append(bytes[index])
                index += 1
                continue
            }
            if tilde == index + 1, let end = bytes[tilde...].firstIndex(of: UInt8(ascii: "}")) {
                if !plain.isEmpty { pieces.append(.plain(String(decoding: plain, as: UTF8.self))) }
                plain = []
                pieces.append(.volatile(String(decoding: bytes[(tilde + 1)..<end], as: UTF8.self)))
                index = end + 1
            } else {
                // `{~` without an end stands for itself; otherwise one backslash goes.
                plain += bytes[index..<(tilde == index + 1 ? tilde : tilde - 1)]
                plain.append(bytes[tilde])
                index = tilde + 1
            }
        }
        if !plain.isEmpty { pieces.append(.plain(String(decoding: plain, as: UTF8.self))) }
        return pieces
    }

    /// The text with every volatile part empty: what a hash is taken over.
    static func masked(_ written: String) -> String {
        guard written.contains("{~") else { return written }
        return pieces(written, keepsWords: true).map { piece in
            switch piece {
            case .plain(let text): text
            case .volatile: "{~}"
            }
        }.joined()
    }

    static func hasOpenVolatile(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.contains(UInt8(ascii: "~")) else { return false }
        let all = Array(bytes)
        var index = 0
        while index < all.count {
            if all[index] == UInt8(ascii: "{"), index + 1 < all.count, all[index + 1] == UInt8(ascii: "~") {
                guard let end = all[index...].firstIndex(of: UInt8(ascii: "}")) else { return true }
                index = end
            }
            index += 1
        }
        return false
    }
}
