// What a tape, its memory and its random numbers are by definition: places, marks, what a plain pass forgets, and the
// numbers that a seed draws.

import Glibc
import Testing

@testable import Tensors

@Suite struct SeededNumberRuleTests {
    // Worked out by another program of the same definitions: xoshiro256** seeded by SplitMix64 from 7.
    @Test func `a seed draws the same numbers of every kind for good`() {
        var uniform = RandomSource(seed: 7), normal = uniform, below = uniform, shuffled = uniform
        #expect(
            (0..<3).map { _ in uniform.uniform() } == [0.7005764821796896, 0.2787512294737843, 0.8396274618764198])
        let expected = [-0.2790239910251981, 1.8997685786889567, 2.136306014732201]
        for value in expected { #expect(abs(normal.normal() - value) < 1e-12) }
        #expect((0..<8).map { _ in below.below(10) } == [7, 2, 8, 9, 9, 8, 0, 1])
        var items = Array(0..<8)
        shuffled.shuffle(&items)
        #expect(items == [6, 0, 2, 3, 4, 7, 1, 5])
    }

    @Test(
        arguments: [
            (0, [15_256_980_964_497_330_330, 4_201_355_251_578_096_792]),
            (1, [12_111_429_777_655_531_763, 5_572_386_534_698_885_986]),
            (5, [425_474_327_361_371_488, 2_593_639_194_659_428_904]),
            (.max, [2_399_390_100_814_473_381, 9_558_726_101_048_564_188]),
        ] as [(UInt64, [UInt64])])
    func `the numbers of a purpose are the same for good too`(_ stream: UInt64, _ numbers: [UInt64]) {
        var split = RandomSource(seed: 7).split(stream)
        #expect((0..<2).map { _ in split.next() } == numbers)
    }

    @Test func `a uniform number has the upper 53 bits of a word`() {
        var source = RandomSource(seed: 0)
        // From this state the first word is 11520, and 11520 / 2¹¹ is 5.
        source.state = (1, 2, 3, 4)
        #expect(source.uniform() == 5 * 0x1p-53)
        #expect(source.uniform() == 0)
        var same = RandomSource(seed: 3)
        #expect(same == RandomSource(seed: 3) && same != RandomSource(seed: 4))
        _ = same.next()
        #expect(same != RandomSource(seed: 3))
    }

    @Test(
        arguments: [(0, 0, 1), (0.25, 1 << 30, 4.0 / 3), (0.5, 1 << 31, 2), (0.75, 3 << 30, 4)]
            as [(Float, UInt32, Float)])
    func `a mask's threshold is its probability of all 32-bit numbers, and survivors make up for it`(
        _ probability: Float, _ threshold: UInt32, _ scale: Float
    ) {
        let mask = DropoutMask(key: 1, probability: probability)
        #expect(mask.threshold == threshold && abs(mask.scale - scale) < 1e-6)
    }
}

@Suite struct TapeMemoryRuleTests {
    @Test func `a part of a place is counted from the place's own start`() {
        let place = Place(StorageID(7), offset: 10, count: 8)
        #expect(place[2..<5] == Place(StorageID(7), offset: 12, count: 3))
        #expect(place[2..<5][1..<3] == Place(StorageID(7), offset: 13, count: 2))
        #expect(place.from(3) == Place(StorageID(7), offset: 13, count: 5) && place[8..<8].count == 0)
        let storage = Storage(StorageID(9), count: 6, isZeroed: true)
        #expect(storage.place == Place(StorageID(9), offset: 0, count: 6))
        #expect(Indices(place).count == 8)
    }

    @Test func `what was taken since a mark is given out again, and an arena counts what it holds`() {
        let arena = Arena(CPUExecutor.shared)
        #expect(arena.capacity == 0)
        _ = arena.take(5)
        let mark = arena.mark
        let first = [arena.take(20), arena.take(3)]
        arena.rewind(to: mark)
        let second = [arena.take(20), arena.take(3)]
        #expect(first == second && arena.capacity == 1 << 18)
        // Beyond its first block, and back.
        let far = arena.take(1 << 18)
        #expect(far.storage != first[0].storage)
        arena.rewind(to: mark)
        #expect(arena.take(20) == first[0])
        let memory = Workspace(CPUExecutor.shared)
        #expect(memory.heldFloats == 0)
        let buffer = memory.take(10)
        #expect(memory.heldFloats == 1024 && buffer.count == 10)
        _ = memory.arena.take(1)
        #expect(memory.heldFloats == 1024 + (1 << 18))
        memory.giveBack(buffer)
        _ = memory.take(16_000)
        // An eighth more than was asked for.
        #expect(memory.heldFloats == 1024 + (1 << 18) + 18_000)
    }

