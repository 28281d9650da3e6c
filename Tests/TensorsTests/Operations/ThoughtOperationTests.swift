import Glibc
import Testing

@testable import Tensors

// The operations between the blocks of a model: rows read and overwritten, and what emulators compute from them.

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// (N, 2C) the outputs of as many steps as there are gates, one after another in each row.
private func naiveLSTM(_ gates: [[Double]], rows: Int, width: Int) -> [Double] {
    var result: [Double] = []
    for row in 0..<rows {
        var cell = [Double](repeating: 0, count: width)
        for step in gates {
            for k in 0..<width {
                let start = row * 4 * width + k
                let input = sigmoid(step[start]), forget = sigmoid(step[start + width])
                cell[k] = forget * cell[k] + input * tanh(step[start + 2 * width])
                result.append(sigmoid(step[start + 3 * width]) * tanh(cell[k]))
            }
        }
    }
    return result
}

/// (N, C) for a query and the keys after it.
private func naiveAttention(_ inputs: [[Double]], rows: Int, width: Int) -> [Double] {
    var result: [Double] = []
    for row in 0..<rows {
        let parts: [[Double]] = inputs.map { Array($0[row * width..<(row + 1) * width]) }
        var weights: [Double] = []
        for key in parts.dropFirst() {
            var product = 0.0
            for k in 0..<width { product += parts[0][k] * key[k] }
            weights.append(exp(product))
        }
        let sum = weights.reduce(0, +)
        for k in 0..<width {
            var mixed = 0.0
            for (key, weight) in zip(parts.dropFirst(), weights) { mixed += weight / sum * key[k] }
            result.append(mixed)
        }
    }
    return result
}

@Suite struct ThoughtOperationTests {
    @Test func `gathered rows are copies, and their gradients add up in the rows they came from`() {
        let rows: [Int32] = [4, 1, 4]
        check([.variable(rows: 5, columns: 7)], threads: 1) { tape, nodes in
            tape.gatherRows(nodes.variables[0], tape.indices(rows))
        } naive: { p in
            var result: [Double] = []
            for row in rows { result += p[0][Int(row) * 7..<Int(row) * 7 + 7] }
            return result
        }
    }

    @Test func `a replaced row passes its gradient to what replaced it and to nothing else`() {
        let rows: [Int32] = [3, 0]
        check([.variable(rows: 5, columns: 6), .variable(rows: 2, columns: 6)], threads: 1) { tape, nodes in
            tape.replaceRows(nodes.variables[0], tape.indices(rows), by: nodes.variables[1])
        } naive: { p in
            var y = p[0]
            for (m, row) in rows.enumerated() { for c in 0..<6 { y[Int(row) * 6 + c] = p[1][m * 6 + c] } }
            return y
        }
    }

    @Test func `a row that is read before it is overwritten gets the gradient of what was read`() {
        // y = x, but row 1 is GELU(row 1).
        let rows: [Int32] = [1]
        check([.variable(rows: 3, columns: 4)], threads: 1) { tape, nodes in
            let index = tape.indices(rows)
            let read = tape.gatherRows(nodes.variables[0], index)
            return tape.replaceRows(nodes.variables[0], index, by: tape.gelu(read))
        } naive: { p in
            p[0].indices.map { $0 / 4 == 1 ? naiveGELU(p[0][$0]) : p[0][$0] }
        }
    }

    @Test func `ReLU cuts off below zero, and keeps what is not a number`() {
        check([.variable(rows: 6, columns: 9)], threads: 1) { tape, nodes in
            tape.relu(nodes.variables[0])
        } naive: {
            $0[0].map { max($0, 0) }
        }
        let run = OperationRun([.variable(rows: 1, columns: 2)], seed: 1, threads: 1)
        defer { run.free() }
        put([.nan, 1], in: run.nodes.variables[0].place)
        #expect(floats(run.tape.relu(run.nodes.variables[0]))[0].isNaN)
    }

    @Test func `columns side by side get their own gradients`() {
        check([.variable(rows: 4, columns: 3), .variable(rows: 4, columns: 5)], threads: 1) { tape, nodes in
            tape.concatenate(nodes.variables[0], nodes.variables[1])
        } naive: { p in
            var rows: [Double] = []
            for n in 0..<4 {
                rows += p[0][n * 3..<n * 3 + 3]
                rows += p[1][n * 5..<n * 5 + 5]
            }
            return rows
        }
    }

    @Test(arguments: [1, 2])
    func `two steps of an LSTM cell are those of its equations, gradients through the cell included`(_ threads: Int) {
        let (n, c) = (5, 3)
        check([.variable(rows: n, columns: 4 * c), .variable(rows: n, columns: 4 * c)], threads: threads) {
            tape, nodes in
            let first = tape.lstmCell(gates: nodes.variables[0], before: nil)
            let second = tape.lstmCell(gates: nodes.variables[1], before: first.cell)
            return tape.concatenate(first.output, second.output)
        } naive: { p in
            naiveLSTM(p, rows: n, width: c)
        }
    }

    @Test func `attention over keys weighs them by the softmax of their products with the query`() {
        let (n, c) = (4, 5)
        check(
            [
                .variable(rows: n, columns: c), .variable(rows: n, columns: c), .variable(rows: n, columns: c),
                .variable(rows: n, columns: c),
            ], threads: 1
        ) {
            tape, nodes in
            tape.keyAttention(query: nodes.variables[0], keys: Array(nodes.variables[1...]))
        } naive: { p in
            naiveAttention(p, rows: n, width: c)
        }
    }

    @Test func `the squared error is half the squared distance, its gradient the scaled difference`() {
        let run = OperationRun([.variable(rows: 2, columns: 3)], seed: 3, threads: 1)
        defer { run.free() }
        let target: [Float] = [0, 1, -1, 2, 0.5, 0]
        let value = run.tape.squaredError(
            run.nodes.variables[0], target: run.tape.variable(target, columns: 3), scale: 0.25)
        let x = run.inputs[0]
        var expected = 0.0
        for (a, b) in zip(x, target) { expected += Double((a - b) * (a - b)) / 2 }
        #expect(abs(value - expected) < 1e-5)
        run.tape.backward()
        #expect(zip(run.gradients()[0], zip(x, target)).allSatisfy { abs($0 - 0.25 * ($1.0 - $1.1)) < 1e-6 })
    }
}
