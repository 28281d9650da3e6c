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
