// The kernel through Jupyter's own test suite, where that is installed.

import Foundation
import TestSupport
import Testing

@Suite struct KernelTests {
    /// A Python that has the suite: `ICOT_PYTHON`, or `python3`.
    private var python: String? {
        let candidates = [ProcessInfo.processInfo.environment["ICOT_PYTHON"], "python3"].compactMap { $0 }
        return candidates.first { candidate in
            (try? run(candidate, ["-c", "import jupyter_kernel_test, zmq"]))?.status == 0
        }
    }

    private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test func `Jupyter's kernel tests pass with no sample left out`() throws {
        guard let python else {
            print(
                "note: skipped, there is no Python with jupyter_kernel_test (pip install jupyter_kernel_test jupyter_client)"
            )
            return
        }
        let connection = try shell("icot kernel run /nowhere.json")
        #expect(connection.status == 2)
        let (status, text) = try run(
            python, [packageFolder.appending(path: "Tests/JupyterKernel/kernel_test.py").path, icotExecutable])
        if text.contains("libzmq5") {
            print("note: skipped, libzmq is not installed (apt-get install libzmq5)")
            return
        }
        #expect(status == 0, "\(text)")
        #expect(!text.contains("skipped"), "\(text)")
    }
}
