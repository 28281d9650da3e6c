import Support
import Synchronization
import Tensors

/// An NVIDIA card, through its driver, its compiler and cuBLAS, all opened at run time.
///
/// Everything goes through one stream, so that it happens in the order in which it is asked for. A module of kernels is
/// compiled when the first of its kernels is wanted.
public final class GraphicsCard: Device {
    public let name: String
    public let library: String
    /// As the compiler calls it: `sm_90`.
    public let architecture: String
    /// The first number of its compute capability, 9 of 9.0.
    private let major: Int
    private let driver: DriverFunctions
    private let compiler: KernelCompiler
    private let products: ProductFunctions
    private let cache: KernelCache?
    private let handles: Handles
    private let functions = Mutex<[Kernel: UInt]>([:])
    private let modules = Mutex<[KernelSource: UInt]>([:])
    /// A handle of cuBLAS is for one thread at a time.
    private let isMultiplying = Mutex(())

    /// What the libraries gave out; whoever has the card may use them from any thread.
    private struct Handles: @unchecked Sendable {
        var context: Pointer?
        var stream: Pointer?
        var products: Pointer?
        var fusedProducts: Pointer?
        var workspace: UInt = 0
    }

    /// How a fused product is computed, for those that are alike.
    private struct Plan: @unchecked Sendable {
        struct Key: Hashable {
            let sizes: [Int]
            let flags: [Bool]
            let precision: ProductPrecision
            /// To how many bytes each matrix is aligned.
            let alignments: [UInt32]
        }

        var description: Pointer?
        /// Of A, B and of C and D alike.
        var layouts: [Pointer?] = []
        /// Nil where cuBLAS has none.
        var algorithm: ProductFunctions.Algorithm?
    }

    private let plans = Mutex<[Plan.Key: Plan]>([:])

    /// For products, so that each has the same whenever it runs.
    private static let workspaceSize = 32 << 20
    /// `CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR` and `…MINOR`
    private static let majorAttribute: Int32 = 75
    private static let minorAttribute: Int32 = 76
    /// `CU_STREAM_NON_BLOCKING`
    private static let streamByItself: UInt32 = 1

    /// Card number `index` of this machine.
    public convenience init(_ index: Int = 0, _ search: LibrarySearch = .here()) throws(DeviceFault) {
        let driver = try DriverFunctions()
        // A machine without a card is told so before it is told what else it lacks.
        _ = try Self.device(index, driver)
        try self.init(
            index, driver: driver, compiler: KernelCompiler(search), products: ProductFunctions(search), cache: .here())
    }

    init(
        _ index: Int, driver: DriverFunctions, compiler: KernelCompiler, products: ProductFunctions,
        cache: KernelCache?
    ) throws(DeviceFault) {
        let device = try Self.device(index, driver)
        var characters = [CChar](repeating: 0, count: 128)
        try Self.check("cuDeviceGetName", driver.name(&characters, 127, device))
        let name = String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var (major, minor) = (Int32(0), Int32(0))
        try Self.check("cuDeviceGetAttribute", driver.attribute(&major, Self.majorAttribute, device))
        try Self.check("cuDeviceGetAttribute", driver.attribute(&minor, Self.minorAttribute, device))
        if major < DeviceFault.leastMajor { throw .oldCard(name: name, major: Int(major), minor: Int(minor)) }
        var handles = Handles()
        let status = driver.retainContext(&handles.context, device)
        if status == DriverFunctions.outOfMemory { throw .nearlyFull(name: name, free: 0, total: 0) }
        try Self.check("cuDevicePrimaryCtxRetain", status)
        try Self.check("cuCtxSetCurrent", driver.setContext(handles.context))
        var (free, total) = (0, 0)
        try Self.check("cuMemGetInfo", driver.memory(&free, &total))
        if free < DeviceFault.leastFree { throw .nearlyFull(name: name, free: free, total: total) }
        try Self.check("cuStreamCreate", driver.makeStream(&handles.stream, Self.streamByItself))
        try Self.check("cublasCreate", products.create(&handles.products), of: .products)
        try Self.check("cublasSetStream", products.setStream(handles.products, handles.stream), of: .products)
        try Self.check("cuMemAlloc", driver.allocate(&handles.workspace, Self.workspaceSize))
        try Self.check(
            "cublasSetWorkspace", products.setWorkspace(handles.products, handles.workspace, Self.workspaceSize),
            of: .products)
        try Self.check("cublasLtCreate", products.createFused(&handles.fusedProducts), of: .products)
        var version: Int32 = 0
        try Self.check("cublasGetVersion", products.version(handles.products, &version), of: .products)
        self.name = name
        library =
            "cuBLAS \(version / 10_000).\(version / 100 % 100).\(version % 100), NVRTC \(compiler.versionText)"
        architecture = "sm_\(major)\(minor)"
        self.major = Int(major)
        self.driver = driver
        self.compiler = compiler
        self.products = products
        self.cache = cache
        self.handles = handles
    }

