import CHostDevice
import TestSupport
import Tensors
import Testing

@testable import CUDA

// What the tests of operations cannot see: that the order in which threads take turns decides nothing, and that a
// mistake in a kernel would be noticed. Each kernel with barriers or exchanges runs on memory of exactly its size; then
// with one barrier left out, or one exchange that reads from a wrong lane, or one element more than there is.

/// A kernel and what it is called with; its results are the memory that it writes.
struct KernelRun: CustomStringConvertible, Sendable {
    enum Input: Sendable {
        case floats([Float])
        case doubles([Double])
        case indices([Int32])
        /// Floats that it writes, which are not numbers before.
        case result(Int)
        /// Doubles that it writes.
        case doubleResult(Int)
        /// Floats of which it writes some, which are no result.
        case scratch(Int)
        case argument(KernelArgument)
    }

    var kernel: Kernel
    var grid: Grid
    var threads: Int
    var inputs: [Input]
    /// Barriers and exchanges that each thread comes to, by their numbers, without those that guard nothing in this
    /// run.
    var barriers: [Int] = []
    var exchanges: [Int] = []
    /// How the grid or an argument is made one too large: a whole number among the inputs, by its place.
    var countArgument: Int?

    var description: String { kernel.name }

    /// The bits of everything that may be written.
    func run(_ device: HostDevice, oneMore: Bool = false) throws -> [UInt32] {
        var arguments: [KernelArgument] = []
        var memory: [(DeviceAddress, Int)] = []
        var scratch: [DeviceAddress] = []
        defer { for address in memory.map(\.0) + scratch { device.free(address) } }
        func put<T>(_ values: [T]) throws {
            let bytes = values.count * MemoryLayout<T>.stride
            let address = try device.allocate(bytes: bytes)
            try values.withUnsafeBytes { try device.copyIn($0, to: address) }
            memory.append((address, bytes))
            arguments.append(.address(address))
        }
        func leave(bytes: Int) throws {
            memory.append((try device.allocate(bytes: bytes), bytes))
            arguments.append(.address(memory[memory.count - 1].0))
        }
        for (index, input) in inputs.enumerated() {
            switch input {
            case .floats(let values): try put(values)
            case .doubles(let values): try put(values)
            case .indices(let values): try put(values)
            case .result(let count): try leave(bytes: 4 * count)
            case .doubleResult(let count): try leave(bytes: 8 * count)
            case .scratch(let count):
                let address = try device.allocate(bytes: 4 * count)
                scratch.append(address)
                arguments.append(.address(address))
            case .argument(.int(let value)) where oneMore && index == countArgument: arguments.append(.int(value + 1))
            case .argument(.count(let value)) where oneMore && index == countArgument:
                arguments.append(.count(value + 1))
            case .argument(let argument): arguments.append(argument)
            }
        }
        let grid = oneMore && countArgument == nil ? Grid(grid.x + 1, grid.y, grid.z) : grid
        try device.launch(kernel, grid, threads: threads, arguments)
        return try memory.flatMap { address, bytes in
            var values = [UInt32](repeating: 0, count: bytes / 4)
            try values.withUnsafeMutableBytes { try device.copyOut(from: address, to: $0) }
            return values
        }
    }
}

/// Four rows of 4100 logits, the largest in the last lane of the last warp of 1024 threads: its way to the first lane
/// goes through every exchange.
private let logits: [Float] = (0..<4).flatMap { row -> [Float] in
    var values = randomFloats(4100, seed: UInt64(30 + row))
    values[4095] = 6 + Float(row) / 8
    return values
}

private func floats(_ count: Int, _ seed: UInt64) -> KernelRun.Input { .floats(randomFloats(count, seed: seed)) }

private let sevenNumbers: [Int32] = (0..<1100).map { (row: Int) -> Int32 in Int32((row * row + row / 2 % 4) % 7) }

