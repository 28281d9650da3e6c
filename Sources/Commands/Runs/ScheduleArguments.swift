// `schedule` and `plan` share their labels: every switch of the method that concerns the chain, in one table that is
// read from a command and printed back to the person.

import Experiments
import Internalization
import Language
import Support

enum ScheduleArguments {
    private static let readings: [ChoiceOption] = [
        .init("paper", "as the text of arXiv 2405.14838 says"),
        .init("reference", "as the published code does, quirks included"),
        .init("fixed", "as both seem to mean"),
    ]

    static let parameters: [Parameter] = [
        .value(
            "preset",
            .choice([
                .init("default", "what lets a small model trained from scratch succeed"),
                .init("paper", "the paper's text"),
                .init("reference", "the published code, quirks included"),
                .init("fixed", "the paper's settings, as paper and code both seem to mean them"),
            ]), required: false, "where to start from; without it the switches now in force stay"),
        .label(
            "adaptive", .real(0...1), "removes more once this rate of recent offset-free training examples is right"),
        .label("adaptive_loss", .real(.leastNonzeroMagnitude...100), "the same by their mean loss, in nats"),
        .label("first", .real(0...1), "the rate asked for while the chain is whole"),
        .label("least", .integer(1...1_000_000_000), "steps that a stage has at least"),
        .label(
            "most", .integer(1...1_000_000_000),
            "steps that a stage has at most; 500 for each token of the longest chain without it, 2,000 at least"),
        .label(
            "patience", .integer(0...1_000_000_000),
            "steps without progress, far below the rate, after which a stage counts as stuck; 200 for each token of "
                + "the longest chain beyond the first four without it, 400 at least, 0 for no limit"
        ),
        .label(
            "when_stuck",
            .choice([
                .init("report", "stop and say so, or rescue the stage where that is asked for"),
                .init("remove_anyway", "remove the next token all the same"),
            ]),
            "what happens when those steps are used up without success"),
        .label(
            "per_epoch", .real(.leastNonzeroMagnitude...1_000_000),
            "Δ, tokens removed in a pass over the data; may be a fraction"),
        .label("every", .integer(1...1_000_000_000), "steps for each removed token"),
        .label("flat_loss", .integer(1...1_000_000), "removes more when the loss has not fallen over this many steps"),
        .label(
            "pace",
            .choice([
                .init("uniform", "no schedule: each example loses anything from nothing to all"),
                .init("manual", "only step removes"),
            ]),
            "how else removals come"),
        .label(
            "chunk",
            .oneOf([.integer(1...100_000), .choice([.init("half", "half of what is left, about log₂ m removals")])]),
            "tokens that go in one removal"),
        .label(
            "side", .choice([.init("left", "from the start of the chain"), .init("right", "from its end")]),
            "where removal begins"),
        .label(
            "order",
            .choice(RemovalOrder.named.map { ChoiceOption($0.name, $0.summary) }),
            "which tokens go first, beyond left and right"),
        .label("seed", .integer(0...Int.max), aliases: Aliases.seed, "of a random order"),
        .label("smoothing", .real(0...1_000_000), "λ of removal smoothing, P(o) ∝ exp(−λ o); 0 for none"),
        .label("bins", .integer(0...1_000_000), "offsets are below this; 0 for no limit"),
        .label(
            "mixing", .real(0...1),
            "the share of examples that lose anything from nothing to all, whatever the schedule says"),
        .label("rescue_mixing", .real(0...1), "the same from the first rescue on"),
        .label(
            "positions",
            .choice([
                .init("kept", "position ids stay as they were before removal"),
                .init("shifted", "0, 1, 2, … as if nothing had been there"),
                .init("original", "kept, the separator's too"),
            ]), "position ids after a removal"),
        .label(
            "reset_optimizer",
            .oneOf([
                .boolean,
                .choice([
                    .init("all", "both moments"), .init("second_moments", "momentum goes on"), .init("none", "nothing"),
                ]),
            ]),
            "what is forgotten at a removal"),
        .label("warmup", .integer(0...1_000_000), "steps over which the learning rate climbs back after a reset"),
        .label("reset_rule", .choice(readings), "at which removals the optimizer is reset"),
        .label("counting", .choice(readings), "how per_epoch is rounded and counted"),
        .label("pretrain_epochs", .integer(0...1_000_000), "passes in which the schedule stands still"),
        .label("start_from", .integer(0...1_000_000), "tokens that are gone from the start"),
        .label("all_beyond", .integer(-1...1_000_000), "once this many are gone all go at once; 0 is No CoT, −1 never"),
        .label("max_length", .integer(0...1_000_000), "longer sequences are not trained on; 0 for no limit"),
        .label(
            "length_rule", .choice(readings),
            "whether too long rows are left out, or a batch that has one after removal"),
    ]

