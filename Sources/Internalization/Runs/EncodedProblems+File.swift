import Checkpoints
import Support
import Transformer

// Problems in a run's folder, as safetensors: `tokens` (all sequences one after another), `places` (n, 5: length, input
// count, chain end, answer start, answer end), and for removal in groups `groups` (pairs of chain token and group,
// problem after problem) with `group_counts` (n, how many pairs).

extension EncodedProblems {
    /// The SHA-256 of everything in it.
    public var fingerprint: String {
        var hash = SHA256()
        for array in [tokenArray, placeArray] + groupArrays { array.withUnsafeBytes { hash.update($0) } }
        return hash.finalizeHex()
    }

    private var tokenArray: [Int32] { (0..<count).flatMap { Array(sequence($0)) } }
    private var placeArray: [Int32] {
        (0..<count).flatMap { index -> [Int32] in
            let answer = answer(index)
            return [
                sequence(index).count, inputCount(index), chain(index).upperBound, answer.lowerBound, answer.upperBound,
            ].map { Int32($0) }
        }
    }
    private var groupArrays: [[Int32]] {
        guard hasGroups else { return [] }
        var pairs: [Int32] = [], counts: [Int32] = []
        for index in 0..<count {
            let groups = groups(index) ?? []
            for (number, group) in groups.enumerated() {
                for token in group { pairs += [Int32(token), Int32(number)] }
            }
            counts.append(Int32(groups.reduce(0) { $0 + $1.count }))
        }
        return [pairs, counts]
    }

    func write(to path: String) throws {
        let arrays =
            [("tokens", tokenArray, 1), ("places", placeArray, 5)]
            + zip([("groups", 2), ("group_counts", 1)], groupArrays).map { ($0.0, $1, $0.1) }
        try withBytes(arrays.map(\.1), []) { bytes in
            let stored = zip(arrays, bytes).map { array, bytes in
                StoredArray(
                    array.0, shape: array.2 == 1 ? [array.1.count] : [array.1.count / array.2, array.2], .int32, bytes)
            }
            try SafeTensorsWriter.write(stored, to: path)
        }
    }

    private func withBytes(
        _ arrays: [[Int32]], _ done: [UnsafeRawBufferPointer], _ body: ([UnsafeRawBufferPointer]) throws -> Void
    ) throws {
        guard let first = arrays.first else { return try body(done) }
        try first.withUnsafeBytes { try withBytes(Array(arrays.dropFirst()), done + [$0], body) }
    }

    /// - Throws: `FileError`, `RunError.problem`, `RunFolderError.malformed`.
    init(file path: String) throws {
        let reader = try SafeTensorsReader(path)
        func numbers(_ name: String) throws -> [Int]? { try reader[name].map { try $0.integers() } }
        guard let tokens = try numbers("tokens"), let places = try numbers("places"), places.count % 5 == 0 else {
            throw RunFolderError.malformed(path: path, rule: "the problems lack tokens or places")
        }
        var start = 0
        var problems: [EncodedProblem] = []
        for row in stride(from: 0, to: places.count, by: 5) {
            let (length, input, chain, answer, end) = (
                places[row], places[row + 1], places[row + 2], places[row + 3], places[row + 4]
            )
            guard length >= 0, start + length <= tokens.count, input >= 0, input <= chain, answer >= 0, answer <= end
            else {
                throw RunFolderError.malformed(path: path, rule: "problem \(row / 5) has no possible place")
            }
            problems.append(
                EncodedProblem(
                    tokens: tokens[start..<start + length].map { Int32(truncatingIfNeeded: $0) }, inputCount: input,
                    chain: input..<chain,
                    answer: answer..<end))
            start += length
        }
        try self.init(
            problems, groups: try Self.groups(numbers("groups"), numbers("group_counts"), problems.count, path))
    }

    private static func groups(
        _ pairs: [Int]?, _ counts: [Int]?, _ problemCount: Int, _ path: String
    ) throws -> [[[Int]]]? {
        guard let pairs, let counts else { return nil }
        guard counts.count == problemCount, counts.allSatisfy({ $0 >= 0 && $0 <= pairs.count }),
            counts.reduce(0, +) * 2 == pairs.count
        else {
            throw RunFolderError.malformed(path: path, rule: "the removal orders do not fit the problems")
        }
        var place = 0
        return counts.map { count in
            var groups: [[Int]] = []
            for _ in 0..<count {
                // A pair with another number than the last one's begins the next group.
                if place == 0 || groups.isEmpty || pairs[place + 1] != pairs[place - 1] { groups.append([]) }
                groups[groups.count - 1].append(pairs[place])
                place += 2
            }
            return groups
        }
    }
}
