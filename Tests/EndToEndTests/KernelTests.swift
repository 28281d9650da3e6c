// The kernel through Jupyter's own test suite, where that is installed.

import Foundation
import TestSupport
import Testing

@Suite struct KernelTests {
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

    @Test(
        .enabled(
            if: Programs.pythonHas("jupyter_kernel_test, zmq"), "\(Programs.reason("Python's jupyter_kernel_test"))"),
        .enabled(if: Programs.hasLibrary("libzmq.so.5"), "\(Programs.reason("libzmq5"))"))
    func `Jupyter's kernel tests pass with no sample left out`() throws {
        let connection = try shell("icot kernel run /nowhere.json")
        #expect(connection.status == 2)
        let (status, text) = try run(
            Programs.python, [packageFolder.appending(path: "Tests/JupyterKernel/kernel_test.py").path, icotExecutable])
        #expect(status == 0, "\(text)")
        #expect(!text.contains("skipped"), "\(text)")
    }
}