    /// The schedule that the arguments ask for.
    /// - Parameter run: whose chains it is for, if any; which of its problems are short enough is decided when it
    ///   starts.
    static func read(
        _ call: Invocation, from present: RemovalSchedule, for run: Experiment?
    ) throws -> RemovalSchedule {
        var schedule = present
        if let name = call.choiceIfPresent("preset") {
            schedule = Preset(rawValue: name)?.schedule(for: run?.data) ?? RemovalSchedule()
            if let run { schedule.maximumLength = run.run.schedule.maximumLength }
        }
        try readPace(call, &schedule)
        try readOrder(call, &schedule)
        if let lambda = call.realIfPresent("smoothing") { schedule.smoothing.lambda = lambda == 0 ? .infinity : lambda }
        if let bins = call.integerIfPresent("bins") { schedule.smoothing.binCount = bins == 0 ? nil : bins }
        if let share = call.realIfPresent("mixing") { schedule.mixing = share }
        if let share = call.realIfPresent("rescue_mixing") { schedule.mixingAfterRescue = share == 0 ? nil : share }
        if let name = call.choiceIfPresent("positions"), let rule = PositionRule(rawValue: name) {
            schedule.positions = rule
        }
        switch call["reset_optimizer"] {
        case .boolean(let isOn)?: schedule.reset = isOn ? .all : .none
        case .some:
            switch call.choiceIfPresent("reset_optimizer") {
            case "second_moments"?: schedule.reset = .secondMoments
            case "none"?: schedule.reset = .none
            default: schedule.reset = .all
            }
        case nil: break
        }
        if let steps = call.integerIfPresent("warmup") { schedule.warmUpAfterReset = steps }
        if let name = call.choiceIfPresent("reset_rule"), let reading = Fidelity(rawValue: name) {
            schedule.resetRule = reading
        }
        if let name = call.choiceIfPresent("counting"), let reading = Fidelity(rawValue: name) {
            schedule.counting = reading
        }
        if let name = call.choiceIfPresent("length_rule"), let reading = Fidelity(rawValue: name) {
            schedule.lengthRule = reading
        }
        if let epochs = call.integerIfPresent("pretrain_epochs") { schedule.pretrainEpochs = epochs }
        if let count = call.integerIfPresent("start_from") { schedule.startFrom = count }
        if let count = call.integerIfPresent("all_beyond") { schedule.removeAllBeyond = count < 0 ? nil : count }
        if let length = call.integerIfPresent("max_length") { schedule.maximumLength = length == 0 ? nil : length }
        if let fault = schedule.fault { throw fault }
        try refuseIdle(call, schedule, run)
        return schedule
    }

    /// Refuses a switch that the others, or the data, leave without an effect.
    private static func refuseIdle(_ call: Invocation, _ schedule: RemovalSchedule, _ run: Experiment?) throws {
        func refuse(_ label: String, unless holds: Bool, _ reason: String, help: String) throws {
            guard call.isGiven(label), !holds else { return }
            throw call.failure("\(label): \(reason)", code: .runtimeArgument, at: label, help: help)
        }
        var isRandom = false, isPerEpoch = false
        if case .random = schedule.order { isRandom = true }
        if case .perEpoch = schedule.pace { isPerEpoch = true }
        try refuse("seed", unless: isRandom, "belongs to a random order", help: "add order: .random")
        try refuse(
            "bins", unless: !schedule.smoothing.isNone, "cuts the tail of smoothing, and there is none",
            help: "add smoothing: 4")
        for label in ["warmup", "reset_rule"] {
            try refuse(
                label, unless: schedule.reset != .none, "is about resets of the optimizer, and there are none",
                help: "add reset_optimizer: true")
        }
        try refuse("counting", unless: isPerEpoch, "is about a pace for each epoch", help: "add per_epoch: 8")
        try refuse(
            "length_rule", unless: schedule.maximumLength != nil, "is about a longest sequence, and there is no limit",
            help: "add max_length: 150")
        guard let shape = run?.run.shape else { return }
        try refuse(
            "start_from", unless: schedule.startFrom <= shape.longestChain,
            "\(Phrase.count(schedule.startFrom, "token")) cannot be gone: the longest chain has \(shape.longestChain)",
            help: "write start_from: \(shape.longestChain), or all_beyond: 0 for no chain at all")
    }

