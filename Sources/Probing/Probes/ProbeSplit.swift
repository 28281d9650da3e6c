import Tensors

// Groups in random order, rows with their group. In that order
//   0 ..< fitEnd        weights are fitted
//   fitEnd ..< trainEnd the penalty is chosen; then weights are fitted again on 0 ..< trainEnd
//   trainEnd ..< count  held out
// and the first 0.1, 0.2, 0.4, … 100 % are the blocks of the online code. All these are prefixes, so sums over rows
// that grow serve all of them. Every boundary lies between groups.

struct ProbeSplit {
    /// (rows) the original row at each place.
    let order: [Int]
    /// (rows) the group at each place.
    let groups: [Int]
    let fitEnd: Int
    let trainEnd: Int
    /// Ascending ends of the blocks of the online code; the last is the number of rows.
    let blockEnds: [Int]

    var count: Int { order.count }
    var heldOut: Range<Int> { trainEnd..<count }

    /// The shares after which the online code retrains (Voita & Titov 2020).
    private static let blockShares = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1]

    /// - Throws: `ProbeError.tooFewGroups`.
    init(groups: [Int], heldOutShare: Double, random: RandomSource) throws(ProbeError) {
        var random = random
        var rowsOfGroup: [Int: [Int]] = [:]
        var names: [Int] = []
        for (row, group) in groups.enumerated() {
            if rowsOfGroup[group] == nil { names.append(group) }
            rowsOfGroup[group, default: []].append(row)
        }
        random.shuffle(&names)
        var order: [Int] = []
        order.reserveCapacity(groups.count)
        var ends: [Int] = []
        for name in names {
            order += rowsOfGroup[name]!
            ends.append(order.count)
        }
        func end(after share: Double) -> Int {
            let wanted = share * Double(groups.count)
            return ends.first { Double($0) >= wanted - 1e-9 } ?? groups.count
        }
        let trainEnd = end(after: 1 - heldOutShare)
        let fitEnd = end(after: (1 - heldOutShare) * 0.8)
        guard names.count >= 5, fitEnd > 0, fitEnd < trainEnd, trainEnd < groups.count else {
            throw .tooFewGroups(names.count)
        }
        self.order = order
        self.groups = order.map { groups[$0] }
        self.fitEnd = fitEnd
        self.trainEnd = trainEnd
        var blocks: [Int] = []
        for share in Self.blockShares {
            let next = end(after: share)
            if next > blocks.last ?? 0 { blocks.append(next) }
        }
        blockEnds = blocks
    }

    func reorder<T>(_ values: [T]) -> [T] { order.map { values[$0] } }
}
