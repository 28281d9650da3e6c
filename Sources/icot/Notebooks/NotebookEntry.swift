// How a notebook that is to run comes in, for every command that runs one: where its paths start, what it would do,
// whether the person agrees, and that it is held to that.

import Console
import Language
import Notebooks
import Support

enum NotebookEntry {
    /// - Returns: the notebook, with its path from the folder in which its paths start.
    /// - Throws: the exit status, where there is none to run or the person does not agree.
    static func open(
        _ given: String, in session: Session, isTrusted: Bool, asks: Bool
    ) throws -> (file: NotebookFile, path: String, deeds: AgreedDeeds) {
        // A link is followed once, here: what lies beside the notebook lies beside the file itself.
        let path = FileSystem.kind(of: given) == .link ? FileSystem.resolved(given) : given
        let file = try NotebookInput.read(path)
        let effects = EffectsReport(file.notebook, session.context)
        let (pathFromHere, notice) = NotebookFolder.enter(path, effects, pins: file.notebook.header.pins)
        if let notice { TerminalWriter().printError([notice]) }
        var isNew = false
        if file.notebook.canRun { isNew = try NotebookTrust.ensure(effects, given, isGiven: isTrusted, asks: asks) }
        session.importFolder = NotebookFile.folder(of: pathFromHere)
        return (file, pathFromHere, AgreedDeeds(effects, isNew: isNew))
    }
}
