import CHostDevice
import COpenBLAS
import Glibc
import Synchronization

@testable import CUDA

/// A machine with NVIDIA's libraries and cards, as far as their functions tell: memory is the process's own, a kernel
/// runs on the host device, and cuBLAS is OpenBLAS, by columns. The functions of a C library know nothing but their
/// arguments, so there is one machine, for tests that run one after another.
struct FakeMachine: Sendable {
    var initializing: Int32 = 0
    var version: Int32 = 13_000
    var cards: Int32 = 2
    var capability: (Int32, Int32) = (9, 0)
    var retaining: Int32 = 0
    var free = 60 << 30
    var total = 80 << 30
    var allocating: Int32 = 0
    /// What the compiler says of any text.
    var compiling: Int32 = 0
    /// What was compiled: the options of each text.
    var compiled: [[String]] = []
    var log = ""
    /// How products were computed: `cublasComputeType_t`.
    var computations: [Int32] = []
    /// What is captured; nil where nothing is.
    var captured: [FakeCall]?
    /// Graphs, and executable ones, by their number from 1 on; nil when they were destroyed.
    var graphs: [[FakeCall]?] = []
    var executables: [[FakeCall]?] = []
    var graphLaunches = 0
    /// Descriptions of fused products, by their number from 1 on: attributes and their values.
    var descriptions: [[Int32: UInt]] = []
    /// Layouts: type, rows, columns.
    var layouts: [(type: Int32, rows: Int, columns: Int)] = []
    /// Whether cuBLAS has an algorithm for fused products, and what it was told of alignments.
    var fuses = true
    var alignments: [UInt32] = []
    var fusedProducts = 0

    static let current = Mutex(FakeMachine())

    /// Card number `index` of this machine, for a process that keeps its compiled kernels in a folder.
    func card(_ index: Int = 0, keepingIn folder: String? = nil) throws -> GraphicsCard {
        Self.current.withLock { $0 = self }
        return try GraphicsCard(
            index, driver: fakeDriver, compiler: fakeCompiler, products: fakeProducts,
            cache: folder.map { KernelCache(folder: $0) })
    }
}

/// What a stream is asked for.
enum FakeCall: Sendable {
    /// With a slot of eight bytes for each argument.
    case kernel(name: String, grid: [UInt32], threads: UInt32, arguments: [UInt64])
    case other(@Sendable () -> Int32)

    func perform() -> Int32 {
        switch self {
        case .other(let body): return body()
        case .kernel(let name, let grid, let threads, var slots):
            let problem = slots.withUnsafeMutableBufferPointer { slots in
                let pointers = slots.indices.map { index in
                    slots.baseAddress.map { UnsafeMutableRawPointer($0 + index) }
                }
                return host_device_launch(name, grid, threads, pointers, 0, HOST_DEVICE_NO_FAULT, -1)
            }
            return problem == nil ? 0 : 700
        }
    }

    /// Does it now, or notes it down where a stream is captured.
    func ask() -> Int32 {
        let isCaptured = FakeMachine.current.withLock { machine in
            machine.captured?.append(self)
            return machine.captured != nil
        }
        return isCaptured ? 0 : perform()
    }
}

/// The arguments of a kernel that are found where pointers point, each as wide as its type is.
private func slots(_ name: String, _ pointers: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> [UInt64]? {
    guard let signature = host_device_signature(name).map({ String(cString: $0) }) else { return nil }
    return signature.enumerated().map { index, letter in
        guard let argument = pointers?[index] else { return 0 }
        return "iuf".contains(letter)
            ? UInt64(argument.load(as: UInt32.self)) : argument.load(as: UInt64.self)
    }
}

private func pointer(_ bits: UInt) -> UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: bits) }

private func write(_ text: String, to characters: UnsafeMutablePointer<CChar>, most: Int) {
    var count = 0
    for byte in text.utf8.prefix(most) {
        characters[count] = CChar(bitPattern: byte)
        count += 1
    }
    characters[count] = 0
}

