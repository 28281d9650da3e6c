// The client against a server that somebody else wrote: llama.cpp with a small random model of one token a character,
// on this machine (`Tests/TestSupport/llama_server.py`).

import Foundation
import Support
import TestSupport
import Testing

@testable import Prompting

private let isHere =
    Programs.hasLibrary("libcurl.so.4") && Programs.pythonHas("xllamacpp")

@Suite(.enabled(if: isHere, "libcurl, or xllamacpp from PyPI, is not installed (sh .ci/setup --tests)"))
struct RealServerTests {
    /// Calls `body` with the address of a server that runs meanwhile.
    private func withServer(key: String? = nil, _ body: (ServerAddress) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            let script = packageFolder.appending(path: "Tests/TestSupport/llama_server.py").path
            process.arguments = [Programs.python, script, folder.path, "0"] + (key.map { [$0] } ?? [])
            let (input, output) = (Pipe(), Pipe())
            process.standardInput = input
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            defer {
                try? input.fileHandleForWriting.close()
                process.waitUntilExit()
            }
            var line = ""
            while !line.contains("\n"), let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
                line += String(decoding: byte, as: UTF8.self)
            }
            try body(ServerAddress(line.trimmingCharacters(in: .whitespacesAndNewlines)))
        }
    }

    private func server(_ address: ServerAddress, key: String? = nil) throws -> Server {
        let key = try ServerKey(for: address) { ["OPENAI_API_KEY": key, "OPENAI_BASE_URL": address.text][$0] ?? nil }
        return try Server(address, key: key, seconds: 60, tries: 3)
    }

    private let prompt = "Question: 2 1 * 4 3\nAnswer: 8 0 4 0\nQuestion: 5 6 * 7 4\nAnswer:"

    @Test func `a question is answered within its limit, counted, and answered the same again`() throws {
        try withServer { address in
            let server = try server(address)
            for interface in ServerQuestion.Interface.allCases {
                let question = ServerQuestion(to: address, interface, model: "random", prompt: prompt, most: 24)
                let answer = try server.answer(question, Interrupt())
                // A token is a character.
                #expect(answer.read == prompt.count && answer.model == "random")
                #expect((1...24).contains(answer.written ?? 0) && !answer.text.isEmpty)
                if answer.end == "length" { #expect(answer.text.count == 24) }
                #expect(try server.answer(question, Interrupt()) == answer)
            }
        }
    }

    @Test func `a key lets in, and without it or with a wrong one that is said`() throws {
        try withServer(key: "sk-right") { address in
            let question = ServerQuestion(to: address, .chat, model: "random", prompt: "1", most: 2)
            let answer = try server(address, key: "sk-right").answer(question, Interrupt())
            #expect(answer.read == 1)
            for key in ["sk-wrong", nil] {
                let fault = #expect(throws: ServerFault.self) {
                    try server(address, key: key).answer(question, Interrupt())
                }
                #expect(
                    fault == .keyRefused(address, status: 401, wasSent: key != nil, says: "Invalid API Key"))
            }
        }
    }

    @Test func `a wrong path, a question that is too long and one of nothing are answered in one sentence`() throws {
        try withServer { address in
            let elsewhere = try ServerAddress(address.origin + "/v7")
            let lost = ServerQuestion(to: elsewhere, .chat, model: "random", prompt: "1", most: 2)
            let fault = #expect(throws: ServerFault.self) { try server(elsewhere).answer(lost, Interrupt()) }
            #expect(fault == .nothingThere(elsewhere, says: "File Not Found"))
            let long = ServerQuestion(
                to: address, .chat, model: "random", prompt: String(repeating: "1 ", count: 4000), most: 2)
            let other = #expect(throws: ServerFault.self) { try server(address).answer(long, Interrupt()) }
            guard case .refused(_, status: 400, says: .some) = other else {
                Issue.record("\(String(describing: other))")
                return
            }
        }
    }
}
