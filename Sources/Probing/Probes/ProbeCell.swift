import Support

/// All probes on the states of one hook point and one position.
struct ProbeCell {
    let plan: ProbePlan
    let states: HiddenStates
    /// States of an untrained model at the same place.
    let untrained: HiddenStates?
    /// Which of the plan's targets are wanted here.
    let targets: [Int]
    /// Looked at between fits, each of which may take a while.
    var interrupt = Interrupt()

    private var split: ProbeSplit { plan.split }

    /// - Throws: `ProbeError`, `Interrupted`.
    func run() throws -> [ProbeResult] {
        try check()
        let x = ProbeInputs(states, order: split.order)
        let untrainedX = untrained.map { ProbeInputs($0, order: split.order) }
        var controlX: ProbeInputs?
        if let split = plan.control.split {
            controlX = plan.control.isMainSplit ? x : ProbeInputs(states, order: split.order)
        }
        var sheets = Sheets()
        var fits = try numberFits(x, untrainedX, controlX, &sheets)
        fits += try classFits(x, untrainedX, controlX, &sheets)
        let tokens = plan.code(states.tokens)
        if tokens.count > 1 {
            let lookup = Lookup(keys: split.reorder(tokens.codes), keyCount: tokens.count, split: split)
            for index in fits.indices { fits[index].token = plan.enter(lookup, fits[index].target, &sheets.main) }
        }
        let scores = (main: sheets.main.scores(), control: sheets.control.scores())
        let results = Dictionary(
            uniqueKeysWithValues: fits.map { ($0.target, result($0, x, tokens, scores.main, scores.control)) })
        return targets.map { results[$0]! }
    }

    private func check() throws(ProbeError) {
        guard states.rows == split.count else {
            throw .lengths("states at \(states.provenance.hook)", found: states.rows, expected: split.count)
        }
        let needed = plan.options.estimator == .leastSquares ? 2 * states.width : states.width
        if split.trainEnd < needed { throw .tooFewRows(training: split.trainEnd, needed: needed, width: states.width) }
        guard let untrained else { return }
        if untrained.provenance.model == states.provenance.model { throw .untrainedIsTheSameModel }
        if untrained.width != states.width || untrained.rows != states.rows {
            throw .untrainedIsAnotherShape(
                "\(untrained.rows) states of width \(untrained.width) instead of \(states.rows) of width "
                    + "\(states.width)"
            )
        }
        if untrained.provenance.hook != states.provenance.hook
            || untrained.provenance.position != states.provenance.position
        {
            throw .otherActivations(
                ["the untrained baseline is read at \(untrained.provenance.hook), \(untrained.provenance.position)"])
        }
    }

    /// Predictors on the rows held out by the main split, and on those held out by the control task's.
    private struct Sheets {
        var main = ScoreSheet()
        var control = ScoreSheet()
    }

    /// What the fits for one target found, and where on the sheets their predictions are.
    private struct Fits {
        let target: Int
        let map: LinearMap
        let penalty: Double
        let code: CodeLength?
        let probe: Int
        let shuffled: Int
        let untrained: Int?
        let control: Int?
        var token: Int?
    }

    // MARK: Numbers

    /// One pass over the states for all targets, their shuffled labels and, where the split is the same, their control
    /// labels.
    private func numberFits(
        _ x: ProbeInputs, _ untrainedX: ProbeInputs?, _ controlX: ProbeInputs?, _ sheets: inout Sheets
    ) throws -> [Fits] {
        var wanted: [(target: Int, numbers: [Double])] = []
        for target in targets {
            if case .numbers(let numbers) = plan.targets[target].labels { wanted.append((target, numbers)) }
        }
        guard !wanted.isEmpty else { return [] }
        let count = wanted.count
        let control = plan.control
        let real = wanted.map(\.numbers), controls = real.map(control.labels)
        let all = real + real.map(plan.shuffle) + (control.isMainSplit && controlX != nil ? controls : [])
        let fit = numberFit(x, all, split, describing: plan.options.describes ? count : 0)
        try interrupt.check()
        let untrainedFit = untrainedX.map { numberFit($0, real, split) }
        try interrupt.check()
        var controlFit: NumberFit?
        if let controlX, let own = control.split {
            controlFit = control.isMainSplit ? fit : numberFit(controlX, controls, own)
        }
        let firstControl = control.isMainSplit ? 2 * count : 0
        return wanted.enumerated().map { index, item in
            let target = item.target
            let range = index * x.width..<(index + 1) * x.width
            return Fits(
                target: target,
                map: LinearMap(
                    weights: Array(fit.map.weights[range]), intercepts: [fit.map.intercepts[index]], width: x.width),
                penalty: fit.penalties[index], code: plan.options.describes ? fit.codes[index] : nil,
                probe: sheets.main.enter(numbers: fit.heldOut(index), plan.heldOut[target]),
                shuffled: sheets.main.enter(numbers: fit.heldOut(count + index), plan.shuffledHeldOut[target]),
                untrained: untrainedFit.map { sheets.main.enter(numbers: $0.heldOut(index), plan.heldOut[target]) },
                control: controlFit.map { fit in
                    let predictions = fit.heldOut(firstControl + index)
                    return sheets.control.enter(
                        numbers: control.seen.map { predictions[$0] }, plan.controlHeldOut[target])
                })
        }
    }

