// How many columns text takes on a terminal, and how it is cut to fit.

import CLibedit
import Language

extension Unicode.Scalar {
    /// The columns that a terminal gives this scalar: 0 (combining), 1 or 2 (East Asian, emoji).
    /// What cannot be printed counts as 0; it never reaches the terminal anyway (see `Neutral`).
    var columns: Int {
        if value >= 0x20 && value < 0x7f { return 1 }
        return max(0, Int(terminal_scalar_width(value)))
    }
}

extension StringProtocol {
    /// The columns that this text takes on one line.
    var columns: Int {
        var total = 0
        for scalar in unicodeScalars { total += scalar.columns }
        return total
    }
}

extension StyledText {
    /// The columns that this line takes.
    var columns: Int { runs.reduce(0) { $0 + $1.text.columns } }

    /// The part that fits into `width` columns; what is cut off is marked with `…`.
    func truncated(to width: Int) -> StyledText {
        guard columns > width else { return self }
        guard width > 0 else { return StyledText() }
        var kept = StyledText()
        var room = width - 1
        for run in runs {
            var text = ""
            for character in run.text {
                let needed = String(character).columns
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

    /// The line as rows of at most `width` columns, broken at blanks where there are some; later rows are indented by
    /// `indent` blanks.
    func wrapped(to width: Int, indent: Int = 0) -> [StyledText] {
        guard columns > width, width > indent + 1 else { return [self] }
        var rows: [StyledText] = []
        var row: [(character: Character, style: Style)] = []
        var used = 0
        var lastBlank: Int?

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
                let needed = String(character).columns
                let room = rows.isEmpty ? width : width - indent
                if used + needed > room {
                    if let blank = lastBlank, blank > 0 {
                        finish(row[..<blank])
                        row.removeSubrange(...blank)
                    } else {
                        finish(row[...])
                        row.removeAll()
                    }
                    used = row.reduce(0) { $0 + String($1.character).columns }
                    lastBlank = nil
                    if row.isEmpty && character == " " { continue }
                }
                if character == " " { lastBlank = row.count }
                row.append((character, run.style))
                used += needed
            }
        }
        if !row.isEmpty { finish(row[...]) }
        return rows
    }
}
