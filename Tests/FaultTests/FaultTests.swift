// A kept run under faults: the real program, whose n-th change of a file is the last thing it does, or fails, for every
// n. Whatever happens, the run that is opened afterwards is in a state that it was in, whole, and goes on to the same
// bits.
//
// Every day a part of the calls is tried; with ICOT_FAULTS=all every one of them (`.ci/nightly`).

import Foundation
import TestSupport
import Testing

private let clang = "clang"

@Suite(.enabled(if: Programs.has(clang), Comment(rawValue: Programs.reason(clang))))
struct FaultTests {
    private static let commands = [
        "train steps: 2", "step", "train steps: 2", "mark \"here\"", "step", "back 2", "branch \"other\"",
        "train steps: 1", "schedule smoothing: 2",
    ]
    private static let showState = "print \"state {hash r} {r.removed} {r.steps}\""
    private static let isWhole = ProcessInfo.processInfo.environment["ICOT_FAULTS"] == "all"

    private struct Ended {
        var status: Int32
        var output: String
        var error: String

        var states: [String] { output.split(separator: "\n").filter { $0.hasPrefix("state ") }.map(String.init) }
    }

    /// The program with some variables, in a folder.
    private static func icot(
        _ statements: [String], in folder: URL, _ variables: [String: String] = [:]
    ) throws -> Ended {
        let process = Process()
        process.executableURL = URL(filePath: icotExecutable)
        process.arguments = statements.flatMap { ["-c", $0] } + ["--threads", "1"]
        process.currentDirectoryURL = folder
        process.environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin"].merging(variables) { $1 }
        let (output, error) = (folder.appending(path: "out"), folder.appending(path: "err"))
        for file in [output, error] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: error)
        try process.run()
        process.waitUntilExit()
        let status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return Ended(
            status: status, output: try String(contentsOf: output, encoding: .utf8),
            error: try String(contentsOf: error, encoding: .utf8))
    }

    /// A folder with a run that has just begun, the library of faults, and the states of a process that is left alone.
    private static func prepared(_ body: (_ folder: URL, _ library: String, _ states: [String]) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let library = folder.path + "/faults.so"
            let compile = Process()
            compile.executableURL = URL(filePath: "/usr/bin/env")
            compile.arguments = [clang, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]
            try compile.run()
            compile.waitUntilExit()
            try #require(compile.terminationStatus == 0)
            let begin = """
                let data = gen .parity digits: 4 n: 60 seed: 1
                let r = start (model .gpt2 width: 8 heads: 2 layers: 1 positions: 16 dropout: 0.1) on: data batch: 8
                save_run "start"
                """
            let begun = try icot([begin], in: folder)
            try #require(begun.status == 0, "\(begun.error)")
            try copyStart(folder)
            let alone = try icot(
                ["let r = resume \"run\"", showState] + commands.flatMap { [$0, showState] }, in: folder)
            try #require(alone.status == 0, "\(alone.error)")
            try body(folder, library, alone.states)
        }
    }

    private static let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "faults.c").path

    private static func copyStart(_ folder: URL) throws {
        let run = folder.appending(path: "run")
        try? FileManager.default.removeItem(at: run)
        try FileManager.default.copyItem(at: folder.appending(path: "start"), to: run)
    }

    /// Opens the run as it was left, and goes on with it from the command that it has come to.
    private static func expectWhole(_ folder: URL, _ states: [String], _ what: String) throws {
        let after = try icot(["let r = resume \"run\" hold: false", showState], in: folder)
        #expect(after.status == 0, "\(what): \(after.error)")
        let state = try #require(after.states.first)
        #expect(states.contains(state), "\(what)")
        // Two commands may come to the same state; the last of them leaves the rest to be done.
        guard let place = states.lastIndex(of: state), place < commands.count else { return }
        let rest = try icot(
            ["let r = resume \"run\""] + commands[place...] + [showState], in: folder)
        #expect(rest.status == 0 && rest.states.last == states.last, "\(what), gone on from \(place): \(rest.error)")
        let leftovers = try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/run")
            .filter { $0.contains(".tmp-") }
        #expect(leftovers == [], "\(what)")
    }

    @Test(arguments: ["kill", "power", "torn", "enospc", "eio", "short"])
    func `whichever change of a file is the last, fails or is cut short, the run is whole and goes on to the same bits`(
        _ kind: String
    ) throws {
        try Self.prepared { folder, library, states in
            let work = ["let r = resume \"run\""] + Self.commands
            let report = folder.path + "/count"
            func run(_ number: Int) throws -> Ended {
                try Self.copyStart(folder)
                return try Self.icot(
                    work, in: folder,
                    ["LD_PRELOAD": library, "FAULT_AT": "\(number)", "FAULT_KIND": kind, "FAULT_REPORT": report])
            }
            #expect(try run(0).status == 0)
            let count = try #require(
                Int(try String(contentsOfFile: report, encoding: .utf8).filter(\.isNumber)))
            #expect(count > 100)
            // A part of them that falls everywhere, another for each kind.
            let stride = Self.isWhole ? 1 : count / 9
            for number in Swift.stride(from: 1 + kind.utf8.count % max(stride, 1), through: count, by: stride) {
                let ended = try run(number)
                #expect(
                    ["kill", "power", "torn"].contains(kind)
                        ? ended.status == 128 + SIGKILL : [0, 2].contains(ended.status),
                    "\(kind) \(number): \(ended.status) \(ended.error)")
                if ended.status == 2 { #expect(!ended.error.isEmpty) }
                try Self.expectWhole(folder, states, "\(kind) at call \(number) of \(count)")
            }
        }
    }

    @Test func `on whichever byte the disk is full, the run is whole, and with room again goes on`() throws {
        try Self.prepared { folder, library, states in
            let limits =
                Self.isWhole
                ? Array(stride(from: 0, to: 120_000, by: 511))
                : [0, 1, 100, 1000, 4095, 4096, 4097, 9000, 20_000, 60_000]
            for limit in limits {
                try Self.copyStart(folder)
                let ended = try Self.icot(
                    ["let r = resume \"run\""] + Self.commands, in: folder,
                    ["LD_PRELOAD": library, "FAULT_BYTES": "\(limit)"])
                #expect([0, 2].contains(ended.status), "\(limit) bytes: \(ended.status) \(ended.error)")
                #expect(!ended.error.contains("start the run anew"), "\(limit) bytes")
                try Self.expectWhole(folder, states, "\(limit) bytes")
            }
        }
    }
}
