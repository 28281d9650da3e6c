import CKernels

// Rotary position embedding (Su et al. 2021) in the halves layout of Hugging Face: of each head's vector the pairs
// (x[i], x[i + w/2]) are turned by the angle position · frequency[i]. Angles come as tables of cosine and sine, one row of
// w/2 a position id, so every scaling of the frequencies is the model's business. In place.
// Backward: the same rotation by the opposite angle.

/// Cosines and sines of the angles, each (P, w/2); scaled where the model scales them.
public struct RotaryTable {
    public let cosine: UnsafePointer<Float>
    public let sine: UnsafePointer<Float>
    public let half: Int

    public init(cosine: UnsafePointer<Float>, sine: UnsafePointer<Float>, half: Int) {
        self.cosine = cosine
        self.sine = sine
        self.half = half
    }

    /// Turns `heads` vectors that lie one after another in `row`.
    @inline(__always)
    public func rotate(_ row: UnsafeMutablePointer<Float>, heads: Int, headWidth: Int, position: Int, inverse: Bool) {
        for head in 0..<heads {
            ck_rotate(row + head * headWidth, cosine + position * half, sine + position * half, half, inverse ? 1 : 0)
        }
    }
}

struct RotaryOperation {
    let variable: Variable
    let offset: Int
    let heads: Int
    let headWidth: Int
    let positions: UnsafePointer<Int32>  // (N)
    let table: RotaryTable

    func turn(_ x: UnsafeMutablePointer<Float>, _ workers: Workers, inverse: Bool) {
        workers.parts(of: variable.rows) { _, part in
            for n in part {
                table.rotate(
                    x + n * variable.columns + offset, heads: heads, headWidth: headWidth, position: Int(positions[n]),
                    inverse: inverse)
            }
        }
    }
}

extension Tape {
    /// Turns columns `offset ..< offset + heads · headWidth` of `x` in place.
    public func rotary(
        _ x: Variable, offset: Int = 0, heads: Int, headWidth: Int, positions: UnsafePointer<Int32>, table: RotaryTable
    ) {
        let operation = RotaryOperation(
            variable: x, offset: offset, heads: heads, headWidth: headWidth, positions: positions, table: table)
        operation.turn(x.values, workers, inverse: false)
        record(.rotary(operation))
    }
}

extension RotaryOperation {
    func backward(_ tape: Tape) {
        guard let gradient = tape.gradient(of: variable) else { return }
        turn(gradient, tape.workers, inverse: true)
    }
}