    private func numberFit(
        _ x: ProbeInputs, _ columns: [[Double]], _ split: ProbeSplit, describing: Int = 0
    ) -> NumberFit {
        let y = [Double](unsafeUninitializedCapacity: split.count * columns.count) { y, initialized in
            for (index, column) in columns.enumerated() {
                for (place, row) in split.order.enumerated() { y[place * columns.count + index] = column[row] }
            }
            initialized = split.count * columns.count
        }
        return NumberFit(
            x, y, columns: columns.count, split: split, penalties: plan.options.ridgePenalties, describing: describing)
    }

    // MARK: Classes

    private func classFits(
        _ x: ProbeInputs, _ untrainedX: ProbeInputs?, _ controlX: ProbeInputs?, _ sheets: inout Sheets
    ) throws -> [Fits] {
        let wanted = targets.filter { if case .classes = plan.targets[$0].labels { true } else { false } }
        guard !wanted.isEmpty else { return [] }
        let control = plan.control
        let penalties = plan.options.multinomialPenalties
        let own = PrefixMoments(x, split, describes: plan.options.describes)
        let untrainedMoments = untrainedX.map { PrefixMoments($0, split, describes: false) }
        var controlMoments: PrefixMoments?
        if let controlX, let split = control.split {
            controlMoments = control.isMainSplit ? own : PrefixMoments(controlX, split, describes: false)
        }
        var fits: [Fits] = []
        for target in wanted {
            guard case .classes(let classes, let values) = plan.targets[target].labels else { continue }
            func fit(
                _ x: ProbeInputs, _ moments: PrefixMoments, _ labels: [Int], _ split: ProbeSplit, _ penalties: [Double],
                describes: Bool = false
            ) throws -> ClassFit {
                try interrupt.check()
                return try ClassFit(
                    x, moments, split.reorder(labels), classCount: values.count, split: split, penalties: penalties,
                    describes: describes,
                    name: plan.targets[target].name)
            }
            let probe = try fit(x, own, classes, split, penalties, describes: plan.options.describes)
            // The baselines on other labels have the probe's penalty, as Hewitt & Liang have it.
            let shuffled = try fit(x, own, plan.shuffle(classes), split, [probe.penalty])
            var untrainedPlace: Int?, controlPlace: Int?
            if let untrainedX, let untrainedMoments {
                let found = try fit(untrainedX, untrainedMoments, classes, split, penalties)
                untrainedPlace = sheets.main.enter(logits: found.heldOut, plan.heldOut[target])
            }
            if let controlX, let controlMoments, let split = control.split {
                let found = try fit(controlX, controlMoments, control.labels(classes), split, [probe.penalty])
                let logits = control.seen.flatMap { found.heldOut[$0 * values.count..<($0 + 1) * values.count] }
                controlPlace = sheets.control.enter(logits: logits, plan.controlHeldOut[target])
            }
            fits.append(
                Fits(
                    target: target, map: probe.map, penalty: probe.penalty, code: probe.code,
                    probe: sheets.main.enter(logits: probe.heldOut, plan.heldOut[target]),
                    shuffled: sheets.main.enter(logits: shuffled.heldOut, plan.shuffledHeldOut[target]),
                    untrained: untrainedPlace,
                    control: controlPlace))
        }
        return fits
    }

    // MARK: Reports

    private func result(
        _ fits: Fits, _ x: ProbeInputs, _ tokens: CodedTokens, _ main: [HeldOutScore], _ control: [HeldOutScore]
    ) -> ProbeResult {
        let target = plan.targets[fits.target]
        let probe = main[fits.probe]
        let constant = plan.constant[fits.target]
        // A single token at the position tells what a constant tells.
        var scores: [ProbeBaseline: HeldOutScore] = [
            .constant: constant, .inputToken: fits.token.map { main[$0] } ?? constant, .shuffled: main[fits.shuffled],
        ]
        var missing: [ProbeBaseline: String] = [:]
        scores[.rawInput] = plan.rawInput[fits.target]
        missing[.rawInput] = plan.rawInputMissing
        scores[.untrained] = fits.untrained.map { main[$0] }
        if fits.untrained == nil { missing[.untrained] = "no untrained model was given" }
        scores[.control] = fits.control.map { control[$0] }
        missing[.control] = plan.control.missing
        var classValues: [Int]?
        if case .classes(_, let values) = target.labels { classValues = values }
        return ProbeResult(
            report: ProbeReport(
                target: target.name, provenance: states.provenance, isClasses: classValues != nil,
                penalty: fits.penalty,
                trainingRows: split.trainEnd, heldOutRows: split.heldOut.count,
                heldOutGroups: plan.bootstrap.independentCount,
                probe: probe.report, baselines: scores.mapValues(\.report),
                margins: scores.mapValues { probe.margin(over: $0) },
                missing: missing, codeLength: fits.code, leak: plan.leak(tokens, fits.target)),
            probe: LinearProbe(
                target: target.name, provenance: states.provenance, map: x.undoingMean(fits.map),
                classValues: classValues),
            heldOut: split.heldOut.map { split.order[$0] })
    }
}
