// The cells of this run of the kernel. The protocol knows a history of several sessions; this is session 1.

import Glibc

struct KernelHistory {
    private var entries: [(line: Int, input: String, output: String)] = []

    mutating func add(_ input: String, output: String, line: Int) { entries.append((line, input, output)) }

    /// The content of a `history_reply`.
    func answer(_ content: JSON) -> JSON {
        let wantsOutput = content["output"].asBoolean ?? false
        var found = entries
        switch content["hist_access_type"].asText {
        case "tail": found = Array(found.suffix(max(0, content["n"].asInteger ?? 10)))
        case "range":
            let session = content["session"].asInteger ?? 0
            guard session == 0 || session == 1 else { return ["status": "ok", "history": []] }
            let start = content["start"].asInteger ?? 1
            let stop = content["stop"].asInteger ?? Int.max
            found = found.filter { $0.line >= start && $0.line < stop }
        default:
            let pattern = content["pattern"].asText ?? "*"
            found = found.filter { fnmatch(pattern, $0.input, 0) == 0 }
            if content["unique"].asBoolean ?? false {
                var seen: Set<String> = []
                found = found.reversed().filter { seen.insert($0.input).inserted }.reversed()
            }
            if let count = content["n"].asInteger { found = Array(found.suffix(max(0, count))) }
        }
        let history: [JSON] = found.map { entry in
            let last: JSON = wantsOutput ? [.text(entry.input), .text(entry.output)] : .text(entry.input)
            return [1, .integer(entry.line), last]
        }
        return ["status": "ok", "history": .list(history)]
    }
}
