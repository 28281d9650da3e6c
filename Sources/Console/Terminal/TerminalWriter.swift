// Styled lines to standard output and standard error. The only place of the program that prints for a session.

import CTerminal
import Glibc
import Language

public final class TerminalWriter {
    public let terminal: TerminalState
    let styles: StyleSheet
    private let errorStyles: StyleSheet
    private let progressLine: ProgressLine
    private let liveBlock: LiveBlock
    /// Everything shown, without styles; nil if nobody keeps it.
    public var transcript: Transcript?
    private var buffered: [UInt8] = []
    /// Why standard output takes no more, such as a full disk; nil while it does.
    public private(set) var failure: String?

    public init(terminal: TerminalState = .current()) {
        self.terminal = terminal
        styles = StyleSheet(terminal: terminal)
        errorStyles = StyleSheet(
            colours: terminal.colours, usesAttributes: terminal.errorIsTerminal && terminal.canMove)
        progressLine = ProgressLine(terminal: terminal) { writeAll(Array($0.utf8), to: STDERR_FILENO) }
        liveBlock = LiveBlock(terminal: terminal) { writeAll(Array($0.utf8), to: STDERR_FILENO) }
    }

    deinit { flush() }

    /// The width that output is laid out for.
    public var width: Int { terminal.size().columns }
    /// How many lines a screen has.
    public var height: Int { terminal.size().rows }

    // MARK: Lines

    /// Prints lines to standard output. `paged` output that does not fit on the screen is shown by the screen.
    public func print(_ lines: [StyledText], paged: Bool = false) {
        clearPassing()
        for line in lines { transcript?.add(line.plain) }
        let rows = terminal.outputIsTerminal ? lines.flatMap { fit($0) } : lines
        let rendered = rows.map { styles.render($0) }
        if paged && terminal.isInteractive && terminal.canMove && rendered.count >= terminal.size().rows {
            flush()
            Pager(terminal: terminal, styles: styles) { writeAll(Array($0.utf8), to: STDOUT_FILENO) }.show(rendered)
            return
        }
        for row in rendered {
            buffered += row.utf8
            buffered.append(0x0a)
        }
        flush()
    }

    /// Prints text as it is, such as JSON.
    public func print(verbatim text: String) {
        clearPassing()
        buffered += text.utf8
        buffered.append(0x0a)
        flush()
    }

    /// Prints what whoever types waits for before it does; no newline follows.
    public func ask(_ text: String) {
        clearPassing()
        buffered += Neutral.text(text).utf8
        flush()
    }

    /// Prints lines to standard error.
    public func printError(_ lines: [StyledText]) {
        clearPassing()
        flush()
        for line in lines { transcript?.add(line.plain) }
        let rows = terminal.errorIsTerminal ? lines.flatMap { fit($0) } : lines
        writeAll(Array(rows.map { errorStyles.render($0) + "\n" }.joined().utf8), to: STDERR_FILENO)
    }

    /// Hands buffered output on; needed before something else writes to the same place.
    public func flush() {
        if !buffered.isEmpty, failure == nil, !writeAll(buffered, to: STDOUT_FILENO) {
            failure = String(cString: strerror(errno)).lowercased()
        }
        buffered.removeAll(keepingCapacity: true)
    }

    private func fit(_ line: StyledText) -> [StyledText] { line.fitted(to: width) }

    /// Prints text that belongs to no session, such as the help of the command line.
    public static func note(_ text: String, isError: Bool) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            Neutral.text(String($0)) + "\n"
        }
        writeAll(Array(lines.joined().utf8), to: isError ? STDERR_FILENO : STDOUT_FILENO)
    }

    // MARK: Progress

    public func progress(_ line: @autoclosure () -> StyledText) {
        if terminal.outputIsTerminal { flush() }
        progressLine.update(line())
    }

    /// Whether lines that pass are seen at all; a log gets plain lines instead.
    public var showsLive: Bool { liveBlock.isVisible }

    /// Shows lines that the next call paints over.
    public func live(_ lines: () -> [StyledText]) {
        if terminal.outputIsTerminal { flush() }
        liveBlock.update(lines)
    }

    /// Takes what passes off the screen.
    private func clearPassing() {
        progressLine.clear()
        liveBlock.clear()
    }

    /// Rows below the progress line, from its next update on.
    public func panel(_ rows: [StyledText]) { progressLine.panel = rows }

    /// The command is over: nothing of its progress stays on the screen.
    public func endProgress() {
        progressLine.finish()
        liveBlock.finish()
    }
}

/// Writes all bytes; false with `errno` set where that cannot be done.
@discardableResult
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBufferPointer { buffer in
        var sent = 0
        while sent < buffer.count {
            let count = Glibc.write(descriptor, buffer.baseAddress! + sent, buffer.count - sent)
            if count < 0 {
                if errno == EINTR { continue }
                guard errno == EAGAIN else { return false }
                var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&watched, 1, 100)
                continue
            }
            sent += count
        }
        return true
    }
}
