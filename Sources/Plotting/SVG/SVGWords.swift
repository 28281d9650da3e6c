// Words among data: labels of reference lines and annotations, each put where it covers least.
//
// For every word a few places around what it names are tried, the best liked first; the cost of a place is the number
// of data points (lines are sampled every six pixels) and, counted fifty times, of words under it.

struct SVGWords {
    let frame: SVGFrame

    private static let size = 11.0

    func draw(_ shapes: [Shape], on drawing: inout SVGDocument) {
        let hasWords = shapes.contains {
            switch $0 {
            case .rule(_, _, let label): !label.isEmpty
            case .note: true
            case .path, .scatter, .bars, .bins, .area, .whiskers: false
            }
        }
        guard hasWords else { return }
        var obstacles = Obstacles(shapes.flatMap(points))
        for shape in shapes {
            switch shape {
            case .rule(let direction, let at, let label) where !label.isEmpty:
                place(label, &obstacles, on: &drawing) { placesBesideRule(direction, at: at, width: $0) }
            case .note(let label, let point):
                place(label, &obstacles, on: &drawing) { placesAround(frame.point(point), width: $0) }
            case .path, .scatter, .bars, .bins, .area, .whiskers, .rule: break
            }
        }
    }

    private func place(
        _ label: String, _ obstacles: inout Obstacles, on drawing: inout SVGDocument,
        _ places: (Double) -> [(x: Double, y: Double)]
    ) {
        let text = SVGText.fitted(label, to: frame.right - frame.left, size: Self.size)
        let width = SVGText.width(text, size: Self.size)
        let inside = places(width).filter { place in
            place.x >= frame.left && place.x + width <= frame.right && place.y >= frame.top + 7
                && place.y <= frame.bottom
        }
        let costs = inside.map { obstacles.cost($0, width: width) }
        guard let least = costs.min(), let best = costs.firstIndex(of: least).map({ inside[$0] }) else { return }
        obstacles.add(best, width: width)
        drawing.haloedText(text, x: best.x, y: best.y, size: Self.size)
    }

    /// Near the right end above or below a horizontal line, beside the upper end of a vertical one.
    private func placesBesideRule(
        _ direction: Reference.Direction, at: Double, width: Double
    ) -> [(x: Double, y: Double)] {
        switch direction {
        case .horizontal:
            let line = frame.y(at)
            let (left, right) = (frame.left + 4, frame.right - width - 2)
            return [right, left, (left + right) / 2].flatMap { [(x: $0, y: line - 4), (x: $0, y: line + 13)] }
        case .vertical:
            let line = frame.x(at)
            return [frame.top + 10, frame.bottom - 6, frame.top + 26].flatMap {
                [(x: line + 4, y: $0), (x: line - width - 4, y: $0)]
            }
        }
    }

    /// Right, left, above, below, in the corners, and further away.
    private func placesAround(_ point: (x: Double, y: Double), width: Double) -> [(x: Double, y: Double)] {
        let centred = min(max(point.x - width / 2, frame.left + 1), frame.right - width - 1)
        let beside = [(x: point.x + 8, y: point.y + 4), (x: point.x - width - 8, y: point.y + 4)]
        let near = [centred, point.x + 6, point.x - width - 6].flatMap {
            [(x: $0, y: point.y - 8), (x: $0, y: point.y + 18)]
        }
        return beside + near + [(x: centred, y: point.y - 24), (x: centred, y: point.y + 32)]
    }

    // MARK: What words should not cover

    private func points(_ shape: Shape) -> [(Double, Double)] {
        func upright(_ x: Double, _ from: Double, _ to: Double) -> [(Double, Double)] {
            Self.sampled([frame.point(Point(x, from)), frame.point(Point(x, to))])
        }
        switch shape {
        case .path(_, let runs, _): return runs.flatMap { Self.sampled($0.map(frame.point)) }
        case .scatter(_, let points): return points.map(frame.point)
        case .whiskers(_, let reaches): return reaches.flatMap { upright($0.x, $0.low, $0.high) }
        case .bars(_, _, _, _, let bars): return bars.flatMap { upright($0.x, $0.from, $0.to) }
        case .bins(_, let bins, _): return bins.flatMap { upright(($0.left + $0.right) / 2, 0, $0.height) }
        case .area, .rule, .note: return []
        }
    }

    /// Points along a line close enough that none slips through a word.
    private static func sampled(_ points: [(Double, Double)]) -> [(Double, Double)] {
        guard points.count < 2000 else { return points }
        return points
            + zip(points, points.dropFirst()).flatMap { a, b in
                let length = max((b.0 - a.0).magnitude, (b.1 - a.1).magnitude)
                let count = min(Int(length / 6), 200)
                return (0..<count).map { step in
                    let share = Double(step) / Double(count)
                    return (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1))
                }
            }
    }

    private struct Obstacles {
        private var points: [(Double, Double)]
        private var words: [(x: Double, y: Double, width: Double)] = []

        init(_ points: [(Double, Double)]) { self.points = points }

        mutating func add(_ place: (x: Double, y: Double), width: Double) { words.append((place.x, place.y, width)) }

        func cost(_ place: (x: Double, y: Double), width: Double) -> Int {
            let (left, right) = (place.x - 3, place.x + width + 3)
            let (top, bottom) = (place.y - 12, place.y + 5)
            let under = points.count { $0.0 > left && $0.0 < right && $0.1 > top && $0.1 < bottom }
            let met = words.count {
                $0.x < place.x + width && place.x < $0.x + $0.width && ($0.y - place.y).magnitude < 12
            }
            return under + 50 * met
        }
    }
}
