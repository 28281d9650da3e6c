import CHostDevice
import COpenBLAS
import Glibc
import Synchronization
import Tensors
import Testing

@testable import CUDA

/// A device that is this process: the kernels compiled for the processor (`Tests/CHostDevice`), products by OpenBLAS.
///
/// Memory is not a number until it is written, and lies between fences: one that is broken, an argument of another type
/// than the kernel's, or a barrier that not every thread reaches is a fault of the call that did it.
final class HostDevice: Device {
    /// A fault that every launch has, to see that tests notice it.
    struct Planted: Sendable {
        var kind: host_device_fault
        /// In the barrier or exchange of this number of each thread.
        var number: Int
    }

    /// 0 and 1: threads take turns ascending and descending, else in an order drawn from it.
    let order: UInt32
    let planted: Planted?
    var name: String { "host device" }
    var library: String { "OpenBLAS" }

    init(order: UInt32, planted: Planted? = nil) {
        self.order = order
        self.planted = planted
    }

    // MARK: Memory

    private static let fence = 1 << 16

    /// A piece of memory that was given out. It and its fences are filled with one word, which is not a number, another
    /// one for each piece: what comes of a neighbour's is seen where it is written.
    private struct Piece {
        let bytes: Int
        let word: UInt32
    }

    private struct Given {
        var pieces: [UInt: Piece] = [:]
        var count: UInt32 = 0
    }

    /// One for all devices, each of which knows the memory of the others.
    private static let given = Mutex(Given())

    private func pointer(_ address: DeviceAddress) -> UnsafeMutableRawPointer {
        guard let pointer = UnsafeMutableRawPointer(bitPattern: address.bits) else { fatalError("a null address") }
        return pointer
    }

    func supports(_ precision: ProductPrecision) -> Bool { true }

    func freeBytes() throws(DeviceFault) -> Int { 1 << 30 }

    func allocate(bytes: Int) throws(DeviceFault) -> DeviceAddress {
        let bytes = (bytes + 3) & ~3
        var block: UnsafeMutableRawPointer?
        guard posix_memalign(&block, 256, bytes + 2 * Self.fence) == 0, let block else {
            throw .outOfMemory(wanted: bytes, free: 0)
        }
        let address = UInt(bitPattern: block + Self.fence)
        let word = Self.given.withLock { given in
            given.count += 1
            // As a number of a row it is a little before the first.
            let word = 0xffff_ff80 | given.count % 64
            given.pieces[address] = Piece(bytes: bytes, word: word)
            return word
        }
        host_device_fill(block, word, UInt(bytes + 2 * Self.fence) / 4)
        return DeviceAddress(address)
    }

    func free(_ address: DeviceAddress) {
        guard let piece = Self.given.withLock({ $0.pieces.removeValue(forKey: address.bits) }) else {
            fatalError("\(address) was not given out")
        }
        if planted == nil, isBroken(address.bits, piece) { Issue.record("a fence of \(piece.bytes) bytes was broken") }
        Glibc.free(pointer(address) - Self.fence)
    }

    private func isBroken(_ address: UInt, _ piece: Piece) -> Bool {
        let start = pointer(DeviceAddress(address)), words = UInt(Self.fence / 4)
        return host_device_is_full(start - Self.fence, piece.word, words) == 0
            || host_device_is_full(start + piece.bytes, piece.word, words) == 0
    }

    /// The piece that an address is inside of, and where that begins.
    private func piece(of address: DeviceAddress) -> (start: UInt, piece: Piece)? {
        Self.given.withLock { given in
            if let piece = given.pieces[address.bits] { return (address.bits, piece) }
            return given.pieces.first { $0.key <= address.bits && address.bits <= $0.key + UInt($0.value.bytes) }
                .map { ($0.key, $0.value) }
        }
    }

    /// Whether so many bytes from there on are one piece of what was given out.
    private func check(_ address: DeviceAddress, _ bytes: Int, _ call: String) throws(DeviceFault) {
        guard bytes > 0 else { return }
        guard let (start, piece) = piece(of: address), address.bits + UInt(bytes) <= start + UInt(piece.bytes) else {
            throw .failed(.driver, call: "\(call) of memory that is not there", code: 1)
        }
    }

