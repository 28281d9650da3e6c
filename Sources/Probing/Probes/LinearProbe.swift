import Tensors

/// A trained probe. It knows where its activations came from and reads no others unless told that this is a transfer.
public struct LinearProbe: Sendable {
    /// What it reads.
    public let target: String
    public let provenance: Provenance
    /// One output for a number, one logit for each class.
    public let map: LinearMap
    /// The value that each class stands for; nil for a probe of numbers.
    public let classValues: [Int]?

    /// - Throws: `ProbeError.otherActivations`, `.lengths`.
    private func check(_ states: HiddenStates, transfer: Bool) throws(ProbeError) {
        let differences = provenance.differences(from: states.provenance)
        if !transfer, !differences.isEmpty { throw .otherActivations(differences) }
        if states.width != map.width {
            throw .lengths("states of width \(map.width)", found: states.width, expected: map.width)
        }
    }

    /// Its predictions: (rows) numbers, or (rows, classes) logits.
    /// - Parameter transfer: read these activations even if they are of another model, stage, hook or position.
    /// - Throws: `ProbeError.otherActivations`, `.lengths`.
    public func outputs(_ states: HiddenStates, transfer: Bool = false) throws(ProbeError) -> [Double] {
        try check(states, transfer: transfer)
        return map(states.values.map(Double.init))
    }

    /// What it reads in each row: the number, or the value of the most probable class.
    /// - Throws: `ProbeError.otherActivations`, `.lengths`.
    public func readings(_ states: HiddenStates, transfer: Bool = false) throws(ProbeError) -> [Double] {
        let outputs = try outputs(states, transfer: transfer)
        guard let classValues else { return outputs }
        let count = classValues.count
        return (0..<states.rows).map { Double(classValues[classOfLargest(outputs[$0 * count..<($0 + 1) * count])]) }
    }

    /// How near it comes to `target` on other states.
    /// - Parameters:
    ///   - rows: which of them are scored; all of them where nil.
    ///   - groups: (rows of the states) problems that are counted as one; each its own where nil.
    ///   - transfer: read these states even if they are of another model, stage, hook or position.
    /// - Throws: `ProbeError.otherActivations`, `.lengths`, `.invalid` if numbers are compared with classes, or with
    /// a class that it was not fitted to.
    public func score(
        _ states: HiddenStates, _ target: ProbeTarget, rows: [Int]? = nil, groups: [Int]? = nil, transfer: Bool = false,
        options: ProbeOptions = ProbeOptions()
    ) throws(ProbeError) -> ProbeScore {
        guard target.count == states.rows else {
            throw .lengths("target \(target.name)", found: target.count, expected: states.rows)
        }
        let rows = rows ?? Array(0..<states.rows)
        guard !rows.isEmpty else { throw .invalid("there is no row to read") }
        let outputs = try outputs(states, transfer: transfer)
        let bootstrap = Bootstrap(
            groups: rows.map { groups?[$0] ?? $0 }, replicates: options.replicates, confidence: options.confidence,
            random: RandomSource(seed: options.seed))
        var sheet = ScoreSheet()
        switch target.labels {
        case .numbers(let numbers):
            guard classValues == nil else { throw .invalid("\(target.name) is a number and this probe reads classes") }
            _ = sheet.enter(
                numbers: rows.map { outputs[$0] }, HeldOutLabels(.numbers(rows.map { numbers[$0] }), bootstrap))
        case .classes(let classes, let values):
            guard let classValues else { throw .invalid("\(target.name) is a class and this probe reads numbers") }
            let known = values.map { classValues.firstIndex(of: $0) }
            if let unseen = rows.first(where: { known[classes[$0]] == nil }) {
                throw .invalid(
                    "\(target.name) is \(values[classes[unseen]]) in row \(unseen), a class that the probe was not "
                        + "fitted to"
                )
            }
            let count = classValues.count
            let logits = rows.flatMap { outputs[$0 * count..<($0 + 1) * count] }
            _ = sheet.enter(
                logits: logits, HeldOutLabels(.classes(rows.map { known[classes[$0]] ?? 0 }, count: count), bootstrap))
        }
        return sheet.scores()[0].report
    }

    /// (width) the shortest change of a state that raises the reading by 1; for classes, that raises the logit of class
    /// `to` over that of class `from` by 1 (indices into `classValues`).
    /// - Throws: `ProbeError.invalid` for classes that do not exist or a probe that reads nothing.
    public func direction(from: Int = 0, to: Int = 1) throws(ProbeError) -> [Float] {
        var w = Array(map.weights.prefix(map.width))
        if classValues != nil {
            guard from != to, 0..<map.outputCount ~= from, 0..<map.outputCount ~= to else {
                throw .invalid(
                    "classes \(from) and \(to)", help: "give two different ones of 0 to \(map.outputCount - 1)")
            }
            for j in 0..<map.width { w[j] = map.weights[to * map.width + j] - map.weights[from * map.width + j] }
        }
        let length = w.reduce(0) { $0 + $1 * $1 }
        guard length > 0 else { throw .invalid("the probe for \(target) has no weights, so it has no direction") }
        return w.map { Float($0 / length) }
    }
}
