import Foundation
import Support
import Synchronization
import TestSupport
import Tensors
import Testing

@testable import CUDA
@testable import Transformer

// The card's driver, compiler and cuBLAS with a machine that is made up (`FakeMachine`): what is asked of them, and
// what is said where they refuse.

@Suite(.serialized) struct GraphicsCardTests {
    private func fault(_ machine: FakeMachine, card index: Int = 0) -> DeviceFault? {
        do {
            _ = try machine.card(index)
            return nil
        } catch {
            return error as? DeviceFault
        }
    }

    @Test func `a card is what its driver says, and is compiled for as that`() throws {
        let card = try FakeMachine().card(1)
        #expect(card.name == "Card 1" && card.architecture == "sm_90" && card.library == "cuBLAS 13.0.2, NVRTC 13.0")
    }

    @Test func `no card, one too many and none at all are told apart`() {
        var none = FakeMachine(), hidden = FakeMachine()
        none.initializing = 100
        hidden.cards = 0
        #expect(fault(none) == .noCard && fault(hidden) == .noCard)
        #expect(fault(FakeMachine(), card: 9) == .noSuchCard(9, count: 2))
        #expect(fault(FakeMachine(), card: -1) == .noSuchCard(-1, count: 2))
        #expect(
            DeviceFault.noSuchCard(9, count: 2).description
                == "there is no cuda:9; this machine has 2 cards, cuda:0 to cuda:1")
        #expect(
            DeviceFault.noSuchCard(1, count: 1).description == "there is no cuda:1; this machine has 1 card, cuda:0")
    }

    @Test func `a driver and a card that are too old say what they are and what is the least`() {
        var driver = FakeMachine(), card = FakeMachine()
        driver.version = 11_040
        card.capability = (6, 1)
        #expect(
            fault(driver) == .oldDriver(version: 11_040) && fault(card) == .oldCard(name: "Card 0", major: 6, minor: 1))
        #expect(
            DeviceFault.oldDriver(version: 11_040).description
                == "NVIDIA's driver is too old: it speaks CUDA 11.4, and 12.0 is the least")
    }

    @Test func `a card that others have filled is refused before anything is put there`() {
        var full = FakeMachine(), fuller = FakeMachine()
        full.free = 900 << 20
        fuller.retaining = 2
        #expect(fault(full) == .nearlyFull(name: "Card 0", free: 900 << 20, total: 80 << 30))
        #expect(fault(fuller) == .nearlyFull(name: "Card 0", free: 0, total: 0))
    }

    @Test func `memory that is not there says what was wanted and what is free`() throws {
        let card = try FakeMachine().card()
        FakeMachine.current.withLock { $0.allocating = 2 }
        #expect(throws: DeviceFault.outOfMemory(wanted: 1 << 20, free: 60 << 30)) { try card.allocate(bytes: 1 << 20) }
    }

    @Test func `a text that is refused comes with the compiler's words`() throws {
        let card = try FakeMachine().card()
        FakeMachine.current.withLock {
            $0.compiling = 6
            $0.log = "kernels.cu(3): error"
        }
        let address = try card.allocate(bytes: 4)
        #expect(throws: DeviceFault.doesNotCompile(.common, log: "kernels.cu(3): error")) {
            try card.launch(.add, Grid(1), threads: 32, [.address(address), .address(address), .count(1)])
        }
    }

    @Test func `a text is compiled once, for the card and the width of the heads`() throws {
        let card = try FakeMachine().card()
        let address = try card.allocate(bytes: 4)
        for _ in 0..<2 {
            try card.launch(.add, Grid(1), threads: 32, [.address(address), .address(address), .count(0)])
        }
        let options = FakeMachine.current.withLock { $0.compiled }
        #expect(options.count == 1 && options[0].first == "--gpu-architecture=sm_90")
        _ = try card.launch(
            .attentionDots(96), Grid(1), threads: 32,
            [.address(address), .address(address), .address(address), .int(0), .int(1), .int(1)])
        #expect(FakeMachine.current.withLock { $0.compiled.last?.contains("-DHEAD_WIDTH=96") } == true)
    }

    /// How often a machine's compiler was called when a card is opened and one kernel launched.
    private func compilations(_ machine: FakeMachine, keepingIn folder: URL) throws -> Int {
        let card = try machine.card(keepingIn: folder.path)
        let address = try card.allocate(bytes: 4)
        try card.launch(.add, Grid(1), threads: 32, [.address(address), .address(address), .count(0)])
        return FakeMachine.current.withLock { $0.compiled.count }
    }

    @Test func `what was compiled is there at the next start, for the same kind of card, unless it is spoiled`() throws
    {
        try withTemporaryFolder { folder in
            let inner = folder.appending(path: "icot/kernels")
            var older = FakeMachine()
            older.capability = (8, 0)
            #expect(try compilations(FakeMachine(), keepingIn: inner) == 1)
            #expect(try compilations(FakeMachine(), keepingIn: inner) == 0)
            #expect(try compilations(older, keepingIn: inner) == 1)
            let files = try FileManager.default.contentsOfDirectory(atPath: inner.path)
            #expect(files.count == 2 && files.allSatisfy { $0.hasSuffix(".cubin") && $0.count == 64 + 6 })
            // The module is one byte, after its digest.
            for file in files {
                var bytes = try Data(contentsOf: inner.appending(path: file))
                #expect(bytes.count == 33)
                bytes[32] ^= 1
                try bytes.write(to: inner.appending(path: file))
            }
            #expect(try compilations(FakeMachine(), keepingIn: inner) == 1)
            #expect(try compilations(FakeMachine(), keepingIn: inner) == 0)
        }
    }

    @Test func `where nothing can be kept a card works all the same`() throws {
        #expect(try compilations(FakeMachine(), keepingIn: URL(filePath: "/proc/nowhere")) == 1)
    }

    @Test func `a precision is what cuBLAS is asked for, and refused on a card without it`() throws {
        for (precision, computation) in [(ProductPrecision.f32, Int32(68)), (.tf32, 77)] {
            let executor = try CUDAExecutor(FakeMachine().card(), precision: precision)
            #expect(executor.profile == "\(precision.rawValue) Card 0")
            let x = Buffer(executor, [1, 2]), w = Buffer(executor, [3, 4])
            let operation = ProductOperation(
                input: x.place, rows: 1, weight: w.place, inputs: 2, outputs: 1, isTransposed: false)
            #expect(executor.product(operation) == [11])
            #expect(FakeMachine.current.withLock { $0.computations } == [computation])
        }
        // The same memory, multiplied otherwise.
        let executor = try CUDAExecutor(FakeMachine().card())
        #expect(try executor.multiplying(in: .tf32).profile == "tf32 Card 0")
        #expect(try executor.multiplying(in: .bf16).profile == "bf16 Card 0")
        var older = FakeMachine()
        older.capability = (7, 5)
        let card = try older.card()
        #expect(throws: PrecisionFault(.tf32, at: "Card 0", possible: [.f32])) {
            try CUDAExecutor(card).multiplying(in: .tf32)
        }
        for precision in [ProductPrecision.tf32, .bf16] {
            #expect(throws: DeviceFault.noPrecision(name: "Card 0", precision)) {
                try CUDAExecutor(card, precision: precision)
            }
        }
        #expect(DeviceFault.noPrecision(name: "Card 0", .tf32).description == "Card 0 has no tf32")
    }

    @Test func `a card's graphs have other numbers when they are played again, and end with it`() throws {
        let card = try FakeMachine().card()
        let found = try trainSmallModel(GraphingDevice(card), .f32, batches: GraphingDeviceTests.batches)
        let right = try trainSmallModel(HostDevice(order: 0), .f32, batches: GraphingDeviceTests.batches)
        #expect(found.weights == right.weights && found.norms == right.norms)
        #expect(found.written.map(\.tokens) == right.written.map(\.tokens))
        FakeMachine.current.withLock { machine in
            #expect(machine.graphLaunches >= 10)
            #expect(machine.graphs.allSatisfy { $0 == nil } && machine.executables.allSatisfy { $0 == nil })
        }
    }

    @Test(arguments: [false, true], [false, true])
    func `a product is the triple loop, whichever factor is stored transposed`(_ left: Bool, _ right: Bool) throws {
        let card = try FakeMachine().card()
        let (m, n, k) = (3, 5, 4)
        let a = randomFloats(m * k, seed: 1), b = randomFloats(k * n, seed: 2), c = randomFloats(m * n, seed: 3)
        let addresses = try [a, b, c].map { values in
            let address = try card.allocate(bytes: 4 * values.count)
            try values.withUnsafeBytes { try card.copyIn($0, to: address) }
            return address
        }
        for accumulates in [true, false] {
            try card.multiply(
                DeviceProduct(
                    result: addresses[2], left: addresses[0], right: addresses[1], m: m, n: n, k: k,
                    transposesLeft: left, transposesRight: right, accumulates: accumulates))
            var found = [Float](repeating: 0, count: m * n)
            try found.withUnsafeMutableBytes { try card.copyOut(from: addresses[2], to: $0) }
            let expected = (0..<m * n).map { index in
                let (i, j) = (index / n, index % n)
                let sum = (0..<k).reduce(0.0) {
                    $0 + Double(left ? a[$1 * m + i] : a[i * k + $1]) * Double(right ? b[j * k + $1] : b[$1 * n + j])
                }
                return sum + (accumulates ? Double(c[index]) : 0)
            }
            #expect(largestDifference(found, expected) <= 1e-6)
        }
    }

    @Test(arguments: [false, true], [false, true])
    func `a bias and an addend are added by the product, or after it where cuBLAS cannot`(
        _ fuses: Bool, _ isTransposed: Bool
    ) throws {
        var machine = FakeMachine()
        machine.fuses = fuses
        let card = try machine.card(), executor = try CUDAExecutor(card)
        let (m, n, k) = (3, 4, 2)
        let a = randomFloats(m * k, seed: 1), b = randomFloats(k * n, seed: 2), c = randomFloats(m * n, seed: 3)
        let row = randomFloats(n, seed: 4)
        let buffers = [a, b, c, row].map { Buffer(executor, $0) }
        for (bias, addend) in [(true, true), (true, false), (false, true)] {
            let result = Buffer(executor, count: m * n, zeroed: true)
            executor.multiply(
                result.place, executor.address(buffers[0].place), executor.address(buffers[1].place), m: m, n: n, k: k,
                transposesRight: isTransposed, bias: bias ? buffers[3].place : nil,
                addend: addend ? buffers[2].place : nil)
            let expected = (0..<m * n).map { index in
                let (i, j) = (index / n, index % n)
                let product = (0..<k).reduce(0.0) {
                    $0 + Double(a[i * k + $1]) * Double(b[isTransposed ? j * k + $1 : $1 * n + j])
                }
                return product + (bias ? Double(row[j]) : 0) + (addend ? Double(c[index]) : 0)
            }
            #expect(largestDifference(executor.copyOut(result.place), expected) <= 1e-6)
        }
        FakeMachine.current.withLock { machine in
            #expect(machine.fusedProducts == (fuses ? 3 : 0))
            #expect(machine.alignments.count == 4 && machine.alignments.allSatisfy { 4...256 ~= $0 })
        }
    }

    @Test func `a model on a card through its driver has the logits that it has here`() throws {
        let executor = try CUDAExecutor(FakeMachine().card())
        let folder = goldenFolder.appending(path: "models/llama").path
        let model = try LanguageModel.load(from: folder)
        var batch = RaggedBatch()
        batch.append([1, 5, 9, 2, 7], positions: nil, labels: [5, 9, 2, 7, -1])
        batch.append([3, 4], positions: nil, labels: [4, -1])
        let there = try model.copy(on: executor).logits(batch), here = try model.logits(batch)
        #expect(largestDifference(there, here.map(Double.init)) <= 1e-4)
    }
}

