// x·W for the host, x (rows, inputs), W (inputs, outputs), or (outputs, inputs) if it is read transposed, as a head is
// for logits.

public struct ProductOperation: Sendable {
    public let input: Place
    public let rows: Int
    public let weight: Place
    public let inputs: Int
    public let outputs: Int
    public let isTransposed: Bool

    public init(input: Place, rows: Int, weight: Place, inputs: Int, outputs: Int, isTransposed: Bool) {
        self.input = input
        self.rows = rows
        self.weight = weight
        self.inputs = inputs
        self.outputs = outputs
        self.isTransposed = isTransposed
    }
}
