// What is wrong with a connection file, in words.

import Testing

@testable import Jupyter

@Suite struct ConnectionRuleTests {
    private static let ports = #""shell_port":1,"iopub_port":2,"stdin_port":3,"control_port":4,"hb_port":5"#

    @Test(arguments: [
        ("{}", "has no ip"), (#"{"ip":5}"#, "has no ip"), (#"{"ip":"a"}"#, "has no shell_port"),
        (#"{"ip":"a","shell_port":1}"#, "has no iopub_port"),
        (#"{"ip":"a","transport":"udp"}"#, "asks for the transport 'udp'; icot knows tcp and ipc"),
        (
            #"{"ip":"a","key":"k","signature_scheme":"hmac-md5"}"#,
            "asks for signatures by 'hmac-md5'; icot knows hmac-sha256"
        ),
    ])
    func `the first thing that is wrong is told`(_ text: String, _ fault: String) {
        let error = #expect(throws: ConnectionFile.Failure.self) {
            try ConnectionFile(bytes: Array(text.utf8), name: "c.json")
        }
        #expect(error?.description == "the connection file 'c.json' \(fault)")
    }

    @Test func `what is no JSON is told with its place, and a missing file by its name`() {
        let error = #expect(throws: ConnectionFile.Failure.self) {
            try ConnectionFile(bytes: Array(#"{"ip" 5}"#.utf8), name: "c.json")
        }
        #expect(error?.description.hasPrefix("the connection file 'c.json' is not JSON: ") == true)
        #expect(error?.description.hasSuffix(" at byte 6") == true)
        let missing = #expect(throws: ConnectionFile.Failure.self) { try ConnectionFile(path: "/nowhere/c.json") }
        #expect(missing?.description == "the connection file '/nowhere/c.json' does not exist")
    }

    @Test func `the transport is tcp where nothing is said, and no key is an empty one`() throws {
        let file = try ConnectionFile(bytes: Array("{\"ip\":\"h\",\(Self.ports)}".utf8), name: "c")
        #expect(file.transport == "tcp" && file.key == "" && file.host == "h")
        for (channel, port) in [("shell", 1), ("iopub", 2), ("stdin", 3), ("control", 4), ("hb", 5)] {
            #expect(file.address(of: channel) == "tcp://h:\(port)")
        }
    }
}
