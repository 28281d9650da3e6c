import Glibc
import Synchronization
import Tensors

/// The cosines and sines of a rotary model's angles, one row a position: `count` rows of the frequencies for short texts and,
/// where the model's scaling has others for long ones, as many rows of those after them.
final class RotaryTables: @unchecked Sendable {
    /// Positions 0 ..< count are in the tables.
    let count: Int
    let half: Int
    private let hasLong: Bool
    private let configuration: RotaryConfiguration
    private let cosine: UnsafeMutablePointer<Float>
    private let sine: UnsafeMutablePointer<Float>

    init(_ configuration: RotaryConfiguration, count: Int) {
        self.count = count
        self.configuration = configuration
        half = configuration.width / 2
        if case .longRope = configuration.scaling { hasLong = true } else { hasLong = false }
        let size = count * half * (hasLong ? 2 : 1)
        cosine = .allocate(capacity: max(size, 1))
        sine = .allocate(capacity: max(size, 1))
        fill(firstRow: 0, configuration.frequencies(isLong: false))
        if hasLong { fill(firstRow: count, configuration.frequencies(isLong: true)) }
    }

    deinit {
        cosine.deallocate()
        sine.deallocate()
    }

    private func fill(firstRow: Int, _ frequencies: [Double]) {
        // Angles in double precision: a float has too few bits for position · frequency at far positions.
        for position in 0..<count {
            for (i, frequency) in frequencies.enumerated() {
                let angle = Double(position) * frequency
                cosine[(firstRow + position) * half + i] = Float(configuration.amplitude * cos(angle))
                sine[(firstRow + position) * half + i] = Float(configuration.amplitude * sin(angle))
            }
        }
    }

    var table: RotaryTable { RotaryTable(cosine: UnsafePointer(cosine), sine: UnsafePointer(sine), half: half) }

    /// The row for a position of a sequence whose largest position in the pass is `longest`.
    func row(_ position: Int, longest: Int) -> Int {
        hasLong && configuration.isLong(longest) ? count + position : position
    }
}

extension LanguageModel {
    /// Tables that hold all positions up to `position`; made when first needed and kept.
    func rotaryTables(covering position: Int) -> RotaryTables? {
        guard let rotary = configuration.rotary else { return nil }
        return rotaryCache.withLock { cached in
            if let cached, cached.count > position { return cached }
            // Twice as far each time, so that a long generation does not make them again at every token.
            let tables = RotaryTables(
                rotary, count: min(configuration.positionCount, max(2 * (cached?.count ?? 0), position + 1, 64)))
            cached = tables
            return tables
        }
    }
}
