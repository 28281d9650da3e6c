// A line of many more points than pixels: of the points over each half pixel only the first, the lowest, the highest
// and the last are kept, which draw the same line. A loss curve of 200,000 steps comes to some thousand points.

/// `points` without those that nobody can see; unchanged where x does not rise from point to point.
func thinned(_ points: [(Double, Double)]) -> [(Double, Double)] {
    guard points.count > 1000, zip(points, points.dropFirst()).allSatisfy({ $0.0 <= $1.0 }) else { return points }
    var out: [(Double, Double)] = []
    var start = 0
    while start < points.count {
        let column = (points[start].0 * 2).rounded(.down)
        var end = start
        var (low, high) = (start, start)
        while end + 1 < points.count, (points[end + 1].0 * 2).rounded(.down) == column {
            end += 1
            if points[end].1 < points[low].1 { low = end }
            if points[end].1 > points[high].1 { high = end }
        }
        var last = -1
        for index in [start, min(low, high), max(low, high), end] where index > last {
            out.append(points[index])
            last = index
        }
        start = end + 1
    }
    return out
}
