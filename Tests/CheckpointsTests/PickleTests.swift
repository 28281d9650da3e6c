import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

private func golden(_ path: String) -> String { goldenFolder.appending(path: path).path }

@Suite struct PickleTests {
    /// The same weights, as `save_pretrained` wrote them.
    private func reference() throws -> SafeTensorsReader {
        try SafeTensorsReader(golden("formats/gpt2_single/model.safetensors"))
    }

    @Test(arguments: ["gpt2_bin", "gpt2_bin_strided", "gpt2_bin_legacy", "gpt2_bin_parameters", "gpt2_old_buffers"])
    func `tensors of a PyTorch file have the names, shapes and numbers of the same model in safetensors`(
        _ name: String
    ) throws {
        let reference = try reference()
        let tensors = try PickledTensors(golden("formats/\(name)/pytorch_model.bin")).tensors
        let byName = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
        #expect(byName.count >= reference.tensors.count)
        for expected in reference.tensors where expected.name != "lm_head.weight" {
            let tensor = try #require(byName[expected.name])
            #expect(tensor.shape == expected.shape)
            #expect(try tensor.floats() == expected.floats(), "\(expected.name)")
        }
    }

    @Test func `bfloat16 storages and the reference's own file are read`() throws {
        let rounded = try SafeTensorsReader(golden("formats/gpt2_bf16/model.safetensors"))
        for tensor in try PickledTensors(golden("formats/gpt2_bin_bf16/pytorch_model.bin")).tensors
        where tensor.name != "lm_head.weight" {
            #expect(tensor.elementType == .bfloat16)
            #expect(try rounded[tensor.name]?.floats() == tensor.floats())
        }
        let names = try PickledTensors(golden("formats/gpt2_da03/state_dict.bin")).tensors.map(\.name)
        #expect(names.first == "base_model.transformer.wte.weight")
    }

    @Test(arguments: [
        (
            "pkl_os_system", FileError.Kind.refused,
            "the pickle asks for os.system, which is not a tensor's; nothing was run"
        ),
        (
            "pkl_raw_posix_system", .refused,
            "the pickle asks for posix.system, which is not a tensor's; nothing was run"
        ),
        ("zip_path_traversal", .refused, #"zip entry "../../PWNED" would leave its folder"#),
        ("zip_size_claim", .malformed, #"zip entry "archive/data.pkl" claims 1125899906842624 bytes; 7970 are there"#),
        (
            "zip_deflate_bomb", .malformed,
            #"zip entry "archive/data.pkl" is compressed (method 8); PyTorch only stores"#
        ),
    ])
    func `a file that means harm is refused by name and does nothing`(
        _ name: String, _ kind: FileError.Kind, _ rule: String
    ) throws {
        let path = golden("malformed/\(name)/pytorch_model.bin")
        let error = #expect(throws: FileError.self) { try PickledTensors(path) }
        #expect(error?.kind == kind)
        #expect(error?.rule == rule)
        #expect(error?.path == path)
        #expect(error?.offset != nil)
        #expect(!FileManager.default.fileExists(atPath: "PWNED"))
    }

    @Test func `small pickles with large claims are refused quickly`() throws {
        try withTemporaryFolder { folder in
            for body in [
                [UInt8](repeating: UInt8(ascii: "("), count: 3_000_000),
                [UInt8](repeating: UInt8(ascii: ")"), count: 3_000_000),
                [UInt8](repeating: UInt8(ascii: "]"), count: 3_000_000),
                [0x80, 2, UInt8(ascii: ")")] + [UInt8](repeating: 0x85, count: 3_000_000),
                [UInt8(ascii: "X"), 0xFF, 0xFF, 0xFF, 0xFF],
            ] {
                let path = folder.path + "/x.bin"
                try Data(body).write(to: URL(filePath: path))
                #expect(throws: FileError.self) { try PickledTensors(path) }
            }
        }
    }
}