private let fakeDriver = DriverFunctions(
    initialize: { _ in FakeMachine.current.withLock { $0.initializing } },
    version: { result in
        result.pointee = FakeMachine.current.withLock { $0.version }
        return 0
    },
    count: { result in
        result.pointee = FakeMachine.current.withLock { $0.cards }
        return 0
    },
    device: { result, index in
        result.pointee = 40 + index
        return 0
    },
    name: { characters, size, device in
        write("Card \(device - 40)", to: characters, most: Int(size) - 1)
        return 0
    },
    attribute: { result, attribute, _ in
        let capability = FakeMachine.current.withLock { $0.capability }
        result.pointee = attribute == 75 ? capability.0 : capability.1
        return attribute == 75 || attribute == 76 ? 0 : 1
    },
    retainContext: { result, _ in
        result.pointee = pointer(1)
        return FakeMachine.current.withLock { $0.retaining }
    },
    setContext: { $0 == pointer(1) ? 0 : 201 },
    memory: { free, total in
        (free.pointee, total.pointee) = FakeMachine.current.withLock { ($0.free, $0.total) }
        return 0
    },
    allocate: { result, bytes in
        result.pointee = UInt(bitPattern: malloc(bytes))
        return FakeMachine.current.withLock { $0.allocating }
    },
    free: { address in
        Glibc.free(pointer(address))
        return 0
    },
    makeStream: { result, flags in
        result.pointee = pointer(2)
        return flags == 1 ? 0 : 1
    },
    finishStream: { $0 == pointer(2) ? 0 : 400 },
    copyIn: { target, source, bytes, stream in
        let from = UInt(bitPattern: source)
        let call = FakeCall.other {
            if let source = pointer(from), let target = pointer(target) { memcpy(target, source, bytes) }
            return 0
        }
        return stream == pointer(2) ? call.ask() : 400
    },
    copyOut: { target, source, bytes, stream in
        if let target, let source = pointer(source) { memcpy(target, source, bytes) }
        return stream == pointer(2) ? 0 : 400
    },
    copy: { target, source, bytes, stream in
        let call = FakeCall.other {
            if let target = pointer(target), let source = pointer(source) { memcpy(target, source, bytes) }
            return 0
        }
        return stream == pointer(2) ? call.ask() : 400
    },
    clear: { target, byte, bytes, stream in
        let call = FakeCall.other {
            if let target = pointer(target) { memset(target, Int32(byte), bytes) }
            return 0
        }
        return stream == pointer(2) ? call.ask() : 400
    },
    loadModule: { result, image in
        result.pointee = pointer(3)
        return image?.load(as: UInt8.self) == 42 ? 0 : 200
    },
    function: { result, module, name in
        guard module == pointer(3), host_device_signature(name) != nil else { return 500 }
        // A function is known by its name here; it stays to the end.
        result.pointee = UnsafeMutableRawPointer(strdup(name))
        return 0
    },
    launch: { function, x, y, z, threads, y1, z1, shared, stream, arguments, extra in
        guard let function, stream == pointer(2), y1 == 1, z1 == 1, shared == 0, extra == nil else { return 1 }
        let name = String(cString: function.assumingMemoryBound(to: CChar.self))
        guard let slots = slots(name, arguments) else { return 1 }
        return FakeCall.kernel(name: name, grid: [x, y, z], threads: threads, arguments: slots).ask()
    },
    allocateHost: { result, bytes in
        result.pointee = malloc(bytes)
        return 0
    },
    beginCapture: { stream, mode in
        FakeMachine.current.withLock { $0.captured = [] }
        return stream == pointer(2) && mode == 2 ? 0 : 1
    },
    endCapture: { _, graph in
        FakeMachine.current.withLock { machine in
            machine.graphs.append(machine.captured)
            machine.captured = nil
            graph.pointee = pointer(UInt(machine.graphs.count))
        }
        return 0
    },
    captureInfo: { _, status, _, _, nodes, count in
        // The node of a call is its number from 1 on; what is given is read before the next call.
        let last = FakeMachine.current.withLock { $0.captured?.count ?? 0 }
        status.pointee = last > 0 ? 1 : 0
        lastNode.pointee = pointer(UInt(last))
        nodes?.pointee = UnsafePointer(lastNode)
        count?.pointee = 1
        return 0
    },
    instantiate: { executable, graph, flags in
        FakeMachine.current.withLock { machine in
            machine.executables.append(machine.graphs[Int(bitPattern: graph) - 1])
            executable.pointee = pointer(UInt(machine.executables.count))
        }
        return flags == 0 ? 0 : 1
    },
    setNode: { executable, node, parameters in
        let parameters = parameters.load(as: DriverFunctions.KernelNode.self)
        guard let function = parameters.function, parameters.kernel == nil, parameters.extra == nil else { return 1 }
        let name = String(cString: function.assumingMemoryBound(to: CChar.self))
        guard let slots = slots(name, parameters.arguments) else { return 1 }
        return FakeMachine.current.withLock { machine in
            let (graph, call) = (Int(bitPattern: executable) - 1, Int(bitPattern: node) - 1)
            guard case .kernel(let old, _, _, _)? = machine.executables[graph]?[call], old == name else { return 1 }
            let (grid, block) = (parameters.grid, parameters.block)
            machine.executables[graph]?[call] = .kernel(
                name: name, grid: [grid.0, grid.1, grid.2], threads: block.0, arguments: slots)
            return 0
        }
    },
    launchGraph: { executable, stream in
        let calls = FakeMachine.current.withLock { machine in
            machine.graphLaunches += 1
            return machine.executables[Int(bitPattern: executable) - 1]
        }
        guard let calls, stream == pointer(2) else { return 1 }
        return calls.map { $0.perform() }.first { $0 != 0 } ?? 0
    },
    destroyExecutable: { executable in
        FakeMachine.current.withLock { $0.executables[Int(bitPattern: executable) - 1] = nil }
        return 0
    },
    destroyGraph: { graph in
        FakeMachine.current.withLock { $0.graphs[Int(bitPattern: graph) - 1] = nil }
        return 0
    })

