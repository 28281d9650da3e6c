// What ranks say to each other. A rank is one of several processes that were started together, numbered from 0; rank 0
// leads: it alone has files, terminal and decisions, and every exchange begins with a word of it. All ranks make the
// same calls in the same order, one at a time. What fails in an exchange ends all of them: there is nobody left to
// tell.

/// The bytes that travel between ranks; one process is a communicator of its own.
public protocol Communicator: AnyObject, Sendable {
    var rank: Int { get }
    /// How many ranks there are.
    var size: Int { get }

    /// Rank 0's bytes become everybody's.
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer)

    /// The same for a few bytes that the others may have to wait for, for hours: they leave their cores alone then.
    func call(_ bytes: UnsafeMutableRawBufferPointer)

    /// Everybody's bytes become rank 0's, one rank after another, `counts[r]` of rank r.
    /// - Parameter all: where rank 0 wants them; elsewhere it may be empty.
    func gather(_ own: UnsafeRawBufferPointer, _ counts: [Int], into all: UnsafeMutableRawBufferPointer)

    /// Part r of `source`, the parts one after another, goes to rank r; part r of `target` comes from rank r.
    func exchange(
        _ source: UnsafeRawBufferPointer, _ sourceCounts: [Int], into target: UnsafeMutableRawBufferPointer,
        _ targetCounts: [Int])

    /// Part r of the bytes, which rank r has, becomes everybody's.
    func share(_ bytes: UnsafeMutableRawBufferPointer, _ counts: [Int])

    /// Ends the exchange, in the same way everywhere; nothing may follow.
    func end()

    /// Ends all ranks at once.
    func abort(_ status: Int32)
}

extension Communicator {
    /// Everybody's text, on rank 0, in the order of ranks; elsewhere nothing.
    public func gather(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        let sizes = gather(bytes.count)
        let total = sizes.reduce(0, +)
        var all = [UInt8](repeating: 0, count: total)
        bytes.withUnsafeBytes { own in
            all.withUnsafeMutableBytes {
                gather(own, rank == 0 ? sizes : counts(own: bytes.count), into: $0)
            }
        }
        var start = 0
        return sizes.map { size in
            defer { start += size }
            return String(decoding: all[start..<start + size], as: UTF8.self)
        }
    }

    /// What only this rank knows of the counts is enough where it only gives.
    private func counts(own: Int) -> [Int] { (0..<size).map { $0 == rank ? own : 0 } }

    private func gather(_ number: Int) -> [Int] {
        var all = [Int](repeating: 0, count: rank == 0 ? size : 0)
        withUnsafeBytes(of: number) { own in
            all.withUnsafeMutableBytes { gather(own, [Int](repeating: MemoryLayout<Int>.size, count: size), into: $0) }
        }
        return all
    }
}

/// One process: there is nobody to talk to.
public final class SingleProcess: Communicator {
    public let rank = 0
    public let size = 1

    public init() {}

    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {}
    public func call(_ bytes: UnsafeMutableRawBufferPointer) {}
    public func gather(_ own: UnsafeRawBufferPointer, _ counts: [Int], into all: UnsafeMutableRawBufferPointer) {
        all.copyMemory(from: own)
    }
    public func exchange(
        _ source: UnsafeRawBufferPointer, _ sourceCounts: [Int], into target: UnsafeMutableRawBufferPointer,
        _ targetCounts: [Int]
    ) {
        target.copyMemory(from: source)
    }
    public func share(_ bytes: UnsafeMutableRawBufferPointer, _ counts: [Int]) {}
    public func end() {}
    public func abort(_ status: Int32) {}
}
