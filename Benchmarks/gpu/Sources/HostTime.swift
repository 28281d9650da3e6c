import CUDA
import Internalization
import Support
import Synchronization
import Tensors
import Transformer

/// What the processor does for each step of a run on a card: everything but the card's work. The device in the card's
/// place does nothing and answers zeros.
enum HostTime {
    private final class NoDevice: Device {
        private let next = Atomic<UInt>(1 << 20)
        let name = "no device"
        let library = "none"
        func supports(_ precision: ProductPrecision) -> Bool { true }
        func freeBytes() throws(DeviceFault) -> Int { 1 << 40 }
        func allocate(bytes: Int) throws(DeviceFault) -> DeviceAddress {
            DeviceAddress(next.add(UInt(bytes + 255) & ~255, ordering: .relaxed).oldValue)
        }
        func free(_ address: DeviceAddress) {}
        func clear(_ address: DeviceAddress, bytes: Int) throws(DeviceFault) {}
        func copy(from source: DeviceAddress, to target: DeviceAddress, bytes: Int) throws(DeviceFault) {}
        func copyIn(_ bytes: UnsafeRawBufferPointer, to target: DeviceAddress) throws(DeviceFault) {}
        func copyOut(from source: DeviceAddress, to bytes: UnsafeMutableRawBufferPointer) throws(DeviceFault) {
            _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
        }
        func launch(
            _ kernel: Kernel, _ grid: Grid, threads: Int, _ arguments: [KernelArgument]
        ) throws(DeviceFault) {}
        func multiply(_ product: DeviceProduct) throws(DeviceFault) {}
        func finish() throws(DeviceFault) {}
        func hostMemory(bytes: Int) throws(DeviceFault) -> UnsafeMutableRawBufferPointer {
            UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 256)
        }
        func graph(of calls: [DeviceCall]) throws(DeviceFault) -> any DeviceGraph { NoGraph() }

        private final class NoGraph: DeviceGraph {
            func change(_ index: Int, _ arguments: [KernelArgument]) throws(DeviceFault) {}
            func launch() throws(DeviceFault) {}
        }
    }

    static func run() throws {
        let executor = try CUDAExecutor(GraphingDevice(NoDevice()), precision: .bf16)
        for (layers, removed) in [(2, 0), (2, 40), (12, 0)] {
            let task = try Multiplication(digits: 4), encoder = CharacterEncoder(answerCount: 8)
            let problems = try EncodedProblems(ProblemSet.generate(task, count: 2000, seed: 1), encoder: encoder)
            let configuration = ModelConfiguration.gpt2(
                vocabularySize: encoder.vocabularySize, positionCount: 128, width: 64, layerCount: layers, headCount: 4)
            var settings = TrainingSettings()
            settings.batchSize = 32
            let run = try Run(
                LanguageModel(configuration, initialization: .gpt2, seed: 1).copy(on: executor), on: problems,
                settings: settings)
            for _ in 0..<removed { try run.removeMore() }
            try run.train(TrainingGoal(steps: 200))
            let began = MonotonicClock.seconds()
            try run.train(TrainingGoal(steps: 1000))
            let time = (MonotonicClock.seconds() - began) / 1000
            say("\(layers) layers, \(removed) tokens removed: \(NumberText.fixed(time * 1e6, decimals: 1)) µs a step")
        }
    }
}
