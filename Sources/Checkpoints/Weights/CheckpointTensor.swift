import Glibc
import Support

/// One named array inside a mapped file: its name, shape and where its numbers are. Nothing is copied until asked for.
///
/// The reader that made it has checked that every element lies inside the file and that there are no more elements than
/// the file has room for, so a copy is never larger than eight times the file.
public struct CheckpointTensor: Sendable {
    public let name: String
    public let shape: [Int]
    public let elementType: ElementType
    public let count: Int
    /// Steps between neighbours along each axis, in elements; nil for row-major without gaps.
    let strides: [Int]?
    let file: MappedFile
    /// Of the first element, in bytes from the start of the file.
    public let byteOffset: Int

    /// The file the numbers are in.
    public var path: String { file.path }

    private var start: UnsafeRawPointer? { file.bytes.baseAddress.map { $0 + byteOffset } }

    /// The numbers as float32 in row-major order; float64 is rounded, integers beyond 2^24 too.
    public func floats() throws -> [Float] {
        try Array(unsafeUninitializedCapacity: count) { buffer, initialized in
            try copyFloats(into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
    }

    /// Copies the numbers as float32 in row-major order into memory for exactly `count` of them.
    public func copyFloats(into target: UnsafeMutableBufferPointer<Float>) throws {
        precondition(target.count == count, "\(name): room for \(target.count) numbers, \(count) needed")
        guard let start, let destination = target.baseAddress else { return }
        try withExtendedLifetime(file) {
            if isPlain {
                memcpy(destination, start, count * MemoryLayout<Float>.stride)
            } else {
                try convert(to: destination) {
                    Float($0)
                } fromInteger: {
                    Float($0)
                }
            }
        }
    }

    /// The same matrix with rows and columns exchanged; nothing is copied. Anything but a matrix stays as it is.
    public var transposed: CheckpointTensor {
        guard shape.count == 2 else { return self }
        let strides = strides ?? [shape[1], 1]
        return CheckpointTensor(
            name: name, shape: shape.reversed(), elementType: elementType, count: count, strides: strides.reversed(),
            file: file, byteOffset: byteOffset)
    }

    /// Whether the file has the numbers as float32 in row-major order, at any address.
    public var isPlain: Bool { elementType == .float32 && strides == nil }

    /// Copies a run of a plain tensor's numbers.
    public func copyPlain(_ range: Range<Int>, to target: UnsafeMutablePointer<Float>) {
        precondition(isPlain && range.lowerBound >= 0 && range.upperBound <= count, "\(name): \(range) of \(count)")
        guard let start else { return }
        withExtendedLifetime(file) { _ = memcpy(target, start + range.lowerBound * 4, range.count * 4) }
    }

    /// The numbers as float64 in row-major order.
    public func doubles() throws -> [Double] {
        try converted(placeholder: Double.self, { $0 }) { Double($0) }
    }

    /// The numbers as integers in row-major order, unsigned ones beyond 63 bits clamped; throws `FileError` where reals
    /// are stored.
    public func integers() throws -> [Int] {
        switch elementType {
        case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8, .bool: break
        default:
            throw FileError(
                .unsupported, path, at: byteOffset, "\"\(name)\" holds \(elementType.rawValue), not integers")
        }
        return try converted(placeholder: Int.self, { Int($0) }) { $0 }
    }

    private func converted<T>(placeholder: T.Type, _ real: (Double) -> T, _ integer: (Int) -> T) throws -> [T] {
        try Array(unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress, count > 0 {
                try withExtendedLifetime(file) { try convert(to: base, real, fromInteger: integer) }
            }
            initialized = count
        }
    }

    // MARK: Conversion

    @inline(__always)
    private func convert<T>(
        to target: UnsafeMutablePointer<T>, _ real: (Double) -> T, fromInteger integer: (Int) -> T
    ) throws {
        switch elementType {
        case .float64: gather(UInt64.self, to: target) { real(Double(bitPattern: $0)) }
        case .float32: gather(UInt32.self, to: target) { real(Double(Float(bitPattern: $0))) }
        case .float16: gather(UInt16.self, to: target) { real(Double(float32(fromFloat16: $0))) }
        case .bfloat16: gather(UInt16.self, to: target) { real(Double(float32(fromBFloat16: $0))) }
        case .int64: gather(Int64.self, to: target) { integer(Int($0)) }
        case .int32: gather(Int32.self, to: target) { integer(Int($0)) }
        case .int16: gather(Int16.self, to: target) { integer(Int($0)) }
        case .int8: gather(Int8.self, to: target) { integer(Int($0)) }
        case .uint64: gather(UInt64.self, to: target) { integer(Int(clamping: $0)) }
        case .uint32: gather(UInt32.self, to: target) { integer(Int($0)) }
        case .uint16: gather(UInt16.self, to: target) { integer(Int($0)) }
        case .uint8, .bool: gather(UInt8.self, to: target) { integer(Int($0)) }
        case .float8e4m3, .float8e5m2, .complex64:
            throw FileError(
                .unsupported, path, at: byteOffset,
                "\"\(name)\" holds \(elementType.rawValue), which is not read as numbers")
        }
    }

    /// Writes every element, in row-major order, through `transform`. Elements may stand at any byte address.
    @inline(__always)
    private func gather<Bits: BitwiseCopyable, T>(
        _ type: Bits.Type, to target: UnsafeMutablePointer<T>, _ transform: (Bits) -> T
    ) {
        guard let start, count > 0 else { return }
        let size = MemoryLayout<Bits>.size
        guard let strides, !shape.isEmpty else {
            for i in 0..<count {
                (target + i).initialize(to: transform((start + i * size).loadUnaligned(as: Bits.self)))
            }
            return
        }
        // The last axis runs in the inner loop; the others count like an odometer.
        let last = shape.count - 1
        var index = Array(repeating: 0, count: last)
        var row = 0  // element offset of the row's first element
        var written = 0
        while written < count {
            for i in 0..<shape[last] {
                let address = start + (row + i * strides[last]) * size
                (target + written + i).initialize(to: transform(address.loadUnaligned(as: Bits.self)))
            }
            written += shape[last]
            var axis = last - 1
            while axis >= 0 {
                index[axis] += 1
                row += strides[axis]
                if index[axis] < shape[axis] { break }
                row -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
        }
    }
}
