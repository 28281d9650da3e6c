// A sweep: one notebook replayed with many sets of parameters, each in a process of its own. On disk, whole:
//
//   sweep.json               what is to be done; written before the first point starts and when points are added
//     {"format": 1, "icot": "0.1.0",
//      "notebook": path as it was given,  "code": hash of its code and of what it imports (see EffectsReport.codeHash),
//      "parameters": names in the order of the notebook,  "varied": those that a grid named,
//      "defaults": the notebook's own literals,
//      "points": [{"name": "seed=1,lambda=4", "values": [{"literal": "1", "value": 1}, …]}, …]}
//                            points in the order in which they were asked for, each with a value for every parameter
//   notebook.icot            the notebook as it was then; points run this copy, so that it can be edited meanwhile
//   sweep.lock, owner.lock   who is working on it (see `FolderLock`)
//   points/NAME/             a folder for each point that was begun (see `PointName`), where it runs:
//     log                    what its process printed, of the last attempt
//     point.lock             held by its process
//     notebook.icot          the notebook with its values and what it showed
//     result.json            how it ended (see `PointResult`); written last, so a point without it is not done
//     …                      whatever the notebook wrote; links to what it read (see `PointInputs`)
//
// Names that end in `.lock` are no part of what a folder holds where a notebook pins it.

import Support

/// A value of a parameter.
public struct SweepValue: Equatable, Sendable {
    /// As it stands in the text of the notebook.
    public var literal: String
    /// The same for tables: a number, text, boolean or null.
    public var json: JSONValue

    public init(literal: String, json: JSONValue) {
        self.literal = literal
        self.json = json
    }

    /// The same for values that mean the same to a notebook: 0.001 and 1e-3 do, 1 and 1.0 do not.
    var meaning: String {
        guard case .number(let number) = json else { return literal }
        return number.integer.map { "whole \($0)" } ?? "real \(number.double)"
    }
}

/// One set of parameters.
public struct SweepPoint: Equatable, Sendable {
    /// What its folder is called.
    public var name: String
    /// One for each parameter of the sweep.
    public var values: [SweepValue]
}

public struct Sweep: Equatable, Sendable {
    public static let format = 1

    /// The version of the program that began it.
    public var icot: String
    public var notebook: String
    public var code: String
    public var parameters: [String]
    public var varied: [String]
    public var defaults: [String]
    public var points: [SweepPoint]

    /// Without points.
    public init(icot: String, notebook: String, code: String, parameters: [(name: String, value: SweepValue)]) {
        self.icot = icot
        self.notebook = notebook
        self.code = code
        self.parameters = parameters.map(\.name)
        varied = []
        defaults = parameters.map(\.value.literal)
        points = []
    }

    /// The literals of a point that differ from the notebook's own.
    public func changes(of point: SweepPoint) -> [(name: String, value: String)] {
        parameters.indices.compactMap { place in
            let literal = point.values[place].literal
            return literal == defaults[place] ? nil : (parameters[place], literal)
        }
    }

    /// The points ordered by their values: parameter by parameter, numbers by size, then texts.
    public var sortedPoints: [SweepPoint] {
        points.sorted { a, b in
            for (x, y) in zip(a.values, b.values) {
                if Sweep.precedes(x, y) { return true }
                if Sweep.precedes(y, x) { return false }
            }
            return false
        }
    }

    private static func precedes(_ a: SweepValue, _ b: SweepValue) -> Bool {
        switch (a.json.double, b.json.double) {
        case (let x?, let y?) where x != y: x < y
        case (.some, nil): true
        case (nil, .some): false
        default: a.literal.utf8.lexicographicallyPrecedes(b.literal.utf8)
        }
    }
}

// MARK: - On disk

extension Sweep {
    public static let fileName = "sweep.json"
    public static let notebookName = "notebook.icot"

    /// The folder of a point.
    public static func folder(of point: String, in path: String) -> String { "\(path)/points/\(point)" }

    /// - Throws: `SweepFault`, `FileError`.
    public static func read(_ path: String) throws -> Sweep {
        let file = path + "/" + fileName
        guard FileSystem.exists(file) else { throw SweepFault.notASweep(path: path) }
        let json = try JSONReader.readFile(file, limit: 1 << 26)
        guard let found = json["format"]?.integer else { throw SweepFault.malformed(path: file, what: "format") }
        guard found == format else { throw SweepFault.version(path: path, found: found, known: format) }
        func text(_ name: String) throws -> String {
            guard let text = json[name]?.string else { throw SweepFault.malformed(path: file, what: name) }
            return text
        }
        func texts(_ name: String) throws -> [String] {
            guard let array = json[name]?.array else { throw SweepFault.malformed(path: file, what: name) }
            let texts = array.compactMap(\.string)
            guard texts.count == array.count else { throw SweepFault.malformed(path: file, what: name) }
            return texts
        }
        let parameters = try texts("parameters")
        var sweep = Sweep(
            icot: try text("icot"), notebook: try text("notebook"), code: try text("code"), parameters: [])
        (sweep.parameters, sweep.varied, sweep.defaults) = (parameters, try texts("varied"), try texts("defaults"))
        guard sweep.defaults.count == parameters.count else {
            throw SweepFault.malformed(path: file, what: "defaults")
        }
        sweep.points = try (json["points"]?.array ?? []).map { point in
            let values = (point["values"]?.array ?? []).compactMap { value -> SweepValue? in
                guard let literal = value["literal"]?.string, let json = value["value"] else { return nil }
                return SweepValue(literal: literal, json: json)
            }
            guard let name = point["name"]?.string, values.count == parameters.count, PointName.isSafe(name) else {
                throw SweepFault.malformed(path: file, what: "points")
            }
            return SweepPoint(name: name, values: values)
        }
        return sweep
    }

    /// - Throws: `FileError`.
    func write(to path: String) throws {
        let points = points.map { point -> JSONValue in
            [
                "name": .string(point.name),
                "values": .array(point.values.map { ["literal": .string($0.literal), "value": $0.json] }),
            ]
        }
        func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        let json: JSONValue = [
            "format": JSONValue(Sweep.format), "icot": .string(icot), "notebook": .string(notebook),
            "code": .string(code), "parameters": texts(parameters), "varied": texts(varied),
            "defaults": texts(defaults), "points": .array(points),
        ]
        try writeFileAtomically(path + "/" + Sweep.fileName, (JSONWriter.text(json) + "\n").utf8)
    }
}
