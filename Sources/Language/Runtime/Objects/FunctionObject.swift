/// Anything that can be called: a `def`, a closure, a verb or function of the host.
import Support

public class FunctionObject: Object {
    public let signature: CommandSignature

    init(_ signature: CommandSignature) {
        self.signature = signature
        super.init()
    }

    public override var typeName: String { TypeName.function }
    public override var json: String { Escaping.json(text) }

    public override var text: String {
        let parameters = signature.parameters.map { $0.label.map { "\($0):" } ?? $0.name }
        return signature.name.isEmpty
            ? "{ \(parameters.joined(separator: ", ")) in … }"
            : "\(signature.name)(\(parameters.joined(separator: ", ")))"
    }
}

/// A verb or function of the host or of the library.
final class CommandFunction: FunctionObject {
    let command: Command
    let isVerb: Bool
    /// Whether it came with the host: then the memory that it takes is not counted as the language's.
    let isHost: Bool
    /// Parameters given by place, then those given by label, as in the signature.
    let parameters: [Parameter]
    let placedCount: Int
    let hasRepeated: Bool
    /// Whether it may do more than compute.
    let hasDeeds: Bool
    /// Values of the defaults, read from the signature when first needed.
    private var defaults: [Value?]?

    init(_ command: Command, isVerb: Bool, isHost: Bool = false) {
        self.command = command
        self.isVerb = isVerb
        self.isHost = isHost
        parameters = command.signature.parameters
        placedCount = parameters.prefix { $0.label == nil }.count
        hasRepeated = parameters.contains(where: \.isRepeated)
        hasDeeds =
            parameters.contains { !$0.kind.pathUses.isEmpty }
            || command.signature.effects.contains(where: \.isDeed)
        super.init(command.signature)
    }

    /// What a parameter is when it was left out: its `defaultText` read as an expression, once.
    func defaultValue(_ place: Int, _ evaluate: (String) throws -> Value) rethrows -> Value? {
        guard let text = parameters[place].defaultText else { return nil }
        if defaults == nil { defaults = [Value?](repeating: nil, count: parameters.count) }
        if let known = defaults?[place] { return known }
        let value = try evaluate(text)
        defaults?[place] = value
        return value
    }
}