    /// What the driver calls card number `index`.
    private static func device(_ index: Int, _ driver: DriverFunctions) throws(DeviceFault) -> Int32 {
        let status = driver.initialize(0)
        if status == DriverFunctions.noDevice { throw .noCard }
        try check("cuInit", status)
        var version: Int32 = 0, count: Int32 = 0, device: Int32 = 0
        try check("cuDriverGetVersion", driver.version(&version))
        if version < DeviceFault.leastDriver { throw .oldDriver(version: Int(version)) }
        try check("cuDeviceGetCount", driver.count(&count))
        if count == 0 { throw .noCard }
        guard (0..<Int(count)).contains(index) else { throw .noSuchCard(index, count: Int(count)) }
        try check("cuDeviceGet", driver.device(&device, Int32(index)))
        return device
    }

    /// Ampere and later have TF32 and bfloat16.
    public func supports(_ precision: ProductPrecision) -> Bool { precision == .f32 || major >= 8 }

    // MARK: Memory

    public func freeBytes() throws(DeviceFault) -> Int {
        try enter()
        var (free, total) = (0, 0)
        try Self.check("cuMemGetInfo", driver.memory(&free, &total))
        return free
    }

    public func allocate(bytes: Int) throws(DeviceFault) -> DeviceAddress {
        try enter()
        var address: UInt = 0
        let status = driver.allocate(&address, max(bytes, 1))
        if status == DriverFunctions.outOfMemory {
            throw .outOfMemory(wanted: bytes, free: try freeBytes())
        }
        try Self.check("cuMemAlloc", status)
        return DeviceAddress(address)
    }

    public func free(_ address: DeviceAddress) {
        // The driver waits for what still uses it. Nobody is there to hear of a fault.
        _ = driver.setContext(handles.context)
        _ = driver.free(address.bits)
    }

    public func clear(_ address: DeviceAddress, bytes: Int) throws(DeviceFault) {
        guard bytes > 0 else { return }
        try enter()
        try Self.check("cuMemsetD8Async", driver.clear(address.bits, 0, bytes, handles.stream))
    }

    public func copy(from source: DeviceAddress, to target: DeviceAddress, bytes: Int) throws(DeviceFault) {
        guard bytes > 0 else { return }
        try enter()
        try Self.check("cuMemcpyDtoDAsync", driver.copy(target.bits, source.bits, bytes, handles.stream))
    }

    public func copyIn(_ bytes: UnsafeRawBufferPointer, to target: DeviceAddress) throws(DeviceFault) {
        guard !bytes.isEmpty else { return }
        try enter()
        // From memory that is not pinned the driver returns when it has taken the bytes.
        try Self.check("cuMemcpyHtoDAsync", driver.copyIn(target.bits, bytes.baseAddress, bytes.count, handles.stream))
    }

    public func copyOut(from source: DeviceAddress, to bytes: UnsafeMutableRawBufferPointer) throws(DeviceFault) {
        guard !bytes.isEmpty else { return }
        try enter()
        try Self.check("cuMemcpyDtoHAsync", driver.copyOut(bytes.baseAddress, source.bits, bytes.count, handles.stream))
        try finish()
    }

    // MARK: Work

