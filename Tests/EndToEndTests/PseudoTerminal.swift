// The built program on a pseudo-terminal: keys go in, a screen comes out.

import CPseudoTerminal
import Foundation
import Glibc
import TestSupport

final class PseudoTerminal {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private(set) var screen: TerminalScreen
    /// Everything the program sent.
    private(set) var bytes: [UInt8] = []
    private var descriptor: Int32
    private let process: pid_t
    private var status: Int32?
    /// The home folder of the program.
    let home: URL

    /// Starts icot with an empty home folder of its own, or with `home`.
    init(
        _ arguments: [String] = [], home: URL? = nil, environment: [String: String] = [:], rows: Int = 24,
        columns: Int = 80
    ) throws {
        self.home = home ?? FileManager.default.temporaryDirectory.appending(path: "icot-home-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.home, withIntermediateDirectories: true)
        screen = TerminalScreen(rows: rows, columns: columns)
        var variables = [
            "HOME": self.home.path, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin",
        ]
        variables.merge(environment) { $1 }
        variables.merge(mutant) { $1 }
        var descriptor: Int32 = -1
        let argv = ([icotExecutable] + arguments).map { strdup($0) } + [nil]
        let envp = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        process = pseudo_terminal_spawn(&descriptor, Int32(rows), Int32(columns), icotExecutable, argv, envp)
        self.descriptor = descriptor
        guard process > 0 else { throw Failure(description: "could not start \(icotExecutable)") }
    }

    deinit {
        if status == nil {
            kill(process, SIGKILL)
            var status: Int32 = 0
            waitpid(process, &status, 0)
        }
        if descriptor >= 0 { close(descriptor) }
    }

    /// Takes the terminal away, and waits until the program has ended.
    func hangUp(seconds: Double = 20) throws {
        close(descriptor)
        descriptor = -1
        let deadline = Date().addingTimeInterval(seconds)
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            guard Date() < deadline else { throw Failure(description: "the program does not end with its terminal") }
            usleep(5000)
        }
        self.status = status
    }

    func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, min($0.count, 1024)) }
            if count > 0 { bytes = bytes.dropFirst(count) } else if errno != EINTR && errno != EAGAIN { return }
            // The program's answer must not fill the other direction meanwhile.
            _ = receive(milliseconds: 0)
        }
    }

    func resize(rows: Int, columns: Int) {
        screen.resize(rows: rows, columns: columns)
        pseudo_terminal_resize(descriptor, Int32(rows), Int32(columns))
    }

    /// Reads until the screen is as wanted; throws with the screen if that takes too long.
    func wait(_ what: String = "the screen", seconds: Double = 20, until isDone: (TerminalScreen) -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while !isDone(screen) {
            guard Date() < deadline else {
                throw Failure(description: "waited in vain for \(what); the screen is\n\(screen.text)\n")
            }
            guard receive(milliseconds: 50) else {
                if isDone(screen) { return }
                throw Failure(description: "the program ended before \(what); the screen is\n\(screen.text)\n")
            }
        }
    }

    /// Reads until `text` is on the screen.
    func wait(for text: String, seconds: Double = 20) throws {
        try wait("'\(text)'", seconds: seconds) { $0.text.contains(text) }
    }

    /// Reads until the cursor's line is exactly this.
    func wait(forCursorLine line: String, seconds: Double = 20) throws {
        try wait("the line '\(line)'", seconds: seconds) { $0.cursorLine == line }
    }

    /// Reads for a while, whatever comes.
    func rest(milliseconds: Int = 150) {
        let deadline = Date().addingTimeInterval(Double(milliseconds) / 1000)
        while Date() < deadline, receive(milliseconds: 20) {}
    }

    /// Reads to the end and returns the exit status.
    func exitStatus(seconds: Double = 20) throws -> Int32 {
        let deadline = Date().addingTimeInterval(seconds)
        while receive(milliseconds: 50) {
            guard Date() < deadline else {
                throw Failure(description: "the program does not end; the screen is\n\(screen.text)\n")
            }
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        self.status = status
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// Sends a signal to the program.
    func signal(_ number: Int32) { kill(process, number) }

    /// False when the program has closed its side.
    private func receive(milliseconds: Int32) -> Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, milliseconds) > 0 else { return true }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else { return count < 0 && (errno == EINTR || errno == EAGAIN) }
        bytes += chunk[..<count]
        screen.feed(chunk[..<count])
        return true
    }
}
