import Foundation
import Testing
import TestSupport

/// The notebooks of the project, each replayed by the real program in a folder of its own. Those that train for a
/// minute or more are replayed by `.ci/run`, in release.
@Suite struct LessonTests {
    private static let long: Set<String> = [
        "ablations.icot", "inside_multiplication.icot", "make_mult2_run.icot", "multiplication.icot",
    ]

    private static var names: [String] {
        let folder = packageFolder.appending(path: "notebooks").path
        return (try? FileManager.default.contentsOfDirectory(atPath: folder))?.filter {
            $0.hasSuffix(".icot") && !long.contains($0)
        }.sorted() ?? []
    }

    @Test func `there are notebooks to replay`() {
        #expect(Self.names.contains("tour.icot"))
        #expect(Self.names.count >= 6)
    }

    /// What decides the last bits of a training, and with them perhaps its number of steps.
    private static let profile = (try? shell("icot -c 'print profile()'"))?.output
        .trimmingCharacters(in: .whitespacesAndNewlines)

    /// The profile that a notebook was recorded under; none where it trains nothing.
    private static func recordedProfile(_ name: String) throws -> String? {
        let text = try String(contentsOf: packageFolder.appending(path: "notebooks/\(name)"), encoding: .utf8)
        return text.split(separator: "\n").first { $0.hasPrefix("# profile: ") }.map { String($0.dropFirst(11)) }
    }

    @Test(arguments: names.filter { $0 != "tour.icot" })
    func `a notebook comes out as it is recorded, to the written digits`(_ name: String) throws {
        let (status, output) = try Self.replay(["replay", "notebooks/\(name)", "--check", "--trust"])
        guard let recorded = try Self.recordedProfile(name), recorded != Self.profile else {
            #expect(status == 0, "\(name):\n\(output.suffix(2000))")
            return
        }
        // Recorded on another kind of machine, what was trained may differ; nothing may fail, and the rest is the same.
        #expect(status <= 1, "\(name):\n\(output.suffix(2000))")
        let last = output.split(separator: "\n").last { $0.contains("statement") } ?? ""
        let counts = last.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
        print("note: \(name) was recorded under '\(recorded)', this is '\(Self.profile ?? "?")': \(last)")
        #expect(try #require(counts.first) > 0)
    }

    @Test func `with --json the tour ends in one object with what came out`() throws {
        let (status, output) = try Self.replay(["--json", "notebooks/tour.icot", "--trust"], mergesErrors: false)
        #expect(status == 0)
        let last = output.split(separator: "\n").last.map(String.init) ?? ""
        let object = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Double] ?? [:]
        #expect((object["explicit"] ?? 0) >= 0.99, "\(last)")
        #expect((object["implicit"] ?? 0) >= 0.95, "\(last)")
        #expect((object["no_cot"] ?? 1) <= 0.65, "\(last)")
        #expect((object["seconds"] ?? 0) > 0)
    }

    private static func replay(
        _ arguments: [String], mergesErrors: Bool = true
    ) throws -> (status: Int32, output: String) {
        try withTemporaryFolder { folder in
            let notebooks = folder.appending(path: "notebooks")
            try FileManager.default.copyItem(at: packageFolder.appending(path: "notebooks"), to: notebooks)
            let process = Process()
            process.executableURL = URL(filePath: icotExecutable)
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment.merging(["XDG_STATE_HOME": folder.path]) { $1 }
            process.currentDirectoryURL = folder
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = mergesErrors ? pipe : FileHandle.nullDevice
            try process.run()
            let data = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: data, as: UTF8.self))
        }
    }
}
