// Where a kernel is to listen: the JSON file that Jupyter writes and names on the kernel's command line.

import Support

public struct ConnectionFile {
    let transport: String
    let host: String
    let key: String
    private let ports: JSONValue

    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    /// Reads the file; throws a `Failure` that names what is wrong with it.
    public init(path: String) throws {
        let bytes: [UInt8]
        do { bytes = try readBytes(path, limit: 1 << 20) } catch {
            throw Failure(description: "the connection file '\(path)' \(error.rule)")
        }
        try self.init(bytes: bytes, name: path)
    }

    init(bytes: [UInt8], name: String) throws {
        func fault(_ text: String) -> Failure { Failure(description: "the connection file '\(name)' \(text)") }
        let json: JSONValue
        do { json = try JSONReader.read(bytes, path: name) } catch {
            throw fault("is not JSON: \(error.rule) at byte \(error.offset ?? 0)")
        }
        guard let host = json["ip"]?.string else { throw fault("has no ip") }
        transport = json["transport"]?.string ?? "tcp"
        guard transport == "tcp" || transport == "ipc" else {
            throw fault("asks for the transport '\(transport)'; icot knows tcp and ipc")
        }
        self.host = host
        key = json["key"]?.string ?? ""
        if !key.isEmpty, let scheme = json["signature_scheme"]?.string, scheme != "hmac-sha256" {
            throw fault("asks for signatures by '\(scheme)'; icot knows hmac-sha256")
        }
        for name in ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"] {
            guard let port = json[name]?.integer, (0...65535).contains(port) else { throw fault("has no \(name)") }
        }
        ports = json
    }

    /// The address of a channel: `shell`, `iopub`, `stdin`, `control` or `hb`.
    func address(of channel: String) -> String {
        let port = ports["\(channel)_port"]?.integer ?? 0
        return transport == "tcp" ? "tcp://\(host):\(port)" : "ipc://\(host)-\(port)"
    }
}