    func clear(_ address: DeviceAddress, bytes: Int) throws(DeviceFault) {
        try check(address, bytes, "clearing")
        memset(pointer(address), 0, bytes)
    }

    func copy(from source: DeviceAddress, to target: DeviceAddress, bytes: Int) throws(DeviceFault) {
        try check(source, bytes, "reading")
        try check(target, bytes, "writing")
        memcpy(pointer(target), pointer(source), bytes)
    }

    func copyIn(_ bytes: UnsafeRawBufferPointer, to target: DeviceAddress) throws(DeviceFault) {
        try check(target, bytes.count, "writing")
        if let base = bytes.baseAddress { memcpy(pointer(target), base, bytes.count) }
    }

    func copyOut(from source: DeviceAddress, to bytes: UnsafeMutableRawBufferPointer) throws(DeviceFault) {
        try check(source, bytes.count, "reading")
        if let base = bytes.baseAddress { memcpy(base, pointer(source), bytes.count) }
    }

    // MARK: Work

    func launch(
        _ kernel: Kernel, _ grid: Grid, threads: Int, _ arguments: [KernelArgument]
    ) throws(DeviceFault) {
        guard let signature = host_device_signature(kernel.name).map({ String(cString: $0) }) else {
            throw .failed(.driver, call: "finding \(kernel.name)", code: 500)
        }
        let given = String(arguments.map(\.letter))
        guard signature == given else {
            throw .failed(.driver, call: "\(kernel.name)(\(signature)) with arguments \(given)", code: 1)
        }
        for case .address(let address) in arguments where address != .none {
            if piece(of: address) == nil {
                throw .failed(.driver, call: "\(kernel.name) on memory that is not there", code: 1)
            }
        }
        if KernelRecord.folder != nil, planted == nil, order == 0 { record(kernel, grid, threads, arguments) }
        var slots = arguments.map(\.slot)
        var size = (UInt32(grid.x), UInt32(grid.y), UInt32(grid.z))
        let problem = slots.withUnsafeMutableBufferPointer { slots in
            let pointers = slots.indices.map { index in slots.baseAddress.map { UnsafeMutableRawPointer($0 + index) } }
            return withUnsafeBytes(of: &size) { size in
                host_device_launch(
                    kernel.name, size.bindMemory(to: UInt32.self).baseAddress, UInt32(threads), pointers, order,
                    planted?.kind ?? HOST_DEVICE_NO_FAULT, Int32(planted?.number ?? -1))
            }
        }
        if let problem { throw .failed(.driver, call: "\(kernel.name): \(String(cString: problem))", code: 1) }
        for case .address(let address) in arguments where address != .none {
            guard let (start, piece) = piece(of: address), isBroken(start, piece) else { continue }
            throw .failed(.driver, call: "\(kernel.name), which writes beyond its memory,", code: 700)
        }
    }

    private func record(_ kernel: Kernel, _ grid: Grid, _ threads: Int, _ arguments: [KernelArgument]) {
        let pieces = arguments.map { argument -> (bytes: UnsafeRawBufferPointer, offset: Int)? in
            guard case .address(let address) = argument, let (start, piece) = piece(of: address) else { return nil }
            let bytes = UnsafeRawBufferPointer(start: pointer(DeviceAddress(start)), count: piece.bytes)
            return (bytes, Int(address.bits - start))
        }
        do {
            try KernelRecord.write(kernel, grid, threads: threads, arguments, pieces: pieces)
        } catch {
            Issue.record("\(error)")
        }
    }

