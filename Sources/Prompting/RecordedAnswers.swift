// Answers of servers, kept by what was asked, so that what was paid for is paid for once and a notebook replays without
// a network. A file of JSON lines (RFC 8259, UTF-8, LF), only ever added to:
//
//     {"icot":"answers 1"}
//     {"hash":"9f2c…","asked":"2026-11-27","request":{…},"answer":{…}}
//
//     hash      SHA-256 of `request`, written without spaces, in 64 lowercase hexadecimal digits
//     asked     the day, in UTC
//     request   {"at":"https://api.openai.com/v1","interface":"chat","model":"gpt-4","prompt":"…","most":512}
//               in this order: all that decides what is sent (`ServerQuestion`), and no key
//     answer    {"text":"…","end":"stop","model":"gpt-4-0613","read":212,"written":34}
//               all but the text may be null; the two numbers count tokens
//
// Each line is written at once and flushed to the disk before the next question is asked. What a crash left of a last
// line, without its LF, is passed over when reading and taken away before the next is written. Of two lines with one
// hash the first counts. A line whose hash is not that of its request was changed by hand, and the file is refused.

import Glibc
import Support

public final class RecordedAnswers {
    public let path: String
    private var answers: [String: ServerAnswer] = [:]
    /// Open for writing since the first answer was added.
    private var descriptor: Int32?

    private static let header = "{\"icot\":\"answers 1\"}"
    static let sizeMax = 256 << 20

    /// Reads a file; where there is none, there are no answers yet.
    /// - Throws: `FileError`
    public init(_ path: String) throws {
        self.path = path
        guard FileSystem.exists(path) else { return }
        // A pipe or a device could be read without an end.
        guard FileSystem.kind(of: FileSystem.resolved(path)) == .file else {
            throw FileError(.refused, path, "is no file", help: "choose another name")
        }
        let lines = try readBytes(path, limit: Self.sizeMax)
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // What comes after the last line feed is no line.
        for (index, line) in lines.dropLast().enumerated() {
            let bytes = Array(line)
            if index == 0 {
                guard bytes == Array(Self.header.utf8) else { throw Self.foreign(path) }
            } else {
                let (hash, answer) = try Self.entry(bytes, path, line: index + 1)
                if answers[hash] == nil { answers[hash] = answer }
            }
        }
        if lines.count == 1, !Self.header.utf8.starts(with: Array(lines[0])) { throw Self.foreign(path) }
    }

    deinit { if let descriptor { close(descriptor) } }

    public func answer(to question: ServerQuestion) -> ServerAnswer? { answers[question.hash] }

    /// Adds an answer, on the disk when this returns.
    /// - Throws: `FileError`
    public func add(_ answer: ServerAnswer, to question: ServerQuestion) throws {
        let entry: JSONValue = [
            "hash": .string(question.hash), "asked": .string(String(UTCTime.now().prefix(10))),
            "request": question.record, "answer": answer.record,
        ]
        let descriptor = try opened()
        var bytes = JSONWriter.bytes(entry)
        bytes.append(UInt8(ascii: "\n"))
        guard write(descriptor, bytes, bytes.count) == bytes.count, fdatasync(descriptor) == 0 else {
            throw FileError(.notWritten, path, "could not be written: \(errorText(errno))")
        }
        answers[question.hash] = answer
    }

    /// The file, held by this process alone, with its first line and whole lines only.
    private func opened() throws -> Int32 {
        if let descriptor { return descriptor }
        func refused(_ rule: String, help: String? = "choose another name") -> FileError {
            FileError(.notWritten, path, rule, help: help)
        }
        if let kind = FileSystem.kind(of: path), kind != .file { throw refused("is no file, and is not written to") }
        try FileSystem.makeFolder(FileSystem.folder(of: path))
        let new = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard new >= 0 else { throw refused("cannot be written: \(errorText(errno))", help: nil) }
        do {
            guard flock(new, LOCK_EX | LOCK_NB) == 0 else {
                throw refused("is being written by another icot", help: "wait for it, or choose another name")
            }
            let bytes = try readBytes(path, limit: Self.sizeMax)
            let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let first = Array((Self.header + "\n").utf8)
            guard bytes.starts(with: first) || first.starts(with: bytes) else { throw Self.foreign(path) }
            if whole < bytes.count, ftruncate(new, whole) != 0 { throw refused(errorText(errno), help: nil) }
            if whole == 0 {
                guard write(new, first, first.count) == first.count else { throw refused(errorText(errno), help: nil) }
            }
        } catch {
            close(new)
            throw error
        }
        descriptor = new
        return new
    }

    private static func foreign(_ path: String) -> FileError {
        FileError(.refused, path, "is no file of recorded answers", help: "choose another name")
    }

    private static func entry(_ bytes: [UInt8], _ path: String, line: Int) throws -> (String, ServerAnswer) {
        func wrong(_ rule: String) -> FileError {
            FileError(.malformed, path, "line \(line): \(rule)", help: "take the line away; it is asked for anew")
        }
        let tree: JSONValue
        do { tree = try JSONReader.read(bytes, path: path) } catch { throw wrong(error.rule) }
        guard let hash = tree["hash"]?.string, let request = tree["request"], let answer = tree["answer"] else {
            throw wrong("hash, request or answer is missing")
        }
        guard SHA256.hex(JSONWriter.text(request, .compact)) == hash else {
            throw wrong("the request is not the one that the hash is of")
        }
        guard let record = ServerAnswer(record: answer) else { throw wrong("the answer is none") }
        return (hash, record)
    }
}

extension ServerQuestion {
    /// All that decides what is sent.
    var record: JSONValue {
        [
            "at": .string(address.text), "interface": .string(interface.rawValue), "model": .string(model),
            "prompt": .string(prompt), "most": JSONValue(most),
        ]
    }

    public var hash: String { SHA256.hex(JSONWriter.text(record, .compact)) }
}

extension ServerAnswer {
    var record: JSONValue {
        [
            "text": .string(text), "end": end.map(JSONValue.string) ?? .null,
            "model": model.map(JSONValue.string) ?? .null, "read": read.map { JSONValue($0) } ?? .null,
            "written": written.map { JSONValue($0) } ?? .null,
        ]
    }

    init?(record: JSONValue) {
        guard let text = record["text"]?.string else { return nil }
        func count(_ name: String) -> Int?? {
            guard let value = record[name], value != .null else { return .some(nil) }
            guard let count = value.integer, (0...Self.tokensMax).contains(count) else { return nil }
            return count
        }
        guard let read = count("read"), let written = count("written") else { return nil }
        self.init(
            text: text, end: record["end"]?.string, model: record["model"]?.string, read: read, written: written)
    }
}
