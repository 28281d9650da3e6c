import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct NumpyFileTests {
    /// The bytes of a .npy file as numpy 2 writes them.
    private func file(_ dictionary: String, _ data: [UInt8], version: UInt8 = 1) -> Data {
        let header = Array((dictionary + "\n").utf8)
        let length = version == 1 ? [UInt8(header.count), 0] : [UInt8(header.count), 0, 0, 0]
        return Data([0x93] + Array("NUMPY".utf8) + [version, 0] + length + header + data)
    }

    private func read(_ data: Data) throws -> NumpyFile.Contents {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "a.npy")
            try data.write(to: path)
            return try NumpyFile.read(path.path)
        }
    }

    @Test func `numbers of every kind and order are read row by row`() throws {
        let small = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }"
        let data: [UInt8] = [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 255, 255]
        let rows = try read(file(small, data))
        #expect(rows.shape == [2, 3] && rows.values == [1, 2, 3, 4, 5, -1] && rows.areIntegers)
        #expect(try read(file(small, data, version: 2)).values == rows.values)
        let columns = try read(file(small.replacing("False", with: "True"), data))
        // The first index runs fastest: columns (1, 2), (3, 4), (5, −1).
        #expect(columns.values == [1, 3, 5, 2, 4, -1])
        let half = try read(file("{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }", [0, 0x3C, 0, 0xC0]))
        #expect(half.values == [1, -2] && !half.areIntegers)
        #expect(try read(file("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", [1])).values == [1])
    }

    @Test func `what was written is read`() throws {
        let values: [Float] = [1.5, -2, .pi, 1e-30, 0, 7]
        try withTemporaryFolder { folder in
            let path = folder.path + "/a.npy"
            try values.withUnsafeBufferPointer { try NumpyFile.write(StoredArray("a", shape: [3, 2], $0), to: path) }
            let contents = try NumpyFile.read(path)
            #expect(contents.shape == [3, 2] && contents.values == values.map(Double.init))
        }
    }

    @Test(arguments: [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", [UInt8](repeating: 0, count: 8), "needs 16"),
        (
            "{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }", [UInt8](repeating: 0, count: 8),
            "numbers of the kind"
        ),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", [0], "numbers of the kind |O"),
        ("{'descr': '<f4', 'shape': (1,), }", [0, 0, 0, 0], "its header is no dictionary"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", [], "its header is no dictionary"),
    ])
    func `what is no array of real numbers is refused`(_ header: String, _ data: [UInt8], _ rule: String) {
        let error = #expect(throws: FileError.self) { try read(file(header, data)) }
        #expect(error?.rule.contains(rule) == true, "\(error?.rule ?? "")")
        #expect(throws: FileError.self) { try read(Data("PK\u{3}\u{4}".utf8)) }
        #expect(throws: FileError.self) { try read(Data()) }
    }
}
