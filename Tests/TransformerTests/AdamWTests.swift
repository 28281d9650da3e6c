import Glibc
import Tensors
import Testing

@testable import Transformer

/// AdamW for one parameter, from the equations of its paper, in doubles.
private struct ScalarAdamW {
    var weight: Double
    var first = 0.0
    var second = 0.0
    var steps = 0
    var secondSteps = 0

    mutating func update(_ gradient: Double, rate: Double, decay: Double = 0.01) {
        steps += 1
        secondSteps += 1
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient * gradient
        let unbiasedFirst = first / (1 - pow(0.9, Double(steps)))
        let unbiasedSecond = second / (1 - pow(0.999, Double(secondSteps)))
        weight -= rate * decay * weight
        weight -= rate * unbiasedFirst / (unbiasedSecond.squareRoot() + 1e-8)
    }
}

@Suite struct AdamWTests {
    private let gradients: [Float] = [0.5, -2, 1e-3, 0]

    private func layout() -> ParameterLayout {
        var layout = ParameterLayout()
        layout.add("a", [gradients.count])
        return layout
    }

    /// Updates with these gradients, times what `scale` says, and resets before some of them, beside the equations.
    private func check(updates: Int, resets: [Int: AdamW.Reset], scale: (Int) -> Float) {
        let optimizer = AdamW(layout())
        let parameters = ParameterSet(layout()), given = ParameterSet(layout())
        var expected = gradients.indices.map { ScalarAdamW(weight: Double($0) - 1.5) }
        parameters.put(gradients.indices.map { Float($0) - 1.5 })
        for step in 0..<updates {
            if let reset = resets[step] {
                optimizer.reset(reset)
                for index in expected.indices {
                    (expected[index].second, expected[index].secondSteps) = (0, 0)
                    if reset == .all { (expected[index].first, expected[index].steps) = (0, 0) }
                }
            }
            given.put(gradients.map { $0 * scale(step) })
            for index in gradients.indices {
                expected[index].update(Double(gradients[index]) * Double(scale(step)), rate: 0.01)
            }
            _ = update(optimizer, parameters, given, clip: nil)
            let values = parameters.values()
            for index in gradients.indices {
                let error = abs(Double(values[index]) - expected[index].weight)
                #expect(error < 2e-6, "update \(step), gradient \(gradients[index])")
            }
        }
    }

    @Test func `updates follow the equations`() { check(updates: 6, resets: [:]) { Float($0 % 3) - 0.5 } }

    @Test func `after a reset of all moments it is a new optimizer`() {
        check(updates: 6, resets: [3: .all]) { Float($0 % 3) - 0.5 }
    }

    @Test func `after a reset of the second moments their bias is corrected anew and momentum goes on`() {
        check(updates: 8, resets: [4: .secondMoments]) { _ in 1 }
        check(updates: 8, resets: [2: .secondMoments, 5: .secondMoments]) { Float($0 % 3) - 0.5 }
    }

    @Test(
        arguments: [
            (0.5, 1, 1), (1, 1, 1), (2, 1, 0.5), (10, 0.1, 0.01), (0, 1, 1), (3, nil, 1),
        ] as [(Double, Float?, Float)])
    func `gradients are scaled down to the largest norm, and small ones never up`(
        _ norm: Double, _ clip: Float?, _ factor: Float
    ) {
        let given = ParameterSet(layout()), optimizer = AdamW(layout())
        given.put([Float(norm), 0, 0, 0])
        let norms = update(optimizer, ParameterSet(layout()), given, clip: clip)
        #expect(abs(norms.factor - factor) < 2e-6)
        #expect(norms.factor <= 1)
    }

    @Test func `the norm is that of all gradients together`() {
        let given = ParameterSet(layout()), optimizer = AdamW(layout())
        given.put(gradients)
        let norms = update(optimizer, ParameterSet(layout()), given, clip: nil)
        #expect(abs(norms.gradient - (0.25 + 4 + 1e-6).squareRoot()) < 1e-7)
        given.put([.nan], at: 2)
        #expect(!update(optimizer, ParameterSet(layout()), given, clip: nil).gradient.isFinite)
        #expect(given.firstNotFinite == "a")
    }

    private func update(
        _ optimizer: AdamW, _ parameters: ParameterSet, _ given: ParameterSet, clip: Float?
    ) -> UpdateNorms {
        let norms = optimizer.memory.executor.update(
            [optimizer.operation(parameters, given, 0.01)], clip: clip, in: optimizer.memory)
        optimizer.countStep()
        return norms
    }
}
