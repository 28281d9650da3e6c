import Foundation
import Testing
import TestSupport

/// The notebooks of the project, each replayed by the real program in a folder of its own. Those that train for a minute or
/// more are replayed by `.ci/run`, in release.
@Suite struct LessonTests {
    private static let long: Set<String> = ["ablations.icot", "inside_multiplication.icot", "multiplication.icot"]

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

    @Test(arguments: names)
    func `a notebook replays to its end`(_ name: String) throws {
        let (status, output) = try Self.replay(name)
        #expect(status == 0, "\(name):\n\(output.suffix(2000))")
    }

    @Test func `with --json the tour ends in one object with what came out`() throws {
        let (status, output) = try Self.replay("tour.icot", ["--json"])
        #expect(status == 0)
        let last = output.split(separator: "\n").last.map(String.init) ?? ""
        let object = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Double] ?? [:]
        #expect((object["explicit"] ?? 0) >= 0.99, "\(last)")
        #expect((object["implicit"] ?? 0) >= 0.95, "\(last)")
        #expect((object["no_cot"] ?? 1) <= 0.65, "\(last)")
        #expect((object["seconds"] ?? 0) > 0)
    }

    private static func replay(_ name: String, _ options: [String] = []) throws -> (status: Int32, output: String) {
        try withTemporaryFolder { folder in
            let notebooks = folder.appending(path: "notebooks")
            try FileManager.default.copyItem(at: packageFolder.appending(path: "notebooks"), to: notebooks)
            let process = Process()
            process.executableURL = URL(filePath: icotExecutable)
            process.arguments = options + ["notebooks/\(name)", "--trust"]
            process.environment = ProcessInfo.processInfo.environment.merging(["XDG_STATE_HOME": folder.path]) { $1 }
            process.currentDirectoryURL = folder
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = options.isEmpty ? pipe : FileHandle.nullDevice
            try process.run()
            let data = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: data, as: UTF8.self))
        }
    }
}
