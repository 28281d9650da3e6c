/// What a command is about to do beyond computing, told to whoever may refuse it.
public enum Deed: Sendable, Equatable {
    case reads(String)
    /// Writes a file or folder, or keeps a run in it.
    case writes(String)
    /// Runs a line of the system's shell.
    case runs(String)
    /// Goes to another folder.
    case enters(String)
    /// Sends questions to the server at an address.
    case asks(String)
}

/// Why a deed is refused, in words.
public struct Refusal: Sendable, Equatable {
    public var message: String
    public var help: String?

    public init(_ message: String, help: String? = nil) {
        self.message = message
        self.help = help
    }
}

extension CommandFunction {
    /// What this command does with these arguments, in the order of the signature.
    func deeds(_ values: [Value?]) -> [Deed] {
        var deeds: [Deed] = []
        for (parameter, value) in zip(parameters, values) {
            guard let value else { continue }
            for path in value.asText.map({ [$0] }) ?? value.asList?.compactMap(\.asText) ?? [] {
                for use in parameter.kind.pathUses {
                    switch use {
                    case .read: deeds.append(.reads(path))
                    case .write: deeds.append(.writes(path))
                    case .look: break
                    }
                }
            }
        }
        let first = values.first.flatMap { $0?.asText } ?? ""
        func value(_ label: String) -> Value? {
            parameters.firstIndex { $0.label == label }.flatMap { values[$0] }
        }
        for effect in signature.effects {
            switch effect {
            case .reads(let path): deeds.append(.reads(path))
            case .writes(let path): deeds.append(.writes(path))
            case .writesNamed(let folder, let label, _):
                if let name = value(label)?.asText { deeds.append(.writes(folder + name)) }
            case .holds(let label): if value(label)?.asBoolean != false { deeds.append(.writes(first)) }
            case .runsPrograms: deeds.append(.runs(first))
            case .entersFolder: deeds.append(.enters(first))
            case .asks(let label, let file, let switched):
                guard let address = value(label)?.asText else { break }
                let file = value(file)?.asText ?? ""
                deeds += value(switched)?.asBoolean == false ? [.reads(file)] : [.asks(address), .writes(file)]
            case .changes: break
            }
        }
        return deeds
    }
}
