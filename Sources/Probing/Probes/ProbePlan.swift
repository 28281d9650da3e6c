import Tensors

/// Everything about a set of targets that does not depend on the states: the split, shuffled and control labels, the
/// baselines that need no model, and the resamples. Made once for all layers and positions.
struct ProbePlan {
    let options: ProbeOptions
    let targets: [ProbeTarget]
    let split: ProbeSplit
    let bootstrap: Bootstrap
    let control: ControlPlan
    let rawInputMissing: String?
    private let random: RandomSource
    /// (targets) what a probe on the raw inputs reaches.
    private(set) var rawInput: [HeldOutScore?] = []
    /// (targets) what a constant reaches.
    private(set) var constant: [HeldOutScore] = []

    /// Purposes of the random source.
    private enum Stream: UInt64 { case split, shuffle, control, bootstrap, controlBootstrap, leak }

    /// - Throws: `ProbeError` for whatever is wrong with targets, problems or options.
    init(_ targets: [ProbeTarget], _ problems: ProbeProblems, _ options: ProbeOptions) throws(ProbeError) {
        try options.check()
        try problems.check()
        guard !targets.isEmpty else { throw .invalid("no target was given to probe") }
        for target in targets { try target.check(rows: problems.groups.count) }
        self.options = options
        random = RandomSource(seed: options.seed)
        let split = try ProbeSplit(
            groups: problems.groups, heldOutShare: options.heldOutShare, random: random.split(Stream.split.rawValue))
        self.split = split
        bootstrap = Bootstrap(
            groups: Array(split.groups[split.heldOut]), replicates: options.replicates, confidence: options.confidence,
            random: random.split(Stream.bootstrap.rawValue))
        control = try ControlPlan(
            problems, split, options, random.split(Stream.control.rawValue), random.split(Stream.controlBootstrap.rawValue))
        var shuffled = Array(0..<problems.groups.count)
        var source = random.split(Stream.shuffle.rawValue)
        source.shuffle(&shuffled)
        shuffledOrder = shuffled
        self.targets = targets
        for target in targets { try Self.check(target, split, options) }
        let inputs = problems.oneHotInputs().map { ProbeInputs($0.values, width: $0.width, order: split.order) }
        rawInputMissing = inputs == nil ? "the raw inputs were not given" : nil
        let everywhere = Lookup(keys: Array(repeating: 0, count: split.count), split: split)
        for target in targets {
            constant.append(score(everywhere, target))
            rawInput.append(try inputs.map { inputs throws(ProbeError) in try score(inputs, target) })
        }
    }

    /// (rows) whose label each row gets when labels are shuffled.
    private let shuffledOrder: [Int]

    /// A target may vary and yet be the same in the training rows, or in the held-out ones.
    private static func check(_ target: ProbeTarget, _ split: ProbeSplit, _ options: ProbeOptions) throws(ProbeError) {
        for (rows, place) in [(0..<split.fitEnd, "training"), (split.heldOut, "held-out")] {
            switch target.labels {
            case .numbers(let numbers):
                let first = numbers[split.order[rows.lowerBound]]
                if rows.allSatisfy({ numbers[split.order[$0]] == first }) {
                    throw .constantTarget("\(target.name) (\(place) rows)", value: plain(first))
                }
                if options.estimator == .multinomial {
                    throw .invalid("multinomial regression reads classes and \(target.name) is a number; give it as classes, or use ridge")
                }
            case .classes(let classes, let values):
                if place == "training", Set(rows.map { classes[split.order[$0]] }).count < 2 {
                    throw .constantTarget("\(target.name) (training rows)", value: String(values[classes[split.order[0]]]))
                }
                if options.estimator == .ridge || options.estimator == .leastSquares {
                    throw .invalid("\(options.estimator.rawValue) reads numbers and \(target.name) is a class; give it as numbers, or use multinomial")
                }
            }
        }
    }

    func shuffle<T>(_ labels: [T]) -> [T] { shuffledOrder.map { labels[$0] } }

    func leak(_ tokens: [Int32], _ target: ProbeTarget) -> InputLeak {
        let symbols = switch target.labels {
        case .numbers(let numbers): InputLeak.symbols(numbers)
        case .classes(let classes, _): classes
        }
        return InputLeak(tokens: tokens, symbols: symbols, random: random.split(Stream.leak.rawValue))
    }

