import Foundation
import Support
import TestSupport
import Testing

@testable import Checkpoints

// Where a model's name leads: the layout of the Hugging Face cache, as its documentation tells it.

@Suite struct LocatorTests {
    private static let revision = "0123456789abcdef0123456789abcdef01234567"

    /// Puts a model into a cache and returns its snapshot's folder.
    @discardableResult
    private func put(_ name: String, in cache: String, revision: String = Self.revision) throws -> String {
        let model = cache + "/models--" + name.split(separator: "/").joined(separator: "--")
        try FileSystem.makeFolder(model + "/refs")
        try writeFileAtomically(model + "/refs/main", Array("\(revision)\n".utf8))
        try FileSystem.makeFolder(model + "/snapshots/" + revision)
        return model + "/snapshots/" + revision
    }

    private func folder(_ name: String, _ variables: [String: String]) throws -> String {
        try CheckpointLocator { variables[$0] }.folder(name)
    }

    @Test func `the cache is the first of the places that are named, in the hub's order`() throws {
        try withTemporaryFolder { root in
            let places = [
                ("HF_HUB_CACHE", "/a", ""), ("HUGGINGFACE_HUB_CACHE", "/b", ""), ("HF_HOME", "/c", "/hub"),
                ("XDG_CACHE_HOME", "/d", "/huggingface/hub"), ("HOME", "/e", "/.cache/huggingface/hub"),
            ]
            var expected: [String] = []
            for (_, place, inner) in places { expected.append(try put("o/m", in: root.path + place + inner)) }
            for first in places.indices {
                let variables = Dictionary(
                    uniqueKeysWithValues: places[first...].map { ($0.0, root.path + $0.1) })
                #expect(try folder("o/m", variables) == expected[first], "\(places[first].0)")
            }
            #expect(try folder("o/m", ["HF_HOME": "", "HOME": root.path + "/e"]).hasPrefix(root.path + "/e"))
            #expect(throws: FileError.self) { try folder("o/m", [:]) }
            // Not in a cache that is named: the others are not looked at.
            #expect(throws: FileError.self) {
                try folder("o/m", ["HF_HUB_CACHE": root.path, "HOME": root.path + "/e"])
            }
        }
    }

    @Test func `GPT-2 is found under the name that the hub gave it, and under its old one`() throws {
        try withTemporaryFolder { root in
            let old = try put("gpt2", in: root.path)
            #expect(try folder("gpt2", ["HF_HUB_CACHE": root.path]) == old)
            let new = try put("openai-community/gpt2", in: root.path)
            #expect(try folder("gpt2", ["HF_HUB_CACHE": root.path]) == new)
            let other = try put("distilbert/distilgpt2", in: root.path)
            #expect(try folder("distilgpt2", ["HF_HUB_CACHE": root.path]) == other)
        }
    }

    @Test(arguments: ["0123456789abcdef0123456789abcdef0123456", String(repeating: "g", count: 40), ""])
    func `a revision is forty hexadecimal digits`(_ revision: String) throws {
        try withTemporaryFolder { root in
            try put("o/m", in: root.path, revision: revision)
            #expect(throws: FileError.self) { try folder("o/m", ["HF_HUB_CACHE": root.path]) }
        }
    }

    @Test(arguments: [
        ".hidden", "o/.m", "a/b/c", "o//m", "o/m\u{e9}", "o/a..b", "o m", "/nowhere/m",
        "o/\(String(repeating: "x", count: 97))",
    ])
    func `what the hub allows for no name is taken for a path`(_ name: String) throws {
        try withTemporaryFolder { root in
            // Also where something of that name lies in the cache.
            _ = try? put(name, in: root.path)
            #expect(throws: FileError(.missing, name, "is not a folder")) {
                try folder(name, ["HF_HUB_CACHE": root.path])
            }
        }
    }

    @Test func `a path is a folder, ~ is the home, and a file is said to be one`() throws {
        try withTemporaryFolder { root in
            try FileSystem.makeFolder(root.path + "/m")
            try writeFileAtomically(root.path + "/m/config.json", [])
            #expect(try folder(root.path + "/m/", [:]) == root.path + "/m")
            #expect(try folder("~/m", ["HOME": root.path]) == root.path + "/m")
            let file = root.path + "/m/config.json"
            let fault = FileError(
                .unsupported, file, "is a file; a checkpoint is the folder it is in",
                help: "load \"\(root.path)/m\"")
            #expect(throws: fault) { try folder(file, [:]) }
        }
    }
}
