// What a person agreed to, held while a notebook runs: a write, a program or a move that the list did not name is
// refused at the moment it is tried, whatever way it got there. The list is made from the text before anything runs,
// and a text can reach further than it tells: by imports that were not followed, by files that changed in the meantime,
// by links.
//
//     written file     the same file as at the time of the question, through all links; or any, where the list said
//                      that a path is only known while running
//     program          the same line, or any where the list said "a program of the system"
//     other folder     likewise
//     asked server     likewise
//
// Reading needs nobody's agreement.

import Language
import Support

public struct AgreedDeeds: Sendable {
    /// nil for any.
    private let writes: Set<String>?
    private let programs: Set<String>?
    private let folders: Set<String>?
    private let servers: Set<String>?
    private let notebook: String
    /// Whether it was agreed to just now, with the list seen or all of it trusted, and is not only remembered.
    private let isNew: Bool

    /// - Parameter report: asked about in the folder from which relative paths start now.
    public init(_ report: EffectsReport, isNew: Bool = false) {
        self.isNew = isNew
        func agreed(_ kind: EffectsReport.Kind) -> Set<String>? {
            let items = report.items.filter { $0.kind == kind }
            return items.contains { $0.path == nil } ? nil : Set(items.compactMap(\.path))
        }
        writes = agreed(.writes).map { Set($0.map(Self.target)) }
        programs = agreed(.runs)
        folders = agreed(.enters)
        servers = agreed(.asks)
        notebook = report.source.name
    }

    /// Holds a session to them.
    public func hold(_ session: Session) {
        session.refusal = refusal
        session.mayReplace = mayReplace
    }

    /// Whether a file was just agreed to be written, whatever it holds.
    func mayReplace(_ path: String) -> Bool { isNew && writes?.contains(Self.target(path)) != false }

    public func refusal(_ deed: Deed) -> Refusal? {
        let words: String
        switch deed {
        case .reads: return nil
        case .writes(let path):
            let target = Self.target(path)
            guard let writes, !writes.contains(target) else { return nil }
            words = "this notebook was not agreed to write \(Escaping.neutral(target))"
        case .runs(let line):
            guard let programs, !programs.contains(line) else { return nil }
            words = "this notebook was not agreed to run a program"
        case .asks(let address):
            guard let servers, !servers.contains(address) else { return nil }
            words = "this notebook was not agreed to ask \(Escaping.neutral(address))"
        case .enters(let folder):
            guard let folders, !folders.contains(folder) else { return nil }
            words = "this notebook was not agreed to go to \(Escaping.neutral(folder))"
        }
        return Refusal(words, help: "see what its text tells: icot effects \(Escaping.neutral(notebook))")
    }

    /// Where a path leads now: from the root, with the links of its folder followed, and its own where it is there.
    static func target(_ path: String) -> String {
        let absolute = FileSystem.absolute(FileSystem.withHome(path))
        if FileSystem.exists(absolute) { return FileSystem.resolved(absolute) }
        var (folder, rest) = (
            FileSystem.folder(of: absolute), [absolute.split(separator: "/").last.map(String.init) ?? ""]
        )
        while folder != "/", !FileSystem.exists(folder) {
            rest.append(folder.split(separator: "/").last.map(String.init) ?? "")
            folder = FileSystem.folder(of: folder)
        }
        let real = FileSystem.resolved(folder)
        return (real == "/" ? "" : real) + "/" + rest.reversed().joined(separator: "/")
    }
}
