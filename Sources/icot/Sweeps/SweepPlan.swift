// `icot sweep … --dry`: what would run and what that would take.

import Console
import Language
import Support
import Sweeps

struct SweepPlan {
    private let job: SweepJob
    private let states: [(point: SweepPoint, state: PointState)]
    private let forecast: Forecast
    private let count: Int

    init(_ job: SweepJob) {
        self.job = job
        states = job.states()
        forecast = SweepFolder.forecast(job.sweep, in: job.folder)
        count = states.count { job.isWanted($0.state) }
    }

    func show(_ writer: TerminalWriter, isJSON: Bool) {
        if isJSON { writer.print(verbatim: json) } else { writer.print(lines) }
    }

    private func word(_ state: PointState) -> String { job.isWanted(state) ? "would run" : state.word }

    private var lines: [StyledText] {
        let width = states.map { DisplayWidth.of($0.point.name) }.max() ?? 0
        var lines = states.map { point, state -> StyledText in
            let space = String(repeating: " ", count: width - DisplayWidth.of(point.name) + 2)
            return StyledText(point.name + space) + StyledText(word(state), job.isWanted(state) ? .plain : .dim)
        }
        lines.append(StyledText(SweepPlan.summary(count, of: states.count, job, forecast)))
        return lines
    }

    /// `8 of 12 points, 2 at a time: about 3 min (40 s each, from 4 that have ended), about 12 MB on the disk`
    static func summary(_ count: Int, of all: Int, _ job: SweepJob, _ forecast: Forecast) -> String {
        var text = "\(NumberText.grouped(count)) of \(Phrase.count(all, "point")) to run"
        if count == 0 { return text }
        text += ", \(job.slots) at a time on \(Phrase.count(job.cores.count, "core"))"
        if job.slots > job.cores.count { text += ", none with one to itself" }
        guard forecast.sampleCount > 0 else { return text + "; how long one takes is known once one has ended" }
        return text + ": about \(Phrase.seconds(forecast.duration(of: count, atATime: job.slots)))"
            + " (\(Phrase.seconds(forecast.seconds)) each, from \(NumberText.grouped(forecast.sampleCount)) that ended)"
            + ", about \(byteText(forecast.disk(of: count))) on the disk, \(byteText(forecast.memory)) of memory each"
    }

    private var json: String {
        let isKnown = forecast.sampleCount > 0
        let points = states.map { point, state -> JSONValue in
            [
                "name": .string(point.name), "state": .string(state.word),
                "to_run": .bool(job.isWanted(state)),
                "parameters": .object(
                    JSONObject(zip(job.sweep.parameters, point.values).map { .init($0, $1.json) })),
            ]
        }
        return JSONWriter.text(
            [
                "to_run": JSONValue(count), "at_a_time": JSONValue(job.slots), "cores": JSONValue(job.cores.count),
                "seconds": isKnown ? JSONValue(forecast.duration(of: count, atATime: job.slots)) : .null,
                "disk_bytes": isKnown ? JSONValue(forecast.disk(of: count)) : .null,
                "memory_bytes": isKnown ? JSONValue(forecast.memory) : .null, "points": .array(points),
            ], .compact)
    }
}