private let noTwin: KernelRun.Input = .argument(.address(.none))

/// 40 and 9 rows, 2 heads that share a key head, of width 8.
private let attentionInputs: [KernelRun.Input] = [
    floats(49 * 16, 11), floats(49 * 8, 12), floats(49 * 8, 13), .indices([0, 40, 49]), .argument(.int(49)),
    .argument(.int(2)), .argument(.int(1)), .argument(.int(8)), .argument(.int(16)), .argument(.int(8)),
    .argument(.int(8)), .argument(.int(0)), .argument(.float(0.35)), .argument(.int(40)), .argument(.key(5)),
    .argument(.unsigned(1 << 30)), .argument(.float(4 / 3)),
]
private let attentionGradients: [KernelRun.Input] = [
    floats(49 * 16, 14), .floats((0..<98).map { 3 + Float($0 % 7) / 10 }), floats(98, 15),
]

private let kernelRuns: [KernelRun] = [
    // Rows of more columns than their threads have.
    KernelRun(
        kernel: .layerNorm, grid: Grid(3), threads: 64,
        inputs: [
            .result(3 * 300), noTwin, .result(3), .result(3), floats(900, 1), floats(300, 2), floats(300, 3),
            .argument(.float(1e-5)), .argument(.int(300)),
        ], barriers: [1, 2, 3], exchanges: Array(0..<20)),
    KernelRun(
        kernel: .layerNormBackward, grid: Grid(3), threads: 64,
        inputs: [
            .result(900), noTwin, floats(900, 2), floats(900, 3), floats(3, 4), floats(3, 5), floats(300, 6),
            .argument(.int(300)), .argument(.int(0)),
        ], barriers: [1], exchanges: Array(0..<20)),
    KernelRun(
        kernel: .rmsNorm, grid: Grid(3), threads: 64,
        inputs: [
            .result(900), noTwin, .result(3), floats(900, 1), floats(300, 2), .argument(.float(1e-5)),
            .argument(.int(300)),
        ], barriers: [1], exchanges: Array(0..<10)),
    KernelRun(
        kernel: .rmsNormBackward, grid: Grid(3), threads: 64,
        inputs: [
            .result(900), noTwin, floats(900, 1), floats(900, 2), floats(3, 3), floats(300, 4), .argument(.int(300)),
            .argument(.int(0)),
        ], barriers: [1], exchanges: Array(5..<10) + Array(15..<20)),
    // 83 rows of 138 columns, in chunks of 50.
    KernelRun(
        kernel: .columnSums, grid: Grid(2, 2), threads: 256,
        inputs: [
            .result(2 * 138), floats(83 * 138, 2), .argument(.int(83)), .argument(.int(138)), .argument(.int(50)),
        ], barriers: [0], countArgument: 2),
    KernelRun(
        kernel: .gainSums, grid: Grid(2, 2), threads: 256,
        inputs: [
            .result(2 * 138), .result(2 * 138), floats(83 * 138, 2), floats(83 * 138, 3), floats(83, 4), floats(83, 5),
            .argument(.int(83)), .argument(.int(138)), .argument(.int(50)),
        ], barriers: [0, 1], countArgument: 6),
    KernelRun(
        kernel: .addChunks, grid: Grid(2, 2), threads: 256,
        inputs: [
            floats(40, 1), floats(40, 2), floats(19 * 40, 3), floats(19 * 40, 4), .argument(.int(19)),
            .argument(.int(40)),
        ], barriers: [0], countArgument: 4),
    // Rows of seven numbers, for some of which the first nine answer.
    KernelRun(
        kernel: .scatterRows, grid: Grid(9), threads: 256,
        inputs: [
            floats(7 * 20, 1), floats(1100 * 20, 2), .indices(sevenNumbers), .argument(.int(1100)), .argument(.int(20)),
            .argument(.int(-1)),
        ], barriers: [0, 1, 2, 3, 4]),
    KernelRun(
        kernel: .attention(32), grid: Grid(3, 2, 2), threads: 128,
        inputs: [.result(49 * 16), .result(98)] + attentionInputs, barriers: Array(1..<12), exchanges: Array(0..<6)),
    KernelRun(
        kernel: .attentionDots(32), grid: Grid(25), threads: 128,
        inputs: [
            .result(98), floats(49 * 16, 1), floats(49 * 16, 2), .argument(.int(49)), .argument(.int(2)),
            .argument(.int(8)),
        ], exchanges: Array(0..<5)),
    KernelRun(
        kernel: .attentionQueries(32), grid: Grid(3, 2, 2), threads: 128,
        inputs: [.result(49 * 16)] + attentionGradients + attentionInputs, barriers: Array(1..<12)),
    KernelRun(
        kernel: .attentionKeys(32), grid: Grid(3, 1, 2), threads: 128,
        inputs: [.result(49 * 8), .result(49 * 8)] + attentionGradients + attentionInputs, barriers: Array(1..<18)),
    KernelRun(
        kernel: .crossEntropy, grid: Grid(4), threads: 1024,
        inputs: [
            .floats(logits), noTwin, .result(4), .result(4), .indices([0, 4090, 77, 3]), .argument(.float(0.25)),
            .argument(.int(4097)), .argument(.int(4100)),
        ], barriers: [1, 3], exchanges: Array(0..<30)),
    // A row of one warp, whose gradient goes elsewhere.
    KernelRun(
        kernel: .crossEntropy, grid: Grid(3), threads: 32,
        inputs: [
            floats(3 * 128, 1), .result(3 * 64), .result(3), .result(3), .indices([0, 124, 77]),
            .argument(.float(0.25)), .argument(.int(125)), .argument(.int(128)),
        ], exchanges: Array(20..<25)),
    KernelRun(
        kernel: .mostProbable, grid: Grid(4), threads: 1024,
        inputs: [.result(4), .result(4), .floats(logits), .argument(.int(4100))], barriers: [1, 3],
        exchanges: Array(0..<30)),
    KernelRun(
        kernel: .probabilityOf, grid: Grid(4), threads: 1024,
        inputs: [.result(4), .floats(logits), .indices([0, 4099, 77, 3]), .argument(.int(4100))],
        barriers: [1, 3], exchanges: Array(20..<30)),
    KernelRun(
        kernel: .dropPadding, grid: Grid(4), threads: 64,
        inputs: [.result(4 * 97), floats(4 * 100, 1), .argument(.int(97)), .argument(.int(100))]),
    KernelRun(
        kernel: .sumOfSquares, grid: Grid(3), threads: 96,
        inputs: [.doubleResult(3), floats(1000, 1), .argument(.count(1000))], barriers: [1],
        exchanges: Array(0..<10), countArgument: 2),
    KernelRun(
        kernel: .addParts, grid: Grid(1), threads: 96,
        inputs: [
            .doubleResult(1), .doubles((0..<200).map { Double($0) }), .argument(.int(200)), .argument(.int(1)),
        ], barriers: [1], exchanges: Array(0..<10), countArgument: 2),
    KernelRun(
        kernel: .adamw, grid: Grid(3), threads: 96,
        inputs: [
            floats(1000, 1), noTwin, floats(1000, 2),
            .floats(randomFloats(1000, seed: 3).map { abs($0) }), .doubleResult(3),
            floats(1000, 4), .doubles([2, 0.5, 0]), .argument(.float(0.1)), .argument(.float(0.9)),
            .argument(.float(0.99)), .argument(.float(1e-8)), .argument(.float(0.01)), .argument(.float(0.19)),
            .argument(.float(0.02)), .argument(.count(1000)),
        ], barriers: [1], exchanges: Array(0..<10), countArgument: 14),
    KernelRun(
        kernel: .cachedAttention, grid: Grid(2, 2), threads: 64,
        inputs: [
            .result(2 * 16), .scratch(2 * 2 * 12), floats(2 * 32, 1), floats(2 * 12 * 8, 2), floats(2 * 12 * 8, 3),
            .indices([1, 0]), .indices([11, 4]), .argument(.int(12)), .argument(.int(32)), .argument(.int(2)),
            .argument(.int(1)), .argument(.int(8)), .argument(.int(0)), .argument(.float(0.35)),
        ], barriers: [0, 2], exchanges: [0, 1, 2]),
    KernelRun(
        kernel: .pattern, grid: Grid(10, 2), threads: 64,
        inputs: [
            .result(2 * 10 * 10), floats(12 * 16, 1), floats(12 * 8, 2), .argument(.int(2)), .argument(.int(10)),
            .argument(.int(2)), .argument(.int(8)), .argument(.int(16)), .argument(.int(8)), .argument(.int(0)),
            .argument(.float(0.35)),
        ], barriers: [0, 2], exchanges: [0, 1, 2]),
]