    func multiply(_ product: DeviceProduct) throws(DeviceFault) {
        try check(product.result, 4 * product.m * product.n, "writing a product")
        let size = product.precision == .bf16 ? 2 : 4
        try check(product.left, size * product.m * product.k, "reading a factor")
        try check(product.right, size * product.k * product.n, "reading a factor")
        guard product.m > 0, product.n > 0 else { return }
        if product.bias != .none { try check(product.bias, 4 * product.n, "reading a bias") }
        if product.addend != .none { try check(product.addend, 4 * product.m * product.n, "reading an addend") }
        guard !product.isFused || !product.accumulates else {
            throw .failed(.products, call: "a product that accumulates and is fused", code: 7)
        }
        func floats(_ address: DeviceAddress) -> UnsafeMutablePointer<Float> {
            pointer(address).assumingMemoryBound(to: Float.self)
        }
        func factor(_ address: DeviceAddress, _ count: Int) -> [Float] {
            guard product.precision == .bf16 else { return Self.rounded(floats(address), count, product.precision) }
            let halves = UnsafeBufferPointer(start: pointer(address).assumingMemoryBound(to: UInt16.self), count: count)
            return halves.map { Float(bitPattern: UInt32($0) << 16) }
        }
        let left = factor(product.left, product.m * product.k), right = factor(product.right, product.k * product.n)
        openBLAS.sgemm(
            blasint(OB_ROW_MAJOR), blasint(product.transposesLeft ? OB_TRANSPOSE : OB_NO_TRANSPOSE),
            blasint(product.transposesRight ? OB_TRANSPOSE : OB_NO_TRANSPOSE), blasint(product.m), blasint(product.n),
            blasint(product.k), 1, left, blasint(product.transposesLeft ? product.m : product.k),
            right, blasint(product.transposesRight ? product.k : product.n),
            product.accumulates ? 1 : 0, floats(product.result), blasint(product.n))
        for row in 0..<(product.isFused ? product.m : 0) {
            for column in 0..<product.n {
                let index = row * product.n + column
                if product.bias != .none { floats(product.result)[index] += floats(product.bias)[column] }
                if product.addend != .none { floats(product.result)[index] += floats(product.addend)[index] }
            }
        }
    }

    /// The values as a product of that precision reads them: TF32 rounds to 10 bits of fraction.
    private static func rounded(
        _ values: UnsafePointer<Float>, _ count: Int, _ precision: ProductPrecision
    ) -> [Float] {
        UnsafeBufferPointer(start: values, count: count).map { value in
            guard precision == .tf32, value.isFinite else { return value }
            let bits = value.bitPattern, half: UInt32 = 1 << 12
            return Float(bitPattern: (bits + half - 1 + bits >> 13 & 1) & ~(2 * half - 1))
        }
    }

    func finish() throws(DeviceFault) {}

    func hostMemory(bytes: Int) throws(DeviceFault) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 256)
    }

    func graph(of calls: [DeviceCall]) throws(DeviceFault) -> any DeviceGraph { HostGraph(self, calls) }

    private final class HostGraph: DeviceGraph {
        private let device: HostDevice
        private let calls: Mutex<[DeviceCall]>

        init(_ device: HostDevice, _ calls: [DeviceCall]) {
            self.device = device
            self.calls = Mutex(calls)
        }

        func change(_ index: Int, _ arguments: [KernelArgument]) throws(DeviceFault) {
            try calls.withLock { calls throws(DeviceFault) in
                guard case .launch(let kernel, let grid, let threads, let old) = calls[index] else {
                    throw .failed(.driver, call: "changing call \(index)", code: 1)
                }
                // Only numbers may be others.
                for (old, new) in zip(old, arguments) where !old.isNumber && old.slot != new.slot {
                    throw .failed(.driver, call: "changing a place of \(kernel.name)", code: 1)
                }
                calls[index] = .launch(kernel, grid, threads: threads, arguments)
            }
        }

        func launch() throws(DeviceFault) {
            for call in calls.withLock({ $0 }) { try device.perform(call) }
        }
    }
}

let openBLAS: openblas = {
    guard let library = openblas_library() else { fatalError("OpenBLAS is not installed (sh .ci/setup)") }
    return library.pointee
}()

extension KernelArgument {
    /// As `host_device_signature` has it.
    var letter: Character {
        switch self {
        case .address: "p"
        case .int: "i"
        case .unsigned: "u"
        case .count: "l"
        case .key: "q"
        case .float: "f"
        }
    }
}
