import Checkpoints
import Foundation
import Support
import TestSupport
import Testing
import Transformer

@testable import Probing

/// Regressions solved in float64 by numpy and scipy (Tests/Golden/probe).
private struct GoldenProbe {
    let expected: JSONObject
    let tolerances: JSONObject
    private let tensors: SafeTensorsReader

    init() throws {
        let folder = goldenFolder.appending(path: "probe").path
        expected = try #require(JSONReader.readFile("\(folder)/expect.json").object)
        tolerances = try #require(JSONReader.readFile("\(folder)/manifest.json").object?["tolerances"]?.object)
        tensors = try SafeTensorsReader("\(folder)/data.safetensors")
    }

    func tolerance(_ name: String) throws -> Double { try #require(tolerances[name]?.double) }
    func doubles(_ name: String) throws -> [Double] { try #require(tensors[name]).doubles() }
    func integers(_ name: String) throws -> [Int] { try #require(tensors[name]).integers().map { Int($0) } }
    func cases(_ name: String) throws -> [JSONObject] { try #require(expected[name]?.array).compactMap(\.object) }
}

private func numbers(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).map { try #require($0.double) }
}

private func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}

@Suite struct GoldenProbeTests {
    @Test func `ridge and least squares are numpy's`() throws {
        let golden = try GoldenProbe()
        let x = try golden.doubles("X_train"), y = try golden.doubles("y_train")
        for record in try golden.cases("ridge") {
            let alpha = try #require(record["alpha"]?.double),
                intercept = try #require(record["intercept"]?.bool as Bool?)
            let map = try RidgeRegression.fit(x, width: 16, y, alpha: alpha, intercept: intercept)
            let tolerance = try golden.tolerance("ridge_w_atol_float64")
            #expect(try largestDifference(map.weights, numbers(record["w"])) <= tolerance, "alpha \(alpha)")
            #expect(try abs(map.intercepts[0] - #require(record["b"]?.double)) <= tolerance)
            for split in ["train", "test"] {
                let scores = try #require(record["scores"]?.object?[split]?.object)
                let found = RegressionScores(
                    predictions: map(try golden.doubles("X_\(split)")), targets: try golden.doubles("y_\(split)"))
                for (name, value) in [
                    ("r2", found.rSquared), ("mae", found.meanAbsoluteError), ("mse", found.meanSquaredError),
                ] {
                    #expect(
                        try abs(value - #require(scores[name]?.double)) <= golden.tolerance("scores_atol"),
                        "\(name) of \(split)")
                }
            }
        }
    }

    @Test func `multinomial regression is scipy's`() throws {
        let golden = try GoldenProbe()
        let x = try golden.doubles("X_train"), classes = try golden.integers("class_train")
        for record in try golden.cases("logistic") {
            let alpha = try #require(record["alpha"]?.double)
            let (map, objective) = try MultinomialRegression.fit(
                x, width: 16, classes: classes, classCount: 4, alpha: alpha)
            let rows = try #require(record["W"]?.array).map { try numbers($0) }
            let expected = (0..<4).flatMap { k in rows.map { $0[k] } }
            let tolerance = try golden.tolerance("logistic_W_atol")
            #expect(largestDifference(map.weights, expected) <= tolerance, "alpha \(alpha)")
            #expect(try largestDifference(map.intercepts, numbers(record["b"])) <= tolerance)
            #expect(try abs(objective - #require(record["objective"]?.double)) <= golden.tolerance("objective_atol"))
            for split in ["train", "test"] {
                let scores = try #require(record["scores"]?.object?[split]?.object)
                let found = ClassificationScores(
                    logits: map(try golden.doubles("X_\(split)")), classCount: 4,
                    classes: try golden.integers("class_\(split)"))
                #expect(
                    try abs(found.accuracy - #require(scores["accuracy"]?.double)) <= golden.tolerance("scores_atol"))
                #expect(
                    try abs(found.meanLoss - #require(scores["nll"]?.double)) <= golden.tolerance("scores_atol"),
                    "nll of \(split)")
            }
        }
    }

    @Test func `a line through three points has the slope and the intercept of the textbook`() throws {
        // x 0 1 2, y 1 2 4: slope Σ(x−1)(y−7/3)/Σ(x−1)² = 3/2, intercept 7/3 − 3/2 = 5/6; a penalty of 2 halves the
        // slope.
        let line = try RidgeRegression.fit([0, 1, 2], width: 1, [1, 2, 4], alpha: 0)
        #expect(abs(line.weights[0] - 1.5) < 1e-12 && abs(line.intercepts[0] - 5.0 / 6) < 1e-12)
        let ridge = try RidgeRegression.fit([0, 1, 2], width: 1, [1, 2, 4], alpha: 2)
        #expect(abs(ridge.weights[0] - 0.75) < 1e-12 && abs(ridge.intercepts[0] - (7.0 / 3 - 0.75)) < 1e-12)
    }

    @Test func `least squares over equal columns shares the weight between them`() throws {
        // y = 3x with x given twice: the solution of smallest norm is 1.5 each.
        let x = [1.0, 1, 2, 2, 4, 4, 7, 7]
        let map = try RidgeRegression.fit(x, width: 2, [3, 6, 12, 21], alpha: 0)
        #expect(largestDifference(map.weights, [1.5, 1.5]) < 1e-9)
        #expect(abs(map.intercepts[0]) < 1e-9)
    }

    @Test func `inputs far from zero lose no precision`() throws {
        let x = [0.0, 1, 2].map { $0 + 1e7 }
        let map = try RidgeRegression.fit(x, width: 1, [1, 2, 4], alpha: 0)
        #expect(abs(map.weights[0] - 1.5) < 1e-9)
    }

    @Test func `one yes in four without inputs that tell is a logit of log 3`() throws {
        let (map, objective) = try MultinomialRegression.fit(
            [0, 0, 0, 0], width: 1, classes: [1, 0, 0, 0], classCount: 2, alpha: 0)
        #expect(abs((map.intercepts[0] - map.intercepts[1]) - log(3)) < 1e-8)
        #expect(abs(objective - (log(4) - 0.75 * log(3))) < 1e-10)
    }

    @Test func `classes that can be told apart without a mistake need a penalty`() throws {
        #expect(throws: ProbeError.separable("the target")) {
            try MultinomialRegression.fit([-2, -1, 1, 2], width: 1, classes: [0, 0, 1, 1], classCount: 2, alpha: 0)
        }
        let (map, _) = try MultinomialRegression.fit(
            [-2, -1, 1, 2], width: 1, classes: [0, 0, 1, 1], classCount: 2, alpha: 0.1)
        #expect(map.weights[1] > 0 && map.weights[1].isFinite)
    }
}
