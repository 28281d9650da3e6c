// What to write below a statement after it ran again. What agrees with the record stays as it is written, with its
// volatile text, its wildcards and its loosened digits, so that equal results change nothing and one other number
// changes one line.

enum Recording {
    static func block(_ old: OutputBlock, _ got: OutputBlock) -> OutputBlock {
        let new = got.shortened
        var block = new
        for kind in [OutputLine.Kind.result, .picture, .error] {
            let oldLines = old.lines(kind)
            let places = new.lines.indices.filter { new.lines[$0].kind == kind }
            let partner = partners(oldLines.count, places.count) { agrees(oldLines[$0], new.lines[places[$1]]) }
            for (index, place) in places.enumerated() {
                if let kept = partner[index] { block.lines[place] = oldLines[kept] }
            }
        }
        return block
    }

    /// Whether a recorded line says what a new one says.
    private static func agrees(_ old: OutputLine, _ new: OutputLine) -> Bool {
        if old == new { return true }
        switch old.kind {
        case .error: return old.code.isEmpty || old.code == new.code
        case .result, .picture: return Comparison.difference(old.text, new.text) == nil
        }
    }

    /// For each new line the old one that stays: pairs from both ends for as long as they agree, between them those at
    /// the same place.
    private static func partners(_ oldCount: Int, _ newCount: Int, _ agree: (Int, Int) -> Bool) -> [Int?] {
        var partners = [Int?](repeating: nil, count: newCount)
        var start = 0
        while start < min(oldCount, newCount), agree(start, start) {
            partners[start] = start
            start += 1
        }
        var end = 0
        while end < min(oldCount, newCount) - start, agree(oldCount - 1 - end, newCount - 1 - end) {
            partners[newCount - 1 - end] = oldCount - 1 - end
            end += 1
        }
        for index in start..<max(start, min(oldCount, newCount) - end) where agree(index, index) {
            partners[index] = index
        }
        return partners
    }
}
