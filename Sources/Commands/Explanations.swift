// What errors of the engine mean to the person who typed a command.

import Internalization
import Language
import Probing
import Transformer

enum Explanations {
    static func explain(_ error: any Error) -> Explanation? {
        switch error {
        case let error as FileError: return Explanation(code(error.kind), error.description, help: help(error))
        case let error as ProblemLineError: return Explanation(.fileMalformed, error.description, help: "mend that line; a line is input||chain #### answer")
        case let error as ProblemError: return Explanation(.runtimeArgument, error.description)
        case let error as UnknownFact: return Explanation(.runtimeArgument, error.description)
        case let error as RunFolderError: return Explanation(.fileRefused, error.description)
        case let error as RunError: return Explanation(.commandFailed, error.description)
        case let error as PositionExtensionError: return Explanation(.runtimeArgument, error.description)
        case let error as BatchError: return Explanation(.commandFailed, error.description)
        case let error as NonFiniteGradient: return Explanation(.commandFailed, error.description)
        case let error as TokenizationError: return Explanation(.runtimeArgument, error.description)
        case let error as ProbeError: return Explanation(.runtimeArgument, error.description)
        case is GenerationInterrupted, is Interrupted: return Explanation(.interrupted, "stopped")
        default: return nil
        }
    }

    private static func code(_ kind: FileError.Kind) -> DiagnosticCode {
        switch kind {
        case .missing: .fileMissing
        case .malformed, .contradictory, .unsupported: .fileMalformed
        case .refused, .unreadable, .notWritten: .fileRefused
        }
    }

    private static func help(_ error: FileError) -> String? {
        guard error.kind == .missing, !error.path.contains("/"), !error.path.contains(".") else { return nil }
        return "give the path of a folder, or fetch it first: huggingface-cli download \(error.path)"
    }
}
