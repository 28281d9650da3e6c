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
//                   every path, runs no program and goes to no other folder.

import Glibc
import Language
import Support

public struct TrustStore {
    public let path: String

    private static let header = "# icot trusted 1\n"

    public init(path: String) { self.path = path }

    /// `$XDG_STATE_HOME/icot/trusted`, by default in `~/.local/state`; nil without a home.
    public static func standard() -> TrustStore? {
        func variable(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        if let state = variable("XDG_STATE_HOME") { return TrustStore(path: state + "/icot/trusted") }
        return variable("HOME").map { TrustStore(path: $0 + "/.local/state/icot/trusted") }
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
        try? FileSystem.makeFolder(FileSystem.folder(of: path), mode: 0o700)
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        let isNew = fstat(descriptor, &status) == 0 && status.st_size == 0
        // An empty line before, for a line that was cut short must not swallow these.
        let text = (isNew ? TrustStore.header : "\n") + report.trustHashes.map { $0 + "\n" }.joined()
        let bytes = Array(text.utf8)
        return Glibc.write(descriptor, bytes, bytes.count) == bytes.count
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
        guard items.allSatisfy({ $0.path != nil && $0.kind != .runs && $0.kind != .enters }),
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
