import CKernels
import Glibc

/// The executor on the cores of this machine: OpenBLAS for large products, loops of our own for the rest and for
/// products in bfloat16, all spread over a pool of threads in a fixed way, so that equal inputs give equal bits for a
/// given number of threads.
///
/// Its storages are addresses: any of these executors can use what another has allocated.
public final class CPUExecutor: Executor {
    public let workers: Workers
    public let precision: ProductPrecision
    public static let shared = CPUExecutor(.shared)
    public static let precisions: [ProductPrecision] = [.f32, .bf16]

    /// - Precondition: the precision is one of `precisions`.
    public init(_ workers: Workers, precision: ProductPrecision = .f32) {
        precondition(Self.precisions.contains(precision), "\(precision) on a processor")
        self.workers = workers
        self.precision = precision
    }

    public var profile: String { NumericProfile.of(workers, precision) }
    public var library: String? { NumericProfile.library }

    public func using(_ workers: Workers) -> any Executor {
        workers === self.workers ? self : CPUExecutor(workers, precision: precision)
    }

    public func multiplying(in precision: ProductPrecision) throws(PrecisionFault) -> any Executor {
        try Self.check(precision)
        return precision == self.precision ? self : CPUExecutor(workers, precision: precision)
    }

    static func check(_ precision: ProductPrecision) throws(PrecisionFault) {
        guard precisions.contains(precision) else {
            throw PrecisionFault(precision, at: "the processor", possible: precisions)
        }
    }

    /// Whether this machine has an instruction for products in bfloat16; where it has none they have the same bits and
    /// take many times as long as those in float32.
    public static var hasBF16: Bool { ck_has_bf16() == 1 }

    // MARK: Memory

    public func allocate(_ count: Int, zeroed: Bool) -> Storage {
        let pointer = zeroed ? allocateZeros(count) : allocateFloats(count)
        return Storage(StorageID(UInt(bitPattern: pointer)), count: count, isZeroed: zeroed)
    }

    public func free(_ storage: Storage) {
        RoundedWeights.shared.forget(storage.id)
        let pointer = floats(storage.place)
        if storage.isZeroed { freeZeros(pointer, storage.count) } else { Glibc.free(pointer) }
    }

    public func read<R>(_ place: Place, _ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
        try body(UnsafeBufferPointer(start: floats(place), count: place.count))
    }

    public func read<R>(_ indices: Indices, _ body: (UnsafeBufferPointer<Int32>) throws -> R) rethrows -> R {
        try body(UnsafeBufferPointer(start: integers(indices), count: indices.count))
    }

    public func fill<R>(_ place: Place, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
        RoundedWeights.shared.change(place)
        return try body(UnsafeMutableBufferPointer(start: floats(place), count: place.count))
    }

    public func fill<R>(_ indices: Indices, _ body: (UnsafeMutableBufferPointer<Int32>) throws -> R) rethrows -> R {
        try body(UnsafeMutableBufferPointer(start: integers(indices), count: indices.count))
    }

    public func copy(_ source: Place, to target: Place) {
        precondition(source.count == target.count, "\(source.count) floats for \(target.count)")
        RoundedWeights.shared.change(target)
        floats(target).update(from: floats(source), count: source.count)
    }

    public func clear(_ place: Place) {
        RoundedWeights.shared.change(place)
        let base = floats(place)
        workers.parts(of: place.count, grain: 1024) { _, part in
            (base + part.lowerBound).update(repeating: 0, count: part.count)
        }
    }

    public func add(_ source: Place, to target: Place) {
        precondition(source.count == target.count, "\(source.count) floats for \(target.count)")
        RoundedWeights.shared.change(target)
        let (x, y) = (floats(source), floats(target))
        workers.parts(of: source.count, grain: 16) { _, part in
            ck_add(y + part.lowerBound, x + part.lowerBound, part.count)
        }
    }

    public func areFinite(_ place: Place) -> Bool { ck_all_finite(floats(place), place.count) == 1 }

    // MARK: Inside

    /// Where a place is. Only the files beside this one may ask.
    @inline(__always)
    func floats(_ place: Place) -> UnsafeMutablePointer<Float> {
        UnsafeMutablePointer(bitPattern: place.storage.bits).unsafelyUnwrapped + place.offset
    }

    @inline(__always)
    func floats(_ variable: Variable) -> UnsafeMutablePointer<Float> { floats(variable.place) }

    @inline(__always)
    func integers(_ indices: Indices) -> UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(floats(indices.place)).assumingMemoryBound(to: Int32.self)
    }

    /// Calls `body` for parts of `0..<count`, on one thread if there is little to do.
    @inline(__always)
    func spread(_ count: Int, grain: Int = 1, work: Int, _ body: (Range<Int>) -> Void) {
        if work < 1 << 14 { body(0..<count) } else { workers.parts(of: count, grain: grain) { _, part in body(part) } }
    }
}

/// Numbers that the host has at hand anyway, such as those of a mapped file.
public enum HostNumbers {
    public static func areFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
        values.baseAddress.map { ck_all_finite($0, values.count) == 1 } ?? true
    }
}
