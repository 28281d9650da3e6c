import TestSupport
import Testing

@testable import Tensors

// Every operation is checked the same two ways against a naive loop in double precision that the test writes out:
// its values against the loop's values, and its gradients against central differences of the loop,
//   ∂L/∂xᵢ ≈ (L(xᵢ + h) − L(xᵢ − h)) / 2h,  L = Σ r · y with fixed random r,  h = 1e-5.
// In double precision the differences are good to about 1e-9, so what is measured is the float error of the operation.
// Inputs are of size one and sums have at most some dozen terms, so 2e-5 of the largest value is a hundred float
// roundings.
//
// `testExecutor` says what computes: this file and those in `Operations` are also compiled for the executor of a card
// (`Tests/CUDATests`).

let floatTolerance = 2e-5

/// An input of an operation under test.
enum TestInput {
    case variable(rows: Int, columns: Int)
    case weight(Int)
    /// A normalisation's gain, drawn around 1.
    case gain(Int)

    var count: Int {
        switch self {
        case .variable(let rows, let columns): rows * columns
        case .weight(let count), .gain(let count): count
        }
    }
}

/// What the operation under test is given, in the order of its inputs.
struct TestNodes {
    var variables: [Variable] = []
    var weights: [Weight] = []
}

func randomFloats(_ count: Int, seed: UInt64, mean: Double = 0) -> [Float] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in Float(random.normal() + mean) }
}

func largest(_ values: some Sequence<Double>) -> Double { values.reduce(0) { max($0, abs($1)) } }

func largestDifference(_ a: [Float], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { max($0, ($1.0.isNaN ? .infinity : abs(Double($1.0) - $1.1))) }
}

func floats(_ place: Place) -> [Float] { testExecutor(1).copyOut(place) }
func floats(_ variable: Variable) -> [Float] { floats(variable.place) }
func integers(_ indices: Indices) -> [Int32] { testExecutor(1).read(indices) { Array($0) } }

/// Puts numbers where a variable or a weight is.
func put(_ values: [Float], in place: Place) { testExecutor(1).copyIn(values, to: place) }

/// Runs an operation with fresh inputs; gradients of weights start at `weightGradientStart`, to see that they are added
/// to.
struct OperationRun {
    static let weightGradientStart: Float = 0.25

    let tape: Tape
    let nodes: TestNodes
    let inputs: [[Float]]
    private let storage: [Buffer]
    private let kinds: [TestInput]

    init(_ kinds: [TestInput], seed: UInt64, threads: Int, recording: Bool = true) {
        tape = Tape(testExecutor(threads))
        tape.begin(recording ? .recorded : .plain)
        self.kinds = kinds
        var nodes = TestNodes()
        var inputs: [[Float]] = []
        var storage: [Buffer] = []
        for (index, kind) in kinds.enumerated() {
            var mean = 0.0
            if case .gain = kind { mean = 1 }
            let values = randomFloats(kind.count, seed: seed + UInt64(index), mean: mean)
            inputs.append(values)
            switch kind {
            case .variable(let rows, let columns):
                let variable = tape.variable(rows: rows, columns: columns)
                put(values, in: variable.place)
                nodes.variables.append(variable)
            case .weight(let count), .gain(let count):
                let buffers = [
                    Buffer(tape.executor, values),
                    Buffer(tape.executor, [Float](repeating: Self.weightGradientStart, count: count)),
                ]
                storage += buffers
                nodes.weights.append(Weight(values: buffers[0].place, gradient: buffers[1].place))
            }
        }
        self.nodes = nodes
        self.inputs = inputs
        self.storage = storage
    }

    /// Keeps the weights alive to here.
    func free() { withExtendedLifetime(storage) {} }

    /// Says that d(loss)/d(output) is `cotangent`.
    func seed(_ output: Variable, _ cotangent: [Double]) {
        put(cotangent.map { Float($0) }, in: tape.contribute(to: output).place)
    }

    /// Gives every variable a gradient, as another operation that reads it would have.
    func startGradients(_ value: Float) {
        for variable in nodes.variables {
            put([Float](repeating: value, count: variable.count), in: tape.contribute(to: variable).place)
        }
    }

    /// The gradients that the backward pass left, in the order of the inputs; what weights' gradients started with is
    /// taken off.
    func gradients() -> [[Float]] {
        var variables = nodes.variables.makeIterator()
        var weights = nodes.weights.makeIterator()
        return kinds.map { kind in
            switch kind {
            case .variable(let rows, let columns):
                let variable = variables.next()!
                return tape.gradient(of: variable).map { floats($0) }
                    ?? [Float](repeating: 0, count: rows * columns)
            case .weight, .gain:
                return floats(weights.next()!.gradient).map { $0 - Self.weightGradientStart }
            }
        }
    }
}

/// Central differences of `loss` at `inputs`, for every number of every input.
func centralDifferences(_ inputs: [[Float]], _ loss: ([[Double]]) -> Double) -> [[Double]] {
    let h = 1e-5
    var point = inputs.map { $0.map(Double.init) }
    return inputs.indices.map { i in
        inputs[i].indices.map { j in
            let x = point[i][j]
            point[i][j] = x + h
            let above = loss(point)
            point[i][j] = x - h
            let below = loss(point)
            point[i][j] = x
            return (above - below) / (2 * h)
        }
    }
}

/// - Parameter hasOtherReaders: whether other operations may read its inputs too.
/// Checks values and gradients of `operation` against `naive`, which maps the inputs to all values of the output.
func check(
    _ kinds: [TestInput], seed: UInt64 = 1, threads: Int, tolerance: Double = floatTolerance,
    hasOtherReaders: Bool = true, sourceLocation: SourceLocation = #_sourceLocation,
    operation: (Tape, TestNodes) -> Variable, naive: ([[Double]]) -> [Double]
) {
    let run = OperationRun(kinds, seed: seed, threads: threads)
    defer { run.free() }
    let output = operation(run.tape, run.nodes)
    let expected = naive(run.inputs.map { $0.map(Double.init) })
    let error = largestDifference(floats(output), expected)
    #expect(error <= tolerance * max(1, largest(expected)), "values", sourceLocation: sourceLocation)

    let cotangent = randomFloats(output.count, seed: seed + 100).map(Double.init)
    let differences = centralDifferences(run.inputs) { point in
        zip(naive(point), cotangent).reduce(0) { $0 + $1.0 * $1.1 }
    }
    run.seed(output, cotangent)
    run.tape.backward()
    for (index, (found, expected)) in zip(run.gradients(), differences).enumerated() {
        let error = largestDifference(found, expected)
        #expect(
            error <= tolerance * max(1, largest(expected)), "gradient of input \(index)", sourceLocation: sourceLocation
        )
    }

    // Where another operation has left a gradient, this one adds its own.
    guard hasOtherReaders else { return }
    let again = OperationRun(kinds, seed: seed, threads: threads)
    defer { again.free() }
    again.seed(operation(again.tape, again.nodes), cotangent)
    again.startGradients(0.5)
    again.tape.backward()
    for (index, (found, expected)) in zip(again.gradients(), differences).enumerated() {
        guard case .variable = kinds[index] else { continue }
        let error = largestDifference(found.map { $0 - 0.5 }, expected)
        #expect(
            error <= tolerance * max(1, largest(expected)), "gradient of input \(index), added to what was there",
            sourceLocation: sourceLocation)
    }
}
