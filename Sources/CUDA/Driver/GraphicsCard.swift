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
    }

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
        var workspace: UInt = 0
        try Self.check("cuMemAlloc", driver.allocate(&workspace, Self.workspaceSize))
        try Self.check(
            "cublasSetWorkspace", products.setWorkspace(handles.products, workspace, Self.workspaceSize), of: .products)
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
        // The driver takes from each slot as many bytes as the parameter's type has.
        let status = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: arguments.count) { slots in
            withUnsafeTemporaryAllocation(of: Pointer?.self, capacity: arguments.count) { pointers in
                for (index, argument) in arguments.enumerated() {
                    slots[index] = argument.slot
                    pointers[index] = slots.baseAddress.map { Pointer($0 + index) }
                }
                return driver.launch(
                    function, UInt32(grid.x), UInt32(grid.y), UInt32(grid.z), UInt32(threads), 1, 1, 0, stream,
                    pointers.baseAddress, nil)
            }
        }
        try Self.check("cuLaunchKernel of \(kernel.name)", status)
    }

    public func multiply(_ product: DeviceProduct) throws(DeviceFault) {
        guard product.m > 0, product.n > 0 else { return }
        try enter()
        var one: Float = 1, kept: Float = product.accumulates ? 1 : 0
        // cuBLAS takes matrices by columns. What it reads of ours are their transposes, and Cᵀ = Bᵀ·Aᵀ.
        let type = product.precision == .bf16 ? ProductFunctions.bfloat16 : ProductFunctions.float32
        let status = isMultiplying.withLock { _ in
            products.gemm(
                handles.products, product.transposesRight ? 1 : 0, product.transposesLeft ? 1 : 0, Int32(product.n),
                Int32(product.m), Int32(product.k), &one, product.right.bits, type,
                Int32(max(1, product.transposesRight ? product.k : product.n)), product.left.bits, type,
                Int32(max(1, product.transposesLeft ? product.m : product.k)), &kept, product.result.bits,
                ProductFunctions.float32, Int32(product.n), ProductFunctions.computation(product.precision), ProductFunctions.anyAlgorithm)
        }
        try Self.check("cublasGemmEx", status, of: .products)
    }

    public func finish() throws(DeviceFault) {
        try Self.check("cuStreamSynchronize", driver.finishStream(handles.stream))
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
