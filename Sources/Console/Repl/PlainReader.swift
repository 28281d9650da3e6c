// Lines from standard input without any editing: pipes, files and terminals that cannot move the cursor (TERM=dumb).

import CTerminal
import Glibc

final class PlainReader {
    enum Line: Equatable {
        case text(String)
        case interrupted
        case end
        /// More bytes than a line may have; the rest of it is passed over.
        case tooLong
    }

    /// Nobody types as much; what would be read without end would fill the memory.
    static let lineCountMax = 16 << 20

    private var bytes: [UInt8] = []
    /// How many of them are known to hold no line end.
    private var searched = 0
    /// Whether the present line is one whose rest is passed over.
    private var isPassing = false
    private var interrupts = terminal_interrupts()

    /// The next line without its line end; what is left at the end of the input counts as one.
    func readLine() -> Line {
        // What was pressed while something ran was for that.
        interrupts = terminal_interrupts()
        while true {
            if let end = bytes[searched...].firstIndex(of: 0x0a) {
                defer {
                    bytes.removeSubrange(...end)
                    searched = 0
                }
                if isPassing {
                    isPassing = false
                    return .tooLong
                }
                let line = bytes[..<end]
                return .text(String(decoding: line.last == 0x0d ? line.dropLast() : line, as: UTF8.self))
            }
            searched = bytes.count
            if isPassing || searched > Self.lineCountMax {
                isPassing = true
                bytes.removeAll()
                searched = 0
            }
            var chunk = [UInt8](repeating: 0, count: 1 << 14)
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0 && errno == EINTR {
                if terminal_interrupts() == interrupts { continue }
                interrupts = terminal_interrupts()
                return .interrupted
            }
            if count <= 0 {
                if isPassing {
                    isPassing = false
                    bytes = []
                    return .tooLong
                }
                guard !bytes.isEmpty else { return .end }
                defer { (bytes, searched) = ([], 0) }
                return .text(String(decoding: bytes, as: UTF8.self))
            }
            bytes += chunk[..<count]
        }
    }
}
