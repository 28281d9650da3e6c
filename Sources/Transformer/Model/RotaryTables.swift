import Glibc
import Synchronization
import Tensors

/// The cosines and sines of a rotary model's angles, one row a position: `count` rows of the frequencies for short
/// texts and, where the model's scaling has others for long ones, as many rows of those after them.
final class RotaryTables: Sendable {
    /// Positions 0 ..< count are in the tables.
    let count: Int
    let half: Int
    private let hasLong: Bool
    private let configuration: RotaryConfiguration
    private let cosine: Buffer
    private let sine: Buffer

    init(_ configuration: RotaryConfiguration, count: Int, _ executor: any Executor) {
        self.count = count
        self.configuration = configuration
        if case .longRope = configuration.scaling { hasLong = true } else { hasLong = false }
        var frequencies = [configuration.frequencies(isLong: false)]
        if hasLong { frequencies.append(configuration.frequencies(isLong: true)) }
        let (amplitude, half) = (configuration.amplitude, configuration.width / 2)
        self.half = half
        // Angles in double precision: a float has too few bits for position · frequency at far positions.
        func table(_ function: (Double) -> Double) -> [Float] {
            var values: [Float] = []
            values.reserveCapacity(frequencies.count * count * half)
            for own in frequencies {
                for position in 0..<count {
                    for frequency in own { values.append(Float(amplitude * function(Double(position) * frequency))) }
                }
            }
            return values
        }
        cosine = Buffer(executor, table { cos($0) })
        sine = Buffer(executor, table { sin($0) })
    }

    var table: RotaryTable { RotaryTable(cosine: cosine.place, sine: sine.place, half: half) }

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
                rotary, count: min(configuration.positionCount, max(2 * (cached?.count ?? 0), position + 1, 64)),
                parameters.executor)
            cached = tables
            return tables
        }
    }
}
