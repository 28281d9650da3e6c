import Support

/// The table of contents of a zip file whose entries are stored without compression, as PyTorch writes them.
///
/// The format (PKWARE APPNOTE 6.3), little-endian; the directory is at the end and is what counts:
///
///     end record      "PK" 5 6, 2+2 disk numbers, 2+2 entry counts, 4 directory size, 4 directory offset,
///                     2 comment length, comment; the file ends with it
///     zip64 locator   "PK" 6 7, 4 disk, 8 offset of the zip64 end record, 4 disks; if there, just before the end
///                     record
///     zip64 end       "PK" 6 6, 8 size, 2+2 versions, 4+4 disks, 8+8 entry counts, 8 directory size, 8 directory
///                     offset
///     directory       an entry each: "PK" 1 2, 2+2 versions, 2 flags, 2 method, 4 time, 4 CRC-32, 4 stored size, 4
///                     size, 2 name length, 2 extra length, 2 comment length, 2 disk, 2+4 attributes, 4 offset of the
///                     local header, name, extra, comment; a size or offset of FFFFFFFF stands in extra field 1 in 8
///                     bytes
///     local header    "PK" 3 4, 2 version, 2 flags, 2 method, 4 time, 4+4+4 CRC and sizes (0 or wrong where flag 3
///                     says that they follow the data), 2 name length, 2 extra length, name, extra, then the data
///
/// Refused: any compression (PyTorch uses none, and it is how 16 kB become 16 MB), encryption, entries that overlap or
/// leave the file, a name used twice, and names that climb (`..`), start at the root or hold a backslash or a zero
/// byte. Nothing is ever extracted. The CRC-32 is not compared: PyTorch can write files without it.
struct ZipDirectory {
    struct Entry {
        let name: String
        /// Where the entry's bytes stand in the file.
        let range: Range<Int>
    }

    private(set) var entries: [Entry] = []
    private var indices: [ExactString: Int] = [:]

    subscript(_ name: String) -> Entry? { indices[ExactString(name)].map { entries[$0] } }

    static func isZip(_ file: MappedFile) -> Bool { file.bytes.starts(with: [0x50, 0x4B, 3, 4]) }

    /// Reads and checks the whole directory; throws `FileError` for the first rule broken.
    init(_ file: MappedFile) throws {
        let bytes = ByteReader(file)
        let end = try ZipDirectory.findEnd(bytes)
        var place = end.directory.lowerBound
        for _ in 0..<end.count {
            let (entry, next) = try ZipDirectory.readEntry(bytes, at: place, before: end.directory)
            guard indices.updateValue(entries.count, forKey: ExactString(entry.name)) == nil else {
                throw bytes.error(place, "\"\(entry.name)\" is in the zip directory twice")
            }
            entries.append(entry)
            place = next
        }
        guard place == end.directory.upperBound else {
            throw bytes.error(place, "the zip directory is longer than its entries")
        }
        try checkOverlap(bytes)
    }

