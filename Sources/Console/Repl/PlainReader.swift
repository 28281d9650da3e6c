// Lines from standard input without any editing: pipes, files and terminals that cannot move the cursor (TERM=dumb).

import CLibedit
import Glibc

final class PlainReader {
    enum Line: Equatable {
        case text(String)
        case interrupted
        case end
    }

    private var bytes: [UInt8] = []
    private var interrupts = terminal_interrupts()

    /// The next line without its line end; what is left at the end of the input counts as one.
    func readLine() -> Line {
        while true {
            if let end = bytes.firstIndex(of: 0x0a) {
                defer { bytes.removeSubrange(...end) }
                let line = bytes[..<end]
                return .text(String(decoding: line.last == 0x0d ? line.dropLast() : line, as: UTF8.self))
            }
            var chunk = [UInt8](repeating: 0, count: 1 << 14)
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if terminal_interrupts() != interrupts {
                interrupts = terminal_interrupts()
                return .interrupted
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 {
                guard !bytes.isEmpty else { return .end }
                defer { bytes = [] }
                return .text(String(decoding: bytes, as: UTF8.self))
            }
            bytes += chunk[..<count]
        }
    }
}
