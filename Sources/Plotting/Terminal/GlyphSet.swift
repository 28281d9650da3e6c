// The characters that frames, markers, bars and shades are made of.

struct GlyphSet {
    let glyphs: TerminalGlyphs

    private var isASCII: Bool { glyphs == .ascii }

    var vertical: Character { isASCII ? "|" : "│" }
    var horizontal: Character { isASCII ? "-" : "─" }
    var corner: Character { isASCII ? "+" : "└" }
    /// Ticks of the left and the lower axis.
    var leftTick: Character { isASCII ? "+" : "┤" }
    var lowerTick: Character { isASCII ? "+" : "┬" }
    /// Reference lines.
    var horizontalRule: Character { isASCII ? "-" : "╌" }
    var verticalRule: Character { isASCII ? ":" : "┊" }
    /// Ends and middle of a vertical interval.
    var whiskerEnds: (top: Character, middle: Character, bottom: Character) {
        isASCII ? ("T", "|", "I") : ("┬", "│", "┴")
    }
    var areaFill: Character { isASCII ? ":" : "░" }
    var ellipsis: Character { isASCII ? "~" : "…" }

    func marker(_ series: Int) -> Character {
        let markers: [Character] = isASCII ? Array("o*+x#@%&") : Array("●○■□▲△◆◇")
        return markers[series % markers.count]
    }

    /// What the bars of a series are filled with.
    func fill(_ series: Int) -> Character {
        let fills: [Character] = isASCII ? Array("#=:%+o*.") : Array("█▒░▓█▒░▓")
        return fills[series % fills.count]
    }

    /// A bar's uppermost character, `eighths` of eight high; only solid bars have parts.
    func top(_ series: Int, eighths: Int) -> Character {
        if fill(series) == "█" { return Array(" ▁▂▃▄▅▆▇█")[min(max(eighths, 0), 8)] }
        return eighths >= 4 ? fill(series) : " "
    }

    /// A horizontal bar's last character.
    func end(_ series: Int, eighths: Int) -> Character {
        if fill(series) == "█" { return Array(" ▏▎▍▌▋▊▉█")[min(max(eighths, 0), 8)] }
        return eighths >= 4 ? fill(series) : " "
    }

    /// From little to much.
    var shades: [Character] { Array(isASCII ? " .:+*#@" : " ░▒▓█") }
    /// From little to much below the centre of a diverging scale: lines, where the other side has areas.
    var strokes: [Character] { Array(isASCII ? " -~=%" : " ╌─═≡") }
    /// A cell without a value.
    var missing: Character { isASCII ? "_" : "·" }
}
