/// All probes on the states of one hook point and one position.
struct ProbeCell {
    let plan: ProbePlan
    let states: HiddenStates
    /// States of an untrained model at the same place.
    let untrained: HiddenStates?
    /// Which of the plan's targets are wanted here.
    let targets: [Int]

    private var split: ProbeSplit { plan.split }
    private var confidence: Double { plan.options.confidence }

    /// - Throws: `ProbeError`.
    func run() throws(ProbeError) -> [ProbeResult] {
        try check()
        let x = ProbeInputs(states, order: split.order)
        let untrainedX = untrained.map { ProbeInputs($0, order: split.order) }
        let control = plan.control
        var controlX: ProbeInputs?
        if let split = control.split { controlX = control.isMainSplit ? x : ProbeInputs(states, order: split.order) }
        var results = [Int: ProbeResult]()
        for (target, fits) in numberFits(x, untrainedX, controlX) { results[target] = result(target, x, fits) }
        for (target, fits) in try classFits(x, untrainedX, controlX) { results[target] = result(target, x, fits) }
        return targets.map { results[$0]! }
    }

    private func check() throws(ProbeError) {
        guard states.rows == split.count else { throw .lengths("states at \(states.provenance.hook)", found: states.rows, expected: split.count) }
        let needed = plan.options.estimator == .leastSquares ? 2 * states.width : states.width
        if split.trainEnd < needed { throw .tooFewRows(training: split.trainEnd, needed: needed, width: states.width) }
        guard let untrained else { return }
        if untrained.provenance.model == states.provenance.model { throw .untrainedIsTheSameModel }
        if untrained.width != states.width || untrained.rows != states.rows {
            throw .untrainedIsAnotherShape(
                "\(untrained.rows) states of width \(untrained.width) instead of \(states.rows) of width \(states.width)")
        }
        if untrained.provenance.hook != states.provenance.hook || untrained.provenance.position != states.provenance.position {
            throw .otherActivations(
                ["the untrained baseline is read at \(untrained.provenance.hook), \(untrained.provenance.position)"])
        }
    }

    /// What the fits for one target found.
    private struct Fits {
        let map: LinearMap
        let penalty: Double
        let code: CodeLength?
        let probe: HeldOutScore
        let shuffled: HeldOutScore
        let untrained: HeldOutScore?
        let control: HeldOutScore?
    }

    // MARK: Numbers

    /// One pass over the states for all targets, their shuffled labels and, where the split is the same, their control labels.
    private func numberFits(_ x: ProbeInputs, _ untrainedX: ProbeInputs?, _ controlX: ProbeInputs?) -> [(Int, Fits)] {
        var columns: [(target: Int, numbers: [Double])] = []
        for target in targets { if case .numbers(let numbers) = plan.targets[target].labels { columns.append((target, numbers)) } }
        guard !columns.isEmpty else { return [] }
        let count = columns.count
        let penalties = plan.options.ridgePenalties
        let control = plan.control
        let real = columns.map(\.numbers), controls = real.map(control.labels)
        let both = real + real.map(plan.shuffle) + (control.isMainSplit && controlX != nil ? controls : [])
        let y = interleave(both, split)
        let fit = NumberFit(x, y, columns: both.count, split: split, penalties: penalties, describing: plan.options.describes ? count : 0)
        let realY = interleave(real, split)
        let untrainedFit = untrainedX.map {
            NumberFit($0, realY, columns: count, split: split, penalties: penalties, describing: 0)
        }
        var controlFit: NumberFit?
        if !control.isMainSplit, let controlX, let split = control.split {
            controlFit = NumberFit(controlX, interleave(controls, split), columns: count, split: split, penalties: penalties, describing: 0)
        }
        return columns.enumerated().map { index, column in
            func score(_ fit: NumberFit, _ of: Int, _ labels: [Double], _ rows: [Int]?, _ split: ProbeSplit, _ bootstrap: Bootstrap) -> HeldOutScore {
                let width = fit.map.outputCount
                let rows = rows ?? Array(0..<split.heldOut.count)
                return HeldOutScore(
                    predictions: rows.map { fit.heldOut[$0 * width + of] }, numbers: rows.map { labels[split.order[split.trainEnd + $0]] },
                    bootstrap, confidence: confidence)
            }
            var controlScore: HeldOutScore?
            if let split = control.split, let bootstrap = control.bootstrap {
                controlScore = control.isMainSplit
                    ? score(fit, 2 * count + index, controls[index], control.seen, split, bootstrap)
                    : controlFit.map { score($0, index, controls[index], control.seen, split, bootstrap) }
            }
            let range = index * x.width..<(index + 1) * x.width
            return (column.target, Fits(
                map: LinearMap(weights: Array(fit.map.weights[range]), intercepts: [fit.map.intercepts[index]], width: x.width),
                penalty: fit.penalties[index], code: plan.options.describes ? fit.codes[index] : nil,
                probe: score(fit, index, real[index], nil, split, plan.bootstrap),
                shuffled: score(fit, count + index, both[count + index], nil, split, plan.bootstrap),
                untrained: untrainedFit.map { score($0, index, real[index], nil, split, plan.bootstrap) }, control: controlScore))
        }
    }