    private static let paces = ["adaptive", "adaptive_loss", "per_epoch", "every", "flat_loss", "pace"]

    private static func readPace(_ call: Invocation, _ schedule: inout RemovalSchedule) throws {
        let given = paces.filter { call.isGiven($0) }
        if given.count > 1 {
            throw call.failure(
                "\(given[0]): and \(given[1]): each say when the next token goes", code: .runtimeArgument, at: given[1],
                help: "keep one of them")
        }
        var rule = AdaptiveRule()
        if case .adaptive(let present) = schedule.pace { rule = present }
        if let rate = call.realIfPresent("adaptive") {
            rule.measure = .exactMatch(rate); schedule.pace = .adaptive(rule)
        }
        if let loss = call.realIfPresent("adaptive_loss") {
            rule.measure = .loss(loss); rule.firstMeasure = nil; schedule.pace = .adaptive(rule)
        }
        if let delta = call.realIfPresent("per_epoch") { schedule.pace = .perEpoch(delta) }
        if let steps = call.integerIfPresent("every") { schedule.pace = .stepsPerRemoval(steps) }
        if let window = call.integerIfPresent("flat_loss") { schedule.pace = .flatLoss(FlatLossRule(window: window)) }
        if let name = call.choiceIfPresent("pace") { schedule.pace = name == "uniform" ? .uniform : .manual }
        switch call["chunk"] {
        case .integer(let count)?: schedule.chunk = .units(count)
        case .some: schedule.chunk = .half
        case nil: break
        }
        try readAdaptiveDetails(call, &schedule)
    }

    private static func readAdaptiveDetails(_ call: Invocation, _ schedule: inout RemovalSchedule) throws {
        guard let name = ["first", "least", "most", "patience", "when_stuck"].first(where: { call.isGiven($0) }) else {
            return
        }
        switch schedule.pace {
        case .adaptive(var rule):
            if let rate = call.realIfPresent("first") { rule.firstMeasure = .exactMatch(rate) }
            if let steps = call.integerIfPresent("least") { rule.leastSteps = steps }
            if let steps = call.integerIfPresent("most") { rule.mostSteps = .steps(steps) }
            if let steps = call.integerIfPresent("patience") { rule.patience = steps == 0 ? .none : .steps(steps) }
            if let word = call.choiceIfPresent("when_stuck") {
                rule.whenStuck = word == "report" ? .report : .removeAnyway
            }
            schedule.pace = .adaptive(rule)
        case .flatLoss(var rule) where name == "most":
            rule.mostSteps = call.integerIfPresent("most")
            schedule.pace = .flatLoss(rule)
        default:
            throw call.failure(
                "\(name): belongs to an adaptive schedule", code: .runtimeArgument, at: name, help: "add adaptive: 0.95"
            )
        }
    }

    private static func readOrder(_ call: Invocation, _ schedule: inout RemovalSchedule) throws {
        if call.isGiven("side"), call.isGiven("order") {
            throw call.failure(
                "side: and order: both say which tokens go first", code: .runtimeArgument, at: "order",
                help: "keep one of them")
        }
        let seed = call.integerIfPresent("seed").map { UInt64($0) }
        guard let name = call.choiceIfPresent("side") ?? call.choiceIfPresent("order") else {
            // Another seed alone is of the random order that is in force.
            if case .random = schedule.order, let seed { schedule.order = .random(seed: seed) }
            return
        }
        if let order = RemovalOrder(named: name, seed: seed ?? 1) { schedule.order = order }
    }

    // MARK: Back to the person

