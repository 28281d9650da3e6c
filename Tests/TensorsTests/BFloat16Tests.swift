import CKernels
import Glibc
import Testing

@testable import Tensors

// Products in bfloat16: the rule at the head of `bfloat16.c`, written out in Swift, by the machine's instruction where
// it has one and without it.

/// 0 without the instruction, 1 with it.
private let ways: [Int32] = ck_has_bf16() == 1 ? [0, 1] : [0]

/// The nearest number with 8 bits of significand, by arithmetic on the value and not on its bits.
private func nearest(_ x: Float) -> Float {
    guard x.isFinite, x != 0 else { return x }
    if x.magnitude < .leastNormalMagnitude { return Float(signOf: x, magnitudeOf: 0) }
    // The last of the eight bits counts so much; doubles hold all of this exactly.
    let unit = pow(2, Double(x.exponent) - 7)
    return Float((Double(x) / unit).rounded(.toNearestOrEven) * unit)
}

private func flushed(_ x: Float) -> Float { x.isSubnormal ? Float(signOf: x, magnitudeOf: 0) : x }

/// One matrix product with its storage: factors with room beside their rows, NaN in it.
private struct TestProduct {
    let m: Int, n: Int, k: Int
    var transposesA = false, transposesB = false
    var add: [Float]?
    var bias: [Float]?
    /// Element (i, p) and (p, j).
    var a: (Int, Int) -> Float
    var b: (Int, Int) -> Float
    private let room = 3

    init(_ m: Int, _ n: Int, _ k: Int, a: @escaping (Int, Int) -> Float, b: @escaping (Int, Int) -> Float) {
        (self.m, self.n, self.k, self.a, self.b) = (m, n, k, a, b)
    }

    /// Random factors of size one.
    init(_ m: Int, _ n: Int, _ k: Int, seed: UInt64) {
        let left = randomFloats(m * k, seed: seed), right = randomFloats(k * n, seed: seed + 1)
        self.init(m, n, k, a: { left[$0 * k + $1] }, b: { right[$0 * n + $1] })
    }

    /// The rule, one sum after another.
    var expected: [Float] {
        var c: [Float] = []
        for i in 0..<m {
            for j in 0..<n {
                var s = add?[i * n + j] ?? 0
                if k > 0 { s = flushed(s) }
                for p in stride(from: 0, to: k, by: 2) {
                    for q in [p + 1, p] {
                        let (x, y) = q < k ? (nearest(a(i, q)), nearest(b(q, j))) : (0, 0)
                        s = flushed(s.addingProduct(x, y))
                    }
                }
                c.append(bias.map { s + $0[j] } ?? s)
            }
        }
        return c
    }

    private func stored(_ rows: Int, _ columns: Int, _ element: (Int, Int) -> Float) -> [Float] {
        (0..<rows).flatMap { r in (0..<columns + room).map { $0 < columns ? element(r, $0) : .nan } } + [.nan]
    }

