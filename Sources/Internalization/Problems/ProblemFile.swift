import Glibc
import Support
import Transformer

/// The reference's problem files: UTF-8, one problem a line,
///
///     question||chain of thought #### answer
///
/// with `||` once, the chain trimmed of spaces and possibly empty, and the answer from the first `####` on. Lines end
/// in a line feed, possibly after a carriage return. Commas in answers (GSM8K's `1,234`) are dropped, as the comparison
/// of answers wants them. Empty lines are skipped.
public struct ProblemFile: Sendable {
    /// What to do with lines that are not of this form.
    public enum Rules: String, Sendable, CaseIterable {
        /// Any such line is an error that says what was expected.
        case strict
        /// The reference's behaviour: a line with no `||` or several is dropped without a word; the question may be
        /// empty, and the answer is whatever stands from the first `####` on. Only a line without any `####` is an
        /// error (the reference dies of it).
        case reference
    }

    public var path: String
    public var rules: Rules
    /// How many problems are read at most; the reference's `max_size`.
    public var limit: Int?
    /// Whether commas are dropped from answers.
    public var dropsCommas: Bool

    public init(_ path: String, rules: Rules = .strict, limit: Int? = nil, dropsCommas: Bool = true) {
        self.path = path
        self.rules = rules
        self.limit = limit
        self.dropsCommas = dropsCommas
    }

    /// Reads the file piece by piece: beside the problems themselves it takes no memory to speak of.
    /// - Throws: `ProblemLineError` for the first malformed line, which says how many there are, `FileError` where
    /// the file cannot be read; `Interrupted`.
    public func read(observer: WorkObserver = WorkObserver()) throws -> (problems: ProblemSet, droppedLines: Int) {
        var reader = LineParser(file: self)
        try forEachLine(observer) { line, bytes in try reader.parse(line, bytes) }
        if var fault = reader.fault {
            if reader.faultCount > 1 { fault.rule += "; \(reader.faultCount) lines are malformed" }
            throw fault
        }
        let unnamed = ProblemSet(taskName: folderAndName, task: nil, reader.text)
        return (unnamed.recognised.cuttingSentences, reader.droppedLines)
    }

    /// The file's name with its folder's: the published files are all called `valid.txt` and the like.
    private var folderAndName: String { path.split(separator: "/").suffix(2).joined(separator: "/") }

    // MARK: Lines

    /// A line longer than this is no problem.
    static let lineCountMax = 1 << 26

    /// Calls `body` with every line's number, from 1, and its bytes without the line end, until it returns false.
    private func forEachLine(
        _ observer: WorkObserver, _ body: (Int, UnsafeBufferPointer<UInt8>) throws -> Bool
    ) throws {
        let stream = try ByteStream(path)
        var isFirst = true
        var block = [UInt8](repeating: 0, count: 1 << 16)
        var held = 0
        var number = 0
        var past = 0
        while true {
            if held == block.count {
                guard held < Self.lineCountMax else {
                    throw ProblemLineError(
                        path: path, line: number + 1, column: 1,
                        rule: "the line has more than \(Self.lineCountMax >> 20) MB")
                }
                block.append(contentsOf: repeatElement(0, count: held))
            }
            let count = try block.withUnsafeMutableBytes {
                try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[held...]), observer.interrupt)
            }
            past += count
            if let whole = stream.count { try observer.step(past, of: whole) }
            let isEnd = count == 0
            let filled = held + count
            if isFirst {
                isFirst = false
                let mistake = block.withUnsafeBytes { MistakenFile(UnsafeRawBufferPointer(rebasing: $0[..<filled])) }
                if let mistake, mistake != .empty { throw mistake.error(path) }
            }
            var start = 0
            let goesOn = try block.withUnsafeBufferPointer { bytes in
                while start < filled {
                    let rest = bytes.baseAddress! + start
                    let found = memchr(rest, 0x0A, filled - start).map {
                        rest.distance(to: $0.assumingMemoryBound(to: UInt8.self))
                    }
                    guard let length = found ?? (isEnd ? filled - start : nil) else { return true }
                    number += 1
                    guard try body(number, UnsafeBufferPointer(start: rest, count: length)) else { return false }
                    start += length + 1
                }
                return true
            }
            if isEnd || !goesOn { return }
            held = max(filled - start, 0)
            block.withUnsafeMutableBytes {
                if start > 0, held > 0 { memmove($0.baseAddress!, $0.baseAddress! + start, held) }
            }
        }
    }
}

/// The first thing in a problem file that is not as it should be.
public struct ProblemLineError: Error, Equatable, Sendable, CustomStringConvertible {
    public var path: String
    /// From 1.
    public var line: Int
    /// From 1, in characters.
    public var column: Int
    /// What was expected there.
    public var rule: String

    public var description: String { "\(path):\(line):\(column): \(rule)" }
}

extension Int {
    /// The column, in characters, of what follows these bytes of a line.
    static func column(after bytes: some Sequence<UInt8>) -> Int { 1 + bytes.count { $0 & 0xC0 != 0x80 } }
}

// MARK: One line

private struct LineParser {
    let file: ProblemFile
    var text = ProblemText()
    var droppedLines = 0
    /// The first malformed line, and how many there are.
    private(set) var fault: ProblemLineError?
    private(set) var faultCount = 0