    /// Every switch with its value, as rows of (what, value).
    /// - Parameter shape: of the run's data, which decides what some switches come to.
    static func rows(_ schedule: RemovalSchedule, _ shape: DataShape) -> [(name: String, value: String)] {
        [
            ("next token", pace(schedule.pace, longest: shape.longestChain)),
            ("tokens at a time", chunk(schedule.chunk)),
            ("order", order(schedule.order)),
            (
                "smoothing λ",
                schedule.smoothing.isNone
                    ? "none"
                    : short(schedule.smoothing.lambda)
                        + (schedule.smoothing.binCount.map { ", " + Phrase.count($0, "bin") } ?? "")
            ),
            ("mixing", mixing(schedule)),
            ("positions", positions(schedule, shape)),
            ("optimizer reset", reset(schedule)),
            ("starts with", "\(schedule.startFrom) removed"),
            ("all at once beyond", schedule.removeAllBeyond.map { "\($0) removed" } ?? "never"),
            ("pretraining", Phrase.count(schedule.pretrainEpochs, "epoch")),
            (
                "longest sequence",
                schedule.maximumLength.map { "\(Phrase.count($0, "token")), rule .\(schedule.lengthRule.rawValue)" }
                    ?? "no limit"
            ),
            ("counting", "." + schedule.counting.rawValue),
        ]
    }

    private static func pace(_ pace: Pace, longest: Int) -> String {
        switch pace {
        case .perEpoch(let delta): return "\(short(delta)) for each epoch"
        case .stepsPerRemoval(let steps): return steps == 1 ? "every step" : "every \(steps) steps"
        case .adaptive(let rule):
            var text = "adaptive, " + measure(rule.measure)
            if let first = rule.firstMeasure, first != rule.measure { text += " (" + measure(first) + " while whole)" }
            text += ", least \(Phrase.count(rule.leastSteps, "step"))"
            if let patience = rule.patienceSteps(longest: longest) { text += ", patience \(patience)" }
            if let most = rule.mostSteps(longest: longest) {
                text += ", most \(most), then " + (rule.whenStuck == .report ? "stuck" : "on")
            }
            return text
        case .flatLoss(let rule):
            return "when the loss is flat over \(Phrase.count(rule.window, "step"))"
                + (rule.mostSteps.map { ", most \($0)" } ?? "")
        case .uniform: return "uniform at random in each example"
        case .manual: return "by step only"
        }
    }

    private static func mixing(_ schedule: RemovalSchedule) -> String {
        let rescued = max(schedule.mixing, schedule.mixingAfterRescue ?? 0)
        let text = schedule.mixing == 0 ? "none" : "\(short(100 * schedule.mixing)) % of the examples lose any number"
        return rescued == schedule.mixing
            ? text
            : text + "; after a rescue \(short(100 * rescued)) %"
                + (schedule.mixing == 0 ? " of the examples lose any number" : "")
    }

    private static func positions(_ schedule: RemovalSchedule, _ shape: DataShape) -> String {
        let given = schedule.positions, real = shape.positions(schedule)
        if real != given {
            return
                "\(real.rawValue), because the chains are cut at different places and \(given.rawValue) ids would "
                + "tell where"
        }
        return given == .shifted || shape.hasOneChainLength ? given.rawValue : "\(given.rawValue), all jump alike"
    }

    private static func measure(_ measure: AdaptiveRule.Measure) -> String {
        switch measure {
        case .exactMatch(let rate): "exact match ≥ \(short(rate))"
        case .loss(let loss): "loss ≤ \(short(loss))"
        }
    }

    private static func order(_ order: RemovalOrder) -> String {
        if case .random(let seed) = order { "random, seed \(seed)" } else { order.name }
    }

    private static func chunk(_ chunk: RemovalChunk) -> String {
        switch chunk {
        case .units(let count): "\(count)"
        case .half: "half of what is left"
        }
    }

    private static func reset(_ schedule: RemovalSchedule) -> String {
        guard schedule.reset != .none else { return "never" }
        let what = schedule.reset == .all ? "all" : "second moments"
        return
            "\(what), rule .\(schedule.resetRule.rawValue), warm-up \(Phrase.count(schedule.warmUpAfterReset, "step"))"
    }

    private static func short(_ value: Double) -> String { Phrase.short(value) }
}
