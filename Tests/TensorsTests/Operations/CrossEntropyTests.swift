import Glibc
import Testing

@testable import Tensors

@Suite struct CrossEntropyTests {
    /// L = scale · Σ over labelled rows of −log softmax(x · headᵀ)[label].
    private func naiveLosses(
        _ x: [Double], _ head: [Double], _ labels: [Int32], vocabulary: Int, columns: Int
    ) -> [Double] {
        labels.indices.compactMap { n in
            guard labels[n] >= 0 else { return nil }
            let logits = (0..<vocabulary).map { v in
                (0..<columns).reduce(0.0) { $0 + x[n * columns + $1] * head[v * columns + $1] }
            }
            return log(logits.reduce(0) { $0 + exp($1) }) - logits[Int(labels[n])]
        }
    }

    // Blocks of 3 rows, of 1 row, and everything at once.
    @Test(arguments: [1, 2], [50, 16, 1 << 25])
    func `the loss is the definition at labelled rows only, and so are its gradients`(_ threads: Int, _ blockSize: Int)
    {
        let labels: [Int32] = [4, -1, 0, 15, -1, 7, 7, 2]
        let (rows, columns, vocabulary) = (8, 5, 16)
        let run = OperationRun(
            [.variable(rows: rows, columns: columns), .weight(vocabulary * columns)], seed: 8, threads: threads)
        defer { run.free() }
        let scale = 0.37
        let result = run.tape.crossEntropy(
            run.nodes.variables[0], labels: labels, head: run.nodes.weights[0],
            vocabularySize: vocabulary,
            blockSize: blockSize
        ) { count in
            #expect(count == 6); return Float(scale)
        }
        let point = run.inputs.map { $0.map(Double.init) }
        let expected = naiveLosses(point[0], point[1], labels, vocabulary: vocabulary, columns: columns)
        #expect(largestDifference(floats(result.losses), expected) <= floatTolerance)
        #expect(result.count == 6)
        for (m, n) in [0, 2, 3, 5, 6, 7].enumerated() {
            let logits = (0..<vocabulary).map { v in
                (0..<columns).reduce(0.0) { $0 + point[0][n * columns + $1] * point[1][v * columns + $1] }
            }
            #expect(logits.firstIndex(of: logits.max()!) == Int(integers(result.predictions)[m]))
        }
        // What another operation has left is added to.
        run.startGradients(0.5)
        run.tape.backward()
        let differences = centralDifferences(run.inputs) { p in
            scale * naiveLosses(p[0], p[1], labels, vocabulary: vocabulary, columns: columns).reduce(0, +)
        }
        let (dx, dhead) = (run.gradients()[0].map { $0 - 0.5 }, run.gradients()[1])
        #expect(largestDifference(dx, differences[0]) <= floatTolerance)
        #expect(largestDifference(dhead, differences[1]) <= floatTolerance)
    }

    @Test(arguments: [0, 1] as [Float]) func `of words that are equally likely the first is the prediction`(
        _ scale: Float
    ) {
        let run = OperationRun([.variable(rows: 1, columns: 1), .weight(5)], seed: 8, threads: 1)
        defer { run.free() }
        put([1], in: run.nodes.variables[0].place)
        put([2, 5, 1, 5, 5], in: run.nodes.weights[0].values)
        let result = run.tape.crossEntropy(
            run.nodes.variables[0], labels: [4], head: run.nodes.weights[0], vocabularySize: 5
        ) { _ in scale }
        #expect(integers(result.predictions) == [1])
    }

    @Test func `huge logits give a finite loss`() {
        let run = OperationRun([.variable(rows: 2, columns: 1), .weight(4)], seed: 8, threads: 1)
        defer { run.free() }
        put([3e4, -3e4], in: run.nodes.variables[0].place)
        put([0, 1, 2, 3], in: run.nodes.weights[0].values)
        let result = run.tape.crossEntropy(
            run.nodes.variables[0], labels: [3, 3], head: run.nodes.weights[0], vocabularySize: 4
        ) { 1 / Float($0) }
        #expect(floats(result.losses) == [0, 9e4])
        #expect(integers(result.predictions) == [3, 0])
    }
}
