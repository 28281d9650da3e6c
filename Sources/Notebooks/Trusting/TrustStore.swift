// Which notebooks may write files and run programs: those to whose effects a person has agreed on this machine, and
// those that icot itself wrote here. A notebook that only reads and computes needs nobody's agreement. The file is
// text, appended:
//
//     # icot trusted 1
//     9f2c…          64 hexadecimal digits, one a line; other lines are passed over
//
// Two hashes stand for a notebook, and either is enough:
//
//   of its code     SHA-256 over its lines of code without spaces at their ends, each followed by LF, and over the
//                   files it imports: prose and recorded outputs may change
//   of its effects  SHA-256 over where it lies and the files that it would write, from the root and through all
//                   links: the code may change as long as it would touch the same files. Only where the text tells
//                   every path, runs no program, goes to no other folder and asks no server.

import Glibc
import Language
import Support

public struct TrustStore {
    public let path: String

    private static let header = "# icot trusted 1\n"

    public init(path: String) { self.path = path }

    /// `$XDG_STATE_HOME/icot/trusted`, by default in `~/.local/state`; nil without a home.
    public static func standard() -> TrustStore? {
        StateFile.path("trusted").map { TrustStore(path: $0) }
    }

    public func trusts(_ report: EffectsReport) -> Bool {
        guard report.needsTrust else { return true }
        guard let bytes = try? NotebookFile.read(path) else { return false }
        let known = Set(bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) })
        return !known.isDisjoint(with: report.trustHashes)
    }

    /// Says whether that could be written.
    @discardableResult
    public func remember(_ report: EffectsReport) -> Bool {
        if trusts(report) { return true }
        let lines = report.trustHashes.map { $0 + "\n" }.joined()
        return StateFile.append(lines, to: path, header: TrustStore.header)
    }
}

extension EffectsReport {
    /// Whether it would do more than read and compute.
    public var needsTrust: Bool { items.contains { $0.kind != .reads } }

    /// The code of the notebook and of what it imports, as one number: prose, outputs, empty lines and spaces at the
    /// ends of lines do not count.
    public var codeHash: String {
        var hash = SHA256()
        for text in [source.text] + imported.map(\.text) {
            for line in text.split(whereSeparator: \.isNewline) {
                let code = String(line).withoutTrailingBlanks
                if !code.isEmpty { hash.update((code + "\n")) }
            }
        }
        return hash.finalizeHex()
    }

    /// The hashes by which it is remembered.
    var trustHashes: [String] {
        let code = codeHash
        // In another folder the same paths are other files.
        guard
            items.allSatisfy({
                $0.path != nil && $0.kind != .runs && $0.kind != .enters && $0.kind != .asks
            }),
            let place = realpath(source.name, nil)
        else {
            return [code]
        }
        defer { free(place) }
        let effects = Set(
            items.filter { $0.kind != .reads }.map { "\($0.kind.rawValue) \(AgreedDeeds.target($0.path ?? ""))\n" }
        ).sorted()
        return [code, SHA256.hex((String(cString: place) + "\n" + effects.joined()))]
    }
}
