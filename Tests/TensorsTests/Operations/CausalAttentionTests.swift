import Glibc
import Testing

@testable import Tensors

/// Attention of every query over the keys before it, written as its definition.
func naiveAttention(
    _ q: [Double], _ k: [Double], _ v: [Double], lengths: [Int], shape: AttentionShape,
    factor: (_ head: Int, _ row: Int, _ key: Int) -> Double
) -> [Double] {
    let (w, heads, keyHeads) = (shape.headWidth, shape.headCount, shape.keyValueHeadCount)
    var out = [Double](repeating: 0, count: q.count)
    var start = 0
    for length in lengths {
        for head in 0..<heads {
            let keyHead = head / (heads / keyHeads)
            for i in 0..<length {
                let first = shape.window.map { max(0, i - $0 + 1) } ?? 0
                var scores: [Double] = []
                for j in first...i {
                    var dot = 0.0
                    for d in 0..<w {
                        dot +=
                            q[(start + i) * heads * w + head * w + d] * k[(start + j) * keyHeads * w + keyHead * w + d]
                    }
                    scores.append(exp(dot * Double(shape.scale)))
                }
                let total = scores.reduce(0, +)
                for j in first...i {
                    let p = scores[j - first] / total * factor(head, start + i, j)
                    for d in 0..<w {
                        out[(start + i) * heads * w + head * w + d] +=
                            p * v[(start + j) * keyHeads * w + keyHead * w + d]
                    }
                }
            }
        }
        start += length
    }
    return out
}

private struct AttentionCase: CustomStringConvertible, Sendable {
    var lengths: [Int]
    var shape: AttentionShape
    var dropout: DropoutMask?
    var description: String {
        "\(lengths), \(shape.headCount)/\(shape.keyValueHeadCount) heads of \(shape.headWidth), window \(shape.window ?? 0), dropout \(dropout?.probability ?? 0)"
    }

    var rows: Int { lengths.reduce(0, +) }
    var offsets: [Int] { lengths.reduce(into: [0]) { $0.append($0.last! + $1) } }
    var inputs: [TestInput] {
        let keys = shape.keyValueHeadCount * shape.headWidth
        return [
            .variable(rows: rows, columns: shape.headCount * shape.headWidth), .variable(rows: rows, columns: keys),
            .variable(rows: rows, columns: keys),
        ]
    }

    func naive(_ p: [[Double]]) -> [Double] {
        let longest = lengths.max() ?? 0
        return naiveAttention(p[0], p[1], p[2], lengths: lengths, shape: shape) { head, row, key in
            guard let dropout else { return 1 }
            let element = (head * rows + row) * longest + key
            return maskFactors(dropout, element..<element + 1)[0]
        }
    }

    func apply(_ tape: Tape, _ nodes: TestNodes) -> Variable {
        tape.causalAttention(
            query: HeadColumns(nodes.variables[0]), key: HeadColumns(nodes.variables[1]),
            value: HeadColumns(nodes.variables[2]),
            sequences: tape.sequences(offsets), shape: shape, dropout: dropout)
    }
}

@Suite struct CausalAttentionTests {
    private static let small = [
        AttentionCase(lengths: [1], shape: AttentionShape(headCount: 1, keyValueHeadCount: 1, headWidth: 2)),
        AttentionCase(lengths: [3, 0, 6, 1], shape: AttentionShape(headCount: 2, keyValueHeadCount: 2, headWidth: 3)),
        AttentionCase(lengths: [4, 5], shape: AttentionShape(headCount: 4, keyValueHeadCount: 2, headWidth: 2)),
        AttentionCase(
            lengths: [7, 2],
            shape: AttentionShape(headCount: 2, keyValueHeadCount: 1, headWidth: 4, window: 3, scale: 0.7)),
        AttentionCase(
            lengths: [5, 4], shape: AttentionShape(headCount: 2, keyValueHeadCount: 2, headWidth: 4),
            dropout: DropoutMask(key: 9, probability: 0.3)),
    ]

    @Test(arguments: small, [1, 2])
    private func `attention is the definition, and so is its gradient`(_ attention: AttentionCase, _ threads: Int) {
        check(attention.inputs, threads: threads, hasOtherReaders: false) {
            attention.apply($0, $1)
        } naive: {
            attention.naive($0)
        }
    }

