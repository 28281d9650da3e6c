import Foundation
import Support
import TestSupport
import Testing

@Suite struct ByteStreamTests {
    private func read(_ path: String, _ interrupt: Interrupt = Interrupt()) throws -> String {
        String(decoding: try readBytes(path, interrupt: interrupt), as: UTF8.self)
    }

    private func count(_ path: String) throws -> Int? {
        let stream = try ByteStream(path)
        return stream.count
    }

    @Test func `a pipe that nobody writes to is given up when a stop is asked for`() throws {
        try withTemporaryFolder { folder in
            let pipe = folder.path + "/pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            let interrupt = Interrupt()
            Thread.detachNewThread {
                usleep(100_000)
                interrupt.request()
            }
            let stream = try ByteStream(pipe)
            var byte: UInt8 = 0
            #expect(throws: Interrupted()) {
                try withUnsafeMutableBytes(of: &byte) { _ = try stream.read(into: $0, interrupt) }
            }
        }
    }

    @Test func `a pipe is read to the end, however late its writer comes`() throws {
        try withTemporaryFolder { folder in
            let pipe = folder.path + "/pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            Thread.detachNewThread {
                usleep(150_000)
                let file = open(pipe, O_WRONLY)
                for part in ["one ", "two"] {
                    _ = part.withCString { write(file, $0, strlen($0)) }
                    usleep(20_000)
                }
                close(file)
            }
            let text = try read(pipe)
            #expect(text == "one two")
        }
    }

    @Test func `a file says how long it is, a device does not`() throws {
        try withTemporaryFolder { folder in
            let file = folder.path + "/file"
            try Data("twelve bytes".utf8).write(to: URL(fileURLWithPath: file))
            let (known, unknown) = (try count(file), try count("/dev/null"))
            #expect(known == 12 && unknown == nil)
            let texts = (try read(file), try read("/dev/null"))
            #expect(texts == ("twelve bytes", ""))
        }
    }
}
