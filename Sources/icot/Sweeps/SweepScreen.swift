// Points while they run. On a terminal a table that is painted over in place:
//
//     12 points  5 done  1 failed  2 running  4 to run  about 3 min left  accuracy 0.981 to 0.998
//     seed=1,lambda=1  done     38 s  accuracy 0.998
//     seed=1,lambda=4  failed   E301 there is no run yet
//     seed=2,lambda=1  running  training  36 of 100  36 %  12 steps/s  5.3 s left
//     …
//
// In a log a line for each event, with --json as JSON.

import Console
import Language
import Support
import Sweeps

final class SweepScreen {
    private enum Stage {
        case waits
        case runs(since: Double, words: String)
        case ended(PointState, isNew: Bool)
        case died(PointDeath)
    }

    private let writer: TerminalWriter
    private let isJSON: Bool
    private let points: [SweepPoint]
    private var stages: [String: Stage] = [:]
    private let forecast: Forecast
    private let slots: Int
    private var isShort = false

    init(
        _ writer: TerminalWriter, _ states: [(point: SweepPoint, state: PointState)], forecast: Forecast, slots: Int,
        isJSON: Bool
    ) {
        (self.writer, self.forecast, self.slots, self.isJSON) = (writer, forecast, slots, isJSON)
        points = states.map(\.point)
        for (point, state) in states {
            stages[point.name] = state == .missing ? .waits : .ended(state, isNew: false)
        }
    }

    func show(_ event: SweepEvent) {
        switch event {
        case .started(let point):
            isShort = false
            stages[point.name] = .runs(since: MonotonicClock.seconds(), words: "")
            log(StyledText("started  \(point.name)"), ["point": .string(point.name), "state": "running"])
        case .progress(let point, let words):
            guard case .runs(let since, _)? = stages[point.name] else { break }
            stages[point.name] = .runs(since: since, words: words)
        case .ended(let point, let state):
            stages[point.name] = .ended(state, isNew: true)
            guard let result = state.result else { break }
            var json: JSONObject = JSONObject([
                .init("point", .string(point.name)), .init("state", .string(state.word)),
                .init("seconds", JSONValue(result.seconds)), .init("result", .object(result.result)),
            ])
            if let failure = result.failure {
                json["code"] = .string(failure.code)
                json["message"] = .string(failure.message)
                log(Self.failed(point, failure), .object(json))
            } else {
                log(
                    StyledText("done     \(point.name)  \(Phrase.seconds(result.seconds))  \(Self.words(result))"),
                    .object(json))
            }
        case .died(let point, let death, let lastWords):
            stages[point.name] = .died(death)
            let line = StyledText("died     \(point.name)  \(death.words)", .warning)
            if writer.showsLive, !isJSON { writer.printError([line]) }
            log(line, ["point": .string(point.name), "state": "died", "message": .string(death.words)])
            if !isJSON { writer.printError(lastWords.map { StyledText("  " + Escaping.neutral($0), .dim) }) }
        case .waiting:
            isShort = true
            log(
                StyledText("waiting until memory is free for another point", .warning),
                ["state": "waiting", "message": "memory"])
        case .tick: break
        }
        if !isJSON { writer.live { lines } }
    }

    func end() { writer.endProgress() }

    private func log(_ line: StyledText, _ json: JSONValue) {
        if isJSON {
            writer.printError([StyledText(JSONWriter.text(json, .compact))])
        } else if !writer.showsLive {
            writer.printError([line])
        }
    }

    // MARK: Words

    static func failed(_ point: SweepPoint, _ failure: PointResult.Failure) -> StyledText {
        StyledText("failed   \(point.name)  ", .error) + StyledText(Escaping.neutral(words(failure)))
    }

    private static func words(_ failure: PointResult.Failure) -> String {
        "\(failure.code) \(failure.message)" + (failure.line.map { ", line \($0)" } ?? "")
    }

