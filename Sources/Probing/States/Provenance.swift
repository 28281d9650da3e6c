/// Where activations come from. It goes with them into every probe, and a probe refuses activations of another origin.
///
/// Published probing code of an internalized model fed one model's activations to the other model's probe, and nothing
/// complained (research on implicit chains of thought, 2025): a constant would have scored better.
public struct Provenance: Sendable, Hashable, CustomStringConvertible {
    /// `LanguageModel.contentHash()` of the model that was run.
    public var model: String
    /// The stage of the removal schedule the model was taken at, as its owner calls it; empty if there is none.
    public var stage: String
    /// The hook point's name.
    public var hook: String
    /// The position's label.
    public var position: String

    public init(model: String, stage: String = "", hook: String, position: String) {
        self.model = model
        self.stage = stage
        self.hook = hook
        self.position = position
    }

    public var description: String {
        "model \(model.prefix(8))\(stage.isEmpty ? "" : ", stage \(stage)"), \(hook), \(position)"
    }

    /// What `other` has instead, in words; empty if it is the same.
    public func differences(from other: Provenance) -> [String] {
        var differences: [String] = []
        func compare(_ what: String, _ own: String, _ others: String) {
            if own != others {
                differences.append(
                    "\(what) \(others.isEmpty ? "(none)" : others) instead of \(own.isEmpty ? "(none)" : own)")
            }
        }
        compare("model", String(model.prefix(8)), String(other.model.prefix(8)))
        if differences.isEmpty, model != other.model { differences.append("another model") }
        compare("stage", stage, other.stage)
        compare("hook", hook, other.hook)
        compare("position", position, other.position)
        return differences
    }
}
