/// Where a problem's text lies in the bytes of a set. Each problem is stored as its line of a problem file (see
/// `ProblemFile`):
///
///     question||chain #### answer⏎        or, where the chain is empty,        question|| #### answer⏎
///
/// so writing a set is copying bytes. An answer that is stored with its own `####` (the reference's reading of unusual
/// lines) has one space before it instead of ` #### `.
struct ProblemRow {
    /// Of the question's first byte.
    var start: Int
    var questionCount: UInt32
    var chainCount: UInt32
    /// 6 for ` #### `, 1 for a space, 0 for none.
    var markCount: UInt32
    var answerCount: UInt32

    var question: Range<Int> { start..<start + Int(questionCount) }
    var chain: Range<Int> { question.upperBound + 2..<question.upperBound + 2 + Int(chainCount) }
    var answer: Range<Int> { chain.upperBound + Int(markCount)..<chain.upperBound + Int(markCount) + Int(answerCount) }
    /// The line with its line feed.
    var line: Range<Int> { start..<answer.upperBound + 1 }
}

/// The text of problems: lines in one run of bytes, and where each problem's parts are in it.
struct ProblemText: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var rows: [ProblemRow] = []

    init() {}

    init(bytes: [UInt8], rows: [ProblemRow]) {
        self.bytes = bytes
        self.rows = rows
    }

    mutating func reserve(byteCount: Int, rowCount: Int) {
        bytes.reserveCapacity(byteCount)
        rows.reserveCapacity(rowCount)
    }

    /// Adds a problem whose texts are fit to be a line. An answer that begins with `####` keeps it, unless it is just
    /// `#### answer`.
    mutating func append(
        question: UnsafeBufferPointer<UInt8>, chain: UnsafeBufferPointer<UInt8>, answer: UnsafeBufferPointer<UInt8>
    ) {
        var answer = answer[...]
        var markCount: UInt32 = 6
        if ProblemText.hasMark(answer) {
            let rest = answer.dropFirst(5)
            let first: UInt8 = rest.first ?? 0x20
            let isPlain =
                answer.dropFirst(4).first == 0x20 && (first > 0x20 || first < 0x09) && !ProblemText.hasMark(rest)
            if isPlain { answer = rest } else { markCount = 1 }
        }
        let start = bytes.count
        bytes.append(contentsOf: question)
        bytes.append(contentsOf: "||".utf8)
        bytes.append(contentsOf: chain)
        bytes.append(contentsOf: markCount == 6 ? " #### ".utf8 : " ".utf8)
        bytes.append(contentsOf: answer)
        bytes.append(0x0A)
        rows.append(
            ProblemRow(
                start: start, questionCount: UInt32(question.count), chainCount: UInt32(chain.count),
                markCount: markCount,
                answerCount: UInt32(answer.count)))
    }

    /// The question of the problem added last.
    var lastQuestion: String { rows.last.map { String(decoding: bytes[$0.question], as: UTF8.self) } ?? "" }

    /// The chain of the problem added last.
    var lastChain: String { rows.last.map { String(decoding: bytes[$0.chain], as: UTF8.self) } ?? "" }

    private static func hasMark(_ answer: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        answer.starts(with: "####".utf8)
    }

    mutating func append(_ other: ProblemText) {
        for row in other.rows {
            var moved = row
            moved.start = bytes.count
            bytes.append(contentsOf: other.bytes[row.line])
            rows.append(moved)
        }
    }
}

/// The text of every four digits, least significant first and each with a space after it: 8 bytes for each of 10,000.
enum DigitText {
    nonisolated(unsafe) static let table: UnsafePointer<UInt8> = {
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 80_000)
        for value in 0..<10_000 {
            var rest = value
            for place in 0..<4 {
                bytes[8 * value + 2 * place] = UInt8(0x30 + rest % 10)
                bytes[8 * value + 2 * place + 1] = 0x20
                rest /= 10
            }
        }
        return UnsafePointer(bytes)
    }()
}

/// Writes one problem's line into memory that is known to be large enough.
public struct LineWriter {
    private let start: UnsafeMutablePointer<UInt8>
    private var cursor: UnsafeMutablePointer<UInt8>
    private let digitText = DigitText.table
    private var questionEnd: UnsafeMutablePointer<UInt8>
    private var chainEnd: UnsafeMutablePointer<UInt8>

    init(at start: UnsafeMutablePointer<UInt8>) {
        self.start = start
        cursor = start
        questionEnd = start
        chainEnd = start
    }

    @inline(__always)
    public mutating func put(_ byte: UInt8) {
        cursor.pointee = byte
        cursor += 1
    }

    @inline(__always)
    public mutating func put(_ text: StaticString) {
        cursor.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        cursor += text.utf8CodeUnitCount
    }

    /// A number that is not negative, as people write it.
    public mutating func put(number: Int) {
        if number >= 10 { put(number: number / 10) }
        put(UInt8(0x30 + number % 10))
    }

    /// Digits, each 0 to 9, with spaces between them.
    @inline(__always)
    public mutating func put(digits: UnsafePointer<UInt8>, count: Int) {
        for index in 0..<count {
            cursor[2 * index] = digits[index] &+ 0x30
            cursor[2 * index + 1] = 0x20
        }
        if count > 0 { cursor += 2 * count - 1 }
    }

    /// The lowest `width` digits of a value, least significant first, with spaces between them. It is never the last
    /// thing of a line, so the space that is stored after it is overwritten.
    @inline(__always)
    mutating func put(value: UInt64, width: Int) {
        var rest = value
        var left = width
        while left >= 4 {
            let quotient = rest / 10_000
            store(8, of: rest &- quotient &* 10_000)
            rest = quotient
            left -= 4
        }
        if left > 0 { store(2 * left, of: rest % 10_000) }
        cursor -= 1
    }

    /// Stores the first `count` bytes of the text of four digits.
    @inline(__always)
    private mutating func store(_ count: Int, of digits: UInt64) {
        let source = UnsafeRawPointer(digitText + 8 * Int(truncatingIfNeeded: digits))
        let target = UnsafeMutableRawPointer(cursor)
        if count == 8 {
            target.storeBytes(of: source.loadUnaligned(as: UInt64.self), as: UInt64.self)
        } else {
            if count >= 4 { target.storeBytes(of: source.loadUnaligned(as: UInt32.self), as: UInt32.self) }
            if count != 4 {
                let offset = count - 2
                target.storeBytes(
                    of: source.loadUnaligned(fromByteOffset: offset, as: UInt16.self), toByteOffset: offset,
                    as: UInt16.self)
            }
        }
        cursor += count
    }

    /// Ends the question.
    @inline(__always)
    public mutating func beginChain() {
        questionEnd = cursor
        put("||")
    }

    /// Ends the chain.
    @inline(__always)
    public mutating func beginAnswer() {
        chainEnd = cursor
        put(" #### ")
    }

    /// Ends the line; `base` is where the bytes of the set begin.
    @inline(__always)
    mutating func finish(from base: UnsafeMutablePointer<UInt8>) -> ProblemRow {
        let row = ProblemRow(
            start: start - base, questionCount: UInt32(questionEnd - start),
            chainCount: UInt32(chainEnd - questionEnd - 2), markCount: 6,
            answerCount: UInt32(cursor - chainEnd - 6))
        put(0x0A)
        return row
    }
}
