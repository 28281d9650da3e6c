import Glibc
import Internalization
import Tensors

/// What it measures is told in the README.md beside this.
@main struct ProblemBenchmarks {
    static func main() throws {
        print(row(["", "problems/s", "per core", "CPython", "ratio"]))
        for (digits, count) in [(2, 200_000), (4, 808_000), (9, 200_000), (20, 20_000)] {
            let task = try Multiplication(digits: digits)
            let rates = try measure(count) { try ProblemSet.generate(task, count: count, seed: 1, workers: $0).count }
            let peer = pythonRate(digits, count: 200_000 / (digits * digits))
            print(
                row([
                    ".mult digits: \(digits)", "\(rates.wall)", "\(rates.perCore)", peer.map { "\($0)" } ?? "-",
                    peer.map { ratio(rates.perCore, $0) } ?? "-",
                ]))
        }
        let tree = try Multiplication(digits: 4, chain: .tree)
        try show(".tree digits: 4", 200_000) {
            try ProblemSet.generate(tree, count: 200_000, seed: 1, workers: $0).count
        }
        let parity = try DigitSum.parity(digits: 6)
        try show(".parity digits: 6", 200_000) {
            try ProblemSet.generate(parity, count: 200_000, seed: 1, workers: $0).count
        }
        let sum = try Addition(digits: 8...8)
        try show(".add digits: 8", 200_000) { try ProblemSet.generate(sum, count: 200_000, seed: 1, workers: $0).count }
        try show("problems of one's own", 200_000) { _ in try ownProblems(200_000).count }

        let path = "/tmp/icot-problem-benchmark-\(getpid()).txt"
        defer { unlink(path) }
        let problems = try ProblemSet.generate(Multiplication(digits: 4), count: 808_000, seed: 1)
        try show("write a file", problems.count) { _ in
            try problems.write(to: path)
            return problems.count
        }
        try show("read a file", problems.count) { _ in try ProblemSet.read(path).count }
        let encoder = CharacterEncoder()
        try show("one token a character", 80_000) { _ in
            try (0..<80_000).reduce(0) { try $0 + encoder.encode(problems[$1]).tokens.count }
        }
        try show("a fact (carries)", 80_000) { _ in try problems[0..<80_000].facts("carries").count }
    }

    private static func ownProblems(_ count: Int) throws -> ProblemSet {
        var builder = ProblemSetBuilder(taskName: "successor", capacity: count)
        for number in 0..<count {
            try builder.append(question: "\(number) + 1", chain: "\(number)", answer: "\(number + 1)")
        }
        return builder.finish()
    }

    // MARK: Measuring and printing

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// The best of five: on all cores by the clock on the wall, and on one by the processor time it took.
    private static func measure(_ count: Int, _ body: (Workers) throws -> Int) rethrows -> (wall: Int, perCore: Int) {
        let single = Workers(threadCount: 1)
        var wall = Double.infinity
        var processor = Double.infinity
        for _ in 0..<5 {
            let start = seconds(CLOCK_MONOTONIC)
            _ = try body(.shared)
            wall = min(wall, seconds(CLOCK_MONOTONIC) - start)
            let used = seconds(CLOCK_THREAD_CPUTIME_ID)
            _ = try body(single)
            processor = min(processor, seconds(CLOCK_THREAD_CPUTIME_ID) - used)
        }
        return (Int(Double(count) / wall), Int(Double(count) / processor))
    }

    private static func show(_ name: String, _ count: Int, _ body: (Workers) throws -> Int) rethrows {
        let rates = try measure(count, body)
        print(row([name, "\(rates.wall)", "\(rates.perCore)", "", ""]))
    }

    /// Problems per second of processor time in CPython; nil without Python or outside the repository's folder.
    private static func pythonRate(_ digits: Int, count: Int) -> Int? {
        guard let pipe = popen("python3 Benchmarks/problems/multiplication.py \(digits) \(count) 2>/dev/null", "r")
        else { return nil }
        defer { pclose(pipe) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, 63, pipe) != nil else { return nil }
        return Int(String(decoding: line.prefix { $0 > 0x20 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    private static func ratio(_ ours: Int, _ peer: Int) -> String { peer > 0 ? "\(ours / peer)×" : "-" }

    private static func row(_ cells: [String]) -> String {
        let widths = [24, 12, 12, 10, 7]
        return zip(cells, widths).enumerated().map { index, cell in
            let spaces = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return index == 0 ? cell.0 + spaces : spaces + cell.0
        }.joined()
    }
}
