import Glibc
import Tensors

/// The executor on a device: kernels of our own (`Kernels/`) and the device's products.
///
/// Its storages are addresses of the device. A device fault in the middle of a pass cannot be gone on from, because
/// nobody above knows how much of an operation is done: the program ends with a sentence, as it does without memory.
/// Whatever can be known before is asked before (`GraphicsCard.init`, `CUDAExecutor.fault(headWidth:)`).
public final class CUDAExecutor: Executor {
    public let device: any Device
    public let precision: ProductPrecision
    /// Sequences of one launch of attention.
    let sequencesMost: Int
    let memory: DeviceMemory

    /// What a grid can have in its third direction.
    public static let gridMost = 65_535

    /// - Throws: `DeviceFault.noPrecision`.
    public convenience init(
        _ device: any Device, precision: ProductPrecision = .f32, sequencesMost: Int = CUDAExecutor.gridMost
    ) throws(DeviceFault) {
        try self.init(device, precision, sequencesMost, DeviceMemory(device))
    }

    private init(
        _ device: any Device, _ precision: ProductPrecision, _ sequencesMost: Int, _ memory: DeviceMemory
    ) throws(DeviceFault) {
        guard device.supports(precision) else {
            throw .noPrecision(name: device.name, precision)
        }
        self.device = device
        self.precision = precision
        self.sequencesMost = sequencesMost
        self.memory = memory
    }

    /// `f32 NVIDIA H100 80GB HBM3`
    public var profile: String { "\(precision.rawValue) \(device.name)" }
    public var library: String? { device.library }

    /// Bytes that could still be given out; nil where the device does not say.
    public var freeBytes: Int? { try? device.freeBytes() }

    /// 2 GB of cache.
    public var generationMost: GenerationMost { GenerationMost(sequences: 1024, cacheFloats: 1 << 29) }

    /// Why heads of this width cannot be computed; nil if they can.
    public static func fault(headWidth width: Int) -> DeviceFault? {
        KernelSource.attentionWidths.contains { $0 >= width } ? nil : .wideHead(width)
    }

    /// Threads of the host do not matter.
    public func using(_ workers: Workers) -> any Executor { self }

    public func multiplying(in precision: ProductPrecision) throws(PrecisionFault) -> any Executor {
        if precision == self.precision { return self }
        do { return try CUDAExecutor(device, precision, sequencesMost, memory) } catch {
            throw PrecisionFault(
                precision, at: device.name, possible: ProductPrecision.allCases.filter(device.supports))
        }
    }

    // MARK: Memory

    public func allocate(_ count: Int, zeroed: Bool) -> Storage {
        attempt { () throws(DeviceFault) in
            let storage = try memory.allocate(count)
            if zeroed { try device.clear(address(storage.place), bytes: 4 * count) }
            return Storage(storage.id, count: count, isZeroed: zeroed)
        }
    }

    public func free(_ storage: Storage) { memory.free(storage.id) }

    public func read<R>(_ place: Place, _ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        try copied(place, Float(0)).withUnsafeBufferPointer(body)
    }

    public func read<R>(_ indices: Indices, _ body: (UnsafeBufferPointer<Int32>) throws -> R) rethrows -> R {
        try copied(indices.place, Int32(0)).withUnsafeBufferPointer(body)
    }

    public func fill<R>(_ place: Place, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        try filled(place, Float(0), body)
    }

    public func fill<R>(_ indices: Indices, _ body: (UnsafeMutableBufferPointer<Int32>) throws -> R) rethrows -> R {
        try filled(indices.place, Int32(0), body)
    }

    private func copied<T>(_ place: Place, _ zero: T) -> [T] {
        var values = [T](repeating: zero, count: place.count)
        values.withUnsafeMutableBytes { bytes in
            attempt { () throws(DeviceFault) in try device.copyOut(from: address(place), to: bytes) }
        }
        return values
    }

    private func filled<T, R>(
        _ place: Place, _ zero: T, _ body: (UnsafeMutableBufferPointer<T>) throws -> R
    ) rethrows -> R {
        var values = [T](repeating: zero, count: place.count)
        let result = try values.withUnsafeMutableBufferPointer { try body($0) }
        memory.change(place)
        values.withUnsafeBytes { bytes in
            attempt { () throws(DeviceFault) in try device.copyIn(bytes, to: address(place)) }
        }
        return result
    }

    public func copy(_ source: Place, to target: Place) {
        precondition(source.count == target.count, "\(source.count) floats for \(target.count)")
        memory.change(target)
        attempt { () throws(DeviceFault) in
            try device.copy(from: address(source), to: address(target), bytes: 4 * source.count)
        }
    }

    public func clear(_ place: Place) {
        memory.change(place)
        attempt { () throws(DeviceFault) in try device.clear(address(place), bytes: 4 * place.count) }
    }

    public func add(_ source: Place, to target: Place) {
        precondition(source.count == target.count, "\(source.count) floats for \(target.count)")
        memory.change(target)
        eachFour(.add, source.count, [.place(target), .place(source)])
    }

    public func areFinite(_ place: Place) -> Bool {
        let flag = allocate(1, zeroed: true)
        defer { free(flag) }
        each(.findNotFinite, place.count, [.place(flag.place), .place(place)])
        return copied(flag.place, Int32(0)) == [0]
    }

    // MARK: Inside

    func address(_ place: Place) -> DeviceAddress {
        DeviceAddress(place.storage.bits).advanced(bytes: 4 * place.offset)
    }

