// Where a kernel is to listen: the JSON file that Jupyter writes and names on the kernel's command line.

import Glibc

public struct ConnectionFile {
    let transport: String
    let host: String
    let key: String
    private let ports: JSON

    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    /// Reads the file; throws a `Failure` that names what is wrong with it.
    public init(path: String) throws {
        guard let bytes = Files.read(path) else {
            throw Failure(
                description:
                    "the connection file '\(path)' cannot be read: \(String(cString: strerror(errno)).lowercased())")
        }
        try self.init(bytes: bytes, name: path)
    }

    init(bytes: [UInt8], name: String) throws {
        func fault(_ text: String) -> Failure { Failure(description: "the connection file '\(name)' \(text)") }
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch let error as JSONError {
            throw fault("is not JSON: \(error.message) at byte \(error.offset)")
        }
        guard let host = json["ip"].asText else { throw fault("has no ip") }
        transport = json["transport"].asText ?? "tcp"
        guard transport == "tcp" || transport == "ipc" else {
            throw fault("asks for the transport '\(transport)'; icot knows tcp and ipc")
        }
        self.host = host
        key = json["key"].asText ?? ""
        if !key.isEmpty, let scheme = json["signature_scheme"].asText, scheme != "hmac-sha256" {
            throw fault("asks for signatures by '\(scheme)'; icot knows hmac-sha256")
        }
        for name in ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"] {
            guard let port = json[name].asInteger, (0...65535).contains(port) else { throw fault("has no \(name)") }
        }
        ports = json
    }

    /// The address of a channel: `shell`, `iopub`, `stdin`, `control` or `hb`.
    func address(of channel: String) -> String {
        let port = ports["\(channel)_port"].asInteger ?? 0
        return transport == "tcp" ? "tcp://\(host):\(port)" : "ipc://\(host)-\(port)"
    }
}

enum Files {
    /// A whole file, nil with `errno` set where it cannot be read.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// Writes a file anew through a temporary one beside it; false with `errno` set where that cannot be done.
    static func write(_ text: String, to path: String) -> Bool {
        let temporary = "\(path).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return false }
        let bytes = Array(text.utf8)
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            return false
        }
        return true
    }
}
