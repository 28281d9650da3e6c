// A raster of dots finer than the characters that show it.
//
// braille: 2 × 4 dots a character, U+2800 plus one bit a dot (left column top to bottom bits 0, 1, 2, 6, right column
//          3, 4, 5, 7).
// block:   2 × 2 quarters, the sixteen quadrant characters.
// ascii:   1 × 3, shown as ' - . by height, : and | where several heights meet.

struct DotCanvas {
    let glyphs: TerminalGlyphs
    let columns: Int
    let rows: Int
    private var bits: [UInt8]
    private var inks: [TerminalInk]

    init(glyphs: TerminalGlyphs, columns: Int, rows: Int) {
        self.glyphs = glyphs
        self.columns = columns
        self.rows = rows
        bits = Array(repeating: 0, count: columns * rows)
        inks = Array(repeating: .plain, count: columns * rows)
    }

    /// Dots in one character, across and down.
    static func dots(_ glyphs: TerminalGlyphs) -> (across: Int, down: Int) {
        switch glyphs {
        case .braille: (2, 4)
        case .block: (2, 2)
        case .ascii: (1, 3)
        }
    }

    var dotColumns: Int { columns * Self.dots(glyphs).across }
    var dotRows: Int { rows * Self.dots(glyphs).down }

    /// The dot of a point of the panel; outside the raster if the point is outside the panel.
    func dot(_ point: Point) -> (x: Int, y: Int) {
        (Self.index(point.x, count: dotColumns), Self.index(1 - point.y, count: dotRows))
    }

    /// The character that holds a point.
    func cell(_ point: Point) -> (row: Int, column: Int) {
        let dot = dot(point)
        let (across, down) = Self.dots(glyphs)
        return (dot.y / down, dot.x / across)
    }

    private static func index(_ position: Double, count: Int) -> Int {
        guard position.isFinite else { return 0 }
        return Int((min(max(position, 0), 1) * Double(count - 1)).rounded())
    }

    mutating func set(x: Int, y: Int, ink: TerminalInk) {
        let (across, down) = Self.dots(glyphs)
        guard x >= 0, y >= 0, x < columns * across, y < rows * down else { return }
        let index = y / down * columns + x / across
        bits[index] |= Self.bit(glyphs, x: x % across, y: y % down)
        inks[index] = ink
    }

    /// Draws a line (Bresenham), leaving out dots as `dash` says; `phase` runs on from piece to piece.
    mutating func line(from a: Point, to b: Point, ink: TerminalInk, dash: Dash, phase: inout Int) {
        var (x, y) = dot(a)
        let end = dot(b)
        let (dx, dy) = (abs(end.x - x), -abs(end.y - y))
        let (sx, sy) = (x < end.x ? 1 : -1, y < end.y ? 1 : -1)
        var error = dx + dy
        while true {
            if dash.isOn(phase) { set(x: x, y: y, ink: ink) }
            phase += 1
            if x == end.x, y == end.y { return }
            let doubled = 2 * error
            if doubled >= dy {
                error += dy
                x += sx
            }
            if doubled <= dx {
                error += dx
                y += sy
            }
        }
    }

    /// Puts the dots over what is on the grid.
    func draw(on grid: inout TextGrid, row: Int, column: Int) {
        for r in 0..<rows {
            for c in 0..<columns where bits[r * columns + c] != 0 {
                let index = r * columns + c
                grid.put(Self.character(glyphs, bits[index]), row: row + r, column: column + c, ink: inks[index])
            }
        }
    }

    private static func bit(_ glyphs: TerminalGlyphs, x: Int, y: Int) -> UInt8 {
        switch glyphs {
        case .braille: y == 3 ? (x == 0 ? 0x40 : 0x80) : 1 << UInt8(y + 3 * x)
        case .block: 1 << UInt8(2 * y + x)
        case .ascii: 1 << UInt8(y)
        }
    }

    private static let quadrants: [Character] = Array(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█")
    private static let strokes: [Character] = Array(" '-|.:||")

    private static func character(_ glyphs: TerminalGlyphs, _ bits: UInt8) -> Character {
        switch glyphs {
        case .braille: Character(Unicode.Scalar(0x2800 + UInt32(bits)) ?? " ")
        case .block: quadrants[Int(bits & 15)]
        case .ascii: strokes[Int(bits & 7)]
        }
    }
}

/// Which dots of a line are drawn: each series has its own rhythm, so that lines can be told apart without colour.
struct Dash: Equatable {
    /// Dots on, off, on, off, …; empty is a solid line.
    var lengths: [Int]

    static let solid = Dash(lengths: [])
    /// In dots of a raster as fine as braille.
    private static let rhythms: [[Int]] = [
        [], [4, 3], [1, 2], [7, 2, 1, 2], [10, 4], [2, 2], [5, 2, 1, 2, 1, 2], [1, 4],
    ]

    init(lengths: [Int]) { self.lengths = lengths }
    init(series: Int) { lengths = Self.rhythms[series % Self.rhythms.count] }

    func isOn(_ phase: Int) -> Bool {
        let period = lengths.reduce(0, +)
        guard period > 0 else { return true }
        var rest = phase % period
        for (index, length) in lengths.enumerated() {
            if rest < length { return index % 2 == 0 }
            rest -= length
        }
        return true
    }
}
