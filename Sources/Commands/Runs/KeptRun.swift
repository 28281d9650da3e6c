// A run with its folder: what `start … name:`, `save_run` and `resume` write and read beside what the engine keeps.
//
//   problems-….txt     the problems as text, input||chain #### answer: -training, -held-out (test), -validation
//   problems-….inputs  instead of the text, in a compact folder: the numbers they were made from (see `TaskDescription`)
//   task-….json        what they are called, and the facts that their own code recorded
//   run.json, "info"   {"name", "separator", "characters" or "tokenizer"}

import Checkpoints
import Internalization
import Language
import Support
import Transformer

enum KeptRun {
    /// Puts a run into a new folder.
    static func create(_ value: RunValue, at path: String) throws -> RunFolder {
        try RunFolder.create(path, for: value.run, initial: value.initial, info: info(value)) {
            for (part, set) in parts(value) { try keep(set, at: path, part) }
        }
    }

    /// Puts a run into a new folder that is small enough to hand on. The run is not kept there from then on.
    static func writeCompact(_ value: RunValue, at path: String) throws {
        try RunFolder.writeCompact(path, for: value.run, initial: value.initial, info: info(value)) {
            for (part, set) in parts(value) where try !set.writeInputs(to: path + "/problems-\(part).inputs") {
                try keep(set, at: path, part)
            }
        }
    }

    private static func parts(_ value: RunValue) -> [(String, ProblemSet)] {
        [("training", value.data)]
            + [("held-out", value.test), ("validation", value.validation)].compactMap { part, set in
                set.map { (part, $0) }
            }
    }

    private static func keep(_ set: ProblemSet, at path: String, _ part: String) throws {
        try set.write(to: path + "/problems-\(part).txt")
        try set.writeTask(to: path + "/task-\(part).json")
    }

    /// The problems of a part; nil where the run has none.
    private static func problems(of path: String, _ part: String) throws -> ProblemSet? {
        let inputs = path + "/problems-\(part).inputs"
        if exists(inputs) { return try ProblemSet(inputs: inputs) }
        let text = path + "/problems-\(part).txt"
        guard exists(text) else { return nil }
        let set = try ProblemFile(text, rules: .reference, dropsCommas: false).read().problems
        let task = path + "/task-\(part).json"
        return exists(task) ? try set.withTask(from: task) : set
    }

    private static func info(_ value: RunValue) -> JSONValue {
        var members: [JSONObject.Member] = [.init("name", .string(value.name))]
        if let separator = value.separator { members.append(.init("separator", .string(separator.rawValue))) }
        switch value.model.writing {
        case .characters(let vocabulary): members.append(.init("characters", .string(String(vocabulary.characters))))
        case .tokenizer(_, let folder): members.append(.init("tokenizer", folder.map { .string($0) } ?? .null))
        case .ids: break
        }
        return .object(JSONObject(members))
    }

    /// Goes on with the run of a folder.
    static func resume(_ path: String, steals: Bool, _ call: Invocation) throws -> RunValue {
        let info = try RunFolder.info(of: path)
        guard let data = try problems(of: path, "training") else {
            throw FileError(.missing, path + "/problems-training.txt", "the run's problems are not in its folder")
        }
        let (test, validation) = (try problems(of: path, "held-out"), try problems(of: path, "validation"))
        let writing = try writing(info, path)
        let separator = info.object?["separator"]?.string.flatMap { AnswerSeparator(rawValue: $0) }
        let encoder = try writing.encoder(
            separator: separator, answers: [data] + [test, validation].compactMap { $0 })
        let resumed = try RunFolder.resume(path, steals: steals) { part, order in
            let set = part == "training" ? data : part == "validation" ? validation : test
            guard let set else { throw FileError(.missing, path, "has no \(part) problems") }
            return try RunData.encode(set, encoder: encoder, order: order, call.interrupt)
        } encoder: { _ in
            encoder
        }
        for warning in resumed.warnings { call.output(StyledText(warning, .warning)) }
        let name = info.object?["name"]?.string ?? "run"
        let model = ModelValue(resumed.run.model, writing: writing, origin: .folder(path))
        let initial = try LanguageModel.load(from: path + "/model")
        let value = RunValue(
            resumed.run, model: model, data: data, test: test, validation: validation,
            encoder: encoder, separator: separator, name: name,
            initial: initial)
        value.folder = resumed.folder
        return value
    }

    /// Goes on with a copy of a kept run: its folder is neither held nor changed.
    static func copy(_ path: String, _ call: Invocation) throws -> RunValue {
        _ = try RunFolder.info(of: path)
        let copy = try TemporaryCopy(of: path, without: ["lock", "owner.json"])
        let value = try resume(copy.path, steals: false, call)
        value.folder = nil
        value.copy = copy
        value.origin = path
        return value
    }

    private static func writing(_ info: JSONValue, _ path: String) throws -> ModelValue.Writing {
        if let characters = info.object?["characters"]?.string {
            return .characters(CharacterVocabulary(Array(characters)))
        }
        guard let folder = info.object?["tokenizer"]?.string else {
            throw FileError(.malformed, path + "/run.json", "does not say how the problems are written for the model")
        }
        return .tokenizer(try TokenizerFolder.load(folder), folder: folder)
    }

    private static func exists(_ path: String) -> Bool { (try? MappedFile(path)) != nil }
}
