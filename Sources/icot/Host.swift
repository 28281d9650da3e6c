// Where the vocabulary of the engine meets a front end.

import Commands
import Language

enum Host {
    /// A fresh session that knows all of icot's verbs.
    static func session(_ options: SharedOptions) -> Session {
        Session(EngineVocabulary.make())
    }
}
