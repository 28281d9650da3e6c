// `write`, `save`: results to files.

import Internalization
import Language
import Plotting
import Transformer

enum FileCommands {
    static var all: [Command] { [write(), save()] }

    private static func write() -> Command {
        Command(
            CommandSignature(
                "write", "Writes a value to a file or folder that other tools read.",
                [
                    .value("value", .any, "a model, problems, a table, an array, a figure, or any value as JSON"),
                    .value("path", .path(.write), "the ending says how: .npy .safetensors .csv .json .svg .txt; a folder for a model"),
                ], examples: [],
                seeAlso: ["load", "read", "save_run"], discussion: """
                    A model becomes a folder that transformers opens. Problems become lines input||chain #### answer. Arrays go to .npy and .safetensors, \
                    tables to .csv and .json, figures to .svg. A file is written whole or not at all.
                    """)
        ) { call in
            let path = try call.text("path")
            try FileWriting.write(try call.value("value"), to: path, call)
            call.output(StyledText("wrote \(path)"))
            return .none
        }
    }

    private static func save() -> Command {
        Command(
            CommandSignature(
                "save", "Saves the statements of the session and what they showed as a notebook.", [.value("path", .path(.write), "such as \"notes/removal.icot\"")],
                examples: [], seeAlso: ["save_run", "write"])
        ) { call in
            let path = try call.text("path")
            guard let notebook = call.session.recording?() else {
                throw call.failure("this session does not keep a record of itself", help: "type the statements at the prompt: icot")
            }
            try FileWriting.text(notebook, to: path)
            call.output(StyledText("saved \(path)"))
            return .none
        }
    }
}