/// Where `captureInfo` puts the node that it gives.
private nonisolated(unsafe) let lastNode = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 1)

private let fakeCompiler = KernelCompiler(
    version: { major, minor in
        (major.pointee, minor.pointee) = (13, 0)
        return 0
    },
    create: { program, text, _, _, _, _ in
        program.pointee = pointer(4)
        return strlen(text) > 1000 ? 0 : 1
    },
    compileProgram: { program, count, options in
        let texts = (0..<Int(count)).compactMap { options[$0].map { String(cString: $0) } }
        return FakeMachine.current.withLock { machine in
            machine.compiled.append(texts)
            return machine.compiling
        }
    },
    destroy: { _ in 0 },
    logSize: { _, size in
        size.pointee = FakeMachine.current.withLock { $0.log.utf8.count } + 1
        return 0
    },
    log: { _, characters in
        write(FakeMachine.current.withLock { $0.log }, to: characters, most: 1000)
        return 0
    },
    moduleSize: { _, size in
        size.pointee = 1
        return 0
    },
    module: { _, bytes in
        bytes.pointee = 42
        return 0
    })

private let fakeProducts = ProductFunctions(
    create: { result in
        result.pointee = pointer(5)
        return 0
    },
    version: { handle, version in
        version.pointee = 130_002
        return handle == pointer(5) ? 0 : 1
    },
    setStream: { handle, stream in handle == pointer(5) && stream == pointer(2) ? 0 : 1 },
    setWorkspace: { handle, _, _ in handle == pointer(5) ? 0 : 1 },
    gemm: {
        handle, left, right, m, n, k, alpha, a, aType, lda, b, bType, ldb, beta, c, cType, ldc, computation, algorithm
        in
        guard handle == pointer(5), [aType, bType, cType] == [0, 0, 0], algorithm == -1,
            let alpha = alpha?.load(as: Float.self), let beta = beta?.load(as: Float.self)
        else { return 7 }
        FakeMachine.current.withLock { $0.computations.append(computation) }
        let call = FakeCall.other {
            gemm(left, right, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
        }
        return call.ask()
    },
    createFused: { result in
        result.pointee = pointer(6)
        return 0
    },
    createDescription: { result, computation, scale in
        FakeMachine.current.withLock { machine in
            machine.computations.append(computation)
            machine.descriptions.append([:])
            result.pointee = pointer(UInt(machine.descriptions.count))
        }
        return scale == 0 ? 0 : 7
    },
    describe: { description, attribute, value, size in
        let value = size == 8 ? value.load(as: UInt.self) : UInt(value.load(as: UInt32.self))
        FakeMachine.current.withLock { $0.descriptions[Int(bitPattern: description) - 1][attribute] = value }
        return size == (attribute == 8 ? 8 : 4) ? 0 : 7
    },
    createLayout: { result, type, rows, columns, stride in
        FakeMachine.current.withLock { machine in
            machine.layouts.append((type, Int(rows), Int(columns)))
            result.pointee = pointer(UInt(machine.layouts.count))
        }
        return stride == Int64(rows) ? 0 : 7
    },
    createPreference: { result in
        result.pointee = pointer(7)
        FakeMachine.current.withLock { $0.alignments = [] }
        return 0
    },
    prefer: { preference, attribute, value, size in
        if attribute == 1 { return value.load(as: Int.self) == 32 << 20 && size == 8 ? 0 : 7 }
        FakeMachine.current.withLock { $0.alignments.append(value.load(as: UInt32.self)) }
        return size == 4 && (5...8).contains(attribute) ? 0 : 7
    },
    destroyPreference: { $0 == pointer(7) ? 0 : 7 },
    algorithms: { handle, _, _, _, _, _, _, wanted, results, count in
        var found = ProductFunctions.Algorithm(reserved: (0, 0, 0, 0))
        found.words.0 = 42
        results.storeBytes(of: found, as: ProductFunctions.Algorithm.self)
        count.pointee = FakeMachine.current.withLock { $0.fuses } ? 1 : 0
        return handle == pointer(6) && wanted == 1 ? 0 : 7
    },
    multiply: {
        handle, description, alpha, a, aLayout, b, bLayout, beta, c, cLayout, d, dLayout, algorithm, workspace, size,
        stream in
        guard handle == pointer(6), stream == pointer(2), workspace != 0, size == 32 << 20, cLayout == dLayout,
            algorithm.load(as: UInt64.self) == 42
        else { return 7 }
        let (attributes, layouts) = FakeMachine.current.withLock { machine in
            machine.fusedProducts += 1
            return (
                machine.descriptions[Int(bitPattern: description) - 1],
                [aLayout, bLayout, dLayout].map { machine.layouts[Int(bitPattern: $0) - 1] }
            )
        }
        guard layouts.map(\.type) == [0, 0, 0] else { return 7 }
        let (alpha, beta) = (alpha.load(as: Float.self), beta.load(as: Float.self))
        let call = FakeCall.other {
            let (n, m) = (layouts[2].rows, layouts[2].columns)
            func floats(_ address: UInt) -> UnsafeMutablePointer<Float>? {
                pointer(address)?.assumingMemoryBound(to: Float.self)
            }
            guard let from = floats(c), let to = floats(d) else { return 7 }
            if from != to { to.update(from: from, count: m * n) }
            let k = attributes[3] == 1 ? layouts[0].rows : layouts[0].columns
            let status = gemm(
                Int32(attributes[3] ?? 0), Int32(attributes[4] ?? 0), Int32(n), Int32(m), Int32(k), alpha, a,
                Int32(layouts[0].rows), b, Int32(layouts[1].rows), beta, d, Int32(n))
            if attributes[7] == 4, let bias = attributes[8].flatMap({ floats($0) }) {
                for index in 0..<m * n { to[index] += bias[index % n] }
            }
            return status
        }
        return call.ask()
    })

private func gemm(
    _ left: Int32, _ right: Int32, _ m: Int32, _ n: Int32, _ k: Int32, _ alpha: Float, _ a: UInt, _ lda: Int32,
    _ b: UInt, _ ldb: Int32, _ beta: Float, _ c: UInt, _ ldc: Int32
) -> Int32 {
    func floats(_ address: UInt) -> UnsafeMutablePointer<Float>? {
        pointer(address)?.assumingMemoryBound(to: Float.self)
    }
    guard let a = floats(a), let b = floats(b), let c = floats(c) else { return 7 }
    openBLAS.sgemm(
        blasint(OB_COLUMN_MAJOR), blasint(left == 1 ? OB_TRANSPOSE : OB_NO_TRANSPOSE),
        blasint(right == 1 ? OB_TRANSPOSE : OB_NO_TRANSPOSE), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
    return 0
}