    @Test func `of the buffers that are free and large enough the smallest is taken`() {
        let memory = Workspace(CPUExecutor.shared)
        let places = [3000, 1500, 2200].map { memory.take($0) }
        for place in places { memory.giveBack(place) }
        #expect(memory.take(1400).storage == places[1].storage && memory.take(1400).storage == places[2].storage)
        #expect(memory.take(1400).storage == places[0].storage)
        let held = memory.heldFloats
        memory.reset()
        #expect(memory.take(2100).storage == places[2].storage && memory.heldFloats == held)
    }

    @Test func `inputs of a pass have the rows that their numbers make, and whole numbers are kept as they are`() {
        let tape = Tape(testExecutor(1))
        tape.begin(.plain)
        let x = tape.variable([1, 2, 3, 4, 5, 6], columns: 2)
        #expect(x.rows == 3 && x.columns == 2 && x.count == 6 && floats(x) == [1, 2, 3, 4, 5, 6])
        #expect(
            tape.executor.copyOut(x, rows: [2, 0, 2]) == [5, 6, 1, 2, 5, 6] && tape.executor.copyOut(x, rows: []) == [])
        #expect(integers(tape.indices([-1, 7, .max])) == [-1, 7, .max])
        var values: [Float] = [9]
        tape.executor.append(x.place[1..<3], to: &values)
        #expect(values == [9, 2, 3])
        var numbers: [Int32] = [9]
        tape.executor.append(tape.indices([4, 5]), to: &numbers)
        #expect(numbers == [9, 4, 5])
        let sequences = tape.sequences([0, 2, 2, 7, 8])
        #expect(sequences.count == 4 && sequences.longest == 5 && integers(sequences.offsets) == [0, 2, 2, 7, 8])
        #expect(tape.sequences([0]).count == 0 && tape.sequences([]).count == 0 && tape.sequences([]).longest == 0)
    }

    @Test func `in a plain pass a block's result takes the place of its input, in a recorded one it has its own`() {
        for (kind, isRecorded) in [(PassKind.plain, false), (.decoding, false), (.recorded, true)] {
            let tape = Tape(testExecutor(1))
            tape.begin(kind)
            let x = tape.variable([-1, 2], columns: 2)
            let y = tape.replacing(x) { tape.relu(x) }
            #expect(floats(y) == [0, 2] && (y.place == x.place) == !isRecorded && tape.isRecording == isRecorded)
            #expect(floats(x) == (isRecorded ? [-1, 2] : [0, 2]))
            // What was made in the block is forgotten in the plain one.
            let before = tape.memory.arena.take(4)
            tape.begin(kind)
            let again = tape.variable([-1, 2], columns: 2)
            _ = tape.replacing(again) { tape.relu(tape.relu(tape.relu(again))) }
            #expect((tape.memory.arena.take(4) == before) == !isRecorded)
        }
    }

    @Test func `what the loss does not depend on has a gradient of zeros`() {
        let tape = Tape(testExecutor(1))
        tape.begin(.recorded)
        let x = tape.variable([1, 2], columns: 1), other = tape.variable([3, 4], columns: 1)
        let target = tape.variable([0, 0], columns: 1)
        _ = tape.squaredError(x, target: target, scale: 2)
        tape.backward()
        #expect(tape.inputGradient(of: x) == [2, 4] && tape.inputGradient(of: other) == [0, 0])
        #expect(tape.inputGradient(of: target) == [0, 0])
        // A pass that begins anew has forgotten the last one.
        tape.begin(.recorded)
        let fresh = tape.variable([1, 2], columns: 1)
        tape.backward()
        #expect(tape.inputGradient(of: fresh) == [0, 0])
    }

    @Test func `a squared error adds to a gradient that is there`() {
        let run = OperationRun([.variable(rows: 1, columns: 2)], seed: 3, threads: 1)
        defer { run.free() }
        put([1, -2], in: run.nodes.variables[0].place)
        _ = run.tape.squaredError(run.nodes.variables[0], target: run.tape.variable([0, 1], columns: 2), scale: 0.5)
        run.startGradients(10)
        run.tape.backward()
        #expect(run.gradients()[0] == [10.5, 8.5])
    }

    @Test func `a cache has a row of slots for each sequence, and forgets one at a time`() {
        let cache = KeyValueCache(testExecutor(1), layerCount: 2, sequenceCount: 2, capacity: 3, width: 4)
        #expect([cache.takeSlot(0), cache.takeSlot(0), cache.takeSlot(1), cache.takeSlot(0)] == [0, 1, 0, 2])
        cache.forget(0)
        #expect([cache.takeSlot(0), cache.takeSlot(1)] == [0, 1])
        let (first, second) = (cache.layer(0), cache.layer(1))
        #expect(first.keys.count == 24 && first.values.count == 24 && first.keys.storage != first.values.storage)
        #expect(second.keys.offset == first.keys.offset + 24 && second.values.offset == first.values.offset + 24)
    }

    @Test func `scores are divided by the root of a head's width unless another scale is given`() {
        #expect(AttentionShape(headCount: 2, keyValueHeadCount: 1, headWidth: 16).scale == 0.25)
        #expect(AttentionShape(headCount: 2, keyValueHeadCount: 1, headWidth: 16, scale: 3).scale == 3)
        #expect(AttentionShape(headCount: 2, keyValueHeadCount: 1, headWidth: 16).window == nil)
    }

    @Test func `without a mask, or with one of no probability, nothing falls and nothing is recorded`() {
        let tape = Tape(testExecutor(1))
        tape.begin(.recorded)
        let x = tape.variable([1, 2, 3], columns: 3)
        tape.dropout(x, nil)
        tape.dropout(x, DropoutMask(key: 1, probability: 0))
        #expect(floats(x) == [1, 2, 3])
        let weight = Buffer(tape.executor, [1, 0, 0, 0, 1, 0, 0, 0, 1])
        let y = tape.linear(
            x, weight: Weight(values: weight.place, gradient: weight.place), bias: nil, outputs: 3, residual: x,
            dropout: DropoutMask(key: 1, probability: 0))
        #expect(floats(y) == [2, 4, 6])
        withExtendedLifetime((weight, tape)) {}
    }

    @Test func `a pass without gradients finds the losses and leaves the head's gradient alone`() {
        let labels: [Int32] = [2, -1, 0]
        func losses(recording: Bool) -> (found: [Float], head: [Float]) {
            let run = OperationRun(
                [.variable(rows: 3, columns: 4), .weight(20)], seed: 5, threads: 1, recording: recording)
            defer { run.free() }
            let result = run.tape.crossEntropy(
                run.nodes.variables[0], labels: labels, head: run.nodes.weights[0], vocabularySize: 5
            ) { 1 / Float($0) }
            #expect(result.count == 2)
            return (floats(result.losses), run.gradients()[1])
        }
        let plain = losses(recording: false), recorded = losses(recording: true)
        #expect(plain.found == recorded.found && plain.head.allSatisfy { $0 == 0 })
        #expect(recorded.head.contains { $0 != 0 })
    }

    @Test func `a frozen token's position learns all the same`() {
        let run = OperationRun([.weight(3 * 2), .weight(4 * 2)], seed: 2, threads: 1)
        defer { run.free() }
        let output = run.tape.embedding(
            tokens: run.tape.indices([2, 0]), positions: run.tape.indices([3, 1]), columns: 2,
            tokenTable: run.nodes.weights[0], positionTable: run.nodes.weights[1], frozenToken: 2)
        run.seed(output, [1, 2, 3, 4])
        run.tape.backward()
        #expect(run.gradients() == [[3, 4, 0, 0, 0, 0], [0, 0, 3, 4, 0, 0, 1, 2]])
    }
}

