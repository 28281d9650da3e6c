import Foundation
import Support
import TestSupport
import Testing

@testable import Prompting

@Suite struct RecordedAnswersTests {
    private func question(_ prompt: String = "Q", most: Int = 9, model: String = "m") throws -> ServerQuestion {
        ServerQuestion(to: try ServerAddress("http://host/v1"), .chat, model: model, prompt: prompt, most: most)
    }

    private let answer = ServerAnswer(text: " 8\n\"é\"", end: "stop", model: "m-1", read: 7, written: 2)

    private func withFile(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { try body($0.appending(path: "below/a.jsonl").path) }
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func `an answer is found again by all that was asked, and by nothing else`() throws {
        try withFile { path in
            let kept = try RecordedAnswers(path)
            #expect(try !FileSystem.exists(path) && kept.answer(to: question()) == nil)
            try kept.add(answer, to: question())
            try kept.add(ServerAnswer(text: ""), to: question("R"))
            let again = try RecordedAnswers(path)
            #expect(again.answer(to: try question()) == answer)
            #expect(again.answer(to: try question("R")) == ServerAnswer(text: ""))
            var others = [try question("Q "), try question(most: 8), try question(model: "n")]
            others.append(
                ServerQuestion(to: try ServerAddress("http://host/v2"), .chat, model: "m", prompt: "Q", most: 9))
            others.append(
                ServerQuestion(to: try ServerAddress("http://host/v1"), .completions, model: "m", prompt: "Q", most: 9))
            for other in others { #expect(again.answer(to: other) == nil) }
        }
    }

    @Test func `the file is as its head says: a first line, then one for each answer, with its request and hash`()
        throws
    {
        try withFile { path in
            try RecordedAnswers(path).add(answer, to: question())
            let lines = try text(path).split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count == 3 && lines[2] == "" && lines[0] == #"{"icot":"answers 1"}"#)
            let request = #"{"at":"http://host/v1","interface":"chat","model":"m","prompt":"Q","most":9}"#
            let day = UTCTime.now().prefix(10)
            // printf '%s' '{"at":…}' | sha256sum
            #expect(
                lines[1] == """
                    {"hash":"\(SHA256.hex(request))","asked":"\(day)","request":\(request),\
                    "answer":{"text":" 8\\n\\"é\\"","end":"stop","model":"m-1","read":7,"written":2}}
                    """)
            #expect(SHA256.hex(request) == "fcfda203f0776c8b2501a33a4efb3973cc1e67839faeab8429cebce736942729")
        }
    }

    @Test func `what a crash left of a line is passed over, and taken away before the next one`() throws {
        try withFile { path in
            try RecordedAnswers(path).add(answer, to: question())
            let whole = try text(path)
            for cut in [1, 10, 60] {
                try (whole + whole.dropFirst(21).prefix(cut)).write(toFile: path, atomically: false, encoding: .utf8)
                let again = try RecordedAnswers(path)
                #expect(again.answer(to: try question()) == answer, "\(cut)")
                try again.add(ServerAnswer(text: "r"), to: question("R"))
                #expect(try text(path).split(separator: "\n").count == 3, "\(cut)")
                #expect(try RecordedAnswers(path).answer(to: question("R"))?.text == "r")
            }
            // Cut in its first line.
            try "{\"icot\":\"ans".write(toFile: path, atomically: false, encoding: .utf8)
            try RecordedAnswers(path).add(answer, to: question())
            #expect(try text(path).split(separator: "\n").count == 2)
            #expect(try RecordedAnswers(path).answer(to: question()) == answer)
        }
    }

    @Test func `the first of two answers to one question counts`() throws {
        try withFile { path in
            try RecordedAnswers(path).add(answer, to: question())
            try RecordedAnswers(path).add(ServerAnswer(text: "other"), to: question())
            #expect(try RecordedAnswers(path).answer(to: question()) == answer)
        }
    }

    @Test func `a file that was changed by hand, or is another, is refused and left as it is`() throws {
        try withFile { path in
            try RecordedAnswers(path).add(answer, to: question())
            let whole = try text(path)
            for (from, to, rule) in [
                ("\"Q\"", "\"R\"", "line 2: the request is not the one that the hash is of"),
                ("\"text\":\" 8", "\"txt\":\" 8", "line 2: the answer is none"),
                ("\"read\":7", "\"read\":-7", "line 2: the answer is none"),
                ("\"read\":7", "\"read\":9223372036854775807", "line 2: the answer is none"),
                ("\"hash\"", "\"hush\"", "line 2: hash, request or answer is missing"),
                ("{\"hash\"", "[\"hash\"", "line 2: "),
                ("answers 1", "answers 2", "is no file of recorded answers"),
                (whole, "mine", "is no file of recorded answers"), (whole, "mine\n", "is no file of recorded answers"),
            ] {
                let changed = whole.replacing(from, with: to)
                try changed.write(toFile: path, atomically: false, encoding: .utf8)
                let fault = #expect(throws: FileError.self) { try RecordedAnswers(path) }
                #expect(fault?.rule.hasPrefix(rule) == true, "\(fault?.rule ?? "")")
                #expect(try text(path) == changed)
            }
        }
    }

    @Test func `what is no file is not read`() throws {
        try withFile { path in
            for other in ["/dev/zero", FileSystem.folder(of: FileSystem.folder(of: path))] {
                let fault = #expect(throws: FileError.self) { try RecordedAnswers(other) }
                #expect(fault?.rule == "is no file")
            }
        }
    }

    @Test func `a file that appeared since, a link and a folder are not written to, and one icot writes at a time`()
        throws
    {
        try withFile { path in
            let early = try RecordedAnswers(path)
            try FileManager.default.createDirectory(
                atPath: FileSystem.folder(of: path), withIntermediateDirectories: true)
            try "mine".write(toFile: path, atomically: false, encoding: .utf8)
            #expect(throws: FileError.self) { try early.add(answer, to: question()) }
            #expect(try text(path) == "mine")
            try FileManager.default.removeItem(atPath: path)
            symlink("elsewhere.jsonl", path)
            #expect(throws: FileError.self) { try RecordedAnswers(path).add(answer, to: question()) }
            #expect(!FileSystem.exists(FileSystem.folder(of: path) + "/elsewhere.jsonl"))
            try FileManager.default.removeItem(atPath: path)
            let one = try RecordedAnswers(path), two = try RecordedAnswers(path)
            try one.add(answer, to: question())
            let fault = #expect(throws: FileError.self) { try two.add(answer, to: question("R")) }
            #expect(fault?.rule == "is being written by another icot")
        }
    }
}
