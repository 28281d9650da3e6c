// How long a notebook takes, cell by cell: what a presenter wants to know the evening before.

import Language
import Support

extension ReplayReport {
    /// A line for each cell with code: its time, and whether its output is the recorded one; slow statements by name.
    public func rehearsal(slowAfter: Double = 3) -> [StyledText] {
        var lines: [StyledText] = []
        var index = 0
        while index < entries.count {
            let cell = entries[index].entry.cell
            let group = entries[index...].prefix { $0.entry.cell == cell }
            index += group.count
            let seconds = group.reduce(0) { $0 + $1.seconds }
            let isGood = group.allSatisfy { $0.verdict == .same || $0.verdict == .ran }
            let title = group.first.map { $0.cell.isEmpty ? $0.title : $0.cell } ?? ""
            var line = StyledText(
                NumberText.duration(seconds).padded(to: 12), seconds >= slowAfter ? .warning : .plain, isVolatile: true
            )
            line.append(isGood ? "agrees   " : "differs  ", isGood ? .good : .bad)
            line.append(Escaping.neutral(title), .emphasis)
            lines.append(line)
            for entry in group where entry.seconds >= slowAfter {
                lines.append(
                    StyledText(
                        "            slow     line \(entry.entry.lineNumber): \(Escaping.neutral(entry.title))",
                        .warning))
            }
        }
        return lines
    }
}
