import Testing

@testable import CUDA
@testable import Tensors

// Heads of 1030 words, which products take to have 1088, against the processor.

@Suite struct PaddedHeadTests {
    private static let (vocabulary, columns, rows) = (1030, 12, 40)
    private static let count = vocabulary * columns
    private static let labels = (0..<rows).map { Int32($0 % 3 == 2 ? -1 : $0 * 25) }

    /// What a pass over rows finds, the gradients of the head among it, and what lies behind these in their storage.
    private struct Found {
        var losses: [Float]
        var predictions: [Int32]
        var input: [Float]
        var head: [Float]
        var behind: [UInt32]
    }

    /// - Parameter behind: rows of other weights behind the head; they are huge, and their gradients not all finite.
    private func found(on executor: any Executor, behind: Int, scale: Float = 0.1, blockSize: Int = 1 << 25) -> Found {
        let rest = behind * Self.columns
        let
            weights = Buffer(
                executor, randomFloats(Self.count, seed: 1) + [Float](repeating: 1e30, count: rest)),
            before = Self.before(rest),
            gradients = Buffer(executor, [Float](repeating: 0.25, count: Self.count) + before)
        let head = Weight(values: weights.place[0..<Self.count], gradient: gradients.place[0..<Self.count])
        let tape = Tape(executor)
        tape.begin(.recorded)
        let x = tape.variable(randomFloats(Self.rows * Self.columns, seed: 2), columns: Self.columns)
        let result = tape.crossEntropy(
            x, labels: Self.labels, head: head, vocabularySize: Self.vocabulary, blockSize: blockSize
        ) { _ in scale }
        tape.backward()
        let all = executor.copyOut(gradients.place)
        let gradient = tape.gradient(of: x).map { executor.copyOut($0) } ?? []
        return withExtendedLifetime(weights) {
            Found(
                losses: executor.copyOut(result.losses),
                predictions: executor.read(result.predictions) { Array($0) }, input: gradient,
                head: all[..<Self.count].map { $0 - 0.25 }, behind: all[Self.count...].map(\.bitPattern))
        }
    }

    private static func before(_ count: Int) -> [Float] {
        (0..<count).map { $0 % 7 == 0 ? .infinity : Float($0) - 100.5 }
    }

    /// ‖a − b‖ / ‖b‖
    private func error(_ a: [Float], _ b: [Float]) -> Double {
        guard a.count == b.count else { return .infinity }
        let square = zip(a, b).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        return (square / b.reduce(0) { $0 + Double($1 * $1) }).squareRoot()
    }

    // One block of rows, and two.
    @Test(
        arguments: [
            (ProductPrecision.f32, 1e-6, 1e-5), (.tf32, 2e-3, 5e-3), (.bf16, 2e-2, 2e-2),
        ], [1 << 25, 5000])
    func `the loss with a padded vocabulary is the loss, and what lies behind the head stays to the bit`(
        _ precision: (precision: ProductPrecision, losses: Double, gradients: Double), _ blockSize: Int
    ) {
        let expected = found(on: CPUExecutor.shared, behind: 0)
        let executor = hostExecutor(precision.precision)
        // At the end of its storage a head is taken as it is.
        for behind in [58, 100, 0, 57] {
            let found = found(on: executor, behind: behind, blockSize: blockSize)
            #expect(error(found.losses, expected.losses) <= precision.losses)
            #expect(error(found.input, expected.input) <= precision.gradients)
            #expect(error(found.head, expected.head) <= precision.gradients)
            #expect(found.behind == Self.before(behind * Self.columns).map(\.bitPattern))
            if precision.precision == .f32 { #expect(found.predictions == expected.predictions) }
        }
    }

    @Test func `a vocabulary is padded where it is large and odd and its storage goes on`() {
        let executor = hostExecutor(.f32)
        let storage = Buffer(executor, count: 1088 * 4, zeroed: true)
        func padded(_ vocabulary: Int, from start: Int = 0) -> Int {
            executor.paddedVocabulary(vocabulary, columns: 4, [storage.place, storage.place.from(start)])
        }
        #expect(padded(1030) == 1088 && padded(1030, from: 4) == 1030)
        #expect(padded(1088) == 1088 && padded(1032) == 1032 && padded(1025) == 1088 && padded(1023) == 1023)
    }

    /// The kernels write that gradient as products read it.
    @Test func `in bf16 the gradient of the logits is that of float32, rounded`() throws {
        let (rows, vocabulary, stride) = (3, 70, 72)
        let device = HostDevice(order: 0)
        let executor = try CUDAExecutor(device)
        let logits = randomFloats(rows * stride, seed: 3)
        let places = [logits, logits, [Float](repeating: 0, count: rows * stride / 2), [0, 0, 0], [0, 0, 0]]
            .map { Buffer(executor, $0) }
        let labels = Buffer(executor, count: rows, zeroed: false)
        executor.fill(Indices(labels.place)) { _ = $0.update(fromContentsOf: [0, 69, 33]) }
        for halves in [nil, places[2].place] {
            executor.launch(
                .crossEntropy, Grid(rows), threads: 32,
                [
                    .place(places[halves == nil ? 0 : 1].place), .optional(halves), .place(places[3].place),
                    .place(places[4].place), .place(labels.place), .float(0.5), .int(vocabulary), .int(stride),
                ])
        }
        let exact = executor.copyOut(places[0].place)
        let rounded = executor.copyOut(places[2].place).flatMap {
            [UInt16(truncatingIfNeeded: $0.bitPattern), UInt16($0.bitPattern >> 16)]
        }
        #expect(rounded == exact.map(bfloat16))
        #expect(executor.copyOut(places[1].place) == logits)
        for row in 0..<rows { #expect(exact[row * stride + vocabulary..<(row + 1) * stride].allSatisfy { $0 == 0 }) }
    }

    // Below 16 rows the head is taken as it is.
    @Test(arguments: [3, 16, 21], [0, 58])
    func `logits by way of wider ones are the logits`(_ rows: Int, _ behind: Int) {
        func logits(_ executor: any Executor) -> [Float] {
            let weights = Buffer(
                executor, randomFloats(Self.count, seed: 1) + [Float](repeating: .nan, count: behind * Self.columns))
            let head = Weight(values: weights.place[0..<Self.count], gradient: weights.place[0..<Self.count])
            let tape = Tape(executor)
            tape.begin(.decoding)
            let x = tape.variable(randomFloats(rows * Self.columns, seed: 2), columns: Self.columns)
            let y = tape.linear(x, weight: head, bias: nil, outputs: Self.vocabulary, isTransposed: true)
            return withExtendedLifetime(weights) { executor.copyOut(y) }
        }
        let expected = logits(CPUExecutor.shared)
        #expect(error(logits(hostExecutor(.f32)), expected) <= 1e-6)
        #expect(error(logits(hostExecutor(.bf16)), expected) <= 1e-2)
    }
}

/// x with 7 bits of fraction, to the nearest, to the even one of two.
func bfloat16(_ x: Float) -> UInt16 {
    let bits = x.bitPattern
    return UInt16((bits + 0x7fff + (bits >> 16 & 1)) >> 16)
}
