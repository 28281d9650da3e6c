// The cells of this run of the kernel. The protocol knows a history of several sessions; this is session 1.

import Glibc
import Support

struct KernelHistory {
    private var entries: [(line: Int, input: String, output: String)] = []

    mutating func add(_ input: String, output: String, line: Int) { entries.append((line, input, output)) }

    var inputs: [String] { entries.map(\.input) }

    /// The content of a `history_reply`.
    func answer(_ content: JSONValue) -> JSONValue {
        let wantsOutput = content["output"]?.bool ?? false
        var found = entries
        switch content["hist_access_type"]?.string {
        case "tail": found = Array(found.suffix(max(0, content["n"]?.integer ?? 10)))
        case "range":
            let session = content["session"]?.integer ?? 0
            guard session == 0 || session == 1 else { return ["status": "ok", "history": []] }
            let start = content["start"]?.integer ?? 1
            let stop = content["stop"]?.integer ?? Int.max
            found = found.filter { $0.line >= start && $0.line < stop }
        default:
            let pattern = content["pattern"]?.string ?? "*"
            found = found.filter { fnmatch(pattern, $0.input, 0) == 0 }
            if content["unique"]?.bool ?? false {
                var seen: Set<String> = []
                found = found.reversed().filter { seen.insert($0.input).inserted }.reversed()
            }
            if let count = content["n"]?.integer { found = Array(found.suffix(max(0, count))) }
        }
        let history: [JSONValue] = found.map { entry in
            let last: JSONValue = wantsOutput ? [.string(entry.input), .string(entry.output)] : .string(entry.input)
            return [1, JSONValue(entry.line), last]
        }
        return ["status": "ok", "history": .array(history)]
    }
}
