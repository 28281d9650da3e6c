import Glibc
import Testing

@testable import Tensors

func naiveGELU(_ x: Double) -> Double { x / 2 * (1 + tanh(sqrt(2 / Double.pi) * (x + 0.044715 * x * x * x))) }
func naiveExactGELU(_ x: Double) -> Double { x / 2 * (1 + erf(x / 2.0.squareRoot())) }
private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

@Suite struct ElementwiseTests {
    @Test(arguments: [1, 2])
    func `the exact GELU is x times the normal distribution's share below x, and differentiates`(_ threads: Int) {
        check([.variable(rows: 7, columns: 13)], threads: threads) { tape, nodes in
            tape.gelu(nodes.variables[0], form: .exact)
        } naive: {
            $0[0].map(naiveExactGELU)
        }
    }

    @Test(arguments: [1, 2])
    func `GELU is the tanh form and differentiates`(_ threads: Int) {
        check([.variable(rows: 7, columns: 13)], threads: threads) { tape, nodes in
            tape.gelu(nodes.variables[0])
        } naive: {
            $0[0].map(naiveGELU)
        }
    }

    @Test func `GELU is finite and exact far from zero`() {
        let run = OperationRun([.variable(rows: 1, columns: 6)], seed: 1, threads: 1)
        defer { run.free() }
        let x: [Float] = [-1e30, -50, -12, 12, 50, 1e30]
        put(x, in: run.nodes.variables[0].place)
        let y = floats(run.tape.gelu(run.nodes.variables[0]))
        // The exponential stops at e⁻⁸⁸, about 1e-38, so that much of x is left below zero.
        for (index, expected) in ([0, 0, 0, 12, 50, 1e30] as [Float]).enumerated() {
            #expect(abs(y[index] - expected) <= 1e-6 * expected + 1e-38 * abs(x[index]))
        }
    }

    @Test(arguments: [1, 2])
    func `SwiGLU gates and differentiates both factors`(_ threads: Int) {
        let width = 11
        check([.variable(rows: 5, columns: 2 * width)], threads: threads, hasOtherReaders: false) { tape, nodes in
            tape.swiglu(nodes.variables[0])
        } naive: { p in
            (0..<5 * width).map { index in
                let gate = p[0][index / width * 2 * width + index % width],
                    up = p[0][index / width * 2 * width + width + index % width]
                return gate * sigmoid(gate) * up
            }
        }
    }

    @Test(arguments: [1, 2])
    func `dropout multiplies by its mask, forwards and backwards`(_ threads: Int) {
        let mask = DropoutMask(key: 5, probability: 0.3)
        let factors = maskFactors(mask, 0..<6 * 17)
        check([.variable(rows: 6, columns: 17)], threads: threads) { tape, nodes in
            // A copy, because dropout works in place.
            let x = tape.gelu(nodes.variables[0])
            tape.dropout(x, mask)
            return x
        } naive: { p in
            p[0].indices.map { naiveGELU(p[0][$0]) * factors[$0] }
        }
    }

    @Test(arguments: [1, 2])
    func `an embedding looks up both tables and sums the gradients of repeated rows`(_ threads: Int) {
        let tokens: [Int32] = [3, 0, 3, 3, 1], positions: [Int32] = [0, 1, 2, 0, 7]
        let (v, p, c) = (4, 8, 19)
        check([.weight(v * c), .weight(p * c)], threads: threads) { tape, nodes in
            tape.embedding(
                tokens: tape.indices(tokens), positions: tape.indices(positions), columns: c,
                tokenTable: nodes.weights[0],
                positionTable: nodes.weights[1])
        } naive: { tables in
            (0..<5 * c).map {
                tables[0][Int(tokens[$0 / c]) * c + $0 % c] + tables[1][Int(positions[$0 / c]) * c + $0 % c]
            }
        }
        check([.weight(v * c)], threads: threads) { tape, nodes in
            tape.embedding(
                tokens: tape.indices(tokens), positions: tape.indices(positions), columns: c,
                tokenTable: nodes.weights[0],
                positionTable: nil)
        } naive: { tables in
            (0..<5 * c).map { tables[0][Int(tokens[$0 / c]) * c + $0 % c] }
        }
    }

    @Test func `the frozen row of a table is read and learns nothing`() {
        let run = OperationRun([.weight(3 * 4)], seed: 2, threads: 1)
        defer { run.free() }
        let table = run.nodes.weights[0]
        let output = run.tape.embedding(
            tokens: run.tape.indices([2, 0, 2]), positions: run.tape.indices([0, 0, 0]), columns: 4, tokenTable: table,
            positionTable: nil, frozenToken: 2)
        #expect(Array(floats(output)[..<4]) == Array(run.inputs[0][8...]))
        run.seed(output, [Double](repeating: 1, count: 12))
        run.tape.backward()
        #expect(run.gradients()[0] == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test(arguments: [1, 2])
    func `rotary positions turn the pairs of every head and turn gradients back`(_ threads: Int) {
        let positions: [Int32] = [0, 1, 5, 2]
        let (heads, width, half, offset) = (3, 8, 3, 2)
        let columns = offset + heads * width + 1
        let angles = (0..<6 * half).map { Double($0 / half) * pow(0.3, Double($0 % half)) }
        let cosine = angles.map { Float(cos($0)) }, sine = angles.map { Float(sin($0)) }
        check([.variable(rows: 4, columns: columns)], threads: threads) { tape, nodes in
            // A copy, because the rotation works in place.
            let x = tape.gelu(nodes.variables[0])
            let table = RotaryTable(
                cosine: tape.variable(cosine, columns: half).place, sine: tape.variable(sine, columns: half).place,
                half: half)
            tape.rotary(
                x, offset: offset, heads: heads, headWidth: width, positions: tape.indices(positions), table: table)
            return x
        } naive: { p in
            let x = p[0].map(naiveGELU)
            var y = x
            for n in 0..<4 {
                for head in 0..<heads {
                    for i in 0..<half {
                        let a = n * columns + offset + head * width + i, b = a + half
                        let angle = Double(positions[n]) * pow(0.3, Double(i))
                        y[a] = x[a] * cos(angle) - x[b] * sin(angle)
                        y[b] = x[b] * cos(angle) + x[a] * sin(angle)
                    }
                }
            }
            return y
        }
    }

    @Test func `a sum without gradients adds`() {
        let run = OperationRun(
            [.variable(rows: 3, columns: 21), .variable(rows: 3, columns: 21)], seed: 3, threads: 2, recording: false)
        defer { run.free() }
        let y = run.tape.sum(run.nodes.variables[0], run.nodes.variables[1])
        #expect(floats(y) == zip(run.inputs[0], run.inputs[1]).map { $0 + $1 })
    }
}
