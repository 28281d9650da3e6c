// The lines in a shell of the README that sweep, as far as they can be checked without training: each lists its points.

import Foundation
import TestSupport
import Testing

@Suite struct ReadmeSweepTests {
    private static let lines: [String] = {
        let text = (try? String(contentsOf: packageFolder.appending(path: "README.md"), encoding: .utf8)) ?? ""
        return text.components(separatedBy: "\n").filter { $0.hasPrefix("icot sweep ") }
    }()

    @Test func `every sweep in the README can be run`() throws {
        #expect(Self.lines.count == 2)
        for line in Self.lines {
            let run = try shell(
                "ln -s '\(packageFolder.appending(path: "notebooks").path)' notebooks; \(line) --dry | tail -1"
                    .replacing(
                        "--dry --dry", with: "--dry"))
            #expect(run.output.hasPrefix("16 of 16 points to run"), "\(line): \(run.output)\(run.error)")
        }
    }
}
