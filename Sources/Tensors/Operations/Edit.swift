// A change of activations from outside, in a pass without gradients: of the elements in some rows and columns of
// x (N, C),
//   set    x = v            add    x += factor · v            scale    x *= factor            mask    x = 0
// with v given for every element (rows, columns), or once for all rows (columns).

public struct Edit: Sendable {
    public enum Change: Sendable {
        case set([Float])
        case add([Float], factor: Float = 1)
        case scale(Float)
        case mask
    }

    public let change: Change
    /// nil for all rows.
    public let rows: [Int]?
    /// nil for all columns.
    public let columns: Range<Int>?

    public init(_ change: Change, rows: [Int]? = nil, columns: Range<Int>? = nil) {
        self.change = change
        self.rows = rows
        self.columns = columns
    }
}

extension Edit {
    /// How many rows of a variable with `rows` it changes.
    public func count(of rows: Int) -> Int { self.rows?.count ?? rows }

    /// The row that it changes as its number `index`.
    public func row(_ index: Int) -> Int { rows?[index] ?? index }

    /// Changes that row, given all of its columns.
    public func change(_ row: UnsafeMutableBufferPointer<Float>, index: Int) {
        let columns = self.columns ?? 0..<row.count
        switch change {
        case .set(let values):
            let first = values.count == columns.count ? 0 : index * columns.count
            for (j, column) in columns.enumerated() { row[column] = values[first + j] }
        case .add(let values, let factor):
            let first = values.count == columns.count ? 0 : index * columns.count
            for (j, column) in columns.enumerated() { row[column] += factor * values[first + j] }
        case .scale(let factor):
            for column in columns { row[column] *= factor }
        case .mask:
            for column in columns { row[column] = 0 }
        }
    }
}
