// What becomes of a parameter that a checkpoint does not have.

import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints
@testable import Transformer

@Suite struct MissingTensorRuleTests {
    private let checkpoint: Checkpoint
    private let entries: [ParameterEntry]

    init() throws {
        checkpoint = try Checkpoint(
            goldenFolder.appending(path: "malformed/ok_plain").path,
            locator: CheckpointLocator(environment: { _ in nil }))
        entries = checkpoint.configuration.parameterLayout.entries
    }

    /// The tensors of a whole checkpoint but for some.
    private func tensors(without isMissing: (String) -> Bool) -> TensorTable {
        var named: [ExactString: CheckpointTensor] = [:]
        for (entry, tensor) in zip(entries, checkpoint.tensors) where !isMissing(entry.name) {
            named[ExactString(entry.name)] = tensor
        }
        return TensorTable(named)
    }

    @Test func `a model without biases has zeros for every bias, and a weight that it lacks is still refused`() throws {
        let (found, notes) = try tensors { $0.hasSuffix(".bias") }
            .match(checkpoint.configuration, "folder", .zeroBiases, ["a note"])
        #expect(found.map { $0 == nil } == entries.map { $0.name.hasSuffix(".bias") })
        #expect(found.contains { $0 == nil } && found.contains { $0 != nil } && notes == ["a note"])
        let weights = entries.map(\.name).filter { !$0.hasSuffix(".bias") }
        #expect(weights.contains("transformer.wte.weight") && weights.contains("transformer.h.0.ln_1.weight"))
        for weight in weights {
            let table = tensors { $0 == weight }
            let error = #expect(throws: FileError.self) {
                try table.match(checkpoint.configuration, "folder", .zeroBiases, [])
            }
            #expect(error?.kind == .contradictory && error?.path == "folder")
            #expect(
                error?.rule.hasPrefix("has no tensor \"\(weight)\", which its configuration asks for") == true,
                "\(error?.description ?? "")")
        }
    }

    @Test func `a bias that is missing is refused in a model that has biases`() throws {
        for bias in entries.map(\.name).filter({ $0.hasSuffix(".bias") }) {
            let table = tensors { $0 == bias }
            let error = #expect(throws: FileError.self) {
                try table.match(checkpoint.configuration, "folder", .refused, [])
            }
            #expect(error?.rule.hasPrefix("has no tensor \"\(bias)\"") == true, "\(error?.description ?? "")")
        }
    }

    @Test func `a checkpoint that lacks a tensor is told with those that are there, the foreign ones first`() throws {
        func told(_ table: TensorTable) -> String {
            #expect(throws: FileError.self) { try table.match(checkpoint.configuration, "folder", .refused, []) }?.rule
                ?? ""
        }
        let (words, places) = ("transformer.wte.weight", "transformer.wpe.weight")
        var table = tensors { $0 != words && $0 != places }
        #expect(told(table).hasSuffix("; there are \"\(places)\", \"\(words)\""), "\(told(table))")
        // No parameter is called so today; it is told by the name that it has in its file.
        table["elsewhere"] = table[words]
        table[words] = nil
        #expect(told(table).hasSuffix("; there are \"\(words)\", \"\(places)\""), "\(told(table))")
        table["elsewhere"] = nil
        #expect(told(table).hasSuffix("; there is \"\(places)\""), "\(told(table))")
        table[places] = nil
        #expect(told(table).hasSuffix("; there is none at all"), "\(told(table))")
        let most = tensors { $0 == words }
        #expect(told(most).hasSuffix("\" and \(entries.count - 5) more"), "\(told(most))")
    }
}
