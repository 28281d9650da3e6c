// Sums whose bits do not depend on how many ranks share the work.
//
// S addends, numbered from 0, are added in pairs, the pairs in pairs, and so on; where one is left over it waits:
//
//   for d in 1, 2, 4, … < S:  for i in 0, 2d, 4d, … with i + d < S:  xᵢ ← xᵢ + xᵢ₊d
//
// The sum is x₀. Of N ranks each has S/N neighbours of them. Where S/N is a power of two, adding up one's own is
// exactly the first part of this order, and adding up the ranks' sums in the same way is the rest of it.
//
// Between ranks each element has one owner: a buffer goes through in pieces, of each piece every rank gets an equal
// part from all others, adds it up, and gives the sum to all. So every rank has the same bits whatever machine it runs
// on, sends and receives 2·(N − 1)/N of the buffer, which is the least there is, and needs room for one piece.

/// The order of addition.
public enum OrderedSum {
    /// Calls `add(i, j)`, which is to add addend j to addend i, until addend 0 is the sum.
    public static func pairs(_ count: Int, _ add: (_ target: Int, _ source: Int) -> Void) {
        var distance = 1
        while distance < count {
            for target in stride(from: 0, to: count - distance, by: 2 * distance) { add(target, target + distance) }
            distance *= 2
        }
    }

    /// Whether so many addends can be shared by so many ranks without a change of bits.
    public static func canShare(_ count: Int, ranks: Int) -> Bool {
        guard ranks >= 1, count >= ranks, count % ranks == 0 else { return false }
        let own = count / ranks
        return own & (own - 1) == 0
    }
}

/// Adds up the numbers of all ranks, on all ranks.
public final class RankSum {
    private let communicator: any Communicator
    /// Floats of a piece.
    private let piece: Int
    private var received: [Float] = []

    /// Pieces of 16 MB: far above what a message costs by itself, and small beside a model's gradients.
    public init(_ communicator: any Communicator, piece: Int = 1 << 22) {
        self.communicator = communicator
        self.piece = piece
    }

    /// Each rank's numbers become the sum of all ranks' numbers, added in the order of `OrderedSum`.
    public func sum(_ values: UnsafeMutableBufferPointer<Float>) {
        guard communicator.size > 1 else { return }
        var start = 0
        while start < values.count {
            let end = min(start + piece, values.count)
            sum(piece: UnsafeMutableBufferPointer(rebasing: values[start..<end]))
            start = end
        }
    }

    private func sum(piece values: UnsafeMutableBufferPointer<Float>) {
        let (rank, size) = (communicator.rank, communicator.size)
        let parts = (0..<size).map { $0 * values.count / size..<($0 + 1) * values.count / size }
        let counts = parts.map { 4 * $0.count }
        let own = parts[rank]
        if received.count < size * own.count { received = [Float](repeating: 0, count: size * own.count) }
        received.withUnsafeMutableBufferPointer { received in
            let room = UnsafeMutableRawBufferPointer(
                UnsafeMutableBufferPointer(rebasing: received[..<(size * own.count)]))
            communicator.exchange(
                UnsafeRawBufferPointer(values), counts, into: room, [Int](repeating: 4 * own.count, count: size))
            guard let base = received.baseAddress, let target = values.baseAddress, !own.isEmpty else { return }
            OrderedSum.pairs(size) { add(base + $1 * own.count, to: base + $0 * own.count, own.count) }
            (target + own.lowerBound).update(from: base, count: own.count)
        }
        communicator.share(UnsafeMutableRawBufferPointer(values), counts)
    }
}

private func add(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
    for index in 0..<count { target[index] += source[index] }
}