    /// Threads of a block where any number would do.
    private static let threads = 256
    /// Blocks of a loop over elements: enough for every card, few enough to be begun quickly.
    private static let blocksMost = 4096

    /// Blocks of a loop over so many elements.
    func blocks(_ count: Int) -> Int { min(Self.blocksMost, (count + Self.threads - 1) / Self.threads) }

    /// Threads of a block that shares a row of so many columns.
    private func threads(_ columns: Int) -> Int { min(Self.threads, (columns + 31) & ~31) }

    /// A kernel that is a loop over `count` elements, which is its last argument.
    func each(_ kernel: Kernel, _ count: Int, twinned place: Place? = nil, _ arguments: [Argument]) {
        guard count > 0 else { return }
        launch(
            kernel, Grid(blocks(count)), threads: Self.threads, twinned: place, arguments + [.count(count)])
    }

    /// The same, four elements at a time.
    func eachFour(_ kernel: Kernel, _ count: Int, twinned place: Place? = nil, _ arguments: [Argument]) {
        launch(
            kernel, Grid(blocks((count + 3) / 4)), threads: Self.threads, twinned: place,
            arguments + [.count(count)])
    }

    /// A kernel with blocks (row, part) whose threads have four columns each.
    func fours(_ kernel: Kernel, _ rows: Int, _ columns: Int, twinned place: Place? = nil, _ arguments: [Argument]) {
        let parts = (columns + 4 * Self.threads - 1) / (4 * Self.threads)
        launch(
            kernel, Grid(rows, parts), threads: threads((columns + 3) / 4), twinned: place, arguments)
    }

    /// A kernel's argument as the operations have them.
    enum Argument {
        case place(Place)
        /// A null pointer where there is none.
        case optional(Place?)
        /// Where a kernel writes the twin of its result; a null pointer where nothing will read it.
        case twin(Place)
        case int(Int)
        case count(Int)
        case float(Float)
        case flag(Bool)
        /// Key, threshold and scale of a mask, which leaves everything as it is where there is none.
        case mask(DropoutMask?)
    }

    /// - Parameter place: what the kernel writes with its twin, as one of the arguments says.
    func launch(
        _ kernel: Kernel, _ grid: Grid, threads: Int, twinned place: Place? = nil, _ arguments: [Argument]
    ) {
        guard grid.x > 0, grid.y > 0, grid.z > 0 else { return }
        var given: [KernelArgument] = []
        given.reserveCapacity(arguments.count + 2)
        for argument in arguments {
            switch argument {
            case .place(let place): given.append(.address(address(place)))
            case .optional(let place): given.append(.address(place.map { address($0) } ?? .none))
            case .twin(let place): given.append(.address(hasTwins ? twin(place) : .none))
            case .int(let value): given.append(.int(value))
            case .count(let value): given.append(.count(value))
            case .float(let value): given.append(.float(value))
            case .flag(let value): given.append(.int(value ? 1 : 0))
            case .mask(let mask):
                given += [
                    .key(mask?.key ?? 0), .unsigned(mask?.threshold ?? 0), .float(mask?.scale ?? 1),
                ]
            }
        }
        attempt { () throws(DeviceFault) in try device.launch(kernel, grid, threads: threads, given) }
        memory.fresh = hasTwins ? place : nil
    }

    /// Whether products read twins.
    var hasTwins: Bool { precision == .bf16 }

    func twin(_ place: Place) -> DeviceAddress {
        attempt { () throws(DeviceFault) in try memory.twin(place) }
    }

    /// What a product reads of the results of a pass: them, or their twin, which is made if it is not fresh.
    func factor(_ place: Place) -> DeviceAddress {
        guard hasTwins else { return address(place) }
        if memory.fresh != place { eachFour(.roundToTwin, place.count, [.twin(place), .place(place)]) }
        return twin(place)
    }

    /// What a product reads of weights: them, or their twin, which is kept.
    func factor(_ weight: Weight) -> DeviceAddress {
        guard hasTwins else { return address(weight.values) }
        if !memory.isCurrent(weight.values.storage) {
            let whole = memory.whole(weight.values.storage)
            eachFour(.roundToTwin, whole.count, [.twin(whole), .place(whole)])
            memory.noteCurrent(whole.storage)
        }
        return twin(weight.values)
    }

    /// C (m, n) = A (m, k) · B (k, n), or C += that; a factor may be stored transposed.
    func multiply(
        _ result: Place, _ left: DeviceAddress, _ right: DeviceAddress, m: Int, n: Int, k: Int,
        transposesLeft: Bool = false, transposesRight: Bool = false, accumulates: Bool = false,
        precision: ProductPrecision? = nil, bias: Place? = nil, addend: Place? = nil
    ) {
        memory.fresh = nil
        attempt { () throws(DeviceFault) in
            try device.multiply(
                DeviceProduct(
                    result: address(result), left: left, right: right, m: m, n: n, k: k,
                    transposesLeft: transposesLeft, transposesRight: transposesRight, accumulates: accumulates,
                    precision: precision ?? self.precision, bias: bias.map { address($0) } ?? .none,
                    addend: addend.map { address($0) } ?? .none))
        }
    }

    func attempt<R>(_ body: () throws(DeviceFault) -> R) -> R {
        do {
            return try body()
        } catch {
            end(error)
        }
    }

    /// Kept runs are whole as they were saved.
    func end(_ fault: DeviceFault) -> Never {
        let help = fault.help.map { "; \($0)" } ?? ""
        let text = "icot: \(fault)\(help); runs that are kept in a folder are as they were saved last\n"
        _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        // `EX_OSERR`.
        exit(71)
    }
}