@Suite struct LibrarySearchTests {
    @Test func `a library that is nowhere says where it was looked for and what to install`() throws {
        try withTemporaryFolder { folder in
            let search = LibrarySearch(folders: [folder.path])
            let missing = DeviceFault.missing(.compiler, tried: ["libnvrtc.so.99", folder.path])
            #expect(throws: missing) { try search.open(.compiler, ["libnvrtc.so.99"]) }
            #expect(
                missing.description
                    == "NVIDIA's compiler at run time (libnvrtc) is not there; looked for libnvrtc.so.99, \(folder.path)"
            )
            #expect(missing.help?.contains("pip install nvidia-cuda-nvrtc") == true)
        }
    }

    @Test func `files in folders come before what the system would find, also where a folder's name is a pattern`()
        throws
    {
        try withTemporaryFolder { folder in
            let inner = folder.appending(path: "python3.11/lib")
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
            try Data("no library".utf8).write(to: inner.appending(path: "libx.so.1"))
            let search = LibrarySearch(folders: ["\(folder.path)/python3*/lib", "/nowhere"])
            #expect(
                search.candidates(["libx.so.1"])
                    == ["\(folder.path)/python3.11/lib/libx.so.1", "/nowhere/libx.so.1", "libx.so.1"])
            #expect(throws: DeviceFault.self) { try search.open(.products, ["libx.so.1"]) }
        }
    }

    @Test func `a library without a function is called too old`() throws {
        let library = try LibrarySearch(folders: []).open(.driver, ["libm.so.6"])
        #expect(throws: DeviceFault.outdated(.driver, function: "cuInit")) {
            let _: @convention(c) (UInt32) -> Int32 = try library.function("cuInit", of: .driver)
        }
    }
}
