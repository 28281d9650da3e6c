import Glibc
import Testing

@testable import Tensors

// What an executor does beside the operations of a recorded pass, which have their own files: memory, decoding,
// results, edits and the optimizer, each against loops in double precision.

@Suite struct ExecutorMemoryTests {
    @Test(arguments: [1, 3])
    func `numbers come out as they went in, are copied, cleared and added`(_ threads: Int) {
        let executor = testExecutor(threads)
        let x = randomFloats(70_001, seed: 1), y = randomFloats(70_001, seed: 2)
        let a = Buffer(executor, x), b = Buffer(executor, y), zeros = Buffer(executor, count: 70_001, zeroed: true)
        #expect(executor.copyOut(a.place) == x && executor.copyOut(a.place[5..<9]) == Array(x[5..<9]))
        #expect(executor.copyOut(zeros.place).allSatisfy { $0 == 0 })
        executor.add(a.place, to: b.place)
        #expect(executor.copyOut(b.place) == zip(x, y).map { $1 + $0 })
        executor.copy(b.place[0..<7], to: zeros.place[70_001 - 7..<70_001])
        #expect(executor.copyOut(zeros.place).suffix(7) == zip(x, y).map { $1 + $0 }.prefix(7))
        executor.clear(a.place)
        #expect(executor.copyOut(a.place).allSatisfy { $0 == 0 })
    }

    @Test func `large zeros are zeros again after what had their memory was given back`() {
        let executor = testExecutor(1)
        for _ in 0..<3 {
            let buffer = Buffer(executor, count: 1 << 20, zeroed: true)
            #expect(executor.sumOfSquares(buffer.place, in: Workspace(executor)) == 0)
            executor.fill(buffer.place) { $0.update(repeating: 1) }
        }
    }

    @Test(arguments: [1, 2, 3])
    func `a number that is not finite is seen wherever it is, and squares add up`(_ threads: Int) {
        let executor = testExecutor(threads)
        var x = randomFloats(40_000, seed: 3)
        let buffer = Buffer(executor, x)
        let expected = x.reduce(0.0) { $0 + Double($1) * Double($1) }
        // Blocks of 4,096 are summed as floats, in several lanes.
        #expect(abs(executor.sumOfSquares(buffer.place, in: Workspace(executor)) - expected) <= 1e-6 * expected)
        #expect(executor.areFinite(buffer.place))
        for (index, value) in [(0, Float.nan), (39_999, .infinity), (20_000, -.infinity)] {
            let before = x[index]
            x[index] = value
            executor.copyIn(x, to: buffer.place)
            #expect(!executor.areFinite(buffer.place) && executor.areFinite(buffer.place[1..<100]))
            x[index] = before
        }
    }
}

@Suite struct DecodingTests {
    /// (rows, inputs, outputs): the last two are so large that a few rows read the matrix in one stream.
    static let shapes = [(1, 5, 7), (3, 64, 50), (4, 16, 24), (9, 16, 24), (1, 515, 601), (3, 520, 513)]

    @Test(arguments: shapes, [1, 2, 3])
    func `a layer of a few rows is the layer`(_ shape: (rows: Int, inputs: Int, outputs: Int), _ threads: Int) {
        let (n, i, o) = shape
        let tape = Tape(testExecutor(threads))
        let x = randomFloats(n * i, seed: 4), w = randomFloats(i * o, seed: 5), b = randomFloats(o, seed: 6),
            r = randomFloats(n * o, seed: 7)
        let weight = Buffer(tape.executor, w), bias = Buffer(tape.executor, b)
        // Rounding of a sum of k products grows as √k; ten times that.
        let tolerance = 1e-6 * Double(i).squareRoot() * 10
        for isTransposed in [false, true] {
            for activates in [false, true] {
                tape.begin(.decoding)
                let input = tape.variable(x, columns: i), residual = tape.variable(r, columns: o)
                let own = Weight(values: bias.place, gradient: bias.place)
                let found = tape.linear(
                    input, weight: Weight(values: weight.place, gradient: weight.place), bias: own, outputs: o,
                    isTransposed: isTransposed, activation: activates ? .tanh : nil, residual: residual)
                let inputs = x.map { activates ? naiveGELU(Double($0)) : Double($0) }
                let product = naiveLinear(
                    inputs, w.map(Double.init), b.map(Double.init), rows: n, inputs: i, outputs: o,
                    isTransposed: isTransposed)
                #expect(largestDifference(floats(found), zip(product, r).map { $0 + Double($1) }) <= tolerance)
                #expect(floats(residual) == r && floats(input) == x)
            }
        }
        withExtendedLifetime((weight, bias)) {}
    }