@Suite struct PatternCutRuleTests {
    /// The pattern of three queries, each row four numbers apart, after cuts in the second of two sequences.
    private func cut(_ cuts: [(head: Int?, cells: [(Int, Int)])], head: Int = 1) -> [Float] {
        var pattern: [Float] = [1, 0, 0, 9, 0.25, 0.75, 0, 9, 0.125, 0.375, 0.5, 9]
        let access = PatternAccess(
            cuts: cuts.map { cut in
                PatternCut(
                    head: cut.head, [[.init(query: 0, key: 0)], cut.cells.map { .init(query: $0.0, key: $0.1) }])
            })
        pattern.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { access.cut(base, head: head, sequence: 1, stride: 4) }
        }
        return pattern
    }

    private static let whole: [Float] = [1, 0, 0, 9, 0.25, 0.75, 0, 9, 0.125, 0.375, 0.5, 9]

    @Test func `a cut probability is 0, and the rest of its row is divided by what is left`() {
        #expect(cut([(nil, [(2, 2)])]) == [1, 0, 0, 9, 0.25, 0.75, 0, 9, 0.25, 0.75, 0, 9])
        #expect(cut([(1, [(2, 0), (2, 1)]), (nil, [(1, 0)])]) == [1, 0, 0, 9, 0, 1, 0, 9, 0, 0, 1, 9])
        // The same cell twice is one cut.
        #expect(cut([(1, [(2, 2)]), (nil, [(2, 2)])]) == [1, 0, 0, 9, 0.25, 0.75, 0, 9, 0.25, 0.75, 0, 9])
    }

    @Test func `a cut of another head, or of another sequence, changes nothing`() {
        #expect(cut([(0, [(2, 2)])]) == Self.whole && cut([]) == Self.whole && cut([(nil, [])]) == Self.whole)
        #expect(cut([(0, [(2, 2)])], head: 0) != Self.whole)
    }

    @Test func `where nothing is left to share out by, every other key counts the same`() {
        var pattern: [Float] = [1, 0, 0, 0.5, 0.5, 0, 0, 0, 1]
        let access = PatternAccess(cuts: [PatternCut([[.init(query: 2, key: 2)]])])
        pattern.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { access.cut(base, head: 0, sequence: 0, stride: 3) }
        }
        #expect(pattern == [1, 0, 0, 0.5, 0.5, 0, 0.5, 0.5, 0])
        // Where no key is left at all the row is nothing.
        #expect(cut([(nil, [(1, 0), (1, 1)])]) == [1, 0, 0, 9, 0, 0, 0, 9, 0.125, 0.375, 0.5, 9])
    }

    @Test func `what is read comes head by head, and within a head sequence by sequence`() {
        let run = OperationRun(
            [.variable(rows: 5, columns: 4), .variable(rows: 5, columns: 4), .variable(rows: 5, columns: 4)], seed: 6,
            threads: 2, recording: false)
        defer { run.free() }
        // Heads of two numbers; the first sequence has three rows, the second two.
        let cells: [[AttentionCell]] = [
            [.init(query: 2, key: 1), .init(query: 0, key: 0)], [.init(query: 1, key: 0)],
        ]
        let shape = AttentionShape(headCount: 2, keyValueHeadCount: 2, headWidth: 2, scale: 1)
        var found: [Float] = []
        _ = run.tape.causalAttention(
            query: HeadColumns(run.nodes.variables[0]), key: HeadColumns(run.nodes.variables[1]),
            value: HeadColumns(run.nodes.variables[2]), sequences: run.tape.sequences([0, 3, 5]), shape: shape,
            access: PatternAccess(reading: cells)
        ) { found = $0 }
        let (q, k) = (run.inputs[0].map(Double.init), run.inputs[1].map(Double.init))
        func probability(_ head: Int, _ start: Int, _ query: Int, _ key: Int) -> Double {
            let scores = (0...query).map { j in
                exp(
                    (0..<2).reduce(0.0) {
                        $0 + q[(start + query) * 4 + head * 2 + $1] * k[(start + j) * 4 + head * 2 + $1]
                    })
            }
            return scores[key] / scores.reduce(0, +)
        }
        var expected: [Double] = []
        for head in 0..<2 { expected += [probability(head, 0, 2, 1), 1, probability(head, 3, 1, 0)] }
        #expect(largestDifference(found, expected) <= floatTolerance)
    }
}

