import Glibc
import Tensors

/// Draws tokens from softmax(logits / temperature) restricted to the `topK` largest logits; of equal logits at the
/// border the lower ids belong to them. Keeps its working memory, so that a draw allocates nothing.
struct TokenSampler {
    let temperature: Float
    let topK: Int?
    private var scratch: [Float] = []

    init(temperature: Float, topK: Int?) {
        self.temperature = temperature
        self.topK = topK
    }

    mutating func draw(_ logits: UnsafeBufferPointer<Float>, _ random: inout RandomSource) -> Int {
        let count = logits.count
        var border = -Float.infinity
        var equals = Int.max
        if let topK, topK < count { (border, equals) = self.border(logits, max(topK, 1)) }
        var top = -Float.infinity
        for i in 0..<count { top = max(top, logits[i]) }
        // Two walks in the order of the ids: the first for the total, the second until the drawn share is used up.
        func walk(_ visit: (Int, Double) -> Bool) {
            var left = equals
            for i in 0..<count where logits[i] >= border {
                if logits[i] == border {
                    if left == 0 { continue }
                    left -= 1
                }
                if visit(i, exp(Double(logits[i] - top) / Double(temperature))) { return }
            }
        }
        var total = 0.0
        walk {
            total += $1; return false
        }
        var remaining = random.uniform() * total
        var chosen = 0
        walk { token, weight in
            chosen = token
            remaining -= weight
            return remaining < 0
        }
        return chosen
    }

    /// The k-th largest logit, and how many logits equal to it are among the k largest.
    private mutating func border(_ logits: UnsafeBufferPointer<Float>, _ k: Int) -> (Float, Int) {
        let count = logits.count
        if scratch.count < count { scratch = [Float](repeating: 0, count: count) }
        return scratch.withUnsafeMutableBufferPointer { values in
            for i in 0..<count { values[i] = logits[i].isNaN ? -.infinity : logits[i] }
            // Hoare's selection, largest first.
            var low = 0, high = count - 1
            while low < high {
                let pivot = values[(low + high) / 2]
                var i = low, j = high
                while i <= j {
                    while values[i] > pivot { i += 1 }
                    while values[j] < pivot { j -= 1 }
                    if i <= j {
                        values.swapAt(i, j)
                        i += 1
                        j -= 1
                    }
                }
                if k - 1 <= j { high = j } else if k - 1 >= i { low = i } else { break }
            }
            let border = values[k - 1]
            var above = 0
            for i in 0..<count where logits[i] > border { above += 1 }
            return (border, k - above)
        }
    }
}
