import Glibc
import Support

// A TensorBoard event file: records of
//
//   length    8 bytes, little-endian
//   crc       4 bytes, of the length
//   data      `length` bytes: an `Event` message of protocol buffers
//   crc       4 bytes, of the data
//
// where a crc is the CRC-32C c of the bytes, masked: ((c >> 15) | (c << 17)) + 0xa282ead8. An Event has wall_time (1,
// double), step (2, varint) and either file_version (3, text) or summary (5): a message of values (1), each with tag
// (1, text) and simple_value (2, float).

/// Scalars of a run for TensorBoard.
final class TensorBoardLog {
    private let path: String
    private let descriptor: Int32

    /// Starts a new file in a folder; TensorBoard shows all files of a folder as one run.
    init(_ folder: String) throws {
        path = "\(folder)/events.out.tfevents.\(time(nil)).\(FolderLock.host).\(getpid())"
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw RunFolderError.system(path) }
        try append(TensorBoardLog.event(wallTime: wallTime) { $0.text(3, "brain.Event:2") })
    }

    deinit { close(descriptor) }

    private var wallTime: Double { Double(time(nil)) }

    func append(step: Int, _ scalars: [(tag: String, value: Double)]) throws {
        try append(TensorBoardLog.event(wallTime: wallTime, step: step, scalars))
    }

    private func append(_ event: [UInt8]) throws {
        let record = TensorBoardLog.record(event)
        let count = record.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 { throw RunFolderError.system(path) }
        // Less than all of it is written where the disk is full, and then there is no error to ask for.
        guard count == record.count else { throw RunFolderError.notWritten(path: path, reason: errorText(ENOSPC)) }
    }

    // MARK: Bytes

    static func event(wallTime: Double, step: Int, _ scalars: [(tag: String, value: Double)]) -> [UInt8] {
        event(wallTime: wallTime) { event in
            event.varint(2, UInt64(max(step, 0)))
            var summary = Message()
            for (tag, value) in scalars {
                var scalar = Message()
                scalar.text(1, tag)
                scalar.float(2, Float(value))
                summary.bytes(1, scalar.content)
            }
            event.bytes(5, summary.content)
        }
    }

    private static func event(wallTime: Double, _ fill: (inout Message) -> Void) -> [UInt8] {
        var event = Message()
        event.double(1, wallTime)
        fill(&event)
        return event.content
    }

    static func record(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count), 8)
        return length + littleEndian(UInt64(masked(crc32c(length))), 4) + data
            + littleEndian(UInt64(masked(crc32c(data))), 4)
    }

    private static func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func masked(_ crc: UInt32) -> UInt32 { (crc >> 15 | crc << 17) &+ 0xa282_ead8 }

    /// CRC-32C (Castagnoli), bit by bit: the records are short.
    static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return ~crc
    }

    /// A protocol buffers message under construction.
    private struct Message {
        private(set) var content: [UInt8] = []

        private mutating func key(_ field: Int, _ wire: Int) { varint(UInt64(field << 3 | wire)) }
        private mutating func varint(_ value: UInt64) {
            var value = value
            while value >= 0x80 {
                content.append(UInt8(value & 0x7F) | 0x80)
                value >>= 7
            }
            content.append(UInt8(value))
        }
        mutating func varint(_ field: Int, _ value: UInt64) { key(field, 0); varint(value) }
        mutating func double(_ field: Int, _ value: Double) {
            key(field, 1); content += TensorBoardLog.littleEndian(value.bitPattern, 8)
        }
        mutating func float(_ field: Int, _ value: Float) {
            key(field, 5); content += TensorBoardLog.littleEndian(UInt64(value.bitPattern), 4)
        }
        mutating func bytes(_ field: Int, _ value: [UInt8]) {
            key(field, 2); varint(UInt64(value.count)); content += value
        }
        mutating func text(_ field: Int, _ value: String) { bytes(field, Array(value.utf8)) }
    }
}
