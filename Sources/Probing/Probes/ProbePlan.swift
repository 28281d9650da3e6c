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
    /// (rows) whose label each row gets when labels are shuffled.
    private let shuffledOrder: [Int]
    /// (targets) the labels that predictors are scored against.
    let heldOut: [HeldOutLabels]
    let shuffledHeldOut: [HeldOutLabels]
    let controlHeldOut: [HeldOutLabels]
    private let symbols: [CodedSymbols]
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
            problems, split, options, random.split(Stream.control.rawValue),
            random.split(Stream.controlBootstrap.rawValue))
        var shuffled = Array(0..<problems.groups.count)
        var source = random.split(Stream.shuffle.rawValue)
        source.shuffle(&shuffled)
        shuffledOrder = shuffled
        self.targets = targets
        for target in targets { try Self.check(target, split, options) }
        let (bootstrap, control) = (bootstrap, control)
        let rows = split.heldOut.map { split.order[$0] }
        heldOut = targets.map { HeldOutLabels($0.values(rows), bootstrap) }
        shuffledHeldOut = targets.map { HeldOutLabels($0.values(rows.map { shuffled[$0] }), bootstrap) }
        controlHeldOut = control.heldOutLabels(targets)
        symbols = targets.map { target in
            switch target.labels {
            case .numbers(let numbers): CodedSymbols(InputLeak.symbols(numbers))
            case .classes(let classes, _): CodedSymbols(classes)
            }
        }
        let inputs = problems.oneHotInputs().map { ProbeInputs($0.values, width: $0.width, order: split.order) }
        rawInputMissing = inputs == nil ? "the raw inputs were not given" : nil
        try scoreWithoutModel(inputs)
    }

    /// A target may vary and yet be the same in the training rows, or in the held-out ones.
    private static func check(_ target: ProbeTarget, _ split: ProbeSplit, _ options: ProbeOptions) throws(ProbeError) {
        for (rows, isTraining) in [(0..<split.fitEnd, true), (split.heldOut, false)] {
            switch target.labels {
            case .numbers(let numbers):
                let first = numbers[split.order[rows.lowerBound]]
                if rows.allSatisfy({ numbers[split.order[$0]] == first }) {
                    let place = isTraining ? "training" : "held-out"
                    throw .constantTarget("\(target.name) (\(place) rows)", value: plain(first))
                }
                if options.estimator == .multinomial {
                    throw .invalid(
                        "multinomial regression reads classes and \(target.name) is a number",
                        help: "give it as classes, or use ridge"
                    )
                }
            case .classes(let classes, let values):
                if isTraining, Set(rows.map { classes[split.order[$0]] }).count < 2 {
                    throw .constantTarget(
                        "\(target.name) (training rows)", value: String(values[classes[split.order[0]]]))
                }
                if options.estimator == .ridge || options.estimator == .leastSquares {
                    throw .invalid(
                        "\(options.estimator.name) reads numbers and \(target.name) is a class",
                        help: "give it as numbers, or use multinomial"
                    )
                }
            }
        }
    }

    func shuffle<T>(_ labels: [T]) -> [T] { shuffledOrder.map { labels[$0] } }

    func code(_ tokens: [Int32]) -> CodedTokens { CodedTokens(tokens, random: random.split(Stream.leak.rawValue)) }

    func leak(_ tokens: CodedTokens, _ target: Int) -> InputLeak { InputLeak(tokens, symbols[target]) }

    // MARK: Predictors without a model

    /// Enters a lookup's predictions of a target.
    func enter(_ lookup: Lookup, _ target: Int, _ sheet: inout ScoreSheet) -> Int {
        switch targets[target].labels {
        case .numbers(let numbers):
            let (means, medians) = lookup.numbers(split.reorder(numbers))
            return sheet.enter(numbers: means, medians: medians, heldOut[target])
        case .classes(let classes, let values):
            return sheet.enter(
                logits: lookup.classes(split.reorder(classes), classCount: values.count), heldOut[target])
        }
    }

    private mutating func scoreWithoutModel(_ inputs: ProbeInputs?) throws(ProbeError) {
        var sheet = ScoreSheet()
        let everywhere = Lookup(keys: Array(repeating: 0, count: split.count), keyCount: 1, split: split)
        for target in targets.indices { _ = enter(everywhere, target, &sheet) }
        if let inputs { try enter(inputs, &sheet) }
        let scores = sheet.scores()
        constant = Array(scores[..<targets.count])
        rawInput = inputs == nil ? Array(repeating: nil, count: targets.count) : Array(scores[targets.count...])
    }

    /// Enters probes of the raw inputs, with no states involved, target by target.
    private func enter(_ inputs: ProbeInputs, _ sheet: inout ScoreSheet) throws(ProbeError) {
        var prefixes: PrefixMoments?
        for (index, target) in targets.enumerated() {
            switch target.labels {
            case .numbers(let numbers):
                let fit = NumberFit(
                    inputs, split.reorder(numbers), columns: 1, split: split, penalties: options.ridgePenalties,
                    describing: 0)
                _ = sheet.enter(numbers: fit.heldOut(0), heldOut[index])
            case .classes(let classes, let values):
                let moments = prefixes ?? PrefixMoments(inputs, split, describes: false)
                prefixes = moments
                let fit = try ClassFit(
                    inputs, moments, split.reorder(classes), classCount: values.count, split: split,
                    penalties: options.multinomialPenalties,
                    describes: false, name: target.name)
                _ = sheet.enter(logits: fit.heldOut, heldOut[index])
            }
        }
    }
}

extension ProbeTarget {
    /// The labels of some rows.
    func values(_ rows: [Int]) -> HeldOutLabels.Values {
        switch labels {
        case .numbers(let numbers): .numbers(rows.map { numbers[$0] })
        case .classes(let classes, let values): .classes(rows.map { classes[$0] }, count: values.count)
        }
    }
}

/// The control task: each type of problem gets a random problem's label, so a probe can only learn it by heart.
///
/// Held-out rows must be of types that training has seen, or nothing could be right. Where groups are as fine as
/// types, the control task is therefore split by rows.
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
        _ problems: ProbeProblems, _ main: ProbeSplit, _ options: ProbeOptions, _ random: RandomSource,
        _ bootstrapRandom: RandomSource
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
            split = try ProbeSplit(
                groups: Array(types.indices), heldOutShare: options.heldOutShare, random: random.split(0))
            seen = Self.seen(types, split)
        }
        guard seen.count >= Self.fewest, representative.count > 1 else {
            self.split = nil
            self.seen = []
            bootstrap = nil
            missing =
                representative.count > 1
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

    func heldOutLabels(_ targets: [ProbeTarget]) -> [HeldOutLabels] {
        guard let split, let bootstrap else { return [] }
        let rows = seen.map { labelOf[split.order[split.trainEnd + $0]] }
        return targets.map { HeldOutLabels($0.values(rows), bootstrap) }
    }
}