@Suite struct ExecutorWordRuleTests {
    @Test func `what measures counts the most that was held at once, and has nothing but zeros`() {
        let executor = MeasuringExecutor()
        #expect(executor.peak == 0 && executor.profile == "measuring" && executor.library == nil)
        let a = executor.allocate(10, zeroed: false), b = executor.allocate(20, zeroed: true)
        executor.free(a)
        let c = executor.allocate(5, zeroed: false)
        #expect(executor.peak == 30 && Set([a.id, b.id, c.id]).count == 3 && b.count == 20)
        executor.free(b)
        executor.free(c)
        _ = executor.allocate(31, zeroed: false)
        #expect(executor.peak == 31)
        #expect(executor.copyOut(c.place) == [0, 0, 0, 0, 0] && executor.areFinite(c.place))
        #expect(
            executor.product(
                ProductOperation(
                    input: a.place, rows: 2, weight: b.place, inputs: 1, outputs: 3, isTransposed: false))
                == [0, 0, 0, 0, 0, 0])
        #expect(executor.using(testPools[1]!) === executor && executor.precision == .f32)
        let norms = executor.update([], clip: 1, in: Workspace(executor))
        #expect(norms.gradient == 0 && norms.change == 0 && norms.factor == 1)
    }

    @Test func `a generation takes as many sequences as a screen has rows, and a quarter of a gigabyte`() {
        // 2²⁶ floats are 256 MB.
        #expect(testExecutor(1).generationMost == GenerationMost(sequences: 256, cacheFloats: 67_108_864))
    }

    @Test func `a profile names precision, kernels, level and threads`() {
        let words = testExecutor(3).profile.split(separator: " ").map(String.init)
        #expect(words.first == "f32" && words.suffix(2) == ["3", "threads"])
        #expect(words.count == 5 && words[2].first == "v" && Int(words[2].dropFirst()) != nil)
        // Its own kernels have no name of a library.
        #expect((words[1] == "own") == (testExecutor(3).library == nil))
        #expect(ProductPrecision.allCases.map(\.rawValue) == ["f32", "tf32", "bf16"])
    }

    @Test func `an executor of other threads is another, of its own it is itself`() throws {
        let executor = CPUExecutor(testPools[2]!)
        #expect(executor.using(testPools[2]!) === executor)
        let other = try #require(executor.using(testPools[3]!) as? CPUExecutor)
        #expect(other !== executor && other.workers === testPools[3]!)
        #expect(try executor.multiplying(in: .f32) === executor)
        #expect(CPUExecutor.precisions == [.f32, .bf16])
    }

    @Test func `numbers at hand are finite where all of them are, and none are`() {
        #expect([Float]().withUnsafeBufferPointer { HostNumbers.areFinite($0) })
        #expect([1, -2, .greatestFiniteMagnitude].withUnsafeBufferPointer { HostNumbers.areFinite($0) })
        for value in [Float.nan, .infinity, -.infinity] {
            #expect(![1, value].withUnsafeBufferPointer { HostNumbers.areFinite($0) })
        }
    }

    @Test func `a precision that a processor does not have is refused before anything is chosen`() {
        let before = StandardExecutor.current
        #expect(throws: PrecisionFault(.tf32, at: "the processor", possible: [.f32, .bf16])) {
            try StandardExecutor.choose(.tf32)
        }
        #expect(StandardExecutor.current === before)
    }

    @Test func `one network's norm is the root of its own sum, to the last bit`() {
        let executor = testExecutor(2)
        let count = 20_000
        let buffers = (0..<4).map { Buffer(executor, randomFloats(count, seed: UInt64(70 + $0)).map { abs($0) }) }
        let memory = Workspace(executor)
        let sum = executor.sumOfSquares(buffers[1].place, in: memory)
        let norms = executor.update(
            [
                AdamWOperation(
                    weights: buffers[0].place, gradients: buffers[1].place, firstMoments: buffers[2].place,
                    secondMoments: buffers[3].place, learningRate: 0, beta1: 0.9, beta2: 0.99, epsilon: 1e-8,
                    weightDecay: 0.5, firstCorrection: 1, secondCorrection: 1)
            ], clip: nil, in: memory)
        // At a rate of 0 nothing moves, not even by decay.
        #expect(norms.gradient == sum.squareRoot() && norms.change == 0 && norms.factor == 1)
        withExtendedLifetime(buffers) {}
    }
}
