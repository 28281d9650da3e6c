// The TextMate grammar for editors, held against the real lexer on the example corpus. A regular expression cannot know
// which words are verbs, so a lone first word may be taken for a name; everything else must agree.

import Foundation
import Language
import TestSupport
import Testing

/// As much of TextMate as the grammar uses: `match`, `begin` … `end`, `include`; one line at a time.
private struct TextMate {
    private struct Rule {
        var name: String
        var match: NSRegularExpression
        var end: NSRegularExpression?
        var inner: [Any]
    }

    private let repository: [String: Any]
    private let top: [Any]
    private var cache: [String: [Rule]] = [:]

    init(_ url: URL) throws {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        repository = try #require(object["repository"] as? [String: Any])
        top = try #require(object["patterns"] as? [Any])
    }

    /// For each UTF-16 place of a line the name of the innermost scope.
    func scopes(_ line: String) throws -> [String] {
        var result = [String](repeating: "", count: line.utf16.count)
        _ = try scan(line, 0, try rules(top), until: nil, outer: "", &result)
        return result
    }

    private func rules(_ patterns: [Any]) throws -> [Rule] {
        try patterns.flatMap { pattern -> [Rule] in
            let entry = try #require(pattern as? [String: Any])
            if let name = entry["include"] as? String {
                let target = try #require(repository[String(name.dropFirst())] as? [String: Any])
                if target["match"] == nil, target["begin"] == nil {
                    return try rules(try #require(target["patterns"] as? [Any]))
                }
                return try rules([target])
            }
            let name = entry["name"] as? String ?? ""
            let begin = try #require((entry["match"] ?? entry["begin"]) as? String)
            return [
                Rule(
                    name: name, match: try NSRegularExpression(pattern: begin),
                    end: try (entry["end"] as? String).map { try NSRegularExpression(pattern: $0) },
                    inner: entry["patterns"] as? [Any] ?? [])
            ]
        }
    }

    private func scan(
        _ line: String, _ start: Int, _ rules: [Rule], until end: NSRegularExpression?, outer: String,
        _ result: inout [String]
    ) throws -> Int {
        var place = start
        let length = line.utf16.count
        while place <= length {
            let rest = NSRange(location: place, length: length - place)
            let options: NSRegularExpression.MatchingOptions = [.withTransparentBounds, .withoutAnchoringBounds]
            let stop = end?.firstMatch(in: line, options: options, range: rest)?.range
            var best: (rule: Rule, range: NSRange)?
            for rule in rules {
                guard let range = rule.match.firstMatch(in: line, options: options, range: rest)?.range,
                    range.length > 0
                else { continue }
                if best == nil || range.location < best!.range.location { best = (rule, range) }
            }
            if let stop, best.map({ stop.location <= $0.range.location }) ?? true {
                for index in place..<min(stop.location + stop.length, length) { result[index] = outer }
                return stop.location + stop.length
            }
            guard let (rule, range) = best else {
                for index in place..<length { result[index] = outer }
                return length
            }
            for index in place..<range.location { result[index] = outer }
            for index in range.location..<(range.location + range.length) { result[index] = rule.name }
            place = range.location + range.length
            if rule.end != nil {
                place = try scan(line, place, try self.rules(rule.inner), until: rule.end, outer: rule.name, &result)
            }
        }
        return place
    }
}

@Suite("The editor grammar") struct GrammarTests {
    /// What the grammar's scopes say, in the words of the real classification.
    private static func style(_ scope: String) -> Style? {
        let names: [(String, Style)] = [
            ("comment", .comment), ("string", .string), ("constant.character", .escape),
            ("variable.parameter.label", .label), ("keyword.control", .keyword), ("constant.language", .number),
            ("constant.numeric", .number), ("entity.name.function", .verb), ("support.constant.choice", .choice),
            ("variable.other", .name), ("support.function", .function),
            ("keyword.operator", .operator), ("meta.interpolation", .escape),
        ]
        return names.first { scope.hasPrefix($0.0) }?.1
    }

    @Test("classifies the corpus as the lexer does")
    func agrees() throws {
        let grammar = try TextMate(packageFolder.appending(path: "Sources/Language/Grammar/icot.tmLanguage.json"))
        var (words, verbs, wrongVerbs) = (0, 0, 0)
        var wrong: [String] = []
        let cells = runsSlowTests ? Corpus.cells : Corpus.handwritten
        for cell in cells {
            let source = SourceText(cell)
            let scopes = try cell.components(separatedBy: "\n").map { try grammar.scopes($0) }
            for piece in Highlighter.highlight(source, TestSignatures.context) {
                let line = source.line(at: piece.span.start)
                let column = source.text(SourceSpan(source.lineStarts[line], piece.span.start)).utf16.count
                let word = source.text(piece.span)
                let found = Self.style(scopes[line][column])
                words += 1
                let isVerb = piece.style == .verb || found == .verb
                if isVerb { verbs += 1 }
                if found == piece.style || (piece.style == .verb && found == .function)
                    || (piece.style == .name && found == .function)
                {
                    continue
                }
                if isVerb {
                    wrongVerbs += 1
                } else {
                    wrong.append(
                        "\(word): \(piece.style.rawValue), grammar says \(found?.rawValue ?? "nothing") in: \(source.text(source.span(ofLine: line)))"
                    )
                }
            }
        }
        print(
            "note: the editor grammar agrees on \(words - wrong.count - wrongVerbs) of \(words) words; \(wrongVerbs) of \(verbs) verbs are told only by the signature table"
        )
        #expect(wrong.isEmpty, "\(wrong.prefix(12).joined(separator: "\n"))")
        #expect(wrongVerbs * 10 <= verbs)
    }
}