/// 90 and 9 rows, 2 heads that share a key head: more rows than are in shared memory at a time. Queries, keys, values,
/// and what follows them.
private func tiledInputs(width: Int) -> [KernelRun.Input] {
    [
        floats(99 * 2 * width, 11), floats(99 * width, 12), floats(99 * width, 13), .indices([0, 90, 99]),
        .argument(.int(99)), .argument(.int(2)), .argument(.int(1)), .argument(.int(width)),
        .argument(.int(2 * width)), .argument(.int(width)), .argument(.int(width)), .argument(.int(0)),
        .argument(.float(0.35)), .argument(.int(90)), .argument(.key(5)), .argument(.unsigned(1 << 30)),
        .argument(.float(4 / 3)),
    ]
}

/// The kernels of a width, for heads of all of it, which share the rows of a sequence among so many warps.
private func tiledRuns(
    _ width: Int, parts: Int, barriers: [ClosedRange<Int>], exchanges: [ClosedRange<Int>]
)
    -> [KernelRun]
{
    let vectors = 99 * width, noTwin = KernelRun.Input.argument(.address(.none)), tiles = parts == 1 ? 3 : 2
    let logSums = KernelRun.Input.floats((0..<198).map { 3 + Float($0 % 7) / 10 })
    return [
        KernelRun(
            kernel: .tiledAttention(width), grid: Grid(2, 2, 2), threads: 32 * parts * 3,
            inputs: [.result(2 * vectors), noTwin, .result(198)] + tiledInputs(width: width),
            barriers: Array(barriers[0]), exchanges: Array(exchanges[0])),
        KernelRun(
            kernel: .tiledAttentionQueries(width), grid: Grid(6 / tiles, 2, 2), threads: 32 * parts * tiles,
            inputs: [
                .result(2 * vectors), noTwin, .result(198), floats(2 * vectors, 14), floats(2 * vectors, 15), logSums,
            ]
                + tiledInputs(width: width),
            barriers: Array(barriers[1]), exchanges: Array(exchanges[1])),
        KernelRun(
            kernel: .tiledAttentionKeys(width), grid: Grid(6 / tiles, 1, 2), threads: 32 * parts * tiles,
            inputs: [
                .result(vectors), noTwin, .result(vectors), noTwin, floats(2 * vectors, 14), logSums, floats(198, 15),
            ] + tiledInputs(width: width),
            barriers: Array(barriers[2]), exchanges: Array(exchanges[2])),
    ]
}

