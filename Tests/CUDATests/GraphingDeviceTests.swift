import TestSupport
import Tensors
import Testing
import Transformer

@testable import CUDA

/// A batch of some sequences whose lengths are given.
private func batch(_ lengths: [Int], seed: UInt64) -> RaggedBatch {
    var random = RandomSource(seed: seed), batch = RaggedBatch()
    for length in lengths {
        let tokens = (0..<length).map { _ in Int32(random.below(19)) }
        batch.append(tokens, positions: nil, labels: tokens.dropFirst() + [-1])
    }
    return batch
}

/// Trains a small model and says what it came to: its weights, what updates did, and what it writes.
func trainSmallModel(
    _ device: any Device, _ precision: ProductPrecision, batches: [RaggedBatch]
) throws -> (weights: [Float], norms: [Double], written: [Generated]) {
    let executor = try CUDAExecutor(device, precision: precision)
    let configuration = ModelConfiguration.gpt2(
        vocabularySize: 19, positionCount: 24, width: 16, layerCount: 2, headCount: 2,
        dropout: DropoutProbabilities(embedding: 0.1, attention: 0.1, residual: 0.1))
    let model = LanguageModel(configuration, initialization: .fanIn, seed: 3).copy(on: executor)
    let trainee = Trainee(model), optimizer = AdamW(model.parameters.layout, executor: executor)
    var norms: [Double] = []
    for (index, batch) in batches.enumerated() {
        trainee.clearGradients()
        _ = try trainee.accumulate(batch, dropout: RandomSource(seed: UInt64(index)))
        let rate = 1e-3 * Float(index + 1)
        norms.append(
            try optimizer.update(model, gradients: trainee.gradients, learningRate: rate, clip: 1).updateNorm)
    }
    let written = try model.generate(
        [Prompt(tokens: [1, 2, 3])], GenerationOptions(maximumNewTokens: 8, stop: .none))
    return (model.parameters.values(), norms, written)
}

@Suite struct GraphingDeviceTests {
    /// Every batch has other tokens, dropout and learning rate; shapes come again, or do not.
    static let batches = [[5, 3], [5, 3], [5, 3], [4], [5, 3], [4], [5, 3], [4], [7, 1, 2], [4], [5, 3]]
        .enumerated().map { batch($1, seed: UInt64(100 + $0)) }

    @Test(arguments: [ProductPrecision.f32, .bf16])
    func `steps that are played as graphs have the bits of steps made call by call`(
        _ precision: ProductPrecision
    ) throws {
        let device = GraphingDevice(HostDevice(order: 0))
        let found = try trainSmallModel(device, precision, batches: Self.batches)
        let right = try trainSmallModel(HostDevice(order: 0), precision, batches: Self.batches)
        #expect(found.weights == right.weights && found.norms == right.norms && found.written == right.written)
        #expect(device.graphLaunches >= 10)
    }

    @Test func `with room for one graph alone the bits are the same`() throws {
        let device = GraphingDevice(HostDevice(order: 0), graphsMost: 1)
        let found = try trainSmallModel(device, .f32, batches: Self.batches)
        #expect(found.weights == (try trainSmallModel(HostDevice(order: 0), .f32, batches: Self.batches)).weights)
    }

    @Test func `a passage of three calls is no graph, and one that the device cannot make is made call by call`() throws
    {
        final class Refusing: Device {
            let base = HostDevice(order: 0)
            var name: String { base.name }
            var library: String { base.library }
            func supports(_ precision: ProductPrecision) -> Bool { true }
            func freeBytes() throws(DeviceFault) -> Int { try base.freeBytes() }
            func allocate(bytes: Int) throws(DeviceFault) -> DeviceAddress { try base.allocate(bytes: bytes) }
            func free(_ address: DeviceAddress) { base.free(address) }
            func clear(_ address: DeviceAddress, bytes: Int) throws(DeviceFault) {
                try base.clear(address, bytes: bytes)
            }
            func copy(from source: DeviceAddress, to target: DeviceAddress, bytes: Int) throws(DeviceFault) {
                try base.copy(from: source, to: target, bytes: bytes)
            }
            func copyIn(_ bytes: UnsafeRawBufferPointer, to target: DeviceAddress) throws(DeviceFault) {
                try base.copyIn(bytes, to: target)
            }
            func copyOut(
                from source: DeviceAddress, to bytes: UnsafeMutableRawBufferPointer
            ) throws(DeviceFault) { try base.copyOut(from: source, to: bytes) }
            func launch(
                _ kernel: Kernel, _ grid: Grid, threads: Int, _ arguments: [KernelArgument]
            ) throws(DeviceFault) { try base.launch(kernel, grid, threads: threads, arguments) }
            func multiply(_ product: DeviceProduct) throws(DeviceFault) { try base.multiply(product) }
            func finish() throws(DeviceFault) {}
            func hostMemory(bytes: Int) throws(DeviceFault) -> UnsafeMutableRawBufferPointer {
                try base.hostMemory(bytes: bytes)
            }
            func graph(of calls: [DeviceCall]) throws(DeviceFault) -> any DeviceGraph {
                throw .failed(.driver, call: "capturing", code: 900)
            }
        }
        let device = GraphingDevice(Refusing())
        let found = try trainSmallModel(device, .f32, batches: Self.batches)
        #expect(found.weights == (try trainSmallModel(HostDevice(order: 0), .f32, batches: Self.batches)).weights)
        #expect(device.graphLaunches == 0)
        let short = GraphingDevice(HostDevice(order: 0)), address = try short.allocate(bytes: 64)
        for _ in 0..<5 {
            try short.clear(address, bytes: 64)
            try short.finish()
        }
        #expect(short.graphLaunches == 0)
    }

    @Test func `a small piece that is given back is given out again, a large one is not kept`() throws {
        let device = GraphingDevice(HostDevice(order: 0))
        let small = try device.allocate(bytes: 100)
        device.free(small)
        #expect(try device.allocate(bytes: 200) == small)
        let other = try device.allocate(bytes: 200)
        #expect(other != small)
        let large = try device.allocate(bytes: 1 << 20)
        device.free(large)
        device.free(small)
        device.free(other)
    }

    @Test func `what is read has everything that was asked for before`() throws {
        let device = GraphingDevice(HostDevice(order: 0)), executor = try CUDAExecutor(device)
        let x = Buffer(executor, [1, 2, 3]), y = Buffer(executor, count: 3, zeroed: true)
        for round in 1...6 {
            for _ in 0..<4 { executor.add(x.place, to: y.place) }
            #expect(executor.copyOut(y.place) == [1, 2, 3].map { Float(4 * round * $0) })
        }
        // The first time with the numbers that it began with, the second time it is new, the third one makes the graph.
        #expect(device.graphLaunches == 3)
        // Held back, and then of another form.
        for _ in 0..<3 { executor.add(x.place, to: y.place) }
        executor.copyIn([5, 5, 5], to: x.place)
        executor.add(x.place, to: y.place)
        #expect(executor.copyOut(y.place) == [1, 2, 3].map { Float(27 * $0 + 5) })
    }
}
