// A few verbs with a state behind them, so that notebooks can be tested without an engine.

import Foundation
import Language
import Notebooks

extension CommandEffect {
    fileprivate static let changesRun = CommandEffect.changes("the current run", parts: "its steps")
}

/// What the verbs change: a run of a pretended model.
final class TestRun {
    var removed = 0
    var steps = 0
    /// Drawn on by `noise` and by volatile text: another value at each use.
    var clock = 0
    /// Added to the loss, so that a later run differs.
    var drift = 0.0
    /// Called within `wait`.
    var onWait: (Session) -> Void = { _ in }
    /// Seconds that `wait` takes, or until it is interrupted.
    var waitSeconds = 0.0
}

enum TestVocabulary {
    static let context = session(TestRun()).context

    static func session(_ run: TestRun) -> Session { Session(vocabulary(run), displayOptions: Replay.displayOptions()) }

    static func vocabulary(_ run: TestRun) -> Vocabulary {
        Vocabulary(
            verbs: [step(run), train(run), load, write, noise(run), wait(run), plot, timeline(run)],
            capture: {
                let state = (run.removed, run.steps)
                return { (run.removed, run.steps) = state }
            })
    }

    private static func step(_ run: TestRun) -> Command {
        Command(
            CommandSignature(
                "step", "Removes more tokens.", [.value("count", .integer(-100...100), default: "1")],
                effects: [.changesRun])
        ) { call in
            let count = try call.integer("count")
            guard (0...9).contains(run.removed + count) else { throw call.failure("only 9 tokens can be removed") }
            run.removed += count
            call.output("removed \(run.removed) of 9")
            return .none
        }
    }

    private static func train(_ run: TestRun) -> Command {
        Command(
            CommandSignature(
                "train", "Trains.", [.label("steps", .integer(1...1_000_000), default: "100")], effects: [.changesRun])
        ) { call in
            let steps = try call.integer("steps")
            for done in [steps / 2, steps] {
                try call.checkInterrupt()
                call.progress(WorkProgress("training", Double(done), of: Double(steps), unit: "step"))
            }
            call.endProgress()
            run.steps += steps
            run.clock += 1
            let loss = 3.12 / Double(run.steps) + run.drift
            let text = String(format: "loss %.4f   ", loss)
            call.output(
                DisplayBundle(
                    lines: [StyledText(text) + StyledText("\(run.clock) s", isVolatile: true)],
                    picture: [StyledText("▁▂ \(run.steps) steps")]))
            return .none
        }
    }

    private static var load: Command {
        Command(CommandSignature("load", "Reads a file.", [.value("path", .path(.read))])) { call in
            let path = try call.text("path")
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw call.failure("there is no \(path)", code: .fileMissing)
            }
            return .integer(text.count)
        }
    }

    private static var write: Command {
        Command(CommandSignature("write", "Writes a value.", [.value("value", .any), .value("path", .path(.write))])) {
            call in
            try call.value("value").text.write(toFile: try call.text("path"), atomically: true, encoding: .utf8)
            return .none
        }
    }

    private static func noise(_ run: TestRun) -> Command {
        Command(CommandSignature("noise", "Another number each time.")) { _ in
            run.clock += 1
            return .integer(run.clock)
        }
    }

    private static func wait(_ run: TestRun) -> Command {
        Command(CommandSignature("wait", "Takes its time.")) { call in
            run.onWait(call.session)
            let end = Date().addingTimeInterval(run.waitSeconds)
            while Date() < end {
                try call.checkInterrupt()
                usleep(1000)
            }
            try call.checkInterrupt()
            call.output("waited")
            return .none
        }
    }

    private static var plot: Command {
        Command(CommandSignature("plot", "Draws.")) { call in
            call.output(
                DisplayBundle(
                    lines: ["plot, 3 points"], picture: ["▁▄█"],
                    svg: "<svg viewBox=\"0 0 9 9\"><path d=\"M0 0L9 9\"/></svg>"))
            return .none
        }
    }

    private static func timeline(_ run: TestRun) -> Command {
        Command(CommandSignature("timeline", "Lists the stages.")) { _ in
            .table(
                TableObject([
                    .init("removed", Array(0...max(run.removed, 1))),
                    .init("accuracy", (0...max(run.removed, 1)).map { 1 - Double($0) / 100 }, format: .percent()),
                ]))
        }
    }
}