private let allRuns =
    kernelRuns + tiledRuns(32, parts: 1, barriers: [0...2, 0...2, 0...4], exchanges: [0...27, 0...11, 0...31])
    + tiledRuns(96, parts: 3, barriers: [0...6, 0...6, 0...6], exchanges: [0...11, 0...15, 0...15])

@Suite struct KernelTests {
    private static let orders: [UInt32] = [0, 1, 2, 4, 5]

    @Test(arguments: allRuns)
    private func `the order in which threads and blocks take turns decides no bit`(_ run: KernelRun) throws {
        let first = try run.run(HostDevice(order: 0))
        for order in Self.orders {
            let isSame = try run.run(HostDevice(order: order)) == first
            #expect(isSame, "order \(order)")
        }
    }

    /// Whether some order gives other bits, or none.
    private func isNoticed(_ run: KernelRun, _ planted: HostDevice.Planted, _ right: [UInt32]) -> Bool {
        Self.orders.reversed().contains { order in
            guard let found = try? run.run(HostDevice(order: order, planted: planted)) else { return true }
            return found != right
        }
    }

    @Test(arguments: allRuns.filter { !$0.barriers.isEmpty })
    private func `a barrier that is left out is noticed`(_ run: KernelRun) throws {
        let right = try run.run(HostDevice(order: 0))
        for number in run.barriers {
            let planted = HostDevice.Planted(kind: HOST_DEVICE_MISSING_BARRIER, number: number)
            let isNoticed = isNoticed(run, planted, right)
            #expect(isNoticed, "barrier \(number)")
        }
    }

