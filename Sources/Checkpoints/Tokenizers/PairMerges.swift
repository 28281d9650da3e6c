/// Byte-pair encoding (Sennrich et al. 2016): which neighbouring tokens become one, and in what order of preference.
///
/// `merge` replaces, again and again, the pair of lowest rank by its product, of equal pairs the leftmost first, until
/// no pair is in the list. Short words scan for the lowest pair; long ones keep the candidates in a heap, so that a
/// text without spaces costs n log n and not n².
struct PairMerges: Sendable {
    /// Open addressing; key 0 is free, since keys are stored plus one.
    private var keys: [UInt64]
    private var values: [Merge]
    private let shift: UInt64
    /// Odd and chosen per process: multiplicative hashing a file cannot aim at.
    private let multiplier: UInt64

    struct Merge: Sendable {
        var rank: Int32
        var product: Int32
    }

    static let none = Merge(rank: .max, product: -1)
    /// Up to this many symbols the scan is used.
    private static let shortCount = 48

    init(capacity: Int) {
        var bits = 4
        while 1 << bits < 2 * capacity { bits += 1 }
        keys = Array(repeating: 0, count: 1 << bits)
        values = Array(repeating: PairMerges.none, count: 1 << bits)
        shift = UInt64(64 - bits)
        multiplier = UInt64.random(in: .min ... .max) | 1
    }

    /// Enters a pair; the last entry of a pair counts, as in the Hugging Face library. At most `capacity` of them.
    mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
        let key = PairMerges.key(left, right)
        var slot = Int((key &* multiplier) >> shift)
        while keys[slot] != 0 && keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
        keys[slot] = key
        values[slot] = merge
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        (UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))) &+ 1
    }

    /// Merges `symbols` in place and returns how many are left. Negative symbols never merge.
    func merge(_ symbols: UnsafeMutableBufferPointer<Int32>) -> Int {
        keys.withUnsafeBufferPointer { keys in
            values.withUnsafeBufferPointer { values in
                let table = Lookup(keys: keys, values: values, shift: shift, multiplier: multiplier)
                return symbols.count <= PairMerges.shortCount
                    ? PairMerges.mergeShort(symbols, table) : PairMerges.mergeLong(symbols, table)
            }
        }
    }

    /// The table behind pointers, for the loops.
    private struct Lookup {
        let keys: UnsafeBufferPointer<UInt64>
        let values: UnsafeBufferPointer<Merge>
        let shift: UInt64
        let multiplier: UInt64

        @inline(__always)
        func callAsFunction(_ left: Int32, _ right: Int32) -> Merge {
            let key = PairMerges.key(left, right)
            var slot = Int((key &* multiplier) >> shift)
            while keys[slot] != key {
                if keys[slot] == 0 { return PairMerges.none }
                slot = (slot + 1) & (keys.count - 1)
            }
            return values[slot]
        }
    }

    private static func mergeShort(_ symbols: UnsafeMutableBufferPointer<Int32>, _ table: Lookup) -> Int {
        var count = symbols.count
        guard count > 1 else { return count }
        return withUnsafeTemporaryAllocation(of: Merge.self, capacity: count) { pairs in
            for i in 0..<count - 1 { pairs[i] = table(symbols[i], symbols[i + 1]) }
            while true {
                var best = 0
                var rank = Int32.max
                for i in 0..<count - 1 where pairs[i].rank < rank {
                    rank = pairs[i].rank
                    best = i
                }
                if rank == .max { return count }
                symbols[best] = pairs[best].product
                count -= 1
                for i in best + 1..<max(count, best + 1) {
                    symbols[i] = symbols[i + 1]
                    pairs[i - 1] = pairs[i]
                }
                if best > 0 { pairs[best - 1] = table(symbols[best - 1], symbols[best]) }
                if best < count - 1 { pairs[best] = table(symbols[best], symbols[best + 1]) }
                if count == 1 { return count }
            }
        }
    }

    // MARK: Long words

    private struct Candidate {
        let rank: Int32
        let product: Int32
        /// Of the left symbol.
        let place: Int32

        @inline(__always)
        func precedes(_ other: Candidate) -> Bool { rank != other.rank ? rank < other.rank : place < other.place }
    }

    private static func mergeLong(_ symbols: UnsafeMutableBufferPointer<Int32>, _ table: Lookup) -> Int {
        let count = symbols.count
        // Neighbours by index; a symbol that was merged away is -1 and skipped by both.
        var next = (0..<count).map { Int32($0 + 1) }
        var previous = (0..<count).map { Int32($0 - 1) }
        var alive = Array(repeating: true, count: count)
        var heap = CandidateHeap()
        func propose(_ place: Int32) {
            guard place >= 0, next[Int(place)] < count else { return }
            let merge = table(symbols[Int(place)], symbols[Int(next[Int(place)])])
            if merge.rank != .max { heap.push(Candidate(rank: merge.rank, product: merge.product, place: place)) }
        }
        for place in 0..<count { propose(Int32(place)) }
        while let candidate = heap.pop() {
            let place = Int(candidate.place)
            guard alive[place], next[place] < count else { continue }
            let right = Int(next[place])
            let merge = table(symbols[place], symbols[right])
            guard merge.rank == candidate.rank, merge.product == candidate.product else { continue }
            symbols[place] = merge.product
            alive[right] = false
            next[place] = next[right]
            if next[right] < count { previous[Int(next[right])] = Int32(place) }
            propose(previous[place])
            propose(Int32(place))
        }
        var kept = 0
        for place in 0..<count where alive[place] {
            symbols[kept] = symbols[place]
            kept += 1
        }
        return kept
    }

    /// A binary heap with the candidate that comes first on top.
    private struct CandidateHeap {
        private var items: [Candidate] = []

        mutating func push(_ item: Candidate) {
            items.append(item)
            var child = items.count - 1
            while child > 0, items[child].precedes(items[(child - 1) / 2]) {
                items.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        }

        mutating func pop() -> Candidate? {
            guard let first = items.first, let last = items.popLast() else { return nil }
            if items.isEmpty { return first }
            items[0] = last
            var parent = 0
            while true {
                var child = 2 * parent + 1
                if child >= items.count { return first }
                if child + 1 < items.count, items[child + 1].precedes(items[child]) { child += 1 }
                if !items[child].precedes(items[parent]) { return first }
                items.swapAt(child, parent)
                parent = child
            }
        }
    }
}