    /// - Parameter isKept: whether B is rounded first, for many products with it.
    func result(_ way: Int32, isKept: Bool = false) -> [Float] {
        let left = transposesA ? stored(k, m) { a($1, $0) } : stored(m, k, a)
        let right = transposesB ? stored(n, k) { b($1, $0) } : stored(k, n, b)
        let stride = n + room
        var c = [Float](repeating: 77, count: m * stride)
        for i in 0..<m { for j in 0..<n { c[i * stride + j] = add?[i * n + j] ?? .nan } }
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: ck_bf16_scratch(), alignment: 64)
        scratch.initializeMemory(as: UInt8.self, repeating: 0xff, count: ck_bf16_scratch())
        defer { scratch.deallocate() }
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                c.withUnsafeMutableBufferPointer { c in
                    let target = c.baseAddress ?? UnsafeMutablePointer(bitPattern: 64)!
                    let a = ck_factor(
                        values: left.baseAddress, stride: (transposesA ? m : k) + room,
                        transposed: transposesA ? 1 : 0)
                    let b = ck_factor(
                        values: right.baseAddress, stride: (transposesB ? k : n) + room,
                        transposed: transposesB ? 1 : 0)
                    let add = self.add == nil ? nil : UnsafePointer(target)
                    if isKept {
                        let panels = ck_bf16_panels(n)
                        let kept = UnsafeMutableRawPointer.allocate(
                            byteCount: ck_bf16_rounded_size(n, k) + 64, alignment: 64
                        ).bindMemory(to: UInt32.self, capacity: ck_bf16_rounded_size(n, k) / 4 + 16)
                        ck_bf16_round_factor(kept, b, n, k, panels / 2, panels)
                        ck_bf16_round_factor(kept, b, n, k, 0, panels / 2)
                        ck_bf16_product_rounded(target, stride, a, kept, m, n, k, add, stride, bias, scratch)
                        kept.deallocate()
                    } else {
                        ck_bf16_product_at(way, target, stride, a, b, m, n, k, add, stride, bias, scratch)
                    }
                }
            }
        }
        for i in 0..<m { #expect(c[i * stride + n..<(i + 1) * stride].allSatisfy { $0 == 77 }, "written beside C") }
        return (0..<m).flatMap { i in c[i * stride..<i * stride + n] }
    }
}

private func bits(_ x: [Float]) -> [UInt32] { x.map { $0.isNaN ? 0x7fc0_0000 : $0.bitPattern } }

@Suite struct BFloat16Tests {
    /// A float's bits and those of its bfloat16, by hand.
    private static let roundings: [(UInt32, UInt16)] = [
        (0x0000_0000, 0x0000), (0x8000_0000, 0x8000), (0x3f80_0000, 0x3f80), (0xc049_0fdb, 0xc049),
        // A tie goes to the even one: 1 + 1/256 down to 1, 1 + 3/256 up to 1 + 4/256; what is beside a tie does not.
        (0x3f80_8000, 0x3f80), (0x3f81_8000, 0x3f82), (0x3f80_8001, 0x3f81), (0x3f81_7fff, 0x3f81),
        (0xbf80_8000, 0xbf80), (0xbf81_8000, 0xbf82),
        // Into the next power of two, and beyond the largest.
        (0x3fff_ffff, 0x4000), (0x7f7f_7fff, 0x7f7f), (0x7f7f_8000, 0x7f80), (0xff7f_ffff, 0xff80),
        (0x7f80_0000, 0x7f80), (0xff80_0000, 0xff80),
        // NaN becomes quiet and keeps the rest.
        (0x7f80_0001, 0x7fc0), (0xffc1_2345, 0xffc1), (0x7fff_ffff, 0x7fff),
        // The least normal number, and denormals.
        (0x0080_0000, 0x0080), (0x007f_ffff, 0x0000), (0x0000_0001, 0x0000), (0x807f_ffff, 0x8000),
    ]

    @Test func `rounding is to the nearest, at a tie to the even one`() {
        for (from, to) in Self.roundings {
            var result: UInt16 = 0
            ck_round_bf16(&result, [Float(bitPattern: from)], 1)
            #expect(result == to, "\(String(from, radix: 16)): \(String(result, radix: 16))")
        }
    }

    @Test(arguments: ways, [false, true])
    func `products round either factor so`(_ way: Int32, _ isLeft: Bool) {
        for (from, to) in Self.roundings {
            let x = Float(bitPattern: from), rounded = Float(bitPattern: UInt32(to) << 16)
            let product = TestProduct(3, 3, 1, a: { _, _ in isLeft ? x : 1 }, b: { _, _ in isLeft ? 1 : x })
            for isTransposed in [false, true] {
                var product = product
                (product.transposesA, product.transposesB) = (isTransposed, isTransposed)
                // A sum that begins at 0 has no negative zero.
                #expect(bits(product.result(way)) == bits([Float](repeating: rounded + 0, count: 9)), "\(x)")
            }
        }
    }

