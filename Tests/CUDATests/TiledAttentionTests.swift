import TestSupport
import Testing

@testable import CUDA
@testable import Tensors

/// Queries, keys and values side by side in one matrix, as models have them.
private struct TiledCase: CustomStringConvertible, Sendable {
    var lengths: [Int]
    var heads: Int
    var keyHeads: Int
    var width: Int
    var window: Int?
    var dropout: DropoutMask?

    var description: String {
        "\(lengths), \(heads)/\(keyHeads) heads of \(width), window \(window ?? 0), dropout \(dropout?.probability ?? 0)"
    }

    var rows: Int { lengths.reduce(0, +) }
    var columns: Int { (heads + 2 * keyHeads) * width }
    var shape: AttentionShape {
        AttentionShape(headCount: heads, keyValueHeadCount: keyHeads, headWidth: width, window: window)
    }

    func attend(_ tape: Tape, _ input: Variable) -> Variable {
        tape.causalAttention(
            query: HeadColumns(input), key: HeadColumns(input, offset: heads * width),
            value: HeadColumns(input, offset: (heads + keyHeads) * width),
            sequences: tape.sequences(lengths.reduce(into: [0]) { $0.append($0.last! + $1) }), shape: shape,
            dropout: dropout)
    }

    /// The output, the gradient of all that was read, and both once more as their twins say, if these were fresh.
    func results(_ executor: CUDAExecutor) -> (values: [[Float]], twins: [[Float]?]) {
        let tape = Tape(executor)
        tape.begin(.recorded)
        let input = tape.variable(randomFloats(rows * columns, seed: 7), columns: columns)
        let output = attend(tape, input)
        var twins = [executor.freshTwin(of: output.place)]
        executor.copyIn(randomFloats(output.count, seed: 9), to: tape.contribute(to: output).place)
        tape.backward()
        twins.append(tape.gradient(of: input).flatMap { executor.freshTwin(of: $0) })
        return ([executor.copyOut(output), tape.inputGradient(of: input)], twins)
    }
}

extension CUDAExecutor {
    /// The numbers of a twin that the last kernel wrote.
    fileprivate func freshTwin(of place: Place) -> [Float]? {
        guard memory.fresh == place else { return nil }
        var halves = [UInt16](repeating: 0, count: place.count)
        halves.withUnsafeMutableBytes { bytes in
            attempt { () throws(DeviceFault) in try device.copyOut(from: twin(place), to: bytes) }
        }
        return halves.map { Float(bitPattern: UInt32($0) << 16) }
    }
}

@Suite struct TiledAttentionTests {
    private static let cases = [
        TiledCase(lengths: [1], heads: 1, keyHeads: 1, width: 8),
        TiledCase(lengths: [2, 15, 0, 16, 17, 1], heads: 2, keyHeads: 2, width: 12),
        TiledCase(
            lengths: [31, 0, 0, 32, 33], heads: 2, keyHeads: 1, width: 8, dropout: DropoutMask(key: 3, probability: 0.2)
        ),
        TiledCase(lengths: [63, 64, 65], heads: 2, keyHeads: 1, width: 12, window: 20),
        TiledCase(lengths: [71, 3, 130], heads: 2, keyHeads: 2, width: 64),
        TiledCase(
            lengths: [130, 1], heads: 4, keyHeads: 2, width: 40, window: 37,
            dropout: DropoutMask(key: 9, probability: 0.1)),
        TiledCase(lengths: [90, 5], heads: 2, keyHeads: 1, width: 80, dropout: DropoutMask(key: 9, probability: 0.1)),
        TiledCase(lengths: [71], heads: 3, keyHeads: 1, width: 128, window: 24),
        TiledCase(
            lengths: [24, 35], heads: 2, keyHeads: 2, width: 192, dropout: DropoutMask(key: 1, probability: 0.1)),
        TiledCase(lengths: [71], heads: 2, keyHeads: 1, width: 192, window: 11),
        // Neither aligned nor even.
        TiledCase(lengths: [18, 40], heads: 3, keyHeads: 1, width: 7),
        TiledCase(lengths: [50], heads: 1, keyHeads: 1, width: 101, window: 3),
        TiledCase(lengths: [300], heads: 1, keyHeads: 1, width: 16),
    ]

    /// TF32 reads 11 bits of a factor: each differs by up to 5e-4, and the sums of the differences by less.
    private static let tolerance = 1e-3

    @Test(arguments: cases, [ProductPrecision.tf32, .bf16])
    private func `attention by tensor cores is attention, as far as factors are rounded`(
        _ attention: TiledCase, _ precision: ProductPrecision
    ) {
        let exact = attention.results(hostExecutor(.f32)).values
        let found = attention.results(hostExecutor(precision, order: 1)).values
        for (index, name) in ["output", "gradient"].enumerated() {
            let error = relativeError(found[index], exact[index])
            #expect(error <= Self.tolerance, "\(name): \(error)")
            // Rounded at all.
            if attention.rows > 10 { #expect(error >= 1e-5, "\(name): \(error)") }
        }
    }

    /// ‖a − b‖ / ‖b‖
    private func relativeError(_ a: [Float], _ b: [Float]) -> Double {
        let square = zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        return (square / b.reduce(0) { $0 + Double($1) * Double($1) }).squareRoot()
    }

    @Test(arguments: cases)
    private func `in bf16 the output and the whole gradient have their twins at once`(_ attention: TiledCase) throws {
        let (values, twins) = attention.results(hostExecutor(.bf16))
        for (values, twin) in zip(values, twins) {
            let twin = try #require(twin)
            let isTwin = twin == values.map { nearestBF16($0) }
            #expect(isTwin)
        }
        #expect(attention.results(hostExecutor(.tf32)).twins == [nil, nil])
    }

    /// To the nearest of 8 bits, to the even one of two.
    private func nearestBF16(_ x: Float) -> Float {
        guard x != 0 else { return x }
        let step = Float(sign: .plus, exponent: max(x.exponent, -126) - 7, significand: 1)
        return (x / step).rounded(.toNearestOrEven) * step
    }
}
