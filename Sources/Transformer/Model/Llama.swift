import Tensors

// Llama, Mistral and Phi-3.

extension ForwardPass {
    func llamaStates() throws -> Variable {
        throw UnsupportedArchitecture(architecture: model.configuration.architecture)
    }
}

/// A model family whose forward pass this build does not have.
public struct UnsupportedArchitecture: Error, CustomStringConvertible {
    public let architecture: Architecture
    public var description: String { "\(architecture.rawValue) models can be read but not run yet" }
}
