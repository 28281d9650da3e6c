// Each kind of value in the form that other tools expect, chosen by the ending of the path.

import Checkpoints
import Experiments
import Internalization
import Language
import Plotting
import Support
import Transformer

enum FileWriting {
    /// Writes a value; returns what of it the form has no place for, as half a sentence.
    static func write(_ value: Value, to path: String, _ call: Invocation) throws -> String? {
        let name = path.split(separator: "/").last ?? ""
        let ending = name.split(separator: ".").dropFirst().last?.lowercased() ?? ""
        switch value {
        case .object(is ModelValue), .object(is RunValue):
            guard !othersEndings.contains(ending), !textEndings.contains(ending), !RecordFile.isNamed(path) else {
                throw wrongEnding("a model", ending, "a folder", help: "give the path of a folder", call)
            }
            if let run = value.asObject as? RunValue { try write(run.experiment.model, to: path) }
            if let model = value.asObject as? ModelValue { try write(model.subject, to: path) }
        case .object(let problems as ProblemsValue): return try write(problems.set, to: path, ending, call)
        case .object(let figure as FigureValue):
            try expect(
                [
                    ("svg", { try text(figure.svg, to: path) }),
                    (
                        "png",
                        { try writeFileAtomically(path, PictureRenderer(svg: figure.renderer).png(figure.figure)) }
                    ),
                    (
                        "pdf",
                        { try writeFileAtomically(path, PictureRenderer(svg: figure.renderer).pdf(figure.figure)) }
                    ),
                    ("csv", { try text(figure.figure.csv, to: path) }),
                    ("json", { try text(figure.figure.json + "\n", to: path) }),
                ], ending, "a figure", call)
        case .object(let page as PageValue):
            try expect([("html", { try text(page.html, to: path) })], ending, "a page", call)
        case .object(let array as ArrayObject):
            try expect(
                [
                    ("npy", { try npy(array, to: path) }), ("safetensors", { try safetensors(array, to: path) }),
                    ("json", { try text(array.json + "\n", to: path) }),
                ], ending, "an array", call)
        case .object(let table as TableObject):
            try expect(
                [
                    ("csv", { try text(csv(table, call), to: path) }),
                    ("json", { try text(table.json + "\n", to: path) }),
                ], ending, "a table", call)
        case .object(let words as TextObject) where !Self.binaryEndings.contains(ending) && ending != "json":
            try text(words.string, to: path)
        default:
            try expect(
                [("json", { try text(value.json + "\n", to: path) })], ending, TypeName.withArticle(value.typeName),
                call)
        }
        return nil
    }

    private static let binaryEndings: Set = ["npy", "safetensors", "png", "pdf"]
    private static let textEndings: Set = ["txt", "md"]
    /// Files that hold no problems, whatever is written into them.
    private static let othersEndings = binaryEndings.union(["svg", "html", "icot", "npz", "pt", "pth", "bin"])

    private static func write(
        _ problems: ProblemSet, to path: String, _ ending: String, _ call: Invocation
    ) throws -> String? {
        if RecordFile.isNamed(path) {
            try problems.writeRecords(to: path, observer: call.observer("writing"))
            return nil
        }
        guard !othersEndings.contains(ending) else {
            throw wrongEnding(
                "a list of problems", ending, "lines, or as .jsonl, .json, .csv or .tsv",
                help: "end the path with .txt or .jsonl", call)
        }
        try problems.write(to: path)
        return problems.hasRecords
            ? "lines have no place for recorded facts and steps, a path that ends in .jsonl has" : nil
    }

    private static func wrongEnding(
        _ what: String, _ ending: String, _ form: String, help: String, _ call: Invocation
    ) -> any Error {
        call.failure(
            "\(what) is written as \(form), not \(ending.isEmpty ? "without an ending" : "." + ending)",
            code: .runtimeArgument, at: "path", help: help)
    }

    static func text(_ text: String, to path: String) throws { try writeFileAtomically(path, text.utf8) }

    private static func expect(
        _ forms: [(ending: String, write: () throws -> Void)], _ ending: String, _ what: String, _ call: Invocation
    ) throws {
        guard let form = forms.first(where: { $0.ending == ending }) else {
            let endings = forms.map { "." + $0.ending }.joined(separator: " or ")
            throw wrongEnding(what, ending, endings, help: "end the path with \(endings)", call)
        }
        try form.write()
    }

    private static func write(_ value: ExperimentModel, to folder: String) throws {
        func write(to folder: String) throws {
            switch value.writing {
            case .characters(let vocabulary):
                try value.model.write(to: folder)
                try vocabulary.write(to: folder)
            case .tokenizer(let tokenizer, let source):
                try value.model.write(
                    to: folder, tokenizerFolder: source,
                    specialIDs: SpecialIDs(begin: tokenizer.prefixIDs.first, end: tokenizer.endOfTextID))
            case .ids: try value.model.write(to: folder)
            }
        }
        // Where a model is there, or nothing, all changes at once.
        if isBesideOthers(folder) { try write(to: folder) } else { try FolderReplacement.write(folder, write) }
    }

    /// Whether a model in a folder would stand beside other things.
    static func isBesideOthers(_ folder: String) -> Bool {
        FileSystem.isFolder(folder) && !FileSystem.exists(folder + "/config.json")
            && !FileSystem.names(in: folder).contains(where: CheckpointWeights.isWeightFile)
    }

    private static func npy(_ array: ArrayObject, to path: String) throws {
        try array.values.withUnsafeBufferPointer {
            try NumpyFile.write(StoredArray("array", shape: array.shape, $0), to: path)
        }
    }

    private static func safetensors(_ array: ArrayObject, to path: String) throws {
        try array.values.withUnsafeBufferPointer { values in
            try SafeTensorsWriter.write(
                [StoredArray("array", shape: array.shape, values)],
                metadata: array.provenance.map { (name: $0.key, value: $0.value) }, to: path)
        }
    }

    /// RFC 4180: fields with commas, quotes or line ends in quotes, quotes doubled. Reals have all their digits, and
    /// columns that a person is not shown are there too.
    private static func csv(_ table: TableObject, _ call: Invocation) throws -> String {
        func text(_ value: Value) -> String {
            if case .real(let number) = value, number.isFinite { return value.json }
            return value.isNone ? "" : value.text
        }
        let columns = table.columns
        var lines = [DelimitedText.line(columns.map(\.name))]
        for row in 0..<table.rowCount {
            if row & 0xFFF == 0xFFF { try call.checkInterrupt() }
            lines.append(DelimitedText.line(columns.map { text($0.values[row]) }))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
