// How many columns text takes on a terminal, and how it is cut to fit.

import Language

extension StringProtocol {
    /// The columns that this text takes on one line.
    var columns: Int {
        if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return utf8.count }
        return DisplayWidth.of(self)
    }
}

extension StyledText {
    /// The columns that this line takes.
    var columns: Int { runs.reduce(0) { $0 + $1.text.columns } }

    /// The line in rows as people would break it: prose at spaces; a word with an explanation after a gap (as help has
    /// them) below where the explanation starts; what has several columns not at all.
    func fitted(to width: Int) -> [StyledText] {
        guard columns > width else { return [self] }
        let gaps = Self.gaps(in: plain)
        if gaps.count > 1 { return [self] }
        let indent = gaps.first ?? 0
        return wrapped(to: width, indent: indent * 2 <= width ? indent : 0)
    }

    /// Where text goes on after two or more spaces, the spaces at the start of the line not counted.
    private static func gaps(in text: String) -> [Int] {
        var gaps: [Int] = []
        var spaces = 0
        var column = 0
        var hasBegun = false
        for character in text {
            if character == " " {
                spaces += 1
            } else {
                if hasBegun, spaces > 1 { gaps.append(column) }
                hasBegun = true
                spaces = 0
            }
            column += DisplayWidth.of(character)
        }
        return gaps
    }

    /// The part that fits into `width` columns; what is cut off is marked with `…`.
    func truncated(to width: Int) -> StyledText {
        guard columns > width else { return self }
        guard width > 0 else { return StyledText() }
        var kept = StyledText()
        var room = width - 1
        for run in runs {
            var text = ""
            for character in run.text {
                let needed = DisplayWidth.of(character)
                guard needed <= room else {
                    kept.append(text, run.style, isVolatile: run.isVolatile)
                    kept.append("…", .dim)
                    return kept
                }
                room -= needed
                text.append(character)
            }
            kept.append(text, run.style, isVolatile: run.isVolatile)
        }
        return kept
    }

    /// The line as rows of at most `width` columns, broken at spaces where there are some; later rows are indented by
    /// `indent` spaces.
    func wrapped(to width: Int, indent: Int = 0) -> [StyledText] {
        guard columns > width, width > indent + 1 else { return [self] }
        var rows: [StyledText] = []
        var row: [(character: Character, style: Style)] = []
        var used = 0
        var lastSpace: Int?

        func finish(_ part: ArraySlice<(character: Character, style: Style)>) {
            var text = StyledText(rows.isEmpty ? "" : String(repeating: " ", count: indent))
            for piece in part {
                if let last = text.runs.indices.last, text.runs[last].style == piece.style {
                    text.runs[last].text.append(piece.character)
                } else {
                    text.append(String(piece.character), piece.style)
                }
            }
            rows.append(text)
        }

        for run in runs {
            for character in run.text {
                let needed = DisplayWidth.of(character)
                let room = rows.isEmpty ? width : width - indent
                if used + needed > room {
                    if character == " " {
                        finish(row[...])
                        row.removeAll()
                        (used, lastSpace) = (0, nil)
                        continue
                    }
                    if let space = lastSpace, space > 0 {
                        finish(row[..<space])
                        row.removeSubrange(...space)
                    } else {
                        finish(row[...])
                        row.removeAll()
                    }
                    used = row.reduce(0) { $0 + DisplayWidth.of($1.character) }
                    lastSpace = nil
                }
                if character == " " { lastSpace = row.count }
                row.append((character, run.style))
                used += needed
            }
        }
        if !row.isEmpty { finish(row[...]) }
        return rows
    }
}
