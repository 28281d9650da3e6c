// Whether an output is the one that is recorded. What is compared are values, not spelling:
//
//   words, whole numbers, shapes       equal; whole numbers |got − written| ≤ s where ±s follows
//   reals      |got − written| ≤ one unit of the last written digit, or ≤ s where ±s follows; deleting digits in the
//              file loosens the check, visibly
//   ±          may be missing in what is got; otherwise within itself
//   {~…}       equals any other volatile text
//   ...        in the record: any words, also none; the numbers beside it are still compared
//   spaces     how many does not matter; rows of rule signs (─ - = │) may differ in length
//   pictures   never compared
//   errors     by code

import Language
import Support

/// Where an output leaves its record.
public struct Difference: Sendable, Equatable {
    /// The recorded line as written, nil where there is none.
    public var recorded: String?
    /// The line that came, nil where none came.
    public var got: String?
    /// What is different, in one lower-case sentence.
    public var reason: String
    /// The line of the file, as people count; of the statement where nothing is recorded.
    public var line: Int

    /// The lines that show it.
    public var lines: [StyledText] {
        var lines: [StyledText] = []
        if let recorded {
            lines.append(StyledText("  recorded  ", .dim) + StyledText(Escaping.neutral(recorded), .bad))
        }
        if let got {
            lines.append(StyledText("  got       ", .dim) + StyledText(Escaping.neutral(got), .good))
        }
        lines.append(StyledText("  \(reason)", .emphasis))
        return lines
    }
}

enum Comparison {
    /// The differences between a record and what came; empty where they agree.
    static func differences(_ entry: Entry, _ got: OutputBlock) -> [Difference] {
        let place = Places(entry)
        return results(entry.recorded.lines(.result), got.lines(.result), place)
            + errors(entry.recorded.lines(.error), got.lines(.error), place)
    }

    // MARK: - Lines

    private struct Places {
        let statement: Int
        let recorded: [(kind: OutputLine.Kind, line: Int)]

        init(_ entry: Entry) {
            statement = entry.lineNumber
            recorded = zip(entry.recorded.lines, entry.recordedLines).map { ($0.kind, $1 + 1) }
        }

        /// The line of the file that holds line `index` of a kind.
        func line(_ index: Int, _ kind: OutputLine.Kind) -> Int {
            let lines = recorded.filter { $0.kind == kind }
            return lines.indices.contains(index) ? lines[index].line : statement
        }
    }

    private static func results(_ recorded: [OutputLine], _ got: [OutputLine], _ places: Places) -> [Difference] {
        var got = got
        var found: [Difference] = []
        if let index = recorded.firstIndex(where: { OutputBlock.Omission($0.text)?.hash != nil }),
            let omission = OutputBlock.Omission(recorded[index].text)
        {
            let length = recorded.count - 1 + omission.count
            let end = index + omission.count
            if got.count != length {
                return [
                    Difference(
                        recorded: recorded[index].text, got: nil,
                        reason:
                            "\(Phrase.count(length, "line")) \(length == 1 ? "is" : "are") recorded, \(got.count) came",
                        line: places.line(index, .result))
                ]
            }
            let hash = OutputBlock.hash(got[index..<end])
            if hash != omission.hash {
                found.append(
                    Difference(
                        recorded: recorded[index].text,
                        got: OutputBlock.Omission(count: omission.count, hash: hash).text,
                        reason: "something in the lines that are left out is different",
                        line: places.line(index, .result)))
            }
            got.replaceSubrange(index..<end, with: [recorded[index]])
        }
        for index in 0..<max(recorded.count, got.count) {
            let line = places.line(index, .result)
            guard index < recorded.count else {
                let more = got.count - recorded.count
                let reason =
                    recorded.isEmpty
                    ? "no result is recorded"
                    : more == 1 ? "one line more than recorded" : "\(more) lines more than recorded"
                found.append(Difference(recorded: nil, got: got[index].text, reason: reason, line: places.statement))
                break
            }
            guard index < got.count else {
                let fewer = recorded.count - got.count
                let reason =
                    got.isEmpty
                    ? "nothing was shown"
                    : fewer == 1 ? "one line fewer than recorded" : "\(fewer) lines fewer than recorded"
                found.append(Difference(recorded: recorded[index].text, got: nil, reason: reason, line: line))
                break
            }
            if let reason = difference(recorded[index].text, got[index].text) {
                found.append(
                    Difference(recorded: recorded[index].text, got: got[index].text, reason: reason, line: line))
            }
        }
        return found
    }

    private static func errors(_ recorded: [OutputLine], _ got: [OutputLine], _ places: Places) -> [Difference] {
        var found: [Difference] = []
        for index in 0..<max(recorded.count, got.count) {
            let line = places.line(index, .error)
            guard index < recorded.count else {
                found.append(
                    Difference(
                        recorded: nil, got: got[index].text, reason: "an error that is not recorded",
                        line: places.statement))
                break
            }
            guard index < got.count else {
                found.append(
                    Difference(
                        recorded: recorded[index].text, got: nil, reason: "the recorded error did not come", line: line)
                )
                break
            }
            let code = recorded[index].code
            if !code.isEmpty, code != got[index].code {
                found.append(
                    Difference(
                        recorded: recorded[index].text, got: got[index].text,
                        reason: "error \(code) is recorded, \(got[index].code) came", line: line))
            }
        }
        return found
    }

