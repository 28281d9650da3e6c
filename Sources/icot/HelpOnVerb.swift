// `icot help train`: what `?train` answers at the prompt.

import Commands
import Console
import Language

enum HelpOnVerb {
    /// Prints the answer; the exit status.
    static func answer(_ name: String) -> Int32 {
        let session = Session(EngineVocabulary.make())
        session.readings = NotebookShelf.readings
        guard let question = Question("?" + name.filter { $0 != "?" }) else { return 2 }
        let (lines, isKnown) = question.answer(session)
        let writer = TerminalWriter()
        isKnown ? writer.print(lines) : writer.printError(lines)
        return isKnown ? 0 : 2
    }
}
