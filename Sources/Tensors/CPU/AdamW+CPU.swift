import CKernels
import Glibc

// Blocks of a fixed size, summed in order: norms do not depend on the number of threads.

extension CPUExecutor {
    private static let blockSize = 1 << 14

    public func update(_ networks: [AdamWOperation], clip: Float?, in memory: Workspace) -> UpdateNorms {
        var squares = 0.0
        for network in networks {
            let own = sumOfSquares(network.gradients, in: memory)
            // One network's norm is the root of its own sum, to the last bit.
            let norm = own.squareRoot()
            squares += networks.count == 1 ? own : norm * norm
        }
        var norms = UpdateNorms(gradient: squares.squareRoot(), change: 0, factor: 1)
        guard norms.gradient.isFinite else { return norms }
        if let clip { norms.factor = Float(min(1, Double(clip) / (norms.gradient + 1e-6))) }
        var changes = 0.0
        for network in networks { changes += change(network, norms.factor, memory) }
        norms.change = changes.squareRoot()
        return norms
    }

    public func sumOfSquares(_ place: Place, in memory: Workspace) -> Double {
        let x = floats(place)
        return sumOfBlocks(place.count, memory) { ck_sum_of_squares(x + $0.lowerBound, $0.count) }
    }

    /// ‖Δw‖²
    private func change(_ network: AdamWOperation, _ factor: Float, _ memory: Workspace) -> Double {
        RoundedWeights.shared.change(network.weights)
        let (w, g) = (floats(network.weights), floats(network.gradients))
        let (m, v) = (floats(network.firstMoments), floats(network.secondMoments))
        return sumOfBlocks(network.gradients.count, memory) { block in
            let at = block.lowerBound
            return ck_adamw(
                w + at, m + at, v + at, g + at, factor, network.learningRate, network.beta1, network.beta2,
                network.epsilon, network.weightDecay, network.firstCorrection, network.secondCorrection, block.count)
        }
    }

    /// Calls `body` for each block of `count` elements, spread over the workers, and adds up its results in order.
    private func sumOfBlocks(_ count: Int, _ memory: Workspace, _ body: (Range<Int>) -> Double) -> Double {
        let size = Self.blockSize
        let blocks = (count + size - 1) / size
        let place = memory.take(2 * blocks)
        let sums = UnsafeMutableRawPointer(floats(place)).assumingMemoryBound(to: Double.self)
        workers.parts(of: blocks) { _, part in
            for block in part { sums[block] = body(block * size..<min(count, (block + 1) * size)) }
        }
        var sum = 0.0
        for block in 0..<blocks { sum += sums[block] }
        memory.giveBack(place)
        return sum
    }
}
