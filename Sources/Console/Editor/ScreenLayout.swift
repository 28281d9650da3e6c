// Where each scalar of a text stands when it is drawn in rows of a screen.
//
// Every logical line begins at column `margin`, right of its prompt, and goes on there in the next row when it is
// longer than the screen is wide. A wide character never straddles two rows.

import Language
import Support

struct ScreenLayout {
    struct Row: Equatable {
        /// The scalars drawn in this row, without the newline at its end.
        var scalars: Range<Int>
        /// UTF-8 offset of the first of them.
        var utf8Start: Int
        /// Whether a logical line starts here (it gets a prompt).
        var startsLine: Bool
        /// Columns taken, the margin not counted.
        var columns: Int
    }

    private(set) var rows: [Row] = []
    private(set) var cursorRow = 0
    /// Counted from the left edge of the screen.
    private(set) var cursorColumn = 0

    /// - Parameters:
    ///   - scalars: the text as UTF-32
    ///   - cursor: an index into it, its end included
    ///   - columns: the width of the screen, more than `margin`
    init(_ scalars: [UInt32], cursor: Int, columns: Int, margin: Int) {
        let room = max(2, columns - margin)
        var row = Row(scalars: 0..<0, utf8Start: 0, startsLine: true, columns: 0)
        var utf8 = 0
        var index = 0
        for scalar in scalars {
            let width = scalar == 0x0a ? 0 : Self.columns(of: scalar)
            if row.columns + width > room || (scalar != 0x0a && width > 0 && row.columns == room) {
                rows.append(row)
                row = Row(scalars: index..<index, utf8Start: utf8, startsLine: false, columns: 0)
            }
            if index == cursor { place(row, room, margin) }
            utf8 += Self.utf8Count(of: scalar)
            index += 1
            if scalar == 0x0a {
                rows.append(row)
                row = Row(scalars: index..<index, utf8Start: utf8, startsLine: true, columns: 0)
            } else {
                row.scalars = row.scalars.lowerBound..<index
                row.columns += width
            }
        }
        if cursor >= index {
            if row.columns == room {
                rows.append(row)
                row = Row(scalars: index..<index, utf8Start: utf8, startsLine: false, columns: 0)
            }
            place(row, room, margin)
        }
        rows.append(row)
    }

    private mutating func place(_ row: Row, _ room: Int, _ margin: Int) {
        // On a newline after a full row the cursor would stand one column outside.
        cursorRow = rows.count
        cursorColumn = margin + min(row.columns, room - 1)
    }

    /// Columns of a scalar as it is drawn (controls as `^A`).
    static func columns(of scalar: UInt32) -> Int {
        if scalar >= 0x20 && scalar < 0x7f { return 1 }
        guard let scalar = Unicode.Scalar(scalar) else { return 1 }
        return Escaping.mark(scalar)?.utf8.count ?? DisplayWidth.of(scalar)
    }

    private static func utf8Count(of scalar: UInt32) -> Int {
        scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
    }
}