    /// (rows, columns) in the order of the split.
    private func interleave(_ columns: [[Double]], _ split: ProbeSplit) -> [Double] {
        [Double](unsafeUninitializedCapacity: split.count * columns.count) { y, initialized in
            for (index, column) in columns.enumerated() {
                for (place, row) in split.order.enumerated() { y[place * columns.count + index] = column[row] }
            }
            initialized = split.count * columns.count
        }
    }

    // MARK: Classes

    private func classFits(_ x: ProbeInputs, _ untrainedX: ProbeInputs?, _ controlX: ProbeInputs?) throws(ProbeError) -> [(Int, Fits)] {
        var fits: [(Int, Fits)] = []
        var prefixes: PrefixMoments?, untrainedPrefixes: PrefixMoments?, controlPrefixes: PrefixMoments?
        let control = plan.control
        for target in targets {
            guard case .classes(let classes, let values) = plan.targets[target].labels else { continue }
            let own = prefixes ?? PrefixMoments(x, split, describes: plan.options.describes)
            prefixes = own
            let name = plan.targets[target].name
            func fit(
                _ x: ProbeInputs, _ prefixes: PrefixMoments, _ labels: [Int], _ split: ProbeSplit, _ penalties: [Double], describes: Bool = false
            ) throws(ProbeError) -> ClassFit {
                try ClassFit(
                    x, prefixes, split.reorder(labels), classCount: values.count, split: split, penalties: penalties, describes: describes,
                    name: name)
            }
            func score(_ fit: ClassFit, _ labels: [Int], _ rows: [Int]?, _ split: ProbeSplit, _ bootstrap: Bootstrap) -> HeldOutScore {
                let rows = rows ?? Array(0..<split.heldOut.count)
                return HeldOutScore(
                    logits: rows.flatMap { fit.heldOut[$0 * values.count..<($0 + 1) * values.count] }, classCount: values.count,
                    classes: rows.map { labels[split.order[split.trainEnd + $0]] }, bootstrap, confidence: confidence)
            }
            let penalties = plan.options.multinomialPenalties
            let probe = try fit(x, own, classes, split, penalties, describes: plan.options.describes)
            let shuffledLabels = plan.shuffle(classes)
            let shuffled = try fit(x, own, shuffledLabels, split, [probe.penalty])
            var untrainedScore: HeldOutScore?, controlScore: HeldOutScore?
            if let untrainedX {
                let moments = untrainedPrefixes ?? PrefixMoments(untrainedX, split, describes: false)
                untrainedPrefixes = moments
                untrainedScore = score(try fit(untrainedX, moments, classes, split, penalties), classes, nil, split, plan.bootstrap)
            }
            if let controlX, let controlSplit = control.split, let bootstrap = control.bootstrap {
                let moments = control.isMainSplit ? own : controlPrefixes ?? PrefixMoments(controlX, controlSplit, describes: false)
                controlPrefixes = moments
                let labels = control.labels(classes)
                let found = try fit(controlX, moments, labels, controlSplit, [probe.penalty])
                controlScore = score(found, labels, control.seen, controlSplit, bootstrap)
            }
            fits.append((target, Fits(
                map: probe.map, penalty: probe.penalty, code: probe.code, probe: score(probe, classes, nil, split, plan.bootstrap),
                shuffled: score(shuffled, shuffledLabels, nil, split, plan.bootstrap), untrained: untrainedScore, control: controlScore)))
        }
        return fits
    }

    // MARK: Reports

    private func result(_ index: Int, _ x: ProbeInputs, _ fits: Fits) -> ProbeResult {
        let target = plan.targets[index]
        let token = plan.score(Lookup(keys: split.reorder(states.tokens), split: split), target)
        var scores: [ProbeBaseline: HeldOutScore] = [.constant: plan.constant[index], .inputToken: token, .shuffled: fits.shuffled]
        var missing: [ProbeBaseline: String] = [:]
        scores[.rawInput] = plan.rawInput[index]
        missing[.rawInput] = plan.rawInputMissing
        scores[.untrained] = fits.untrained
        if fits.untrained == nil { missing[.untrained] = "no untrained model was given" }
        scores[.control] = fits.control
        missing[.control] = plan.control.missing
        var classValues: [Int]?
        if case .classes(_, let values) = target.labels { classValues = values }
        return ProbeResult(
            report: ProbeReport(
                target: target.name, provenance: states.provenance, isClasses: classValues != nil, penalty: fits.penalty,
                trainingRows: split.trainEnd, heldOutRows: split.heldOut.count, heldOutGroups: plan.bootstrap.independentCount,
                probe: fits.probe.report, baselines: scores.mapValues(\.report), margins: scores.mapValues { fits.probe.margin(over: $0) },
                missing: missing, codeLength: fits.code, leak: plan.leak(states.tokens, target)),
            probe: LinearProbe(
                target: target.name, provenance: states.provenance, map: x.undoingMean(fits.map), classValues: classValues))
    }
}
