import Checkpoints
import Support

/// A checkpoint's tensors under the names that parameters have today, on their way to a model.
struct TensorTable {
    private var tensors: [ExactString: CheckpointTensor]

    init(_ tensors: [ExactString: CheckpointTensor]) { self.tensors = tensors }

    subscript(_ name: String) -> CheckpointTensor? {
        get { tensors[ExactString(name)] }
        set { tensors[ExactString(name)] = newValue }
    }

    var names: [String] { tensors.keys.map(\.text).sorted() }

    /// What becomes of parameters that are not there.
    enum Missing {
        case refused
        /// A model that was trained without biases; none at all is the same as zeros.
        case zeroBiases
    }

    // MARK: The head

    /// Decides between a configuration and weights that say two things about the head, as transformers 5 does: a head
    /// that differs from the table of tokens it should be tied to is kept, and either of the two stands for both.
    /// - Returns: notes on what was decided.
    mutating func reconcileHead(_ configuration: inout ModelConfiguration) throws -> [String] {
        let table = configuration.architecture == .gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight"
        guard configuration.isHeadTied, let head = self["lm_head.weight"] else { return [] }
        guard let tokens = self[table] else {
            // Saved by way of the head: safetensors keeps one of two names for the same numbers.
            self[table] = head
            self["lm_head.weight"] = nil
            return []
        }
        if try hasSameNumbers(head, tokens) {
            self["lm_head.weight"] = nil
            return []
        }
        configuration.isHeadTied = false
        return [
            "config.json ties the head to the table of tokens, but the weights have another head: "
                + "that one is kept, as in "
                + "transformers 5"
        ]
    }

    private func hasSameNumbers(_ a: CheckpointTensor, _ b: CheckpointTensor) throws -> Bool {
        guard a.shape == b.shape else { return false }
        try ForeignTensors.refuseIntegers(a)
        try ForeignTensors.refuseIntegers(b)
        return try a.floats() == b.floats()
    }

    // MARK: One for each parameter

    /// One tensor for each parameter, of its shape; what is left over becomes notes.
    func match(
        _ configuration: ModelConfiguration, _ folder: String, _ missing: Missing, _ notes: [String]
    ) throws -> ([CheckpointTensor?], notes: [String]) {
        var rest = tensors
        let matched = try configuration.parameterLayout.entries.map { entry -> CheckpointTensor? in
            guard let tensor = rest.removeValue(forKey: ExactString(entry.name)) else {
                if missing == .zeroBiases, entry.name.hasSuffix(".bias") { return nil }
                throw FileError(
                    .contradictory, folder,
                    "has no tensor \"\(entry.name)\", which its configuration asks for; \(there(configuration))")
            }
            guard tensor.shape == entry.shape else {
                throw FileError(
                    .contradictory, tensor.path, at: tensor.byteOffset,
                    "\"\(tensor.name)\" has shape \(shapeText(tensor.shape)); the configuration makes it "
                        + "\(shapeText(entry.shape))"
                )
            }
            try ForeignTensors.refuseIntegers(tensor)
            return tensor
        }
        return (matched, notes + rest.keys.map { "tensor \"\($0.text)\" was not needed" }.sorted())
    }

    /// The names that are there, those first that no parameter has.
    private func there(_ configuration: ModelConfiguration) -> String {
        let wanted = Set(configuration.parameterLayout.entries.map { ExactString($0.name) })
        let foreign = tensors.filter { !wanted.contains($0.key) }.map(\.value.name).sorted()
        let others = tensors.filter { wanted.contains($0.key) }.map(\.value.name).sorted()
        let names = (foreign + others).prefix(4).map { "\"\($0.prefix(80))\"" }
        let count = tensors.count
        if count == 0 { return "there is none at all" }
        return "there \(count == 1 ? "is" : "are") " + names.joined(separator: ", ")
            + (count > names.count ? " and \(count - names.count) more" : "")
    }
}
