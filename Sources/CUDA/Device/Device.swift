// What the executor asks of a card, and no more: memory, kernels by name, products, in the order in which they are
// asked for. `GraphicsCard` is one, through the libraries of the card's maker; the tests have another, which runs the
// same kernels on the processor.
//
// What is asked for may be done later; `copyOut` and `finish` wait until all of it is done.

import Tensors

/// Where a number lies in a device's memory; nothing on this side can follow it.
public struct DeviceAddress: Sendable, Hashable {
    public let bits: UInt
    public static let none = DeviceAddress(0)

    public init(_ bits: UInt) { self.bits = bits }

    /// The place so many bytes further on.
    public func advanced(bytes: Int) -> DeviceAddress { DeviceAddress(bits + UInt(bitPattern: bytes)) }
}

/// What a kernel is called with, in the types that it declares.
public enum KernelArgument: Sendable {
    /// A pointer.
    case address(DeviceAddress)
    /// int
    case int(Int)
    /// unsigned
    case unsigned(UInt32)
    /// long long
    case count(Int)
    /// unsigned long long
    case key(UInt64)
    case float(Float)

    /// Whether it is a number that the same work is done with, and not a place or a shape.
    var isNumber: Bool {
        switch self {
        case .float, .key, .unsigned: true
        case .address, .int, .count: false
        }
    }

    /// The bits of its value from the low end on, in as many bytes as its type has: how a driver takes it.
    public var slot: UInt64 {
        switch self {
        case .address(let address): UInt64(address.bits)
        case .int(let value): UInt64(UInt32(bitPattern: Int32(value)))
        case .unsigned(let value): UInt64(value)
        case .count(let value): UInt64(bitPattern: Int64(value))
        case .key(let value): value
        case .float(let value): UInt64(value.bitPattern)
        }
    }
}

/// How many blocks a kernel runs in, in up to three directions.
public struct Grid: Sendable, Equatable {
    public let x: Int
    public let y: Int
    public let z: Int

    public init(_ x: Int, _ y: Int = 1, _ z: Int = 1) {
        self.x = x
        self.y = y
        self.z = z
    }
}

/// C (m, n) = A (m, k) · B (k, n), or C += that, row-major; either factor may be stored transposed. C is float32, and
/// so are the factors, or bfloat16 with `bf16`; sums are float32. A row may be added to all rows of C, and a matrix to
/// C: C = A · B + bias + addend.
public struct DeviceProduct: Sendable {
    public var result: DeviceAddress
    public var left: DeviceAddress
    public var right: DeviceAddress
    public var m: Int
    public var n: Int
    public var k: Int
    /// Whether A is stored as (k, m).
    public var transposesLeft: Bool
    /// Whether B is stored as (n, k).
    public var transposesRight: Bool
    public var accumulates: Bool
    public var precision = ProductPrecision.f32
    /// (n) and (m, n), of a product that does not accumulate; `.none` for nothing.
    public var bias = DeviceAddress.none
    public var addend = DeviceAddress.none

    var isFused: Bool { bias != .none || addend != .none }
}

public protocol Device: AnyObject, Sendable {
    /// `NVIDIA H100 80GB HBM3`
    var name: String { get }
    /// Whose products they are, and who compiled the kernels: `cuBLAS 13.0.2, NVRTC 13.0`.
    var library: String { get }
    func supports(_ precision: ProductPrecision) -> Bool
    func freeBytes() throws(DeviceFault) -> Int
    /// Room for so many bytes, aligned for every kernel; what is there is undefined.
    func allocate(bytes: Int) throws(DeviceFault) -> DeviceAddress
    func free(_ address: DeviceAddress)
    /// Fills with zeros.
    func clear(_ address: DeviceAddress, bytes: Int) throws(DeviceFault)
    func copy(from source: DeviceAddress, to target: DeviceAddress, bytes: Int) throws(DeviceFault)
    /// The bytes may be changed as soon as it returns.
    func copyIn(_ bytes: UnsafeRawBufferPointer, to target: DeviceAddress) throws(DeviceFault)
    func copyOut(from source: DeviceAddress, to bytes: UnsafeMutableRawBufferPointer) throws(DeviceFault)
    func launch(
        _ kernel: Kernel, _ grid: Grid, threads: Int, _ arguments: [KernelArgument]) throws(DeviceFault)
    func multiply(_ product: DeviceProduct) throws(DeviceFault)
    /// Waits until everything is done.
    func finish() throws(DeviceFault)
    /// Memory of the host that the device copies from by itself; it is never given back.
    func hostMemory(bytes: Int) throws(DeviceFault) -> UnsafeMutableRawBufferPointer
    /// Makes one thing of calls that were all made before, without making them again.
    func graph(of calls: [DeviceCall]) throws(DeviceFault) -> any DeviceGraph
}

/// A call that changes nothing but the device's memory.
public enum DeviceCall: Sendable {
    case launch(Kernel, Grid, threads: Int, [KernelArgument])
    case multiply(DeviceProduct)
    case clear(DeviceAddress, bytes: Int)
    case copy(from: DeviceAddress, to: DeviceAddress, bytes: Int)
    /// From a place in `hostMemory`, which may be changed when the device has finished.
    case copyIn(from: UInt, to: DeviceAddress, bytes: Int)
}

extension Device {
    func perform(_ call: DeviceCall) throws(DeviceFault) {
        switch call {
        case .launch(let kernel, let grid, let threads, let arguments):
            try launch(kernel, grid, threads: threads, arguments)
        case .multiply(let product): try multiply(product)
        case .clear(let address, let bytes): try clear(address, bytes: bytes)
        case .copy(let source, let target, let bytes): try copy(from: source, to: target, bytes: bytes)
        case .copyIn(let source, let target, let bytes):
            try copyIn(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: source), count: bytes), to: target)
        }
    }
}

/// Calls that a device makes at one word, in their order and with their arguments.
public protocol DeviceGraph: AnyObject, Sendable {
    /// Gives the kernel of call number `index` other arguments for this and all later times.
    func change(_ index: Int, _ arguments: [KernelArgument]) throws(DeviceFault)
    func launch() throws(DeviceFault)
}
