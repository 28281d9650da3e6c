/// What a probe is asked to read: a number or a class for each problem.
public struct ProbeTarget: Sendable, Equatable {
    public enum Labels: Sendable, Equatable {
        /// (rows)
        case numbers([Double])
        /// (rows) indices into `values`, which are the distinct values in ascending order.
        case classes([Int], values: [Int])
    }

    /// What it is called in reports, for example `running sum 2`.
    public let name: String
    public let labels: Labels

    /// Numbers, probed by regression.
    public init(_ name: String, numbers: [Double]) {
        self.name = name
        labels = .numbers(numbers)
    }

    /// Values of which each is a class of its own, probed by multinomial regression.
    public init(_ name: String, classes: [Int]) {
        self.name = name
        let values = Set(classes).sorted()
        let indices = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, $0) })
        labels = .classes(classes.map { indices[$0]! }, values: values)
    }

    public var count: Int {
        switch labels {
        case .numbers(let numbers): numbers.count
        case .classes(let classes, _): classes.count
        }
    }

    /// - Throws: `ProbeError.lengths`, `.notFinite`, `.constantTarget`.
    func check(rows: Int) throws(ProbeError) {
        guard count == rows else { throw .lengths("target \(name)", found: count, expected: rows) }
        switch labels {
        case .numbers(let numbers):
            if let bad = numbers.firstIndex(where: { !$0.isFinite }) { throw .notFinite("target \(name)", row: bad) }
            if let first = numbers.first, numbers.allSatisfy({ $0 == first }) {
                throw .constantTarget(name, value: plain(first))
            }
        case .classes(_, let values):
            if values.count < 2 { throw .constantTarget(name, value: values.first.map(String.init) ?? "absent") }
        }
    }
}

/// A number without a needless ".0".
func plain(_ x: Double) -> String { x == x.rounded() && abs(x) < 1e15 ? String(Int(x)) : String(x) }

/// What is known of the problems, whatever state of them is probed.
public struct ProbeProblems: Sendable {
    /// (rows) problems with equal numbers, for example the same operands, are never split between training and held-out
    /// rows.
    public let groups: [Int]
    /// Columns of (rows) symbols, for example the operands' digits: what a probe could read without any model.
    public let rawInputs: [[Int]]
    /// (rows) the type of each problem for the control task (Hewitt & Liang 2019); `groups` where nil.
    public let controlTypes: [Int]?

    public init(groups: [Int], rawInputs: [[Int]] = [], controlTypes: [Int]? = nil) {
        self.groups = groups
        self.rawInputs = rawInputs
        self.controlTypes = controlTypes
    }

    /// - Throws: `ProbeError.lengths`.
    func check() throws(ProbeError) {
        for (index, column) in rawInputs.enumerated() where column.count != groups.count {
            throw .lengths("raw input \(index)", found: column.count, expected: groups.count)
        }
        if let controlTypes, controlTypes.count != groups.count {
            throw .lengths("control types", found: controlTypes.count, expected: groups.count)
        }
    }

    /// One-hot rows of the raw inputs, all columns side by side; nil where there are none.
    func oneHotInputs() -> (values: [Double], width: Int)? {
        let codes = rawInputs.map { column in
            Dictionary(uniqueKeysWithValues: Set(column).sorted().enumerated().map { ($1, $0) })
        }
        let width = codes.reduce(0) { $0 + $1.count }
        guard width > 0 else { return nil }
        var values = [Double](repeating: 0, count: groups.count * width)
        var offset = 0
        for (column, code) in zip(rawInputs, codes) {
            for (row, symbol) in column.enumerated() { values[row * width + offset + code[symbol]!] = 1 }
            offset += code.count
        }
        return (values, width)
    }
}
