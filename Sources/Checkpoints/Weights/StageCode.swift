// The weights of a run's stages, as small as they must be: a page (its Script/weights.js reads them) and a compact run
// folder hold them.
//
// A model's weights are one run of numbers, tensor after tensor. In `rounded` a stage says what each number adds to its
// value at the stage before (to 0 in the first one), as a whole multiple of its tensor's step. Multiples n are written
// with Rice's code, tensor by tensor: five bits that say how many low bits r the tensor's numbers have, then for each
// number u = 2n for n ≥ 0 and −2n − 1 otherwise: u >> r ones, a zero, and the r low bits of u, the highest first. Bits
// fill each byte from its highest. A value is the old one plus step · n in double precision, rounded once.
//
// A page, whose size counts, has the same multiples in the code of AdaptiveCode.swift, all tensors in one go: Rice's
// takes at least a bit for a number, and most weights do not change from one stage to the next.

/// How a stage's weights are written.
public enum WeightCode: String, Sendable, CaseIterable {
    /// The very weights: what the page computes is what the run computes.
    case float32
    /// Half of the bytes; each weight keeps eleven bits.
    case half
    /// Differences from the stage before, in whole multiples of a step, one a tensor.
    case rounded
}

/// How the multiples of rounded weights are packed.
public enum MultipleCode: Sendable {
    /// For folders.
    case rice
    /// For pages.
    case adaptive
}

/// The weights of one stage as they go into a page.
public struct CodedStage: Sendable, Equatable {
    public let code: WeightCode
    public let bytes: [UInt8]
    /// One a tensor, for `.rounded`.
    public let steps: [Float]
    /// Whether it builds on the stage before it.
    public let followsAnother: Bool
    /// What the page will have for weights.
    public let values: [Float]
}

public enum StageCoder {
    /// The stages of a run, in order, in one code.
    /// - Parameters:
    ///   - tensors: how many numbers each tensor has, in the order of the weights.
    ///   - fineness: for `.rounded`: steps to the root mean square of a tensor.
    public static func encode(
        _ stages: [[Float]], tensors: [Int], code: WeightCode, fineness: Float = 256
    ) -> [CodedStage] {
        switch code {
        case .float32:
            stages.map { weights in
                CodedStage(
                    code: code, bytes: weights.flatMap { littleEndian($0.bitPattern) }, steps: [],
                    followsAnother: false, values: weights)
            }
        case .half:
            stages.map { weights in
                let halves = weights.map { Half.bits($0) }
                return CodedStage(
                    code: code, bytes: halves.flatMap(littleEndian), steps: [], followsAnother: false,
                    values: halves.map(Half.value))
            }
        case .rounded:
            // The steps of the first stage hold for all: every stage is as true to its weights as any other.
            encode(
                stages, tensors: tensors, steps: stages.first.map { Self.steps($0, tensors, fineness) } ?? [],
                multiples: .rice)
        }
    }

    /// The stages of a run, in order, as rounded differences.
    /// - Parameter steps: one a tensor.
    public static func encode(
        _ stages: [[Float]], tensors: [Int], steps: [Float], multiples: MultipleCode
    ) -> [CodedStage] {
        var previous: [Float]?
        return stages.map { weights in
            let (bytes, values) = rounded(weights, after: previous, tensors, steps, multiples)
            let follows = previous != nil
            previous = values
            return CodedStage(code: .rounded, bytes: bytes, steps: steps, followsAnother: follows, values: values)
        }
    }

    private static func littleEndian<Bits: FixedWidthInteger>(_ bits: Bits) -> [UInt8] {
        (0..<Bits.bitWidth / 8).map { UInt8(truncatingIfNeeded: bits >> (8 * Bits($0))) }
    }

    private static func steps(_ weights: [Float], _ tensors: [Int], _ fineness: Float) -> [Float] {
        var start = 0
        return tensors.map { count in
            let part = weights[start..<start + count]
            start += count
            let size = (part.reduce(0) { $0 + $1 * $1 } / Float(max(count, 1))).squareRoot()
            return size > 0 ? size / fineness : 1 / fineness
        }
    }

    private static func rounded(
        _ weights: [Float], after previous: [Float]?, _ tensors: [Int], _ steps: [Float], _ code: MultipleCode
    ) -> (bytes: [UInt8], values: [Float]) {
        var rice = BitWriter()
        var adaptive = AdaptiveWriter()
        var values = previous ?? [Float](repeating: 0, count: weights.count)
        var start = 0
        for (count, step) in zip(tensors, steps) {
            let multiples = (start..<start + count).map { Int(((weights[$0] - values[$0]) / step).rounded()) }
            switch code {
            case .rice:
                let codes = multiples.map { $0 >= 0 ? 2 * $0 : -2 * $0 - 1 }
                let lowBits = rice.cheapestLowBits(codes)
                rice.write(lowBits, bits: 5)
                for code in codes { rice.writeRice(code, lowBits: lowBits) }
            case .adaptive: for multiple in multiples { adaptive.write(multiple) }
            }
            for (offset, multiple) in multiples.enumerated() {
                values[start + offset] = Self.value(values[start + offset], step, multiple)
            }
            start += count
        }
        return (code == .rice ? rice.finish() : adaptive.finish(), values)
    }

