import Glibc
import Internalization
import Probing
import Tensors
import Transformer

/// What it measures is told in the README.md beside this.
@main struct ProbingBenchmarks {
    static func main() throws {
        if CommandLine.arguments.count > 1 {
            return try MemoryOfAPass(CommandLine.arguments[1])?.run() ?? print("plain, one or all")
        }
        let scene = try Scene(problems: 5_000, layers: 2, width: 256)
        print(
            "\(scene.problems) problems of 4 × 4 digits, \(scene.batch.tokenCount / scene.problems) positions each, 2 layers of width 256, \(Workers.shared.threadCount) threads"
        )
        print("load \(loadAverage())")
        print(row(["", "seconds", "processor", "goal"]))
        try probing(scene)
        try ridge(scene)
        try oneLayer(scene)
        print(row(["peak memory of a pass, 12 layers", "MiB"]))
        for pass in MemoryOfAPass.allCases { print(row([pass.words, pass.measured() ?? "-"])) }
    }

    // MARK: Probes

    private static func probing(_ scene: Scene) throws {
        let positions = scene.everyPosition()
        let points = (0..<2).map { HookPoint.block($0, .residualPost) }
        for (name, targets, describes) in [
            ("all layers and positions: a running sum", [scene.runningSum(4)], false),
            ("  eight running sums", (0..<8).map(scene.runningSum), false),
            ("  one, with its description length", [scene.runningSum(4)], true),
            ("  a digit, as ten classes", [scene.digit(4)], false),
        ] {
            var options = ProbeOptions()
            options.describes = describes
            let grid = ProbeGrid(
                points: points, positions: positions, targets: targets, problems: scene.knowledge, options: options)
            try show(name, goal: 5) { _ = try grid.run(scene.model, scene.batch, untrained: scene.untrained) }
        }
    }

    private static func ridge(_ scene: Scene) throws {
        let points = (0..<2).flatMap { [HookPoint.block($0, .residualMiddle), .block($0, .residualPost)] }
        let positions = Array(scene.everyPosition().suffix(9).dropLast())
        let targets = (0..<8).map(scene.runningSum) + (0..<8).map(scene.columnSum)
        var options = ProbeOptions()
        options.describes = false
        let grid = ProbeGrid(
            points: points, positions: positions, targets: targets, problems: scene.knowledge, options: options)
        let states = try scene.model.hiddenStates(scene.batch, at: points, positions: positions)
        let plain = try scene.untrained.hiddenStates(scene.batch, at: points, positions: positions)
        try show("ridge, 16 targets × 8 positions × 4 hooks", goal: 2) {
            _ = try grid.run(states: states, untrained: nil)
        }
        try show("  with the untrained model", goal: nil) { _ = try grid.run(states: states, untrained: plain) }
    }

    // MARK: Reading

    /// Passes that alternate, so that other work on the machine disturbs both.
    private static func oneLayer(_ scene: Scene) throws {
        let rows = scene.everyPosition()[scene.separator].indices.enumerated().map {
            scene.batch.offsets[$0] + ($1 ?? 0)
        }
        let (tape, point) = (Tape(CPUExecutor.shared), HookPoint.block(0, .residualPost))
        func pass(_ points: Set<HookPoint>) throws {
            _ = try scene.model.capture(
                scene.small, points: points, rows: Array(rows[..<500]), logits: true, tape: tape)
        }
        var plain: [Double] = [], capture: [Double] = []
        for _ in 0..<15 {
            plain.append(try processorTime { try pass([]) })
            capture.append(try processorTime { try pass([point]) })
        }
        let (least, other) = (plain.min() ?? 0, capture.min() ?? 0)
        print(row(["a plain forward of 500 problems", "", text(least), ""]))
        print(row(["  with one layer read", "", text(other), ""]))
        print(row(["  ratio", "", text(other / least), "1.1"]))
    }

    // MARK: Measuring and printing

    private static func show(_ name: String, goal: Double?, _ body: () throws -> Void) rethrows {
        var (wall, processor) = (Double.infinity, Double.infinity)
        for _ in 0..<3 {
            let start = seconds(CLOCK_MONOTONIC)
            processor = min(processor, try processorTime(body))
            wall = min(wall, seconds(CLOCK_MONOTONIC) - start)
        }
        print(row([name, text(wall), text(processor), goal.map { text($0) } ?? ""]))
    }

    /// What all threads together spend.
    private static func processorTime(_ body: () throws -> Void) rethrows -> Double {
        let start = seconds(CLOCK_PROCESS_CPUTIME_ID)
        try body()
        return seconds(CLOCK_PROCESS_CPUTIME_ID) - start
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func loadAverage() -> String {
        var load = 0.0
        return getloadavg(&load, 1) == 1 ? text(load) : "unknown"
    }

    private static func text(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)"
    }

    private static func row(_ cells: [String]) -> String {
        let widths = [44, 10, 11, 7]
        return zip(cells, widths).enumerated().map { index, cell in
            let blanks = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return index == 0 ? cell.0 + blanks : blanks + cell.0
        }.joined()
    }
}
