// What every argument is where nobody says it, and between which ends its numbers lie: tables typed from the manual.

import Language
import Testing

@testable import Commands

@Suite struct LabelRuleTests {
    private static let table = Desk().session.context.signatures

    private func parameter(_ command: String, _ name: String) -> Parameter? {
        Self.table[command]?.parameters.first { $0.name == name }
    }

    /// Command, argument and what it is without being given, in the words that a person would type.
    private static let defaults: [(String, String)] = [
        ("gen", "digits 4, n 1000, seed 1, modulus 10, order .least_first, padded false, repeat .when_needed"),
        ("problems", "n 1000, name \"task\", distinct false"), ("read", "solution .whole, rules .strict"),
        (
            "model",
            "layers 2, heads 4, width 64, positions 256, vocab .digits, init .fan_in, tied false, dropout 0, seed 1"
        ),
        ("tokenize", "special true, around true"),
        (
            "start",
            "batch 64, warmup 50, weight_decay 0.01, beta1 0.9, beta2 0.999, epsilon 1e-8, clip 1, accumulate 1, "
                + "accumulate_rule .fixed, shuffle true, partial_batch false, seed 0, watch true, resume false, "
                + "tensorboard false"
        ),
        ("train", "check 20, panel false"),
        ("internalize", "until 0.99, final 1000, rescues 6, on_alarm .say, check 50"),
        ("control", "kind .no_cot, match .updates, resets true"), ("step", "count 1"), ("back", "count 1"),
        ("timeline", "branches false"), ("eval", "temperature 0, seed 1, speed false"), ("compare", "front false"),
        ("plot", "log_x false, log_y false, height 15, width 640"), ("write", "overwrite false"),
        ("save", "overwrite false"), ("save_run", "moments true, compact false"), ("resume", "hold true, steal false"),
        ("hidden", "layer 0, hook .resid_post"),
        (
            "probe",
            "at .predicts_answer, hook .resid_post, estimator .automatic, seed 0, describe false, transfer false"
        ),
        ("look", "at .answer, seed 0"),
        (
            "intervene",
            "at .answer, with .mean, hook .resid_post, place .separator, scales [-1, 0, 1], seed 0"
        ),
        ("components", "count 3"), ("fourier", "table .embedding, cumulative false"),
        (
            "distill",
            "steps 1000, until 0.99, check 50, thoughts .diagonal, rule .fixed, freeze false"
        ),
        (
            "prompted",
            "shots 5, mode .explicit, most 512, seed 0, interface .chat, answers \"answers.jsonl\", ask true, "
                + "seconds 60, tries 5"
        ),
        ("page", "weights .automatic, limit 3"), ("sweep_table", "times false"), ("ls", "folder \".\""),
        ("cd", "folder \"~\""),
    ]

    @Test func `what an argument is without being given is what the manual says`() {
        for (command, text) in Self.defaults {
            let found = (Self.table[command]?.parameters ?? []).compactMap { parameter in
                parameter.defaultText.map { "\(parameter.name) \($0)" }
            }
            #expect(found.joined(separator: ", ") == text, "\(command)")
        }
    }

    /// The ends between which whole numbers lie.
    private static let integers: [(String, String, Int, Int)] = [
        ("gen", "n", 0, 100_000_000), ("gen", "modulus", 2, 10), ("gen", "digits", 1, 200), ("gen", "by", 1, 50),
        ("read", "limit", 1, 100_000_000), ("model", "layers", 1, 1000), ("model", "heads", 1, 1000),
        ("model", "width", 1, 65_536), ("model", "positions", 2, 1_000_000), ("load", "positions", 1, 1_000_000),
        ("start", "batch", 1, 100_000), ("start", "warmup", 0, 1_000_000), ("start", "decay", 0, 1_000_000_000),
        ("start", "accumulate", 1, 100_000), ("start", "slices", 1, 100_000), ("start", "max_length", 0, 1_000_000),
        ("train", "steps", 1, 1_000_000_000), ("train", "at_most", 1, 1_000_000_000), ("train", "check", 1, 1_000_000),
        ("internalize", "final", 0, 1_000_000_000), ("internalize", "rescues", 0, 1000),
        ("internalize", "every", 1, 1_000_000_000), ("internalize", "check", 1, 1_000_000),
        ("schedule", "least", 1, 1_000_000_000), ("schedule", "most", 1, 1_000_000_000),
        ("schedule", "patience", 0, 1_000_000_000), ("schedule", "every", 1, 1_000_000_000),
        ("schedule", "flat_loss", 1, 1_000_000), ("schedule", "chunk", 1, 100_000), ("schedule", "bins", 0, 1_000_000),
        ("schedule", "warmup", 0, 1_000_000), ("schedule", "pretrain_epochs", 0, 1_000_000),
        ("schedule", "start_from", 0, 1_000_000), ("schedule", "all_beyond", -1, 1_000_000),
        ("schedule", "max_length", 0, 1_000_000), ("plan", "rows", 1, 1_000_000_000), ("plan", "chain", 0, 1_000_000),
        ("plan", "steps", 1, 1_000_000_000), ("step", "count", -1_000_000, 1_000_000), ("step", "to", 0, 1_000_000),
        ("back", "count", 0, 1_000_000), ("back", "to", 0, 1_000_000), ("eval", "limit", 1, 10_000_000),
        ("eval", "top_k", 1, 1_000_000), ("eval", "removed", 0, 1_000_000), ("tokens", "removed", 0, 1_000_000),
        ("control", "steps", 1, 1_000_000_000), ("plot", "height", 4, 100), ("plot", "width", 240, 10_000),
        ("hidden", "layer", 0, 1000), ("intervene", "layer", 0, 1000), ("components", "count", 1, 1000),
        ("distill", "steps", 0, 1_000_000_000), ("distill", "student", 0, 1_000_000_000),
        ("distill", "emulator", 0, 1_000_000_000), ("distill", "coupled", 0, 1_000_000_000),
        ("distill", "check", 1, 1_000_000), ("prompted", "shots", 0, 100), ("prompted", "most", 1, 100_000),
        ("prompted", "tries", 1, 100),
    ]