    private static func value(_ old: Float, _ step: Float, _ multiple: Int) -> Float {
        Float(Double(old) + Double(step) * Double(multiple))
    }

    /// Adds what a rounded stage says to the values of the stage before it.
    /// - Returns: false where the bytes end too early or say something impossible; the values are then of no use.
    public static func add(
        _ bytes: [UInt8], tensors: [Int], steps: [Float], to values: inout [Float]
    ) -> Bool {
        guard steps.count == tensors.count, tensors.reduce(0, +) == values.count else { return false }
        var reader = BitReader(bytes)
        var index = 0
        for (count, step) in zip(tensors, steps) {
            guard let lowBits = reader.read(bits: 5) else { return false }
            for _ in 0..<count {
                guard let code = reader.readRice(lowBits: lowBits) else { return false }
                values[index] = value(values[index], step, code & 1 == 1 ? -(code / 2) - 1 : code / 2)
                index += 1
            }
        }
        return true
    }
}

/// IEEE 754 binary16, by hand: the type `Float16` is not on every machine that Swift runs on.
enum Half {
    static func bits(_ value: Float) -> UInt16 {
        let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
        let size = value.magnitude
        if size.isNaN { return sign | 0x7E00 }
        if size >= 65520 { return sign | 0x7C00 }
        // Below 2⁻¹⁴ numbers are multiples of 2⁻²⁴; above, of 2⁻¹⁰ of their power of two. Ties go to the even one.
        let exponent = max(size == 0 ? -14 : Int(size.exponent), -14)
        let unit = Float(sign: .plus, exponent: exponent - 10, significand: 1)
        let multiple = UInt16((size / unit).rounded(.toNearestOrEven))
        let normal = multiple >= 1024 ? multiple - 1024 : multiple
        let field = multiple >= 1024 ? UInt16(exponent + 15) << 10 : 0
        // A multiple of 2048 carries over into the exponent, whose field lies above the fraction's.
        return sign | (field + normal)
    }

    static func value(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Float(bits & 0x3FF)
        switch exponent {
        case 0: return sign * fraction * Float(sign: .plus, exponent: -24, significand: 1)
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
        }
    }
}

/// Bits that fill bytes from the highest, and Rice's code for whole numbers from 0.
struct BitWriter {
    private var bytes: [UInt8] = []
    private var current: UInt8 = 0
    private var count = 0

    mutating func write(_ bit: Bool) {
        current = current << 1 | (bit ? 1 : 0)
        count += 1
        if count == 8 {
            bytes.append(current)
            (current, count) = (0, 0)
        }
    }

    mutating func write(_ value: Int, bits: Int) {
        for shift in (0..<bits).reversed() { write(value >> shift & 1 == 1) }
    }

    mutating func writeRice(_ value: Int, lowBits: Int) {
        for _ in 0..<value >> lowBits { write(true) }
        write(false)
        write(value, bits: lowBits)
    }

    /// How many low bits make the numbers shortest.
    func cheapestLowBits(_ values: [Int]) -> Int {
        func cost(_ lowBits: Int) -> Int { values.reduce(0) { $0 + ($1 >> lowBits) + 1 + lowBits } }
        return (0..<24).min { cost($0) < cost($1) } ?? 0
    }

    mutating func finish() -> [UInt8] {
        while count > 0 { write(false) }
        return bytes
    }
}

/// Reads what a `BitWriter` wrote; nil wherever the bytes end first.
struct BitReader {
    private let bytes: [UInt8]
    private var place = 0
    /// The bits that come next, from the highest on; the rest are zeros.
    private var window: UInt64 = 0
    private var count = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func refill() {
        while count <= 56, place < bytes.count {
            window |= UInt64(bytes[place]) << UInt64(56 - count)
            count += 8
            place += 1
        }
    }

    private mutating func drop(_ bits: Int) {
        window <<= UInt64(bits)
        count -= bits
    }

    /// At most 32 bits.
    mutating func read(bits: Int) -> Int? {
        refill()
        guard count >= bits else { return nil }
        defer { drop(bits) }
        return Int(window >> UInt64(64 - bits))
    }

    /// No number that fits a weight's 32 bits has more ones than this before its zero.
    private static let onesMax = 1 << 24

    mutating func readRice(lowBits: Int) -> Int? {
        var ones = 0
        while true {
            refill()
            let leading = (~window).leadingZeroBitCount
            guard count > 0, ones <= Self.onesMax else { return nil }
            ones += leading
            if leading < count {
                drop(leading + 1)
                break
            }
            drop(leading)
        }
        guard let low = read(bits: lowBits) else { return nil }
        return ones << lowBits | low
    }
}
