import Glibc
import Support

/// Reads a safetensors file by mapping it.
///
/// The format (https://github.com/huggingface/safetensors, "Format"):
///
///     8 bytes    N, the header's length, unsigned little-endian
///     N bytes    the header: a JSON object in UTF-8 that starts with `{`, perhaps padded with spaces at its end
///     the rest   the data
///
/// A member of the header is either `"__metadata__"`, an object of strings, or a tensor:
///
///     "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}
///
/// with offsets in bytes from the start of the data. The rules, all of them checked here before any number is touched:
///
/// - N is at most 100,000,000 and the header lies within the file;
/// - a name is used once; `dtype`, `shape` and `data_offsets` are there, once, and nothing else is;
/// - `dtype` is known; lengths are non-negative; shape × size does not overflow 63 bits and equals end - begin;
/// - the tensors, taken by their offsets, cover the data from its first byte to its last without overlap or hole.
///
/// Numbers are little-endian and row-major. A well-written file pads its header so that the data starts at a multiple
/// of 8, but readers cannot count on it: where a float32 tensor is not aligned it is copied instead of viewed.
public struct SafeTensorsReader: Sendable {
    public let path: String
    /// In the order of the header.
    public let tensors: [CheckpointTensor]
    /// The header's `__metadata__`, in its order.
    public let metadata: [(name: String, value: String)]
    private let indices: [ExactString: Int]

    static let headerLimit = 100_000_000
    /// numpy stops at 64 axes, PyTorch has no use for more than a few.
    static let axisLimit = 64

    /// Maps the file and checks all of its header; throws `FileError` for the first rule broken.
    public init(_ path: String) throws {
        let file = try MappedFile(path)
        try MistakenFile.refuse(file, isText: false)
        let data = try SafeTensorsReader.headerRange(of: file)
        var header = HeaderParser(file: file, headerEnd: data)
        try header.parse()
        try header.checkCoverage()
        self.path = path
        tensors = header.tensors
        metadata = header.metadata
        indices = Dictionary(uniqueKeysWithValues: zip(tensors.map { ExactString($0.name) }, tensors.indices))
    }

    public subscript(_ name: String) -> CheckpointTensor? { indices[ExactString(name)].map { tensors[$0] } }

    /// Where the data starts, after checking the header's length.
    private static func headerRange(of file: MappedFile) throws -> Int {
        guard let base = file.bytes.baseAddress, file.bytes.count >= 8 else {
            throw FileError(
                .malformed, file.path, at: 0, "\(file.bytes.count) bytes are too few for a header length (8)")
        }
        let length = UInt64(littleEndian: base.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(headerLimit) else {
            throw FileError(
                .malformed, file.path, at: 0, "the header claims \(length) bytes; at most \(headerLimit) are allowed")
        }
        guard Int(length) <= file.bytes.count - 8 else {
            throw FileError(
                .malformed, file.path, at: 0,
                "the header claims \(length) bytes, but the file ends after \(file.bytes.count - 8) of them")
        }
        guard length > 0, base.load(fromByteOffset: 8, as: UInt8.self) == UInt8(ascii: "{") else {
            throw FileError(.malformed, file.path, at: 8, "the header does not start with {")
        }
        return 8 + Int(length)
    }
}

/// Walks the header's JSON once, filling `tensors` and `metadata`.
private struct HeaderParser {
    let file: MappedFile
    /// Where the header ends and the data starts.
    let headerEnd: Int
    var tensors: [CheckpointTensor] = []
    var metadata: [(name: String, value: String)] = []

    private static let entryRule = "a tensor has \"dtype\", \"shape\" and \"data_offsets\", and nothing else"

    init(file: MappedFile, headerEnd: Int) {
        self.file = file
        self.headerEnd = headerEnd
    }

    mutating func parse() throws {
        var reader = JSONReader(file, 8..<headerEnd)
        try reader.readObject { reader, name in
            if reader.isText(name, "__metadata__") {
                try readMetadata(&reader)
            } else {
                try readTensor(&reader, named: reader.string(name))
            }
        }
        try reader.finish()
    }

    private mutating func readMetadata(_ reader: inout JSONReader) throws {
        try reader.readObject { reader, name in
            metadata.append((reader.string(name), try reader.readString()))
        }
    }

    private mutating func readTensor(_ reader: inout JSONReader, named name: String) throws {
        let start = reader.position
        var type: ElementType?
        var shape: [Int]?
        var offsets: [Int]?
        try reader.readObject { reader, member in
            if reader.isText(member, "dtype") {
                let name = try reader.readString()
                type = ElementType(rawValue: name)
                if type == nil { throw reader.error("\"\(name.prefix(40))\" is not a dtype of safetensors") }
            } else if reader.isText(member, "shape") {
                shape = try HeaderParser.readCounts(&reader, atMost: SafeTensorsReader.axisLimit)
            } else if reader.isText(member, "data_offsets") {
                offsets = try HeaderParser.readCounts(&reader, atMost: 2)
            } else {
                throw reader.error("\"\(reader.string(member).prefix(40))\" is unknown: \(HeaderParser.entryRule)")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2 else {
            throw reader.error("\"\(name)\" is incomplete: \(HeaderParser.entryRule)", at: start)
        }
        tensors.append(try tensor(name, type, shape, offsets) { reader.error($0, at: start) })
    }

    private static func readCounts(_ reader: inout JSONReader, atMost limit: Int) throws -> [Int] {
        var counts: [Int] = []
        try reader.readArray { reader in
            guard counts.count < limit else { throw reader.error("more than \(limit) numbers in a list") }
            counts.append(try reader.readCount())
        }
        return counts
    }

    private func tensor(
        _ name: String, _ type: ElementType, _ shape: [Int], _ offsets: [Int], _ error: (String) -> FileError
    ) throws -> CheckpointTensor {
        let dataCount = file.bytes.count - headerEnd
        guard offsets[0] <= offsets[1], offsets[1] <= dataCount else {
            throw error(
                "\"\(name)\" claims bytes \(offsets[0])..<\(offsets[1]) of \(dataCount) bytes of data: "
                    + "the file is cut short"
            )
        }
        guard let count = elementCount(shape), !count.multipliedReportingOverflow(by: type.byteCount).overflow else {
            throw error("\"\(name)\" has shape \(shapeText(shape)), more elements than 63 bits can count")
        }
        guard count * type.byteCount == offsets[1] - offsets[0] else {
            throw error(
                "\"\(name)\" has shape \(shapeText(shape)) of \(type.rawValue), \(count * type.byteCount) bytes, but "
                    + "claims \(offsets[1] - offsets[0])"
            )
        }
        return CheckpointTensor(
            name: name, shape: shape, elementType: type, count: count, strides: nil, file: file,
            byteOffset: headerEnd + offsets[0])
    }

    /// The tensors must cover the data exactly.
    func checkCoverage() throws {
        // Ties only arise with empty tensors, which come before the one that starts where they are.
        let order = tensors.sorted { ($0.byteOffset, $0.count) < ($1.byteOffset, $1.count) }
        var end = headerEnd
        for tensor in order {
            let problem = tensor.byteOffset < end ? "overlaps the tensor before it" : "leaves a hole before it"
            guard tensor.byteOffset == end else {
                throw FileError(
                    .malformed, file.path, at: tensor.byteOffset,
                    "\"\(tensor.name)\" \(problem), which ends at byte \(end)")
            }
            end += tensor.count * tensor.elementType.byteCount
        }
        guard end == file.bytes.count else {
            throw FileError(.malformed, file.path, at: end, "\(file.bytes.count - end) bytes belong to no tensor")
        }
    }
}
