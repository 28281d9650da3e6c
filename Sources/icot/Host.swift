// Where the vocabulary of the engine meets a front end.

import ArgumentParser
import Commands
import Glibc
import Language
import Notebooks
import Support

enum Host {
    /// Opens the device that `--device` or ICOT_DEVICE names, before the first model is made. Commands that compute
    /// nothing need none.
    static func chooseDevice(for command: any ParsableCommand) throws {
        if command is DoctorCommand || command is CleanCommand || command is EffectsCommand { return }
        let device = variable("ICOT_DEVICE"), precision = variable("ICOT_PRECISION")
        guard device != nil || precision != nil else { return }
        guard let chosen = EngineDevice(device ?? "cpu") else {
            throw Icot.failure("ICOT_DEVICE=\(device ?? "") is no device; write \(EngineDevice.names)")
        }
        if EngineRanks.count > 1, chosen != .processor {
            throw Icot.failure("ranks share a batch on processors only; start it without --device", status: 4)
        }
        do {
            try chosen.choose(precision: precision ?? "f32")
        } catch let failure as DeviceFailure {
            let asked = device.map { "--device \($0)" } ?? "--precision \(precision ?? "")"
            throw Icot.failure("\(asked): \(failure.description)" + (failure.help.map { "; \($0)" } ?? ""))
        }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A fresh session that knows all of icot's verbs. For a notebook, `import` looks beside it.
    static func session(_ options: SharedOptions, notebook path: String = "") -> Session {
        // The engine reads it when it first computes.
        if let threads = options.threads { setenv("ICOT_THREADS", "\(threads)", 1) }
        let session = Session(EngineVocabulary.make(written: .standard()))
        session.readings = NotebookShelf.readings
        session.importFolder = NotebookFile.folder(of: path)
        return session
    }

    /// A session that can be saved as a notebook, and what runs texts in it.
    static func recordedSession(
        _ options: SharedOptions
    ) -> (session: Session, run: (SourceText, Session) -> Session.Outcome) {
        let session = session(options)
        let recorder = SessionRecorder()
        session.recording = { [unowned session] in
            let notebook = try recorder.notebook(of: session)
            NotebookTrust.remember(notebook, session.context)
            return notebook.text
        }
        return (session, { recorder.run($0, in: $1) })
    }
}