    // MARK: - Tokens

    /// What is different between a recorded text and one that came; nil where nothing is.
    static func difference(_ recorded: String, _ got: String) -> String? {
        if recorded == got, !recorded.contains("...") { return nil }
        return Matcher(recorded: OutputTokens(recorded).tokens, got: OutputTokens(got).tokens).difference
    }

    private struct Matcher {
        let recorded: [OutputToken]
        let got: [OutputToken]

        /// Left to right; at a mismatch the last `...` takes one token more.
        var difference: String? {
            var old = 0
            var new = 0
            var wildcard: (old: Int, new: Int)?
            var first: String?
            while true {
                if old < recorded.count, recorded[old] == .anything {
                    old += 1
                    wildcard = (old, new)
                    continue
                }
                if old == recorded.count, new == got.count { return nil }
                let problem: String?
                if old == recorded.count {
                    problem = "'\(got[new].text)' is not recorded"
                } else if new == got.count {
                    if recorded[old].isSpread {
                        old += 1
                        continue
                    }
                    problem = "'\(recorded[old].text)' is missing"
                } else if recorded[old].isSpread, !got[new].isSpread {
                    old += 1
                    continue
                } else {
                    let spread = old + 1 < recorded.count ? recorded[old + 1].spread : nil
                    problem = recorded[old].difference(from: got[new], spread: spread)
                }
                guard let problem else {
                    old += 1
                    new += 1
                    continue
                }
                if first == nil { first = problem }
                guard let place = wildcard, place.new < got.count else { return first }
                wildcard = (place.old, place.new + 1)
                old = place.old
                new = place.new + 1
            }
        }
    }
}

extension OutputToken {
    var isSpread: Bool { spread != nil }

    var spread: Double? {
        if case .spread(_, let value, let unit) = self { return max(value, unit) }
        return nil
    }

    /// Why a token is not the recorded one (`self`); nil where it is.
    func difference(from got: OutputToken, spread: Double?) -> String? {
        switch (self, got) {
        case (.anything, _), (.volatile, .volatile): return nil
        case (.word(let old), .word(let new)):
            return old == new || OutputToken.areRules(old, new) ? nil : "'\(old)' is recorded, '\(new)' came"
        case (.integer(let old), .integer(let new)):
            if old == new || OutputToken.isZero(old) && OutputToken.isZero(new) { return nil }
            if let spread, let value = Double(old), let other = Double(new),
                OutputToken.isWithin(spread, value, other)
            {
                return nil
            }
            return "\(old) is recorded, \(new) came"
        case (.real(let old, let value, let unit), .real(let new, let other, _)):
            let allowed = max(unit, spread ?? 0)
            if OutputToken.isWithin(allowed, value, other) { return nil }
            return
                "\(new) is \(OutputToken.brief(abs(other - value))) from \(old), more than "
                + "\(OutputToken.brief(allowed))"
        case (.real(let old, let value, let unit), .integer(let new)):
            // A whole value may lose its point: 1e5 and 100000.
            guard let other = Double(new) else { return "\(old) is recorded, \(new) came" }
            let allowed = max(unit, spread ?? 0)
            return OutputToken.isWithin(allowed, value, other)
                ? nil
                : "\(new) is \(OutputToken.brief(abs(other - value))) from \(old), more than "
                    + "\(OutputToken.brief(allowed))"
        case (.integer(let old), .real(let new, let other, _)):
            guard let spread, let value = Double(old) else { return "the whole number \(old) is recorded, \(new) came" }
            return OutputToken.isWithin(spread, value, other)
                ? nil
                : "\(new) is \(OutputToken.brief(abs(other - value))) from \(old), more than "
                    + "\(OutputToken.brief(spread))"
        case (.spread(let old, let value, let unit), .spread(let new, let other, _)):
            return OutputToken.isWithin(max(value, unit), value, other)
                ? nil : "the spread \(old) is recorded, \(new) came"
        default: return "'\(text)' is recorded, '\(got.text)' came"
        }
    }

    private static func isZero(_ digits: String) -> Bool { digits == "0" || digits == "-0" || digits == "+0" }

    /// A little more than exact, since decimal digits have no exact binary values.
    private static func isWithin(_ allowed: Double, _ a: Double, _ b: Double) -> Bool {
        a == b || abs(a - b) <= allowed * (1 + 1e-6) + max(abs(a), abs(b)) * 4e-16
    }

    /// Rows of one rule sign: their length follows the width of a column.
    private static func areRules(_ a: String, _ b: String) -> Bool {
        guard let sign = a.first, "─━═-=—_".contains(sign), a.count > 2, b.count > 2 else { return false }
        return a.allSatisfy { $0 == sign } && b.allSatisfy { $0 == sign }
    }

    private static func brief(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return "\(value)" }
        let text = "\(Float(value))"
        guard text.count > 8, let point = text.firstIndex(of: "."), !text.contains("e") else { return text }
        let leading = text[text.index(after: point)...].prefix { $0 == "0" }.count
        return String(text.prefix(text.distance(from: text.startIndex, to: point) + 1 + leading + 3))
    }
}
