import Foundation

/// Programs and libraries of the system that some tests look at icot with; `sh .ci/setup --tests` installs them all.
public enum Programs {
    public static let python = ProcessInfo.processInfo.environment["ICOT_PYTHON"] ?? "python3"

    /// A Python that can import these modules (`ICOT_PYTHON` names another than `python3`).
    public static func pythonHas(_ modules: String) -> Bool { succeeds([python, "-c", "import \(modules)"]) }

    /// Whether the linker of the system knows a library of this name.
    public static func hasLibrary(_ name: String) -> Bool { succeeds(["sh", "-c", "ldconfig -p | grep -q '\(name)'"]) }

    /// Whether these programs are there, those for the administrator included.
    public static func has(_ programs: String...) -> Bool {
        programs.allSatisfy { succeeds(["sh", "-c", "PATH=$PATH:/usr/sbin:/sbin command -v \($0)"]) }
    }

    /// Whether a line of the shell succeeds.
    public static func succeed(_ line: String) -> Bool { succeeds(["sh", "-c", line]) }

    /// Why a test is skipped that needs something of the system.
    public static func reason(_ what: String) -> String { "\(what) is not installed (sh .ci/setup --tests)" }

    private static func succeeds(_ command: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

/// The executable that was built together with these tests, or another build of it that `ICOT_EXECUTABLE` names.
public let icotExecutable: String = {
    if let other = ProcessInfo.processInfo.environment["ICOT_EXECUTABLE"] { return other }
    let runner =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    let arguments = [runner, CommandLine.arguments[0]]
    for path in arguments {
        let candidate = URL(filePath: path).deletingLastPathComponent().appending(path: "icot").path
        if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    return "icot"
}()
