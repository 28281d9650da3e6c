import Tensors

extension LanguageModel {
    /// Loads a model from a folder, or by name from the Hugging Face cache; see `Checkpoint`.
    /// - Throws: `FileError`.
    public static func load(from name: String, base: String? = nil) throws -> LanguageModel {
        try LanguageModel(try Checkpoint(name, base: base))
    }

    /// Copies a checkpoint's tensors, as float32, into a new model.
    /// - Throws: `FileError`, also for a weight that is not a finite number.
    public convenience init(_ checkpoint: Checkpoint) throws {
        self.init(uninitialized: checkpoint.configuration)
        for (entry, tensor) in zip(parameters.entries, checkpoint.tensors) {
            let values = UnsafeMutableBufferPointer(rebasing: parameters.values[entry.range])
            try tensor.copyFloats(into: values)
            if let index = firstNonFinite(UnsafeBufferPointer(values)) {
                throw FileError(
                    .malformed, tensor.path, at: tensor.byteOffset, "element \(index) of \"\(tensor.name)\" is \(values[index]), not a number to compute with")
            }
        }
    }
}

/// The first NaN or infinity, or nil. Whole blocks are tested at once, so that the usual answer costs little.
func firstNonFinite(_ values: UnsafeBufferPointer<Float>) -> Int? {
    let exponent: UInt32 = 0x7F80_0000
    let blockSize = 4096
    var start = 0
    while start < values.count {
        let end = min(start + blockSize, values.count)
        var bad: UInt32 = 0
        for i in start..<end { bad |= values[i].bitPattern & exponent == exponent ? 1 : 0 }
        if bad != 0 { return (start..<end).first { !values[$0].isFinite } }
        start = end
    }
    return nil
}