    /// `accuracy 0.998, loss 0.0312`
    private static func words(_ result: PointResult) -> String {
        result.result.members.filter { !PointResult.isTime($0.name) }.prefix(4).compactMap { member in
            let value: String? =
                switch member.value {
                case .number(let number): number.integer.map { String($0) } ?? NumberText.real(number.double)
                case .string(let text): Escaping.neutral(text)
                case .bool(let flag): flag ? "true" : "false"
                case .null, .array, .object: nil
                }
            return value.map { "\(member.name) \($0)" }
        }.joined(separator: ", ")
    }

    // MARK: The table

    private var lines: [StyledText] {
        let width = points.map { DisplayWidth.of($0.name) }.max() ?? 0
        let rows = points.map { point in row(point, width) }
        let room = writer.height - 3
        guard rows.count > room else { return [summary] + rows.map(\.line) }
        // What runs is of most interest, then what ended; in the order of the parameters all the same.
        let shown = rows.indices.sorted { (rows[$0].rank, $0) < (rows[$1].rank, $1) }.prefix(max(1, room - 1)).sorted()
        return [summary] + shown.map { rows[$0].line }
            + [StyledText("and \(Phrase.count(rows.count - shown.count, "other point"))", .dim)]
    }

    private func row(_ point: SweepPoint, _ width: Int) -> (line: StyledText, rank: Int) {
        let name = point.name + String(repeating: " ", count: width - DisplayWidth.of(point.name) + 2)
        switch stages[point.name] {
        case .runs(_, let words): return (StyledText(name) + StyledText("running  ", .good) + StyledText(words), 0)
        case .died(let death): return (StyledText(name) + StyledText("died     ", .error) + StyledText(death.words), 1)
        case .ended(.failed(let result), _):
            let words = result.failure.map(Self.words) ?? ""
            return (StyledText(name) + StyledText("failed   ", .error) + StyledText(Escaping.neutral(words)), 1)
        case .ended(.done(let result), _):
            let words = "\(Phrase.seconds(result.seconds))  \(Self.words(result))"
            return (StyledText(name) + StyledText("done     ", .dim) + StyledText(words), 2)
        case .waits, .ended(.missing, _), nil: return (StyledText(name + "to run", .dim), 3)
        }
    }

    private var summary: StyledText {
        var (done, failed, running, waiting) = (0, 0, 0, 0)
        var seconds: [Double] = []
        var values: [Double] = []
        var measure: String?
        var left = 0.0
        for point in points {
            switch stages[point.name] {
            case .ended(.done(let result), let isNew):
                done += 1
                if isNew { seconds.append(result.seconds) }
                let first = result.result.members.first {
                    !PointResult.isTime($0.name) && $0.value.double != nil && (measure == nil || $0.name == measure)
                }
                if let first, let value = first.value.double {
                    measure = first.name
                    values.append(value)
                }
            case .ended(.failed, _), .died: failed += 1
            case .runs: running += 1
            case .waits, .ended(.missing, _), nil: waiting += 1
            }
        }
        var pieces = [Phrase.count(points.count, "point"), "\(done) done"]
        if failed > 0 { pieces.append("\(failed) failed") }
        pieces.append("\(running) running")
        if waiting > 0 { pieces.append("\(waiting) to run") }
        let mean = seconds.isEmpty ? forecast.seconds : seconds.reduce(0, +) / Double(seconds.count)
        if mean > 0 {
            let now = MonotonicClock.seconds()
            left = Double(waiting) * mean
            for point in points {
                if case .runs(let since, _)? = stages[point.name] { left += max(0, mean - (now - since)) }
            }
            pieces.append("about \(Phrase.seconds(left / Double(slots))) left")
        }
        if let measure, let low = values.min(), let high = values.max() {
            pieces.append(
                "\(measure) \(NumberText.real(low))" + (high > low ? " to \(NumberText.real(high))" : ""))
        }
        if isShort { pieces.append("waiting for memory") }
        return StyledText(pieces.joined(separator: "  "), .emphasis)
    }
}