    @Test(
        arguments: [
            (1, 1, 1), (1, 1, 2), (2, 3, 0), (0, 5, 3), (5, 0, 3), (12, 32, 32), (13, 33, 33), (7, 16, 31),
            (25, 17, 64),
            (11, 48, 65), (1, 100, 770), (3, 31, 769), (24, 64, 1537), (481, 5, 9), (30, 70, 96),
        ], [(false, false), (false, true), (true, false), (true, true)])
    func `a product is the rule to the last bit, of every size, however its factors lie`(
        _ shape: (m: Int, n: Int, k: Int), _ transposed: (Bool, Bool)
    ) {
        let (m, n, k) = shape
        for (adds, hasBias) in [(false, false), (true, true)] {
            var product = TestProduct(m, n, k, seed: UInt64(m + n + k))
            (product.transposesA, product.transposesB) = transposed
            product.add = adds ? randomFloats(m * n, seed: 8) : nil
            product.bias = hasBias ? randomFloats(n, seed: 9) : nil
            let expected = bits(product.expected)
            for way in ways { #expect(bits(product.result(way)) == expected, "way \(way)") }
            #expect(bits(product.result(0, isKept: true)) == expected, "kept")
        }
    }

    @Test(arguments: ways)
    func `a product is near that of doubles on rounded factors`(_ way: Int32) {
        let (m, n, k) = (9, 40, 333)
        let product = TestProduct(m, n, k, seed: 5)
        for (index, found) in product.result(way).enumerated() {
            let (i, j) = (index / n, index % n)
            let terms = (0..<k).map { Double(nearest(product.a(i, $0))) * Double(nearest(product.b($0, j))) }
            // A sum of k products is rounded k times, by half of 2⁻²³ of what it has become at most.
            let bound = Double(k) * 0x1p-24 * terms.reduce(0) { $0 + abs($1) }
            #expect(abs(Double(found) - terms.reduce(0, +)) <= bound)
        }
    }

    /// Every kind of number there is: all exponents, denormals, infinities, NaN.
    @Test func `with the instruction and without it the bits are the same, whatever the numbers`() {
        var random = RandomSource(seed: 11)
        func anything(_ count: Int) -> [Float] {
            (0..<count).map { _ in
                let bits = UInt32(truncatingIfNeeded: random.next())
                return Float(bitPattern: bits & 0x700 == 0 ? bits & 0x80ff_ffff : bits)
            }
        }
        for (m, n, k) in [(12, 32, 1), (5, 33, 2), (13, 20, 3), (12, 64, 5)] {
            for _ in 0..<20 {
                let a = anything(m * k), b = anything(k * n)
                var product = TestProduct(m, n, k, a: { a[$0 * k + $1] }, b: { b[$0 * n + $1] })
                product.add = anything(m * n)
                let expected = bits(product.expected)
                for way in ways {
                    let isEqual = bits(product.result(way)) == expected
                    #expect(isEqual, "\(m) × \(n), \(k) inner, way \(way)")
                }
            }
        }
    }

    @Test(arguments: ways)
    func `what would be denormal is zero, also what only rounds up to the least normal number`(_ way: Int32) {
        let least = Float.leastNormalMagnitude
        // With exponents unbounded, least − 1.5 · 2⁻¹⁵¹ would be rounded to below the least, least − 2⁻¹⁵¹ to it.
        for (x, sum) in [(Float(-1.5), Float(0)), (-1, least), (1, least)] {
            var product = TestProduct(1, 1, 1, a: { _, _ in x * 0x1p-75 }, b: { _, _ in 0x1p-76 })
            product.add = [least]
            #expect(product.result(way) == [sum])
        }
        var halves = TestProduct(1, 1, 1, a: { _, _ in 0x1p-70 }, b: { _, _ in 0x1p-57 })
        #expect(halves.result(way) == [0])
        // A denormal that is added to counts as zero; with nothing to sum it stays what it is.
        halves = TestProduct(1, 1, 1, a: { _, _ in 0 }, b: { _, _ in 0 })
        halves.add = [.leastNonzeroMagnitude]
        #expect(halves.result(way) == [0])
        var empty = TestProduct(1, 1, 0, a: { _, _ in 0 }, b: { _, _ in 0 })
        empty.add = [.leastNonzeroMagnitude]
        #expect(empty.result(way) == [.leastNonzeroMagnitude])
    }

    @Test(arguments: ways)
    func `NaN and infinity reach their own row or column and no other`(_ way: Int32) {
        let (m, n, k) = (14, 35, 37)
        let clean = TestProduct(m, n, k, seed: 21)
        let before = clean.result(way)
        for value in [Float.nan, .infinity, -.infinity] {
            var product = clean
            product.a = { $0 == 5 && $1 == 36 ? value : clean.a($0, $1) }
            for (index, found) in product.result(way).enumerated() {
                if index / n == 5 { #expect(!found.isFinite) } else { #expect(found == before[index]) }
            }
            product = clean
            product.b = { $0 == 0 && $1 == 33 ? value : clean.b($0, $1) }
            for (index, found) in product.result(way).enumerated() {
                if index % n == 33 { #expect(!found.isFinite) } else { #expect(found == before[index]) }
            }
        }
        // Infinity times zero, and infinities against each other.
        #expect(TestProduct(1, 1, 1, a: { _, _ in .infinity }, b: { _, _ in 0 }).result(way)[0].isNaN)
        #expect(
            TestProduct(1, 1, 2, a: { _, p in p == 0 ? .infinity : -.infinity }, b: { _, _ in 1 }).result(way)[0].isNaN)
    }

    @Test(arguments: ways)
    func `one row alone has the bits that it has among others`(_ way: Int32) {
        let (m, n, k) = (27, 70, 130)
        let all = TestProduct(m, n, k, seed: 31)
        let together = all.result(way)
        for i in 0..<m {
            let alone = TestProduct(1, n, k, a: { _, p in all.a(i, p) }, b: all.b)
            #expect(bits(alone.result(way)) == bits(Array(together[i * n..<(i + 1) * n])))
        }
    }

    // MARK: Operations

    private func executor(_ threads: Int) -> CPUExecutor { CPUExecutor(testPools[threads]!, precision: .bf16) }

    /// y, dx, dW and db of a linear layer, with a residual.
    private func linear(
        _ executor: CPUExecutor, rows: Int, inputs: Int, outputs: Int, isTransposed: Bool, kind: PassKind = .recorded
    ) -> [[Float]] {
        let tape = Tape(executor)
        tape.begin(kind)
        let x = tape.variable(randomFloats(rows * inputs, seed: 1), columns: inputs)
        let residual = tape.variable(randomFloats(rows * outputs, seed: 2), columns: outputs)
        let buffers = [inputs * outputs, outputs].enumerated().map {
            (
                Buffer(executor, randomFloats($1, seed: UInt64(3 + $0))),
                Buffer(executor, [Float](repeating: 0, count: $1))
            )
        }
        let weights = buffers.map { Weight(values: $0.0.place, gradient: $0.1.place) }
        let y = tape.linear(
            x, weight: weights[0], bias: weights[1], outputs: outputs, isTransposed: isTransposed, residual: residual)
        let values = executor.copyOut(y)
        guard kind == .recorded else { return [values] }
        executor.copyIn(randomFloats(rows * outputs, seed: 7), to: tape.contribute(to: y).place)
        tape.backward()
        return [values, tape.inputGradient(of: x)] + buffers.map { executor.copyOut($0.1.place) }
    }

    @Test(arguments: [(37, 24, 72), (64, 128, 16), (5, 40, 300)], [false, true])
    func `a linear layer's values and gradients are products of rounded factors`(
        _ shape: (rows: Int, inputs: Int, outputs: Int), _ isTransposed: Bool
    ) {
        let (rows, inputs, outputs) = shape
        let x = randomFloats(rows * inputs, seed: 1), residual = randomFloats(rows * outputs, seed: 2),
            w = randomFloats(inputs * outputs, seed: 3), bias = randomFloats(outputs, seed: 4),
            dy = randomFloats(rows * outputs, seed: 7)
        let weight = { (i: Int, o: Int) in isTransposed ? w[o * inputs + i] : w[i * outputs + o] }
        var forward = TestProduct(rows, outputs, inputs, a: { x[$0 * inputs + $1] }, b: weight)
        (forward.add, forward.bias) = (residual, bias)
        let back = TestProduct(rows, inputs, outputs, a: { dy[$0 * outputs + $1] }, b: { weight($1, $0) })
        let gradient =
            isTransposed
            ? TestProduct(outputs, inputs, rows, a: { dy[$1 * outputs + $0] }, b: { x[$0 * inputs + $1] })
            : TestProduct(inputs, outputs, rows, a: { x[$1 * inputs + $0] }, b: { dy[$0 * outputs + $1] })
        for threads in [1, 2, 3] {
            let found = linear(
                executor(threads), rows: rows, inputs: inputs, outputs: outputs, isTransposed: isTransposed)
            #expect(found[0] == forward.expected)
            #expect(found[1] == back.expected)
            #expect(found[2] == gradient.expected)
            // The bias's gradient is no product.
            let sums = (0..<outputs).map { o in (0..<rows).reduce(0.0) { $0 + Double(dy[$1 * outputs + o]) } }
            #expect(largestDifference(found[3], sums) <= 1e-5 * Double(rows))
            // A token of a generation reads a copy of the matrix, which is made for it.
            let token = linear(
                executor(threads), rows: rows, inputs: inputs, outputs: outputs, isTransposed: isTransposed,
                kind: .decoding)
            #expect(token[0] == forward.expected)
        }
    }

    @Test func `a copy that generation reads follows every change of the weights and goes with them`() {
        let executor = executor(2)
        let (inputs, outputs) = (40, 70)
        func product(_ weights: Buffer) -> [Float] {
            let tape = Tape(executor)
            tape.begin(.decoding)
            let x = tape.variable(randomFloats(inputs, seed: 1), columns: inputs)
            return executor.copyOut(
                tape.linear(
                    x, weight: Weight(values: weights.place, gradient: weights.place), bias: nil, outputs: outputs))
        }
        func fresh(_ weights: Buffer) -> [Float] { product(Buffer(executor, executor.copyOut(weights.place))) }
        let count = inputs * outputs
        do {
            let weights = Buffer(executor, randomFloats(count, seed: 2)),
                other = Buffer(executor, randomFloats(count, seed: 3))
            let zeros = Buffer(executor, count: count, zeroed: true)
            var seen = [product(weights)]
            // Executors share their memory: another one, of whatever precision, may be who writes.
            let writer = CPUExecutor(testPools[1]!)
            let memory = Workspace(writer)
            let changes: [() -> Void] = [
                { executor.copyIn(randomFloats(count, seed: 4), to: weights.place) },
                { writer.copyIn(randomFloats(64, seed: 5), to: weights.place[128..<192]) },
                { writer.copy(other.place, to: weights.place) },
                { writer.add(other.place, to: weights.place) },
                {
                    _ = writer.update(
                        [
                            AdamWOperation(
                                weights: weights.place, gradients: other.place, firstMoments: zeros.place,
                                secondMoments: zeros.place, learningRate: 0.1, beta1: 0.9, beta2: 0.9, epsilon: 1e-8,
                                weightDecay: 0, firstCorrection: 0.1, secondCorrection: 0.1)
                        ], clip: nil, in: memory)
                },
                { writer.clear(weights.place) },
            ]
            for (index, change) in changes.enumerated() {
                change()
                let found = product(weights)
                #expect(found == fresh(weights), "change \(index)")
                #expect(!seen.contains(found), "change \(index) changed nothing")
                seen.append(found)
            }
        }
        // Whose memory is given back and given out again, has no old copy.
        let identifiers = (0..<20).map { seed in
            let weights = Buffer(executor, randomFloats(count, seed: UInt64(50 + seed)))
            #expect(product(weights) == fresh(weights))
            return weights.place.storage
        }
        #expect(Set(identifiers).count < 20, "the allocator gave out nothing twice, so nothing was tried")
    }

    @Test(arguments: [1, 2, 3], [false, true])
    func `a product for the host is one of rounded factors`(_ threads: Int, _ isTransposed: Bool) {
        let executor = executor(threads)
        let (rows, inputs, outputs) = (6, 37, 150)
        let x = randomFloats(rows * inputs, seed: 1), w = randomFloats(inputs * outputs, seed: 3)
        let input = Buffer(executor, x), weight = Buffer(executor, w)
        let found = executor.product(
            ProductOperation(
                input: input.place, rows: rows, weight: weight.place, inputs: inputs, outputs: outputs,
                isTransposed: isTransposed))
        let expected = TestProduct(
            rows, outputs, inputs, a: { x[$0 * inputs + $1] },
            b: { isTransposed ? w[$1 * inputs + $0] : w[$0 * outputs + $1] }
        ).expected
        #expect(found == expected)
        withExtendedLifetime((input, weight)) {}
    }

    // 300 words are more than eight times the rows, 12 are not.
    @Test(arguments: [12, 300])
    func `losses are those of logits from rounded factors`(_ vocabulary: Int) {
        let (rows, columns) = (20, 24)
        let x = randomFloats(rows * columns, seed: 1), head = randomFloats(vocabulary * columns, seed: 2)
        let labels = (0..<rows).map { Int32($0 * 7 % vocabulary) }
        let logits = TestProduct(
            rows, vocabulary, columns, a: { x[$0 * columns + $1] }, b: { head[$1 * columns + $0] }
        ).expected.map(Double.init)
        let expected = (0..<rows).map { n -> Double in
            let row = logits[n * vocabulary..<(n + 1) * vocabulary]
            return log(row.reduce(0) { $0 + exp($1) }) - row[n * vocabulary + Int(labels[n])]
        }
        for threads in [1, 3] {
            let tape = Tape(executor(threads))
            tape.begin(.plain)
            let weight = Buffer(tape.executor, head)
            let result = tape.crossEntropy(
                tape.variable(x, columns: columns), labels: labels,
                head: Weight(values: weight.place, gradient: weight.place), vocabularySize: vocabulary
            ) { 1 / Float($0) }
            #expect(largestDifference(tape.executor.copyOut(result.losses), expected) <= floatTolerance)
            withExtendedLifetime(weight) {}
        }
    }

    @Test func `a processor multiplies in two ways, and says which it has`() throws {
        let executor = CPUExecutor(testPools[2]!)
        let rounding = try executor.multiplying(in: .bf16)
        #expect(executor.precision == .f32 && rounding.precision == .bf16)
        #expect(
            executor.profile.hasPrefix("f32 ")
                && rounding.profile == "b" + executor.profile.replacing("f32", with: "f16"))
        #expect(rounding.using(testPools[1]!).precision == .bf16)
        #expect(try rounding.multiplying(in: .f32).profile == executor.profile)
        let fault = PrecisionFault(.tf32, at: "the processor", possible: [.f32, .bf16])
        #expect(throws: fault) { try executor.multiplying(in: .tf32) }
        #expect(fault.description == "the processor multiplies in f32 or bf16, not in tf32")
    }
}
