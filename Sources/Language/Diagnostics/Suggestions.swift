// "Did you mean …?": the nearest spelling among the words that would be right at that place.

public enum Suggestions {
    /// The candidates near enough to what was written, nearest first.
    public static func nearest(to written: String, among candidates: some Sequence<String>, limit: Int = 3) -> [String]
    {
        let typed = Array(written.lowercased().unicodeScalars.prefix(64))
        guard !typed.isEmpty else { return [] }
        var found: [(candidate: String, score: Double)] = []
        for candidate in candidates where candidate != written {
            let word = Array(candidate.lowercased().unicodeScalars.prefix(64))
            // Two edits in a long word are a slip; two edits in a word of three letters are another word.
            let tolerance = max(1, Double(min(max(typed.count, word.count), 12)) * 0.34)
            let edits = distance(typed, word, atMost: tolerance + 0.5)
            // In a word of one letter every edit makes another word.
            if edits <= tolerance, edits < 0.75 * Double(min(typed.count, word.count)) {
                found.append((candidate, edits - 0.05 * Double(sharedPrefix(typed, word))))
            } else if typed.count >= 3, word.count > typed.count, word.starts(with: typed) {
                found.append((candidate, tolerance + 0.5 + 0.01 * Double(word.count)))
            } else if word.count >= 3, typed.count > word.count, typed.starts(with: word) {
                found.append((candidate, tolerance + 0.6 + 0.01 * Double(typed.count - word.count)))
            }
        }
        found.sort { ($0.score, $0.candidate) < ($1.score, $1.candidate) }
        var seen: Set<String> = []
        return found.map(\.candidate).filter { seen.insert($0).inserted }.prefix(limit).map { $0 }
    }

    private static func sharedPrefix(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var count = 0
        while count < a.count, count < b.count, a[count] == b[count] { count += 1 }
        return count
    }

    /// Damerau–Levenshtein distance (optimal string alignment) where the commonest slips cost a little less: two
    /// letters swapped, a letter doubled or not doubled, the next key on the keyboard, `_` left out. Gives up above
    /// `atMost`.
    static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar], atMost limit: Double = .infinity) -> Double {
        if Double(abs(a.count - b.count)) * 0.6 > limit { return .infinity }
        if a.isEmpty || b.isEmpty { return Double(a.count + b.count) }
        // Three arrays made each for itself: where they begin as copies of one, Swift 6.3.1 optimises the rotation
        // below into writing all of them at once, and no word is near any other in a release build.
        var beforeLast = [Double](repeating: 0, count: b.count + 1)
        var last = [Double](repeating: 0, count: b.count + 1)
        var row = [Double](repeating: 0, count: b.count + 1)
        for j in 1...b.count { last[j] = last[j - 1] + gapCost(b, j - 1) }
        for i in 1...a.count {
            row[0] = last[0] + gapCost(a, i - 1)
            var best = row[0]
            for j in 1...b.count {
                let substitution =
                    last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : areNeighbours(a[i - 1], b[j - 1]) ? 0.8 : 1)
                var cost = min(substitution, last[j] + gapCost(a, i - 1), row[j - 1] + gapCost(b, j - 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    cost = min(cost, beforeLast[j - 2] + 0.8)
                }
                row[j] = cost
                best = min(best, cost)
            }
            if best > limit { return .infinity }
            (beforeLast, last, row) = (last, row, beforeLast)
        }
        return last[b.count]
    }

    private static func gapCost(_ word: [Unicode.Scalar], _ index: Int) -> Double {
        if word[index] == "_" { return 0.6 }
        return index > 0 && word[index - 1] == word[index] ? 0.7 : 1
    }

    private static let keyboard: [Unicode.Scalar: (row: Int, column: Int)] = {
        var places: [Unicode.Scalar: (row: Int, column: Int)] = [:]
        for (row, keys) in ["qwertyuiop", "asdfghjkl", "zxcvbnm"].enumerated() {
            for (column, key) in keys.unicodeScalars.enumerated() { places[key] = (row, column) }
        }
        return places
    }()

    private static func areNeighbours(_ a: Unicode.Scalar, _ b: Unicode.Scalar) -> Bool {
        guard let first = keyboard[a], let second = keyboard[b] else { return false }
        return abs(first.row - second.row) <= 1 && abs(first.column - second.column) <= 1
    }
}
