import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

/// A safetensors file with this header and `dataCount` zero bytes.
private func safeTensors(_ header: String, dataCount: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
        + Array(repeating: 0, count: dataCount)
}

private func refusal(_ bytes: [UInt8]) throws -> String {
    try withTemporaryFolder { folder in
        let path = folder.path + "/x.safetensors"
        try Data(bytes).write(to: URL(filePath: path))
        do {
            let reader = try SafeTensorsReader(path)
            return "read \(reader.tensors.count) tensors"
        } catch let error as FileError {
            return error.description.replacing(folder.path + "/", with: "")
        }
    }
}

@Suite struct SafeTensorsTests {
    @Test func `arrays written are read back, by name, in the layout of the safetensors library`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.safetensors"
            let floats: [Float] = [1, -2.5, .infinity, 0, 3, 4]
            let integers: [Int64] = [7, -8]
            try floats.withUnsafeBufferPointer { floats in
                try integers.withUnsafeBytes { integers in
                    try SafeTensorsWriter.write(
                        [
                            StoredArray("b", shape: [2, 3], floats), StoredArray("a", shape: [2], .int64, integers),
                            StoredArray("empty", shape: [0, 3], UnsafeBufferPointer(rebasing: floats[..<0])),
                        ], metadata: [("format", "pt")], to: path)
                }
            }
            let reader = try SafeTensorsReader(path)
            #expect(reader.tensors.map(\.name) == ["a", "b", "empty"])
            #expect(reader.metadata.map(\.value) == ["pt"])
            #expect(try reader["b"]?.floats() == floats)
            #expect(reader["b"]?.shape == [2, 3])
            #expect(try reader["a"]?.integers() == [7, -8])
            #expect(try reader["a"]?.doubles() == [7, -8])
            #expect(try reader["empty"]?.floats() == [])
            #expect(reader["c"] == nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x.safetensors"])
        }
    }

    @Test func `a file of the safetensors library is the same bytes when read and written again`() throws {
        for name in ["gpt2_single", "gpt2_bf16", "phi3_v4config"] {
            let path = goldenFolder.appending(path: "formats/\(name)/model.safetensors").path
            let reader = try SafeTensorsReader(path)
            let arrays = reader.tensors.map { tensor in
                let count = tensor.count * tensor.elementType.byteCount
                let bytes = UnsafeRawBufferPointer(
                    rebasing: tensor.file.bytes[tensor.byteOffset..<tensor.byteOffset + count])
                return StoredArray(tensor.name, shape: tensor.shape, tensor.elementType, bytes)
            }
            try withTemporaryFolder { folder in
                let copy = folder.path + "/copy.safetensors"
                try SafeTensorsWriter.write(arrays.reversed(), metadata: reader.metadata, to: copy)
                #expect(try Data(contentsOf: URL(filePath: copy)) == Data(contentsOf: URL(filePath: path)))
            }
        }
    }

    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, "read 1 tensors"),
        (#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   "#, 4, "read 1 tensors"),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9,
            "x.safetensors at byte 70: 1 bytes belong to no tensor"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}"#, 9,
            #"x.safetensors at byte 63: "a" leaves a hole before it, which ends at byte 62"#
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7,
            #"x.safetensors at byte 13: "a" claims bytes 0..<8 of 7 bytes of data: the file is cut short"#
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}"#, 8,
            #"x.safetensors at byte 65: "x" is unknown: a tensor has "dtype", "shape" and "data_offsets", and nothing else"#
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2]}}"#, 8,
            #"x.safetensors at byte 13: "a" is incomplete: a tensor has "dtype", "shape" and "data_offsets", and nothing else"#
        ),
        (
            #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8,
            #"x.safetensors at byte 13: "a" has shape [3] of F32, 12 bytes, but claims 8"#
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8,
            #"x.safetensors at byte 37: a count (digits only) was expected for "shape""#
        ),
        (
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,8,2],"data_offsets":[0,0]}}"#, 0,
            #"x.safetensors at byte 13: "a" has shape [4611686018427387904, 8, 2], more elements than 63 bits can count"#
        ),
        (#"[]"#, 0, "x.safetensors at byte 8: the header does not start with {"),
    ])
    func `each rule of the header has its own refusal`(_ header: String, _ dataCount: Int, _ message: String) throws {
        let found = try refusal(safeTensors(header, dataCount: dataCount))
        #expect(found == message)
    }

    @Test func `overlapping tensors are refused even if they fill the file`() throws {
        let header =
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#
        #expect(try refusal(safeTensors(header, dataCount: 12)).contains(#""b" overlaps the tensor before it"#))
    }

    @Test func `a tensor that is not aligned to its numbers is read all the same`() throws {
        let header =
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}"#
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.safetensors"
            try Data(safeTensors(header, dataCount: 1) + [0, 0, 0x80, 0x3F]).write(to: URL(filePath: path))
            let tensor = try #require(try SafeTensorsReader(path)["b"])
            #expect(try tensor.floats() == [1])
        }
    }

    @Test func `an array with steps of its own is read in the order of its axes`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x"
            // One byte before the numbers: they stand at odd addresses.
            let bytes = [UInt8(0)] + (0..<24).flatMap { i in withUnsafeBytes(of: Float(i)) { Array($0) } }
            try writeFileAtomically(path, bytes)
            let file = try MappedFile(path)
            func tensor(_ shape: [Int], _ strides: [Int]?) -> CheckpointTensor {
                CheckpointTensor(
                    name: "x", shape: shape, elementType: .float32, count: shape.reduce(1, *), strides: strides,
                    file: file, byteOffset: 1)
            }
            #expect(try tensor([2, 3, 4], nil).floats() == (0..<24).map { Float($0) })
            // Element (i, j, k) of the transposed array is i + 2j + 6k of the file.
            var transposed: [Float] = []
            for i in 0..<2 { for j in 0..<3 { for k in 0..<4 { transposed.append(Float(i + 2 * j + 6 * k)) } } }
            #expect(try tensor([2, 3, 4], [1, 2, 6]).floats() == transposed)
            #expect(try tensor([2, 3, 4], [1, 2, 6]).doubles() == transposed.map { Double($0) })
            // A row that is repeated, and every other number.
            #expect(try tensor([3, 2], [0, 1]).floats() == [0, 1, 0, 1, 0, 1])
            #expect(try tensor([2, 2, 2], [8, 4, 2]).floats() == [0, 2, 4, 6, 8, 10, 12, 14])
            var part = [Float](repeating: 0, count: 3)
            tensor([24], nil).copyPlain(5..<8, to: &part)
            #expect(part == [5, 6, 7])
            #expect(tensor([24], nil).isPlain && !tensor([2, 12], [1, 2]).isPlain)
        }
    }

    @Test func `float16 keeps every value, subnormals and infinities too`() {
        for bits in UInt16.min...UInt16.max {
            let ours = float32(fromFloat16: bits), theirs = Float(Float16(bitPattern: bits))
            #expect(ours.isNaN ? theirs.isNaN : ours == theirs && ours.sign == theirs.sign)
        }
    }

    @Test func `the npy header is numpy's`() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/x.npy"
            let values: [Float] = [1, 2, 3, 4, 5, 6]
            try values.withUnsafeBufferPointer { try NumpyFile.write(StoredArray("", shape: [2, 3], $0), to: path) }
            let bytes = try Data(contentsOf: URL(filePath: path))
            #expect(bytes.count == 128 + 24)
            let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
            #expect(bytes.prefix(10) == Data([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]))
            #expect(String(decoding: bytes[10..<10 + header.utf8.count], as: UTF8.self) == header)
            #expect(bytes[127] == 10)
        }
    }
}