    @Test(arguments: [1, 2], [nil, 3])
    func `rows over a cache see what whole sequences see, in whatever pieces they come`(_ threads: Int, _ window: Int?)
    {
        let shape = AttentionShape(headCount: 4, keyValueHeadCount: 2, headWidth: 3, window: window)
        let lengths = [6, 4], columns = 12 + 6 + 6
        let rows = randomFloats(10 * columns, seed: 8)
        func part(_ columnRange: Range<Int>) -> [Double] {
            (0..<10).flatMap { n in columnRange.map { Double(rows[n * columns + $0]) } }
        }
        let expected = naiveAttention(
            part(0..<12), part(12..<18), part(18..<24), lengths: lengths, shape: shape
        ) { _, _, _ in 1 }
        let tape = Tape(testExecutor(threads))
        // Two layers, of which the second is used; a sequence 1 that is forgotten and read again.
        let cache = KeyValueCache(tape.executor, layerCount: 2, sequenceCount: 2, capacity: 6, width: 6)
        _ = cache.takeSlot(1)
        cache.forget(1)
        // (sequence, row of the whole): first some of both, then one of each, then the rest.
        let calls = [[0, 1, 2, 6, 7], [3, 8], [4, 5, 9]]
        for call in calls {
            tape.begin(.decoding)
            let sequences = call.map { Int32($0 < 6 ? 0 : 1) }
            let slots = sequences.map { Int32(cache.takeSlot(Int($0))) }
            let input = tape.variable(
                call.flatMap { rows[$0 * columns..<($0 + 1) * columns] }, columns: columns)
            let found = tape.cachedAttention(
                input, CacheRows(sequences: tape.indices(sequences), slots: tape.indices(slots)), in: cache, layer: 1,
                shape: shape)
            #expect(
                largestDifference(floats(found), call.flatMap { expected[$0 * 12..<($0 + 1) * 12] }) <= floatTolerance)
        }
    }

    @Test func `the most probable token is the first of equals, and nothing that is not a number`() {
        let tape = Tape(testExecutor(1))
        tape.begin(.decoding)
        let values: [Float] = [1, 3, 3, 0, .nan, -1, -2, -1, 5, 4, 5, 6]
        let logits = tape.variable(values, columns: 4)
        var tokens: [Int32] = [9], probabilities: [Float] = [7]
        tape.executor.appendMostProbable(logits, to: &tokens, &probabilities)
        #expect(tokens == [9, 1, 1, 3])
        #expect(probabilities[0] == 7 && probabilities[2].isNaN)
        let expected = [
            1 / (exp(-2.0) + 2 + exp(-3.0)), 1 / (exp(-1.0) + exp(-2.0) + exp(-1.0) + 1),
        ]
        #expect(largestDifference([probabilities[1], probabilities[3]], expected) <= 1e-6)
    }

    @Test func `a token's probability is the softmax of its row`() {
        let tape = Tape(testExecutor(1))
        tape.begin(.decoding)
        let values = randomFloats(3 * 37, seed: 9)
        var probabilities: [Float] = []
        tape.executor.appendProbabilities(of: [0, 36, 7], tape.variable(values, columns: 37), to: &probabilities)
        let expected = zip([0, 36, 7], 0..<3).map { token, n in
            let row = values[n * 37..<(n + 1) * 37].map { exp(Double($0)) }
            return row[token] / row.reduce(0, +)
        }
        #expect(largestDifference(probabilities, expected) <= 1e-6)
    }

    @Test(arguments: [false, true])
    func `a product for the host is the triple loop`(_ isTransposed: Bool) {
        let executor = testExecutor(2)
        let x = randomFloats(6 * 9, seed: 10), w = randomFloats(9 * 40, seed: 11)
        let input = Buffer(executor, x), weight = Buffer(executor, w)
        let found = executor.product(
            ProductOperation(
                input: input.place, rows: 6, weight: weight.place, inputs: 9, outputs: 40, isTransposed: isTransposed))
        let expected = naiveLinear(
            x.map(Double.init), w.map(Double.init), nil, rows: 6, inputs: 9, outputs: 40, isTransposed: isTransposed)
        #expect(largestDifference(found, expected) <= floatTolerance)
        withExtendedLifetime((input, weight)) {}
    }
}

@Suite struct EditTests {
    /// x (3, 4) with element 10·row + column, after an edit.
    private func edited(_ edit: Edit) -> [Float] {
        let tape = Tape(testExecutor(1))
        tape.begin(.plain)
        let x = tape.variable((0..<12).map { Float(10 * ($0 / 4) + $0 % 4) }, columns: 4)
        tape.executor.apply(edit, to: x)
        return floats(x)
    }