    private func checkOverlap(_ bytes: ByteReader) throws {
        var end = 0
        for entry in entries.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) where !entry.range.isEmpty {
            guard entry.range.lowerBound >= end else {
                throw bytes.error(entry.range.lowerBound, "zip entry \"\(entry.name)\" overlaps another")
            }
            end = entry.range.upperBound
        }
    }

    // MARK: The end record

    private static func findEnd(_ bytes: ByteReader) throws -> (directory: Range<Int>, count: Int) {
        let recordSize = 22
        var place = bytes.count - recordSize
        while place >= 0, place >= bytes.count - recordSize - 0xFFFF {
            if bytes.hasSignature(place, 5, 6), place + recordSize + Int(bytes.unchecked16(place + 20)) == bytes.count {
                return try readEnd(bytes, at: place)
            }
            place -= 1
        }
        throw bytes.error(max(bytes.count - recordSize, 0), "a zip file without its end record: cut short?")
    }

    private static func readEnd(_ bytes: ByteReader, at place: Int) throws -> (directory: Range<Int>, count: Int) {
        var count = Int(try bytes.u16(place + 10))
        var size = Int(try bytes.u32(place + 12))
        var offset = Int(try bytes.u32(place + 16))
        var limit = place
        if place >= 20, bytes.hasSignature(place - 20, 6, 7) {
            let record = try bytes.size(place - 12)
            guard bytes.hasSignature(record, 6, 6), record <= place - 20 - 56 else {
                throw bytes.error(place - 20, "the zip64 locator does not point at a zip64 end record")
            }
            count = try bytes.size(record + 32)
            size = try bytes.size(record + 40)
            offset = try bytes.size(record + 48)
            limit = record
        }
        guard offset <= limit, size <= limit - offset else {
            throw bytes.error(place, "the zip directory claims \(size) bytes at \(offset), beyond its end record")
        }
        guard count <= size / 46 else {
            throw bytes.error(place, "the zip directory claims \(count) entries in \(size) bytes")
        }
        return (offset..<offset + size, count)
    }

    // MARK: Entries

    private static func readEntry(
        _ bytes: ByteReader, at place: Int, before directory: Range<Int>
    ) throws -> (Entry, next: Int) {
        guard bytes.hasSignature(place, 1, 2) else { throw bytes.error(place, "a zip directory entry was expected") }
        let flags = try bytes.u16(place + 8)
        let method = try bytes.u16(place + 10)
        let nameRange = place + 46..<place + 46 + Int(try bytes.u16(place + 28))
        let extraRange = nameRange.upperBound..<nameRange.upperBound + Int(try bytes.u16(place + 30))
        let next = extraRange.upperBound + Int(try bytes.u16(place + 32))
        guard next <= directory.upperBound else {
            throw bytes.error(place, "a zip directory entry leaves the directory")
        }
        let name = try checkedName(bytes, nameRange)
        guard flags & 0x2041 == 0 else { throw bytes.error(place + 8, "zip entry \"\(name)\" is encrypted") }
        guard method == 0 else {
            throw bytes.error(place + 10, "zip entry \"\(name)\" is compressed (method \(method)); PyTorch only stores")
        }

        var wide = Zip64Fields(bytes, extraRange)
        let size = try wide.value(of: bytes.u32(place + 24))
        let storedSize = try wide.value(of: bytes.u32(place + 20))
        let offset = try wide.value(of: bytes.u32(place + 42))
        guard size == storedSize else {
            throw bytes.error(place + 20, "zip entry \"\(name)\" is stored, but in \(storedSize) bytes for \(size)")
        }
        let start = try dataStart(bytes, at: offset, name, nameRange, before: directory.lowerBound)
        guard size <= directory.lowerBound - start else {
            throw bytes.error(
                place + 24, "zip entry \"\(name)\" claims \(size) bytes; \(directory.lowerBound - start) are there")
        }
        return (Entry(name: name, range: start..<start + size), next)
    }

    private static func checkedName(_ bytes: ByteReader, _ range: Range<Int>) throws -> String {
        let raw = try bytes.slice(range)
        guard let name = String(validating: raw, as: UTF8.self) else {
            throw bytes.error(range.lowerBound, "a zip entry's name is not UTF-8")
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let climbs = parts.contains("..") || name.utf8.first == UInt8(ascii: "/")
        guard !climbs, !name.isEmpty, !raw.contains(0), !raw.contains(UInt8(ascii: "\\")) else {
            throw FileError(.refused, bytes.path, at: range.lowerBound, "zip entry \"\(name)\" would leave its folder")
        }
        return name
    }

    private static func dataStart(
        _ bytes: ByteReader, at offset: Int, _ name: String, _ nameRange: Range<Int>, before limit: Int
    ) throws -> Int {
        guard offset <= limit - 30, bytes.hasSignature(offset, 3, 4) else {
            throw bytes.error(nameRange.lowerBound, "zip entry \"\(name)\" has no local header at \(offset)")
        }
        let localName = offset + 30..<offset + 30 + Int(try bytes.u16(offset + 26))
        let start = localName.upperBound + Int(try bytes.u16(offset + 28))
        guard start <= limit, try bytes.slice(localName).elementsEqual(bytes.slice(nameRange)) else {
            throw bytes.error(offset, "the local header of zip entry \"\(name)\" has another name")
        }
        return start
    }
}

/// Extra field 1 of a directory entry: 8-byte values, in order, for those fields that are FFFFFFFF.
private struct Zip64Fields {
    private let bytes: ByteReader
    private var place: Int?
    private var end = 0

    init(_ bytes: ByteReader, _ extra: Range<Int>) {
        self.bytes = bytes
        var place = extra.lowerBound
        while place + 4 <= extra.upperBound {
            let length = Int(bytes.unchecked16(place + 2))
            guard place + 4 + length <= extra.upperBound else { return }
            if bytes.unchecked16(place) == 1 {
                self.place = place + 4
                end = place + 4 + length
                return
            }
            place += 4 + length
        }
    }

    mutating func value(of narrow: UInt32) throws -> Int {
        guard narrow == .max else { return Int(narrow) }
        guard let place, place + 8 <= end else { return Int(narrow) }
        self.place = place + 8
        return try bytes.size(place)
    }
}

/// Checked little-endian reading of a mapped file.
struct ByteReader {
    private let file: MappedFile
    var path: String { file.path }
    var count: Int { file.bytes.count }

    init(_ file: MappedFile) { self.file = file }

    func u16(_ place: Int) throws -> UInt16 { try load(place, UInt16.self) }
    func u32(_ place: Int) throws -> UInt32 { try load(place, UInt32.self) }

    /// An 8-byte length or offset; throws beyond 62 bits, so that sums of two do not overflow.
    func size(_ place: Int) throws -> Int {
        let value = try load(place, UInt64.self)
        guard value >> 62 == 0 else { throw error(place, "a length of \(value) bytes") }
        return Int(value)
    }

    func slice(_ range: Range<Int>) throws -> UnsafeRawBufferPointer {
        guard range.lowerBound >= 0, range.upperBound <= count else { throw error(count, "the file ends too early") }
        return UnsafeRawBufferPointer(rebasing: file.bytes[range])
    }

    /// For places known to be inside the file.
    func unchecked16(_ place: Int) -> UInt16 {
        UInt16(littleEndian: file.bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self))
    }

    func hasSignature(_ place: Int, _ third: UInt8, _ fourth: UInt8) -> Bool {
        guard place >= 0, place <= count - 4 else { return false }
        return file.bytes[place] == 0x50 && file.bytes[place + 1] == 0x4B && file.bytes[place + 2] == third
            && file.bytes[place + 3] == fourth
    }

    private func load<T: FixedWidthInteger & BitwiseCopyable>(_ place: Int, _ type: T.Type) throws -> T {
        guard place >= 0, place <= count - MemoryLayout<T>.size else { throw error(count, "the file ends too early") }
        return T(littleEndian: file.bytes.loadUnaligned(fromByteOffset: place, as: type))
    }

    func error(_ place: Int, _ rule: String) -> FileError { FileError(.malformed, path, at: place, rule) }
}
