@testable import Commands
import Language
import Plotting
import Testing

/// The figures of the standard library.
@Suite struct FigureRecipeTests {
    @Test func `each recipe draws what its name says from a run`() {
        let desk = Desk.withRun()
        desk.run("train steps: 20\nstep\ntrain steps: 20\nstep\ntrain steps: 5\nlet c = control r steps: 5")
        for (recipe, figure) in [
            ("accuracy_curve(r)", "plot removed→accuracy, 3 points"),
            ("accuracy_curve(r, others: [c])", "plot removed→accuracy, 2 series"),
            ("stage_steps(r)", "bars removed→steps, 3 points"),
            ("fall_and_recovery(r)", "plot removed→accuracy, 3 series"),
            ("pareto_front(r, others: [c])", "plot written→accuracy"),
            ("digit_accuracy((eval test))", "bars answer token→accuracy, 1 point"),
            (
                "reading_map((probe on: test target: .running_parity at: .separator layers: 1 over: r))",
                "heat map removed→target, 4 × 3 cells"
            ),
            ("need_map((intervene .knockout on: test[0..<20] over: r))", "heat map from→removed, 3 × 6 cells"),
        ] {
            desk.run(recipe)
            #expect(desk.messages == [], "\(recipe)")
            #expect(desk.lines.first?.hasPrefix(figure) == true, "\(recipe): \(desk.text)")
        }
    }

    @Test func `runs that were given no name are told apart`() {
        let desk = Desk.withRun()
        desk.run("let s = start (model .gpt2 width: 16 heads: 2 positions: 32) on: data\nlet t = compare r to: s")
        #expect(desk.value("t.run").asList?.compactMap(\.asText) == ["run", "run 2"])
    }

    @Test func `every series has its own interval, a band about a line and bars about points`() {
        let desk = Desk()
        desk.run(
            "let t = table([k: [0, 1, 0, 1], v: [1, 2, 3, 4], l: [0, 1, 2, 3], h: [2, 3, 4, 5], name: [\"a\", \"a\", \"b\", \"b\"]])"
        )
        func marks(_ kind: String) -> [String] {
            guard
                let figure =
                    (desk.value("plot t x: .k y: .v low: .l high: .h colour: .name kind: .\(kind)").asObject
                    as? FigureValue)?.figure
            else { return [] }
            return figure.panels[0].marks.map { mark in
                switch mark {
                case .band(let band): "band \(band.name) \(band.low)"
                case .errorBars(let bars): "bars \(bars.name) \(bars.low)"
                case .line(let line): "line \(line.name)"
                case .points(let points): "points \(points.name)"
                default: "other"
                }
            }
        }
        #expect(marks("line") == ["band a [0.0, 1.0]", "band b [2.0, 3.0]", "line a", "line b"])
        #expect(marks("points") == ["points a", "points b", "bars a [0.0, 1.0]", "bars b [2.0, 3.0]"])
    }
}
