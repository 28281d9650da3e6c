import Foundation
import Language
import Support
import TestSupport
import Testing

@Suite struct FileTests {
    @Test func `what icot did not write, or somebody changed since, is not written over without being asked`() throws {
        try withTemporaryFolder { folder in
            let (mine, own) = (folder.path + "/mine.json", folder.path + "/own.json")
            try "by hand".write(toFile: mine, atomically: true, encoding: .utf8)
            let desk = Desk()
            func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
            #expect(desk.run("write [1] \"\(mine)\"") == .failed(.runtimeArgument))
            #expect(desk.messages.joined().contains("mine.json is there already, and icot did not write it"))
            #expect(desk.messages.joined().contains("add overwrite: true") && text(mine) == "by hand")
            #expect(desk.run("write [1] \"\(mine)\" overwrite: true") == .finished && text(mine) == "[1]\n")
            // What it wrote itself it writes again, until somebody changes it.
            #expect(desk.run("write [1] \"\(own)\"\nwrite [2] \"\(own)\"\nwrite [3] \"\(mine)\"") == .finished)
            try "[2]".write(toFile: own, atomically: true, encoding: .utf8)
            #expect(desk.run("write [3] \"\(own)\"") == .failed(.runtimeArgument))
            #expect(desk.messages.joined().contains("own.json was changed since icot wrote it") && text(own) == "[2]")
            // A person who has just agreed to a list of files has been asked.
            desk.session.mayReplace = { $0 == own }
            #expect(desk.run("write [4] \"\(own)\"") == .finished && text(own) == "[4]\n")
            // A folder that holds a model counts as one thing; one with other things in it is only added to.
            let model = folder.path + "/model", notes = folder.path + "/notes"
            for path in [model, notes] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            try "{}".write(toFile: model + "/config.json", atomically: true, encoding: .utf8)
            try "mine".write(toFile: notes + "/readme.txt", atomically: true, encoding: .utf8)
            #expect(desk.run("let m = model .gpt2 width: 8 heads: 1 positions: 8") == .finished)
            #expect(
                desk.run("write m \"\(model)\"") == .failed(.runtimeArgument) && text(model + "/config.json") == "{}")
            #expect(desk.run("write m \"\(notes)\"\nwrite m \"\(notes)\"") == .finished, "\(desk.messages)")
            #expect(text(notes + "/readme.txt") == "mine")
        }
    }

    @Test func `a written model loads with the same hash`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            let path = folder.appending(path: "model").path
            #expect(
                desk.run(
                    "let m = model .gpt2 width: 16 heads: 2 positions: 16\nwrite m \"\(path)\"\nlet n = load \"\(path)\""
                ) == .finished, "\(desk.messages)")
            #expect(desk.value("hash m").asText == desk.value("hash n").asText)
            // Its vocabulary went with it, so problems can be written for it again.
            #expect(
                desk.run("start n on: (gen .parity digits: 4 n: 50) batch: 8\ntrain steps: 1") == .finished,
                "\(desk.messages)")
        }
    }

    @Test func `problems, tables and figures go out in the forms of other tools`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            let base = folder.path
            #expect(
                desk.run(
                    """
                    let p = gen .parity digits: 3 n: 2 seed: 1
                    write p "\(base)/p.txt"
                    write (plan every: 2 rows: 4 batch: 2 chain: 2) "\(base)/t.csv"
                    write (plot [1, 2, 4]) "\(base)/f.svg"
                    write (plot [1, 2, 4]) "\(base)/f.csv"
                    write (logits (model .gpt2 width: 8 heads: 1) ids: [[1, 2]]) "\(base)/a.npy"
                    let q = read "\(base)/p.txt"
                    """) == .finished, "\(desk.messages)")
            #expect(desk.value("p == q").asBoolean == true)
            let table = try String(contentsOfFile: base + "/t.csv", encoding: .utf8)
            #expect(table.hasPrefix("step,epoch,removed,left,reset\n0,0,0,2,"))
            #expect(try String(contentsOfFile: base + "/f.svg", encoding: .utf8).hasPrefix("<svg"))
            #expect(try String(contentsOfFile: base + "/f.csv", encoding: .utf8).hasPrefix("panel,series,mark,x,y"))
            // A picture in points where the libraries that draw it are installed; what to install otherwise.
            let drawn = desk.run("write (plot [1, 2, 4]) \"\(base)/f.png\"")
            if Programs.hasLibrary("librsvg-2.so") {
                #expect(drawn == .finished, "\(desk.messages)")
                #expect(
                    try Data(contentsOf: URL(filePath: base + "/f.png")).prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
            } else {
                #expect(desk.messages.joined().contains("install librsvg2-2"), "\(desk.messages)")
            }
            let array = try Data(contentsOf: URL(filePath: base + "/a.npy"))
            #expect(array.prefix(6) == Data([0x93] + Array("NUMPY".utf8)))
            #expect(String(decoding: array.prefix(128), as: UTF8.self).contains("(1, 2, 20)"))
        }
    }

    @Test func `a kept run goes on with the same bits in another session`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "run").path
            let whole = Desk.withRun()
            whole.run("train steps: 4\nstep\ntrain steps: 6")
            let wanted = whole.value("hash r").asText
            do {
                let first = Desk.withRun()
                #expect(
                    first.run("save_run \"\(path)\"\ntrain steps: 4\nstep\ntrain steps: 3") == .finished,
                    "\(first.messages)")
                // A second writer is refused while the first holds it.
                let other = Desk()
                #expect(other.run("resume \"\(path)\"") != .finished)
                #expect(other.messages.joined().contains("process"))
            }
            let second = Desk()
            #expect(second.run("let r = resume \"\(path)\"\ntrain steps: 3") == .finished, "\(second.messages)")
            #expect(second.value("hash r").asText == wanted)
            second.run("back to: 0\nstep")
            #expect(second.value("r.removed").asInteger == 1)
        }
    }

    @Test func `a run kept without moments has the same weights at every stage and goes on as after a reset`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "run").path
            let first = Desk.withRun()
            first.run(
                "train steps: 4\nmark \"here\"\nstep\ntrain steps: 3\nlet now = hash r\nlet loss = (eval test).loss\nsave_run \"\(path)\" moments: false"
            )
            #expect(first.messages.isEmpty, "\(first.messages)")
            // Weights before the first step, at the removal and now; no other numbers.
            let parts = try FileManager.default.contentsOfDirectory(atPath: path + "/parts")
            #expect((2...3).contains(parts.count), "\(parts)")
            let second = Desk()
            second.run("let r = resume \"\(path)\" hold: false")
            #expect(second.value("hash r").asText == first.value("now").asText)
            // What goes on in memory and what goes on from the folder are the same.
            first.run("train steps: 3")
            second.run("train steps: 3")
            #expect(second.value("hash r").asText == first.value("hash r").asText)
            second.run("back to: \"here\"")
            first.run("back to: \"here\"")
            #expect(second.value("hash r").asText == first.value("hash r").asText)
            #expect(second.value("r.steps").asInteger == 4)
        }
    }

    @Test func `save replaces what this session saved, and nothing else unasked`() throws {
        try withTemporaryFolder { folder in
            let desk = Desk()
            desk.session.recording = { "# icot 1\n1 + 1\n" }
            let path = folder.path + "/mine.icot"
            #expect(desk.run("save \"\(path)\"\nsave \"\(path)\"") == .finished, "\(desk.messages)")
            let hand = folder.path + "/by_hand.icot"
            try "# icot 1\n# precious\n".write(toFile: hand, atomically: true, encoding: .utf8)
            #expect(desk.run("save \"\(hand)\"") != .finished)
            #expect(desk.messages.joined().contains("overwrite: true"))
            #expect(try String(contentsOfFile: hand, encoding: .utf8).contains("precious"))
            #expect(desk.run("save \"\(hand)\" overwrite: true") == .finished, "\(desk.messages)")
            #expect(try String(contentsOfFile: hand, encoding: .utf8) == "# icot 1\n1 + 1\n")
            #expect(desk.run("save \"\(folder.path)/mine\"") != .finished)
            #expect(desk.messages.joined().contains("mine.icot"))
        }
    }

    @Test func `a compact copy holds every stage and its problems as the numbers they were made from`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "run").path
            let first = Desk.withRun()
            first.run("train steps: 300\nstep\ntrain steps: 200")
            first.run("save_run \"\(path)\" compact: true\ntrain steps: 1")
            #expect(first.messages.isEmpty, "\(first.messages)")
            // Rounding to about eight bits changes hardly an answer of a model that knows them.
            let said = first.text
            #expect(
                (198...200).contains { said.contains("\($0) of 200 test problems are written as the run") }, "\(said)")
            // The run itself went on, and not in that folder.
            #expect(first.value("r.steps").asInteger == 501)
            let names = try FileManager.default.contentsOfDirectory(atPath: path)
            #expect(names.contains("problems-training.inputs") && !names.contains("data"), "\(names)")
            let second = Desk()
            second.run("let r = resume \"\(path)\" hold: false")
            #expect(second.messages.isEmpty, "\(second.messages)")
            #expect(second.value("r.steps").asInteger == 500 && second.value("r.removed").asInteger == 1)
            first.run("let p = r.data")
            #expect(
                second.value("map(r.data[0...9], { p in p.question })")
                    == first.value("map(p[0...9], { p in p.question })"))
            second.run("back to: 0\ntrain steps: 2")
            #expect(second.messages.isEmpty, "\(second.messages)")
        }
    }

    @Test func `a control of a run that was kept after training starts from the weights before the first step`() throws
    {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "run").path
            let first = Desk.withRun()
            first.run("train steps: 4\nsave_run \"\(path)\"\nlet c = control r kind: .no_cot steps: 2")
            #expect(first.messages.isEmpty, "\(first.messages)")
            let second = Desk()
            second.run("let r = resume \"\(path)\" hold: false\nlet c = control r kind: .no_cot steps: 2")
            #expect(second.value("hash c").asText == first.value("hash c").asText, "\(second.messages)")
        }
    }

    @Test func `a run that could not be kept still has its moments`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "run").path
            let whole = Desk.withRun()
            whole.run("train steps: 4\ntrain steps: 3")
            let desk = Desk.withRun()
            desk.run(
                "train steps: 4\nlet other = start (model .gpt2 width: 16 heads: 2 positions: 32) on: data\nsave_run \"\(path)\" run: other"
            )
            #expect(desk.run("save_run \"\(path)\" run: r moments: false") != .finished)
            desk.run("train steps: 3 run: r")
            #expect(desk.value("hash r").asText == whole.value("hash r").asText, "\(desk.messages)")
        }
    }

    @Test(arguments: ["txt", "md", "jsonl", "json", "csv", "tsv", "JSON"])
    func `written problems are read as the same problems, whatever the ending`(_ ending: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "d." + ending).path
            let desk = Desk.withRun()
            desk.run("write test \"\(path)\"\nlet again = read \"\(path)\"")
            #expect(desk.messages.isEmpty, "\(desk.messages)")
            #expect(desk.value("hash(again) == hash(test)").asBoolean == true)
        }
    }

    @Test(arguments: [
        ("test", "npy", "a list of problems"), ("test", "safetensors", "a list of problems"),
        ("test", "svg", "a list of problems"), ("m", "safetensors", "a model"), ("r", "pt", "a model"),
        ("m", "json", "a model"), ("m", "txt", "a model"), ("\"words\"", "png", "text"),
    ])
    func `an ending that says another form is refused`(_ value: String, _ ending: String, _ what: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "d." + ending).path
            let desk = Desk.withRun()
            #expect(desk.run("write \(value) \"\(path)\"") == .failed(.runtimeArgument))
            #expect(desk.messages.joined().contains("\(what) is written as"), "\(desk.messages)")
            #expect(!FileSystem.exists(path))
        }
    }

    @Test func `lines say that they have no place for facts and steps`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "d").path
            let desk = Desk()
            desk.run(
                """
                def make(i) { [question: "{i} + 1", chain: ["a{i} b", "c"], answer: "{i + 1}", half: floor(i / 2)] }
                let data = problems(make, n: 5)
                write data "\(path).txt"
                """)
            #expect(desk.lines.last?.contains("no place for recorded facts") == true, "\(desk.lines + desk.messages)")
            desk.run("write data \"\(path).jsonl\"\nlet again = read \"\(path).jsonl\"")
            #expect(desk.lines.last == "wrote \(path).jsonl", "\(desk.messages)")
            #expect(desk.value("again[3].half").asInteger == 1)
        }
    }

    @Test(arguments: [
        ("as: .text limit: 1", "limit: belongs to rows, and as: .text gives one text"),
        ("as: .text solution: .whole", "solution: belongs to problems"),
        ("as: .table steps: \".\"", "steps: belongs to problems, and as: .table gives a table"),
        ("as: .table rules: .strict", "rules: belongs to problems"),
        ("as: .text columns: [question: \"a\"]", "columns: belongs to problems"),
    ])
    func `a label of read that means nothing for what is read is refused`(_ labels: String, _ words: String) throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "d.csv").path
            try "a,b\n1,2\n3,4\n".write(toFile: path, atomically: true, encoding: .utf8)
            let desk = Desk()
            #expect(desk.run("read \"\(path)\" \(labels)") == .failed(.runtimeArgument))
            #expect(desk.messages.joined().contains(words), "\(desk.messages)")
            #expect(desk.run("read \"\(path)\" as: .table limit: 1") == .finished)
        }
    }

    @Test(arguments: [
        ("txt", "no bars", "input||chain #### answer"), ("jsonl", "[1", "an object, such as {\"question\""),
        ("csv", "question,answer\n1", "a row with a field for each column"),
    ])
    func `what a line should have been is told in the form of the file`(
        _ ending: String, _ text: String, _ form: String
    ) throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "d." + ending).path
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let desk = Desk()
            #expect(desk.run("read \"\(path)\"") == .failed(.fileMalformed))
            #expect(desk.messages.joined().contains("a line is \(form)"), "\(desk.messages)")
        }
    }
}
