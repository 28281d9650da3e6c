// A headless Chromium, driven by the DevTools protocol over two pipes (messages are JSON, each ended by a NUL).

import Foundation
import Glibc

public final class Chromium {
    public struct Failure: Error, CustomStringConvertible {
        public var description: String

        public init(description: String) { self.description = description }
    }

    private let process = Process()
    private let input: FileHandle
    private let output: FileHandle
    private let folder: URL
    private var buffer = Data()
    private var nextNumber = 0
    private var session: String?
    /// What the page complained about: exceptions, console errors, refused scripts and loads.
    public private(set) var complaints: [String] = []
    /// Addresses that the page asked for, without its own.
    public private(set) var requests: [String] = []

    /// The path of a Chromium on this machine.
    public static let path: String? = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].lazy
        .flatMap { name in
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
        }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    public init(_ path: String) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "icot-chromium-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let toBrowser = folder.appending(path: "in").path
        let fromBrowser = folder.appending(path: "out").path
        guard mkfifo(toBrowser, 0o600) == 0, mkfifo(fromBrowser, 0o600) == 0 else {
            throw Failure(description: "no pipes")
        }
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            "-c",
            "exec \"$0\" --headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --hide-scrollbars --window-size=1000,900 --remote-debugging-pipe --user-data-dir=\"$1/profile\" about:blank 3<\"$1/in\" 4>\"$1/out\" >/dev/null 2>&1",
            path, folder.path,
        ]
        try process.run()
        // Opening for reading and writing does not wait for the other side.
        let reading = Glibc.open(fromBrowser, O_RDWR | O_NONBLOCK)
        let writing = Glibc.open(toBrowser, O_RDWR)
        input = FileHandle(fileDescriptor: writing, closeOnDealloc: true)
        output = FileHandle(fileDescriptor: reading, closeOnDealloc: true)
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: - Pages

    public func open(_ page: URL, dark: Bool = false, scripts: Bool = true, width: Int = 1000, height: Int = 900) throws
    {
        if session == nil {
            let target =
                try call("Target.createTarget", ["url": "about:blank"], inPage: false)["targetId"] as? String ?? ""
            session =
                try call("Target.attachToTarget", ["targetId": target, "flatten": true], inPage: false)["sessionId"]
                as? String
            for domain in ["Page", "Runtime", "Log", "Network"] { _ = try call("\(domain).enable") }
        }
        complaints = []
        requests = []
        _ = try call(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false])
        _ = try call(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]]])
        _ = try call("Emulation.setScriptExecutionDisabled", ["value": !scripts])
        _ = try call("Page.navigate", ["url": page.absoluteString])
        for _ in 0..<100 {
            let state = try call(
                "Runtime.evaluate", ["expression": "document.readyState + location.protocol", "returnByValue": true])
            if (state["result"] as? [String: Any])?["value"] as? String == "completefile:" { return }
            usleep(50_000)
        }
        throw Failure(description: "the page did not load")
    }

    /// The value of an expression in the page.
    public func value(_ expression: String) throws -> String {
        let answer = try call("Runtime.evaluate", ["expression": "String(\(expression))", "returnByValue": true])
        guard let value = (answer["result"] as? [String: Any])?["value"] as? String else {
            throw Failure(description: "\(expression): \(answer)")
        }
        return value
    }

    /// Moves the mouse to the middle of an element, or a share of its width, and clicks.
    public func click(_ selector: String, at share: Double = 0.5) throws {
        let element = "document.querySelector('\(selector)')"
        _ = try value("\(element).scrollIntoView({block: 'center'})")
        let box = try value("JSON.stringify(\(element).getBoundingClientRect())")
        let rectangle = try JSONSerialization.jsonObject(with: Data(box.utf8)) as? [String: Double] ?? [:]
        guard let left = rectangle["x"], let top = rectangle["y"], let width = rectangle["width"],
            let height = rectangle["height"]
        else { throw Failure(description: "no place for \(selector)") }
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            _ = try call(
                "Input.dispatchMouseEvent",
                ["type": kind, "x": left + width * share, "y": top + height / 2, "button": "left", "clickCount": 1])
        }
    }

    /// Types on the element that has the focus: text, or keys by their names.
    public func type(_ text: String) throws {
        _ = try call("Input.insertText", ["text": text])
    }

    /// Presses a key that writes nothing, such as `ArrowRight`, `Tab` or `Enter`.
    public func press(_ key: String) throws {
        let codes = [
            "Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
        ]
        var parameters: [String: Any] = ["key": key, "code": key, "windowsVirtualKeyCode": codes[key] ?? 0]
        if key == "Enter" { parameters["text"] = "\r" }
        for kind in ["keyDown", "keyUp"] {
            parameters["type"] = kind
            _ = try call("Input.dispatchKeyEvent", parameters)
        }
    }

    /// What a screen reader is told of the page: role and name of everything that is not ignored.
    public func accessibility() throws -> [(role: String, name: String)] {
        let answer = try call("Accessibility.getFullAXTree")
        return (answer["nodes"] as? [[String: Any]] ?? []).compactMap { node in
            guard node["ignored"] as? Bool != true,
                let role = (node["role"] as? [String: Any])?["value"] as? String
            else { return nil }
            return (role, (node["name"] as? [String: Any])?["value"] as? String ?? "")
        }
    }

    /// The whole page as PNG.
    public func screenshot() throws -> Data {
        let answer = try call("Page.captureScreenshot", ["format": "png", "captureBeyondViewport": true])
        guard let data = (answer["data"] as? String).flatMap({ Data(base64Encoded: $0) }) else {
            throw Failure(description: "no picture")
        }
        return data
    }

    // MARK: - Messages

    private func call(_ method: String, _ parameters: [String: Any] = [:], inPage: Bool = true) throws -> [String: Any]
    {
        nextNumber += 1
        var message: [String: Any] = ["id": nextNumber, "method": method, "params": parameters]
        if inPage { message["sessionId"] = session }
        try input.write(contentsOf: JSONSerialization.data(withJSONObject: message) + [0])
        let end = Date().addingTimeInterval(60)
        while Date() < end {
            guard let answer = try next(before: end) else { continue }
            if answer["id"] as? Int == nextNumber {
                if let error = answer["error"] { throw Failure(description: "\(method): \(error)") }
                return answer["result"] as? [String: Any] ?? [:]
            }
            note(answer)
        }
        throw Failure(description: "\(method): no answer")
    }

    private func note(_ event: [String: Any]) {
        let parameters = event["params"] as? [String: Any] ?? [:]
        switch event["method"] as? String {
        case "Runtime.exceptionThrown", "Log.entryAdded": complaints.append("\(parameters)")
        case "Network.requestWillBeSent":
            let address = ((parameters["request"] as? [String: Any])?["url"] as? String) ?? ""
            if parameters["type"] as? String != "Document", !address.hasPrefix("data:") { requests.append(address) }
        default: break
        }
    }

    private func next(before end: Date) throws -> [String: Any]? {
        while Date() < end {
            if let place = buffer.firstIndex(of: 0) {
                let message = buffer[buffer.startIndex..<place]
                buffer = Data(buffer[(place + 1)...])
                return try JSONSerialization.jsonObject(with: message) as? [String: Any]
            }
            var watched = pollfd(fd: output.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&watched, 1, 1000) > 0 else {
                if !process.isRunning { throw Failure(description: "Chromium ended") }
                continue
            }
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(output.fileDescriptor, &bytes, bytes.count)
            if count > 0 { buffer += bytes[..<count] }
        }
        return nil
    }
}
