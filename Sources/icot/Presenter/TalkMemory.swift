// How far a talk has come, so that one whose terminal was lost goes on where it stood: the statements that ran, in
// `icot/talks/<SHA-256 of the notebook's code>.json` below `$XDG_STATE_HOME` (by default `~/.local/state`). A talk that
// is ended by its key leaves nothing behind, and another notebook is another talk.

import Glibc
import Language
import Notebooks
import Support

struct TalkMemory {
    private let path: String

    /// Nil without a home.
    init?(of notebook: Notebook) {
        guard let store = TrustStore.standard() else { return nil }
        var hash = SHA256()
        var code = notebook.code.text
        code.withUTF8 { hash.update(UnsafeRawBufferPointer($0)) }
        path = FileSystem.folder(of: store.path) + "/talks/\(hash.finalizeHex()).json"
    }

    /// What ran in a talk that was not ended; none where there was no such talk.
    var steps: [Presentation.Step] {
        (try? JSONReader.readFile(path, limit: 1 << 24).decode([Presentation.Step].self)) ?? []
    }

    /// A talk goes on where this cannot be written.
    func keep(_ steps: [Presentation.Step]) {
        if steps.isEmpty { return forget() }
        guard let text = try? JSONValue(encoding: steps) else { return }
        try? FileSystem.makeFolder(FileSystem.folder(of: path), mode: 0o700)
        try? writeFileAtomically(path, JSONWriter.text(text, .compact).utf8)
    }

    func forget() { unlink(path) }
}