    // MARK: Predictors without a model

    func score(_ lookup: Lookup, _ target: ProbeTarget) -> HeldOutScore {
        switch target.labels {
        case .numbers(let numbers):
            let y = split.reorder(numbers)
            let (means, medians) = lookup.numbers(y)
            return HeldOutScore(
                predictions: means, medians: medians, numbers: Array(y[split.heldOut]), bootstrap, confidence: options.confidence)
        case .classes(let classes, let values):
            let k = split.reorder(classes)
            return HeldOutScore(
                logits: lookup.classes(k, classCount: values.count), classCount: values.count, classes: Array(k[split.heldOut]), bootstrap,
                confidence: options.confidence)
        }
    }

    /// A probe on the raw inputs, with no states involved.
    private func score(_ inputs: ProbeInputs, _ target: ProbeTarget) throws(ProbeError) -> HeldOutScore {
        switch target.labels {
        case .numbers(let numbers):
            let y = split.reorder(numbers)
            let fit = NumberFit(inputs, y, columns: 1, split: split, penalties: options.ridgePenalties, describing: 0)
            return HeldOutScore(
                predictions: fit.heldOut, numbers: Array(y[split.heldOut]), bootstrap, confidence: options.confidence)
        case .classes(let classes, let values):
            let k = split.reorder(classes)
            let fit = try ClassFit(
                inputs, PrefixMoments(inputs, split, describes: false), k, classCount: values.count, split: split,
                penalties: options.multinomialPenalties, describes: false, name: target.name)
            return HeldOutScore(
                logits: fit.heldOut, classCount: values.count, classes: Array(k[split.heldOut]), bootstrap, confidence: options.confidence)
        }
    }
}

/// The control task: each type of problem gets a random problem's label, so a probe can only learn it by heart.
///
/// Held-out rows must be of types that training has seen, or nothing could be right. Where groups are as fine as types, the
/// control task is therefore split by rows.
struct ControlPlan {
    /// The split of the control task; nil if it cannot be had.
    let split: ProbeSplit?
    let isMainSplit: Bool
    /// Held-out rows (indices among them) of types that training has seen.
    let seen: [Int]
    let bootstrap: Bootstrap?
    let missing: String?
    /// (rows) whose label each row gets.
    private let labelOf: [Int]

    private static let fewest = 20

    init(
        _ problems: ProbeProblems, _ main: ProbeSplit, _ options: ProbeOptions, _ random: RandomSource, _ bootstrapRandom: RandomSource
    ) throws(ProbeError) {
        let types = problems.controlTypes ?? problems.groups
        var random = random
        var representative: [Int: Int] = [:]
        labelOf = types.map { type in
            if let known = representative[type] { return known }
            let row = random.below(types.count)
            representative[type] = row
            return row
        }
        var split = main
        var seen = Self.seen(types, main)
        isMainSplit = 2 * seen.count >= main.heldOut.count
        if !isMainSplit {
            split = try ProbeSplit(groups: Array(types.indices), heldOutShare: options.heldOutShare, random: random.split(0))
            seen = Self.seen(types, split)
        }
        guard seen.count >= Self.fewest, representative.count > 1 else {
            self.split = nil
            self.seen = []
            bootstrap = nil
            missing = representative.count > 1
                ? "hardly any type of problem occurs twice; give control types that do, for example a pair of digits"
                : "all problems are of one type"
            return
        }
        self.split = split
        self.seen = seen
        missing = nil
        let heldOut = split.heldOut
        bootstrap = Bootstrap(
            groups: seen.map { types[split.order[heldOut.lowerBound + $0]] }, replicates: options.replicates,
            confidence: options.confidence, random: bootstrapRandom)
    }

    private static func seen(_ types: [Int], _ split: ProbeSplit) -> [Int] {
        let known = Set((0..<split.trainEnd).map { types[split.order[$0]] })
        return split.heldOut.indices.filter { known.contains(types[split.order[$0]]) }.map { $0 - split.trainEnd }
    }

    func labels<T>(_ labels: [T]) -> [T] { labelOf.map { labels[$0] } }
}