    @Test(arguments: allRuns.filter { !$0.exchanges.isEmpty })
    private func `an exchange with a wrong lane is noticed`(_ run: KernelRun) throws {
        let right = try run.run(HostDevice(order: 0))
        for number in run.exchanges {
            let planted = HostDevice.Planted(kind: HOST_DEVICE_WRONG_LANE, number: number)
            let isNoticed = isNoticed(run, planted, right)
            #expect(isNoticed, "exchange \(number)")
        }
    }

    /// What is read beyond the end is not a number, and what is written there breaks a fence.
    @Test(arguments: allRuns)
    private func `one element, row or block more than there is, is noticed`(_ run: KernelRun) throws {
        // Those of attention look at the length of the sequences, and a row of no number that others have adds nothing.
        guard run.kernel.source == .common, ![.addParts, .scatterRows].contains(run.kernel) else { return }
        let device = HostDevice(order: 0, planted: HostDevice.Planted(kind: HOST_DEVICE_NO_FAULT, number: 0))
        let right = try run.run(device), found = try? run.run(device, oneMore: true)
        let isNoticed = found != right
        #expect(isNoticed)
    }

    @Test func `arguments of other types than a kernel's are refused`() throws {
        let device = HostDevice(order: 0)
        let address = try device.allocate(bytes: 4)
        defer { device.free(address) }
        for wrong in [KernelArgument.int(1), .float(1), .address(address)] {
            #expect(throws: DeviceFault.self) {
                try device.launch(.add, Grid(1), threads: 32, [.address(address), .address(address), wrong])
            }
        }
        try device.launch(.add, Grid(1), threads: 32, [.address(address), .address(address), .count(1)])
    }
}

@Suite struct KernelNumberTests {
    @Test func `every kernel of every text has a number of its own`() {
        var kernels: [Kernel] = [
            .add, .sum, .roundToTwin, .dropout, .finishLinear, .gelu, .roundedGELU, .geluBackward, .swiglu,
            .swigluBackward, .rotate, .findNotFinite, .layerNorm, .layerNormBackward, .rmsNorm, .rmsNormBackward,
            .embed, .gatherRows, .addToRows, .putRows, .scatterRows, .crossEntropy, .mostProbable, .probabilityOf,
            .sumOfSquares, .addParts, .clipFactor, .adamw, .keepKeys, .cachedAttention, .pattern, .applyPattern,
        ]
        for width in KernelSource.attentionWidths {
            kernels += [.attentionDots(width), .attention(width), .attentionQueries(width), .attentionKeys(width)]
        }
        #expect(Set(kernels).count == kernels.count)
        #expect(Kernel.attentionDots(96) == .attentionDots(96))
    }
}