    public func launch(
        _ kernel: Kernel, _ grid: Grid, threads: Int, _ arguments: [KernelArgument]
    ) throws(DeviceFault) {
        try enter()
        let function = try function(kernel)
        let driver = driver, stream = handles.stream
        let status = Self.withPointers(arguments) { pointers in
            driver.launch(
                function, UInt32(grid.x), UInt32(grid.y), UInt32(grid.z), UInt32(threads), 1, 1, 0, stream, pointers,
                nil)
        }
        try Self.check("cuLaunchKernel of \(kernel.name)", status)
    }

    /// The driver takes from each slot as many bytes as the parameter's type has.
    private static func withPointers(
        _ arguments: [KernelArgument], _ body: (UnsafeMutablePointer<Pointer?>?) -> Int32
    ) -> Int32 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: arguments.count) { slots in
            withUnsafeTemporaryAllocation(of: Pointer?.self, capacity: arguments.count) { pointers in
                for (index, argument) in arguments.enumerated() {
                    slots[index] = argument.slot
                    pointers[index] = slots.baseAddress.map { Pointer($0 + index) }
                }
                return body(pointers.baseAddress)
            }
        }
    }

    public func multiply(_ product: DeviceProduct) throws(DeviceFault) {
        guard product.m > 0, product.n > 0 else { return }
        try enter()
        if product.isFused { return try multiplyAndAdd(product) }
        var one: Float = 1, kept: Float = product.accumulates ? 1 : 0
        // cuBLAS takes matrices by columns. What it reads of ours are their transposes, and Cᵀ = Bᵀ·Aᵀ.
        let type = product.precision == .bf16 ? ProductFunctions.bfloat16 : ProductFunctions.float32
        let status = isMultiplying.withLock { _ in
            products.gemm(
                handles.products, product.transposesRight ? 1 : 0, product.transposesLeft ? 1 : 0, Int32(product.n),
                Int32(product.m), Int32(product.k), &one, product.right.bits, type,
                Int32(max(1, product.transposesRight ? product.k : product.n)), product.left.bits, type,
                Int32(max(1, product.transposesLeft ? product.m : product.k)), &kept, product.result.bits,
                ProductFunctions.float32, Int32(product.n), ProductFunctions.computation(product.precision),
                ProductFunctions.anyAlgorithm)
        }
        try Self.check("cublasGemmEx", status, of: .products)
    }

    /// C = A · B + bias + addend, in one kernel where cuBLAS has it.
    private func multiplyAndAdd(_ product: DeviceProduct) throws(DeviceFault) {
        let plan = try plan(for: product)
        guard var algorithm = plan.algorithm else {
            var bare = product
            (bare.bias, bare.addend) = (.none, .none)
            try multiply(bare)
            return try launch(
                .finishLinear, Grid(product.m, (product.n + 1023) / 1024), threads: 256,
                [
                    .address(product.result), .address(product.bias), .address(product.addend), .int(product.n),
                    .key(0), .unsigned(0), .float(1),
                ])
        }
        var one: Float = 1, kept: Float = product.addend == .none ? 0 : 1
        let addend = product.addend == .none ? product.result.bits : product.addend.bits
        var bias = product.bias.bits
        // The description is one for all that are alike, and the bias is a part of it.
        let status = isMultiplying.withLock { _ in
            if bias != 0 {
                let status = products.describe(
                    plan.description, ProductFunctions.biasPointer, &bias, MemoryLayout<UInt>.size)
                if status != 0 { return status }
            }
            return products.multiply(
                handles.fusedProducts, plan.description, &one, product.right.bits, plan.layouts[0],
                product.left.bits, plan.layouts[1], &kept, addend, plan.layouts[2], product.result.bits,
                plan.layouts[2], &algorithm.words, handles.workspace, Self.workspaceSize, handles.stream)
        }
        try Self.check("cublasLtMatmul", status, of: .products)
    }

    private func plan(for product: DeviceProduct) throws(DeviceFault) -> Plan {
        let addend = product.addend == .none ? product.result : product.addend
        let addresses = [product.right, product.left, addend, product.result]
        let key = Plan.Key(
            sizes: [product.m, product.n, product.k],
            flags: [
                product.transposesLeft, product.transposesRight, product.bias == .none, product.addend == .none,
            ], precision: product.precision,
            alignments: addresses.map { UInt32(1 << min(8, $0.bits.trailingZeroBitCount)) })
        if let known = plans.withLock({ $0[key] }) { return known }
        var plan = Plan()
        func check(_ call: String, _ status: Int32) throws(DeviceFault) {
            try Self.check(call, status, of: .products)
        }
        func describe(_ attribute: Int32, _ value: Int32) throws(DeviceFault) {
            var value = value
            try check(
                "cublasLtMatmulDescSetAttribute",
                products.describe(plan.description, attribute, &value, MemoryLayout<Int32>.size))
        }
        try check(
            "cublasLtMatmulDescCreate",
            products.createDescription(
                &plan.description, ProductFunctions.computation(product.precision), ProductFunctions.float32))
        try describe(ProductFunctions.transposesA, product.transposesRight ? 1 : 0)
        try describe(ProductFunctions.transposesB, product.transposesLeft ? 1 : 0)
        if product.bias != .none { try describe(ProductFunctions.epilogue, ProductFunctions.addsBias) }
        let type = product.precision == .bf16 ? ProductFunctions.bfloat16 : ProductFunctions.float32
        // By columns, and so transposed: A is our right factor.
        let (m, n, k) = (product.m, product.n, product.k)
        let shapes = [
            (type, product.transposesRight ? (k, n) : (n, k)), (type, product.transposesLeft ? (m, k) : (k, m)),
            (ProductFunctions.float32, (n, m)),
        ]
        for (type, (rows, columns)) in shapes {
            var layout: Pointer?
            try check(
                "cublasLtMatrixLayoutCreate",
                products.createLayout(&layout, type, UInt64(rows), UInt64(columns), Int64(rows)))
            plan.layouts.append(layout)
        }
        var preference: Pointer?
        try check("cublasLtMatmulPreferenceCreate", products.createPreference(&preference))
        defer { _ = products.destroyPreference(preference) }
        var size = Self.workspaceSize
        try check(
            "cublasLtMatmulPreferenceSetAttribute",
            products.prefer(preference, ProductFunctions.workspaceMost, &size, MemoryLayout<Int>.size))
        for (index, alignment) in key.alignments.enumerated() {
            var alignment = alignment
            try check(
                "cublasLtMatmulPreferenceSetAttribute",
                products.prefer(
                    preference, ProductFunctions.alignment + Int32(index), &alignment, MemoryLayout<UInt32>.size))
        }
        var found = ProductFunctions.Algorithm(reserved: (0, 0, 0, 0)), count: Int32 = 0
        let status = products.algorithms(
            handles.fusedProducts, plan.description, plan.layouts[0], plan.layouts[1], plan.layouts[2],
            plan.layouts[2], preference, 1, &found, &count)
        if status == 0, count > 0, found.state == 0 { plan.algorithm = found }
        let made = plan
        plans.withLock { $0[key] = made }
        return made
    }

    public func finish() throws(DeviceFault) {
        try Self.check("cuStreamSynchronize", driver.finishStream(handles.stream))
    }

    // MARK: Graphs

    public func hostMemory(bytes: Int) throws(DeviceFault) -> UnsafeMutableRawBufferPointer {
        try enter()
        var memory: Pointer?
        try Self.check("cuMemAllocHost", driver.allocateHost(&memory, bytes))
        return UnsafeMutableRawBufferPointer(start: memory, count: bytes)
    }

    public func graph(of calls: [DeviceCall]) throws(DeviceFault) -> any DeviceGraph {
        try enter()
        try Self.check("cuStreamBeginCapture", driver.beginCapture(handles.stream, Self.relaxed))
        var nodes: [Int: CardGraph.Node] = [:], graph: Pointer?, fault: DeviceFault?
        do {
            for (index, call) in calls.enumerated() {
                try perform(call)
                if case .launch(let kernel, let grid, let threads, let arguments) = call,
                    arguments.contains(where: \.isNumber)
                {
                    nodes[index] = CardGraph.Node(
                        node: try lastNode(), function: try function(kernel), grid: grid, threads: threads)
                }
            }
        } catch { fault = error }
        // A capture that was begun has to be ended in any case.
        let status = driver.endCapture(handles.stream, &graph)
        if let fault {
            _ = driver.destroyGraph(graph)
            throw fault
        }
        try Self.check("cuStreamEndCapture", status)
        var executable: Pointer?
        let instantiated = driver.instantiate(&executable, graph, 0)
        if instantiated != 0 { _ = driver.destroyGraph(graph) }
        try Self.check("cuGraphInstantiate", instantiated)
        return CardGraph(self, graph, executable, nodes)
    }

    /// `CU_STREAM_CAPTURE_MODE_RELAXED`: other threads may do what they like.
    private static let relaxed: Int32 = 2

    /// What was captured last.
    private func lastNode() throws(DeviceFault) -> Pointer? {
        var status: Int32 = 0, count = 0, nodes: UnsafePointer<Pointer?>?
        try Self.check(
            "cuStreamGetCaptureInfo", driver.captureInfo(handles.stream, &status, nil, nil, &nodes, &count))
        guard count == 1, let node = nodes?.pointee else {
            throw .failed(.driver, call: "cuStreamGetCaptureInfo, which gives \(count) nodes,", code: 0)
        }
        return node
    }

    /// Calls as the driver keeps them.
    private final class CardGraph: DeviceGraph, @unchecked Sendable {
        /// A kernel whose numbers may be changed.
        struct Node {
            var node: Pointer?
            var function: Pointer?
            var grid: Grid
            var threads: Int
        }

        // Whoever launches has the only reference that does.
        private let card: GraphicsCard
        private let graph: Pointer?
        private let executable: Pointer?
        private let nodes: [Int: Node]

        init(_ card: GraphicsCard, _ graph: Pointer?, _ executable: Pointer?, _ nodes: [Int: Node]) {
            self.card = card
            self.graph = graph
            self.executable = executable
            self.nodes = nodes
        }

        deinit {
            _ = card.driver.setContext(card.handles.context)
            _ = card.driver.destroyExecutable(executable)
            _ = card.driver.destroyGraph(graph)
        }

        func change(_ index: Int, _ arguments: [KernelArgument]) throws(DeviceFault) {
            guard let node = nodes[index] else { return }
            try card.enter()
            let status = withPointers(arguments) { pointers in
                var parameters = DriverFunctions.KernelNode(
                    function: node.function, grid: (UInt32(node.grid.x), UInt32(node.grid.y), UInt32(node.grid.z)),
                    block: (UInt32(node.threads), 1, 1), sharedBytes: 0, arguments: pointers)
                return card.driver.setNode(executable, node.node, &parameters)
            }
            try check("cuGraphExecKernelNodeSetParams", status)
        }

        func launch() throws(DeviceFault) {
            try card.enter()
            try check("cuGraphLaunch", card.driver.launchGraph(executable, card.handles.stream))
        }
    }

    // MARK: Kernels

    private func function(_ kernel: Kernel) throws(DeviceFault) -> Pointer? {
        if let known = functions.withLock({ $0[kernel] }) { return Pointer(bitPattern: known) }
        var function: Pointer?
        try Self.check(
            "cuModuleGetFunction of \(kernel.name)", driver.function(&function, module(kernel.source), kernel.name))
        let found = UInt(bitPattern: function)
        functions.withLock { $0[kernel] = found }
        return function
    }

    private func module(_ source: KernelSource) throws(DeviceFault) -> Pointer? {
        if let known = modules.withLock({ $0[source] }) { return Pointer(bitPattern: known) }
        var module: Pointer?
        let path = cache?.path(source, architecture, compiler.versionText)
        let kept = path.flatMap { cache?.read($0) }
        if kept.map({ driver.loadModule(&module, $0) }) != 0 {
            let compiled = try compiler.compile(source, for: architecture).module
            try Self.check("cuModuleLoadData", driver.loadModule(&module, compiled))
            if let path { cache?.keep(compiled, at: path) }
        }
        let loaded = UInt(bitPattern: module)
        modules.withLock { $0[source] = loaded }
        return module
    }

    /// Makes the card's context that of the thread, which may not have used it before.
    private func enter() throws(DeviceFault) {
        try Self.check("cuCtxSetCurrent", driver.setContext(handles.context))
    }

    private static func check(
        _ call: String, _ status: Int32, of library: DeviceFault.Library = .driver
    ) throws(DeviceFault) {
        if status != 0 { throw .failed(library, call: call, code: Int(status)) }
    }
}
