/// What an executor calls a piece of its memory: an address on the CPU, whatever it likes elsewhere. Nothing above an
/// executor can follow it.
public struct StorageID: Sendable, Hashable {
    public let bits: UInt
    public init(_ bits: UInt) { self.bits = bits }
}

/// Memory that an executor has given out and takes back.
public struct Storage: Sendable {
    public let id: StorageID
    /// Floats that it has room for.
    public let count: Int
    /// Whether zeros were asked for.
    public let isZeroed: Bool

    public init(_ id: StorageID, count: Int, isZeroed: Bool) {
        self.id = id
        self.count = count
        self.isZeroed = isZeroed
    }

    public var place: Place { Place(id, offset: 0, count: count) }
}

/// Where `count` floats lie in an executor's memory. A place does not keep that memory: a tape does for a pass, a
/// `Buffer` for as long as it lives.
public struct Place: Sendable, Hashable {
    public let storage: StorageID
    /// In floats from the start of the storage.
    public let offset: Int
    public let count: Int

    public init(_ storage: StorageID, offset: Int, count: Int) {
        self.storage = storage
        self.offset = offset
        self.count = count
    }

    /// A part of it.
    public subscript(range: Range<Int>) -> Place {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count) floats")
        return Place(storage, offset: offset + range.lowerBound, count: range.count)
    }

    /// From a known float on.
    public func from(_ index: Int) -> Place { self[index..<count] }
}

/// Where `count` whole numbers (token ids, rows, offsets; 32 bits each) lie in an executor's memory.
public struct Indices: Sendable, Hashable {
    public let place: Place
    public init(_ place: Place) { self.place = place }
    public var count: Int { place.count }
}

/// Memory with an owner: it is given back with the buffer.
public final class Buffer: Sendable {
    public let executor: any Executor
    private let storage: Storage

    /// Zeros, or whatever is there.
    public init(_ executor: any Executor, count: Int, zeroed: Bool) {
        self.executor = executor
        storage = executor.allocate(count, zeroed: zeroed)
    }

    /// The given numbers.
    public convenience init(_ executor: any Executor, _ values: [Float]) {
        self.init(executor, count: values.count, zeroed: false)
        executor.copyIn(values, to: place)
    }

    deinit { executor.free(storage) }

    public var place: Place { storage.place }
}
