// A sweep as one table: a row for each point, ordered by the parameters and not by who finished first.
//
//   the varied parameters, in the order of the notebook
//   the scalars of the final values (see `PointResult`), in the order in which points first have them; a result that is
//   called like a varied parameter is that parameter and left out
//   `state`: done, failed or missing; where it is not done its results are null
//   `run_hash`: of the run that was current at the end, where there is one
//   with times: the times among the results, and `seconds` of each point
//
// The same points give the same table, byte for byte, however often the sweep was killed on the way.

import Support

public struct SweepTable: Equatable, Sendable {
    public struct Column: Equatable, Sendable {
        public var name: String
        public var values: [JSONValue]
    }

    public var parameters: [Column] = []
    public var results: [Column] = []
    public var times: [Column] = []
    public var states: [PointState] = []
    /// Null where there was no run.
    public var hashes: [JSONValue] = []
    /// What decided the last bits of the points, each once.
    public var profiles: [String] = []

    /// - Throws: `SweepFault`, `FileError`.
    public init(_ path: String) throws {
        let sweep = try Sweep.read(path)
        let points = sweep.sortedPoints
        states = points.map { SweepFolder.state(of: $0, in: path) }
        for place in sweep.parameters.indices where sweep.varied.contains(sweep.parameters[place]) {
            parameters.append(Column(name: sweep.parameters[place], values: points.map { $0.values[place].json }))
        }
        hashes = states.map { $0.result?.runHash.map { .string($0) } ?? .null }
        profiles = Set(states.compactMap { $0.result?.profile }).sorted()
        var names: [String] = []
        for state in states {
            guard case .done(let result) = state else { continue }
            for member in result.result.members where !names.contains(member.name) { names.append(member.name) }
        }
        for name in names where !sweep.varied.contains(name) && !["state", "run_hash"].contains(name) {
            let values = states.map { state -> JSONValue in
                guard case .done(let result) = state else { return .null }
                return result.result[name] ?? .null
            }
            if PointResult.isTime(name) {
                // The time of the whole point takes the place of one that the notebook measured itself.
                if name != "seconds" { times.append(Column(name: name, values: values)) }
            } else {
                results.append(Column(name: name, values: values))
            }
        }
        times.append(Column(name: "seconds", values: states.map { $0.result.map { JSONValue($0.seconds) } ?? .null }))
    }
}
