// How a point ended: `result.json` in its folder.
//
//   {"format": 1, "icot": version, "profile": what decides the last bits on that machine,
//    "parameters": {name: value, …}, "state": "done" or "failed",
//    "error": {"code": …, "message": …, "line": …}      of one that failed
//    "seconds": wall time, "peak_bytes": memory at its largest,
//    "value": the final value as JSON, "result": {name: scalar, …}, "times": [names],
//    "run_hash": hash of the run that is current at the end, or null}
//
// THE FINAL VALUE of a point is the last value of the cell that is titled `result`, or, where there is no such cell, of
// the notebook: what `_` would be then. Its scalars (numbers, texts, booleans, none) become columns of the table:
//   a record or anything else with fields   each field; a record in it as outer_inner
//   a table                                 its last row
//   a number, text or boolean               one column, `value`
// Lists, tables and whatever else is inside stay in "value" alone. A field `seconds` is a time, as everywhere: it is
// named in "times", and tables leave it out unless asked, since it differs from run to run.

import Support

public struct PointResult: Equatable, Sendable {
    public struct Failure: Equatable, Sendable {
        public var code: String
        public var message: String
        /// As people count; nil where the error has no place.
        public var line: Int?

        public init(code: String, message: String, line: Int?) {
            (self.code, self.message, self.line) = (code, message, line)
        }
    }

    public var icot: String
    public var profile: String
    public var parameters: JSONObject
    /// nil for a point that is done.
    public var failure: Failure?
    public var seconds: Double
    public var peakBytes: Int
    public var value: JSONValue
    public var result: JSONObject
    public var runHash: String?

    public init(
        icot: String, profile: String, parameters: JSONObject, failure: Failure?, seconds: Double, peakBytes: Int,
        value: JSONValue, runHash: String?
    ) {
        (self.icot, self.profile, self.parameters) = (icot, profile, parameters)
        (self.failure, self.seconds, self.peakBytes) = (failure, seconds, peakBytes)
        (self.value, self.runHash) = (value, runHash)
        result = PointResult.scalars(of: value)
    }

    public static let fileName = "result.json"
    /// A final value whose JSON is longer is kept as its scalars alone.
    private static let valueMax = 1_000_000
    /// What the language takes for a time.
    public static func isTime(_ name: String) -> Bool { name == "seconds" || name.hasSuffix("_seconds") }

    /// The columns that a final value becomes.
    static func scalars(of value: JSONValue) -> JSONObject {
        var result = JSONObject()
        func add(_ name: String, _ value: JSONValue) {
            switch value {
            case .null, .bool, .number, .string: result[name] = value
            case .object(let object): for member in object.members { add("\(name)_\(member.name)", member.value) }
            case .array: break
            }
        }
        switch value {
        case .null: break
        case .bool, .number, .string: result["value"] = value
        case .object(let object): for member in object.members { add(member.name, member.value) }
        case .array(let rows):
            for member in rows.last?.object?.members ?? [] { add(member.name, member.value) }
        }
        return result
    }

    // MARK: On disk

    /// What stands in a point's folder; nil where there is no result, or one that cannot be read.
    public static func read(_ folder: String) -> PointResult? {
        guard let json = try? JSONReader.readFile(folder + "/" + fileName, limit: 1 << 26),
            json["format"]?.integer == 1,
            let state = json["state"]?.string, let parameters = json["parameters"]?.object
        else { return nil }
        var failure: Failure?
        if state != "done" {
            failure = Failure(
                code: json["error"]?["code"]?.string ?? "", message: json["error"]?["message"]?.string ?? "",
                line: json["error"]?["line"]?.integer)
        }
        var point = PointResult(
            icot: json["icot"]?.string ?? "", profile: json["profile"]?.string ?? "", parameters: parameters,
            failure: failure, seconds: json["seconds"]?.double ?? 0, peakBytes: json["peak_bytes"]?.integer ?? 0,
            value: json["value"] ?? .null, runHash: json["run_hash"]?.string)
        if let result = json["result"]?.object { point.result = result }
        return point
    }

    /// - Throws: `FileError`.
    public func write(to folder: String) throws {
        var json = JSONObject([
            .init("format", 1), .init("icot", .string(icot)), .init("profile", .string(profile)),
            .init("parameters", .object(parameters)), .init("state", failure == nil ? "done" : "failed"),
        ])
        if let failure {
            json["error"] = [
                "code": .string(failure.code), "message": .string(failure.message),
                "line": failure.line.map { JSONValue($0) } ?? .null,
            ]
        }
        json["seconds"] = JSONValue(seconds)
        json["peak_bytes"] = JSONValue(peakBytes)
        json["value"] = JSONWriter.text(value, .compact).utf8.count > PointResult.valueMax ? .null : value
        json["result"] = .object(result)
        json["times"] = .array(result.members.map(\.name).filter(PointResult.isTime).map { .string($0) })
        json["run_hash"] = runHash.map { .string($0) } ?? .null
        try writeFileAtomically(folder + "/" + PointResult.fileName, (JSONWriter.text(.object(json)) + "\n").utf8)
    }
}