    // Lengths beyond one vector tile, checked along random directions instead of number by number: dL/dt of x + t·u is
    // ∇L · u.
    @Test(arguments: [
        AttentionCase(lengths: [17, 33, 16], shape: AttentionShape(headCount: 2, keyValueHeadCount: 2, headWidth: 16)),
        AttentionCase(lengths: [34, 5], shape: AttentionShape(headCount: 4, keyValueHeadCount: 1, headWidth: 20)),
        AttentionCase(
            lengths: [40], shape: AttentionShape(headCount: 2, keyValueHeadCount: 1, headWidth: 8, window: 9)),
    ])
    private func `attention over longer sequences is the definition`(_ attention: AttentionCase) {
        let run = OperationRun(attention.inputs, seed: 20, threads: 2)
        defer { run.free() }
        let output = attention.apply(run.tape, run.nodes)
        let point = run.inputs.map { $0.map(Double.init) }
        #expect(largestDifference(floats(output), attention.naive(point)) <= floatTolerance)
        let cotangent = randomFloats(output.count, seed: 33).map(Double.init)
        run.seed(output, cotangent)
        run.tape.backward()
        let gradients = run.gradients()
        for direction in 0..<3 {
            let u = point.indices.map {
                randomFloats(point[$0].count, seed: UInt64(40 + 3 * direction + $0)).map(Double.init)
            }
            func loss(_ t: Double) -> Double {
                let moved = point.indices.map { i in point[i].indices.map { point[i][$0] + t * u[i][$0] } }
                return zip(attention.naive(moved), cotangent).reduce(0) { $0 + $1.0 * $1.1 }
            }
            let expected = (loss(1e-5) - loss(-1e-5)) / 2e-5
            var found = 0.0, size = 0.0
            for i in point.indices {
                for j in point[i].indices {
                    found += Double(gradients[i][j]) * u[i][j]
                    size += abs(Double(gradients[i][j]) * u[i][j])
                }
            }
            #expect(abs(found - expected) <= 1e-6 * size)
        }
    }

    @Test(arguments: [1, 2])
    func `probabilities that are read add up to 1 in each row, and none looks ahead`(_ threads: Int) {
        let lengths = [4, 3], shape = AttentionShape(headCount: 2, keyValueHeadCount: 1, headWidth: 4)
        let run = OperationRun(
            [.variable(rows: 7, columns: 8), .variable(rows: 7, columns: 4), .variable(rows: 7, columns: 4)], seed: 4,
            threads: threads, recording: false)
        defer { run.free() }
        let cells = lengths.map { length in
            (0..<length).flatMap { query in (0..<length).map { AttentionCell(query: query, key: $0) } }
        }
        var found: [Float] = []
        _ = run.tape.causalAttention(
            query: HeadColumns(run.nodes.variables[0]), key: HeadColumns(run.nodes.variables[1]),
            value: HeadColumns(run.nodes.variables[2]), sequences: run.tape.sequences([0, 4, 7]), shape: shape,
            access: PatternAccess(reading: cells)
        ) { found = $0 }
        #expect(found.count == 2 * (16 + 9))
        var start = 0
        for _ in 0..<2 {
            for length in lengths {
                for query in 0..<length {
                    let row = found[start..<start + length]
                    #expect(abs(row.reduce(0, +) - 1) < 1e-6)
                    #expect(row.dropFirst(query + 1).allSatisfy { $0 == 0 })
                    start += length
                }
            }
        }
    }

    @Test func `a row from which every key but one is cut looks at that one, in the head that was meant`() {
        let shape = AttentionShape(headCount: 2, keyValueHeadCount: 2, headWidth: 4)
        func attention(_ access: PatternAccess?) -> (output: [Float], values: [Float]) {
            let run = OperationRun(
                [.variable(rows: 7, columns: 8), .variable(rows: 7, columns: 8), .variable(rows: 7, columns: 8)],
                seed: 4, threads: 1, recording: false)
            defer { run.free() }
            let output = run.tape.causalAttention(
                query: HeadColumns(run.nodes.variables[0]), key: HeadColumns(run.nodes.variables[1]),
                value: HeadColumns(run.nodes.variables[2]), sequences: run.tape.sequences([0, 4, 7]), shape: shape,
                access: access)
            return (floats(output), floats(run.nodes.variables[2]))
        }
        // In the second sequence (rows 4 to 6), head 1: query 2 keeps only key 0, by two cuts of which one is every
        // head's.
        let cuts = [
            PatternCut(head: 1, [[], [AttentionCell(query: 2, key: 1)]]),
            PatternCut([[], [AttentionCell(query: 2, key: 2)]]),
        ]
        let plain = attention(nil), cut = attention(PatternAccess(cuts: cuts))
        #expect(Array(cut.output[6 * 8 + 4..<7 * 8]) == Array(cut.values[4 * 8 + 4..<5 * 8]))
        // Head 0 lost key 2 and keeps keys 0 and 1 in their proportion; rows before it are as they were.
        #expect(largestDifference(Array(cut.output[..<(6 * 8)]), plain.output[..<(6 * 8)].map(Double.init)) <= 1e-6)
        #expect(Array(cut.output[6 * 8..<6 * 8 + 4]) != Array(plain.output[6 * 8..<6 * 8 + 4]))
    }
}