    private static let reals: [(String, String, Double, Double)] = [
        ("model", "dropout", 0, 0.99), ("start", "weight_decay", 0, 1), ("start", "beta1", 0, 0.9999),
        ("start", "beta2", 0, 0.99999), ("start", "clip", 0, 1_000_000), ("train", "until", 0, 1),
        ("internalize", "until", 0, 1), ("schedule", "adaptive", 0, 1), ("schedule", "first", 0, 1),
        ("schedule", "smoothing", 0, 1_000_000), ("schedule", "mixing", 0, 1), ("schedule", "rescue_mixing", 0, 1),
        ("eval", "temperature", 0, 100), ("probe", "penalty", 0, 1_000_000), ("distill", "until", 0, 1),
        ("prompted", "seconds", 0.1, 3600), ("prompted", "price_read", 0, 1_000_000), ("page", "limit", 0.1, 1000),
    ]

    @Test func `whole numbers lie between the ends that make sense of them`() {
        for (command, name, least, most) in Self.integers {
            let kind = parameter(command, name)?.kind
            let kinds: [ParameterKind] = if case .oneOf(let kinds)? = kind { kinds } else { kind.map { [$0] } ?? [] }
            #expect(kinds.contains(.integer(least...most)), "\(command) \(name)")
        }
    }

    @Test func `rates and shares lie between the ends that make sense of them, and rates of learning above 0`() {
        for (command, name, least, most) in Self.reals {
            #expect(parameter(command, name)?.kind == .real(least...most), "\(command) \(name)")
        }
        for (command, name, most) in [
            ("start", "lr", 10), ("train", "lr", 10), ("internalize", "lr", 10), ("distill", "lr", 10),
            ("start", "epsilon", 1), ("train", "epochs", 1_000_000), ("schedule", "per_epoch", 1_000_000),
            ("schedule", "adaptive_loss", 100),
        ] as [(String, String, Double)] {
            #expect(
                parameter(command, name)?.kind == .real(Double.leastNonzeroMagnitude...most), "\(command) \(name)")
        }
    }

    @Test func `every verb changes, reads and writes what the list of a notebook says of it`() {
        for (command, effects) in [
            ("train", [CommandEffect.changesRun]), ("internalize", [.changesRun]), ("schedule", [.changesRun]),
            ("step", [.changesRun]), ("back", [.changesRun]), ("mark", [.changesRun]), ("branch", [.changesRun]),
            ("timeline", []), ("eval", []), ("control", []), ("compare", []), ("plan", []),
            ("start", [.changesRun, .writesNamed(folder: "runs/", label: "name", goingOn: "resume")]),
            ("resume", [.holds(unless: "hold"), .changesRun]), ("cd", [.entersFolder]), ("shell", [.runsPrograms]),
            ("prompted", [.asks(at: "at", keeping: "answers", unless: "ask")]),
        ] as [(String, [CommandEffect])] {
            #expect(Self.table[command]?.effects == effects, "\(command)")
        }
        for (command, name, use) in [
            ("read", "path", .read), ("load", "name", .read), ("resume", "path", .read), ("write", "path", .write),
            ("save", "path", .write), ("save_run", "path", .write), ("ls", "folder", .look), ("cd", "folder", .look),
            ("sweep_table", "folder", .read), ("prompted", "answers", .look),
        ] as [(String, String, ParameterKind.PathUse)] {
            #expect(parameter(command, name)?.kind == .path(use), "\(command) \(name)")
        }
    }
}