    @Test func `values are set in the rows and columns that are meant`() {
        #expect(
            edited(Edit(.set([1, 2, 3, 4]), rows: [2, 0], columns: 1..<3)) == [
                0, 3, 4, 3, 10, 11, 12, 13, 20, 1, 2, 23,
            ]
        )
        #expect(edited(Edit(.set([7, 8, 9, 6]))) == [7, 8, 9, 6, 7, 8, 9, 6, 7, 8, 9, 6])
    }

    @Test func `a direction is added times its factor, once for all rows or row by row`() {
        #expect(
            edited(Edit(.add([1, 0, 0, -1], factor: 0.5), rows: [1])) == [
                0, 1, 2, 3, 10.5, 11, 12, 12.5, 20, 21, 22, 23,
            ]
        )
        #expect(
            edited(Edit(.add([1, 2, 3]), columns: 0..<1)) == [1, 1, 2, 3, 12, 11, 12, 13, 23, 21, 22, 23])
    }

    @Test func `a scale multiplies, and a mask leaves zeros whatever was there`() {
        #expect(edited(Edit(.scale(2), rows: [0, 1], columns: 3..<4)) == [0, 1, 2, 6, 10, 11, 12, 26, 20, 21, 22, 23])
        let tape = Tape(testExecutor(1))
        tape.begin(.plain)
        let x = tape.variable([.nan, .infinity, 1, 2], columns: 2)
        tape.executor.apply(Edit(.mask, rows: [0]), to: x)
        #expect(floats(x) == [0, 0, 1, 2])
    }
}

@Suite struct UpdateTests {
    /// A network's numbers before an update.
    private struct Network {
        let weights: [Float]
        let gradients: [Float]
        let first: [Float]
        let second: [Float]

        init(_ count: Int, seed: UInt64) {
            weights = randomFloats(count, seed: seed)
            gradients = randomFloats(count, seed: seed + 1)
            first = randomFloats(count, seed: seed + 2)
            second = randomFloats(count, seed: seed + 3).map { abs($0) }
        }
    }

    private func operation(_ buffers: [Buffer]) -> AdamWOperation {
        AdamWOperation(
            weights: buffers[0].place, gradients: buffers[1].place, firstMoments: buffers[2].place,
            secondMoments: buffers[3].place, learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8,
            weightDecay: 0.02, firstCorrection: Float(1 - 0.9 * 0.9 * 0.9), secondCorrection: Float(1 - 0.99 * 0.99))
    }

    @Test(arguments: [1, 2, 3], [nil, Float(1.5), 1e6])
    func `an update of two networks is AdamW's with gradients clipped by their common norm`(
        _ threads: Int, _ clip: Float?
    ) {
        let executor = testExecutor(threads)
        let networks = [Network(30_001, seed: 20), Network(17, seed: 30)]
        let buffers = networks.map { network in
            [network.weights, network.gradients, network.first, network.second].map { Buffer(executor, $0) }
        }
        let norms = executor.update(buffers.map(operation), clip: clip, in: Workspace(executor))
        let norm = networks.flatMap(\.gradients).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let factor = clip.map { min(1, Double($0) / (norm + 1e-6)) } ?? 1
        #expect(abs(norms.gradient - norm) <= 1e-6 * norm && abs(Double(norms.factor) - factor) <= 1e-7)
        var change = 0.0
        for (network, own) in zip(networks, buffers) {
            let expected = network.weights.indices.map { i in
                let g = Double(network.gradients[i]) * factor
                let m = 0.9 * Double(network.first[i]) + 0.1 * g, v = 0.99 * Double(network.second[i]) + 0.01 * g * g
                let decayed = Double(network.weights[i]) * (1 - 0.1 * 0.02)
                return decayed - 0.1 * (m / (1 - 0.729)) / ((v / (1 - 0.9801)).squareRoot() + 1e-8)
            }
            for (new, old) in zip(expected, network.weights) { change += (new - Double(old)) * (new - Double(old)) }
            let found = floats(own[0].place)
            // v can be tiny, and the step then large.
            #expect(zip(found, expected).allSatisfy { abs(Double($0) - $1) <= 2e-5 * max(1, abs($1)) })
        }
        #expect(abs(norms.change - change.squareRoot()) <= 1e-5 * norms.change)
    }

    @Test(arguments: [Float.nan, .infinity])
    func `gradients that are not finite change nothing, in no network`(_ value: Float) {
        let executor = testExecutor(2)
        var broken = Network(100, seed: 50).gradients
        broken[99] = value
        let whole = Network(40, seed: 60), other = Network(100, seed: 50)
        let buffers = [
            [whole.weights, whole.gradients, whole.first, whole.second],
            [other.weights, broken, other.first, other.second],
        ].map { $0.map { Buffer(executor, $0) } }
        let norms = executor.update(buffers.map(operation), clip: 1, in: Workspace(executor))
        #expect(!norms.gradient.isFinite && norms.change == 0)
        #expect(floats(buffers[0][0].place) == whole.weights && floats(buffers[0][2].place) == whole.first)
        #expect(floats(buffers[1][0].place) == other.weights && floats(buffers[1][3].place) == other.second)
    }
}