    /// Takes the line in; returns whether more are wanted.
    mutating func parse(_ number: Int, _ whole: UnsafeBufferPointer<UInt8>) throws -> Bool {
        if let limit = file.limit, text.rows.count >= limit { return false }
        do { try take(number, whole) } catch let error as ProblemLineError {
            fault = fault ?? error
            faultCount += 1
        }
        return true
    }

    private mutating func take(_ number: Int, _ whole: UnsafeBufferPointer<UInt8>) throws {
        var bytes = whole
        if number == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            bytes = UnsafeBufferPointer(rebasing: bytes.dropFirst(3))
        }
        guard let line = Line(number: number, bytes: bytes, file: file) else {
            throw ProblemLineError(path: file.path, line: number, column: 1, rule: "the line is not UTF-8")
        }
        let trimmed = ReferenceText.trimmed(bytes[...])
        if trimmed.isEmpty { return }
        guard let bars = try line.bars(in: trimmed) else {
            droppedLines += 1
            return
        }
        let rest = trimmed[(bars + 2)...]
        let mark = try line.mark(in: rest)
        let chain = ReferenceText.trimmed(rest[..<mark])
        let answer = try line.answer(in: rest, mark: mark)
        let question = try line.question(trimmed[..<bars])
        if file.dropsCommas, answer.contains(UInt8(ascii: ",")) {
            Array(answer.filter { $0 != UInt8(ascii: ",") }).withUnsafeBufferPointer {
                append(question, chain, $0[...])
            }
        } else {
            append(question, chain, answer)
        }
    }

    private mutating func append(
        _ question: Slice<UnsafeBufferPointer<UInt8>>, _ chain: Slice<UnsafeBufferPointer<UInt8>>,
        _ answer: Slice<UnsafeBufferPointer<UInt8>>
    ) {
        text.append(
            question: UnsafeBufferPointer(rebasing: question), chain: UnsafeBufferPointer(rebasing: chain),
            answer: UnsafeBufferPointer(rebasing: answer))
    }
}

/// A line being taken apart; it knows its place for errors.
private struct Line {
    typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    let number: Int
    let bytes: UnsafeBufferPointer<UInt8>
    let file: ProblemFile

    /// Nil if the line is not UTF-8.
    init?(number: Int, bytes: UnsafeBufferPointer<UInt8>, file: ProblemFile) {
        self.number = number
        self.bytes = bytes
        self.file = file
        let isASCII = bytes.allSatisfy { $0 < 0x80 }
        if !isASCII, String(validating: bytes, as: UTF8.self) == nil { return nil }
    }

    private var isStrict: Bool { file.rules == .strict }

    private func error(at index: Int, _ rule: String) -> ProblemLineError {
        ProblemLineError(
            path: file.path, line: number, column: .column(after: bytes[..<min(index, bytes.count)]), rule: rule)
    }

    /// Where `||` is; nil where the reference drops the line.
    func bars(in line: Bytes) throws -> Int? {
        guard let first = ReferenceText.firstIndex(of: "||", in: line) else {
            if isStrict { throw error(at: line.endIndex, "expected || between the question and its chain of thought") }
            return nil
        }
        if let second = ReferenceText.firstIndex(of: "||", in: line[(first + 2)...]) {
            if isStrict {
                throw error(at: second, "a second ||; expected one between the question and its chain of thought")
            }
            return nil
        }
        return first
    }

    func mark(in rest: Bytes) throws -> Int {
        guard let mark = ReferenceText.firstIndex(of: "####", in: rest) else {
            throw error(at: rest.endIndex, "expected #### between the chain of thought and the answer")
        }
        return mark
    }

    /// From the mark on for the reference, after it otherwise.
    func answer(in rest: Bytes, mark: Int) throws -> Bytes {
        guard isStrict else { return ReferenceText.trimmed(rest[mark...]) }
        let answer = rest[(mark + 4)...]
        if answer.first == UInt8(ascii: "#") { throw error(at: mark + 4, "a fifth #; expected #### and the answer") }
        if let second = ReferenceText.firstIndex(of: "####", in: answer) {
            throw error(at: second, "a second ####; expected one before the answer")
        }
        let trimmed = ReferenceText.trimmed(answer)
        if trimmed.isEmpty { throw error(at: rest.endIndex, "expected an answer after ####") }
        return trimmed
    }

    func question(_ question: Bytes) throws -> Bytes {
        if isStrict, ReferenceText.trimmed(question).isEmpty {
            throw error(at: question.endIndex, "expected a question before ||")
        }
        return question
    }
}

// MARK: Sets

extension ProblemSet {
    /// Reads a problem file by the strict rules (see `ProblemFile` for others); throws `ProblemLineError` or
    /// `FileError`.
    public static func read(_ path: String, limit: Int? = nil) throws -> ProblemSet {
        try ProblemFile(path, limit: limit).read().problems
    }

    /// Writes the problem file whose SHA-256 is the set's fingerprint, whole or not at all; throws `FileError`.
    public func write(to path: String) throws {
        try writeFileAtomically(path) { sink in
            try bytes.withUnsafeBytes { all in
                for run in lineRuns() { try sink.write(UnsafeRawBufferPointer(rebasing: all[run])) }
            }
        }
    }
}
