// Positions on the axes of a figure: `.input[0]` … `.answer[7]` are too long to stand beside each other, so there they
// are
//
//     i0 i1 i2 i3 | c0 c1 a0        i .input   | .separator   c .chain   a .answer
//
// with a > in front of one that predicts: >a0 is .predicts_answer[0]. Other names of which only the index differs,
// `.running_parity[0]` and so on, become [0] and so on. What is short for what stands below the title.

enum ShortLabels {
    private static let signs: [(name: String, sign: String)] = [
        (".predicts_answer", ">a"), (".predicts_chain", ">c"), (".input", "i"), (".separator", "|"), (".chain", "c"),
        (".answer", "a"), (".last", "$"),
    ]

    /// Short labels where every one can be shortened; what they are short for.
    static func short(_ labels: [String]) -> (labels: [String], legend: [String])? {
        positions(labels) ?? indices(labels)
    }

    private static func indices(_ labels: [String]) -> (labels: [String], legend: [String])? {
        let parts = labels.compactMap(parts)
        guard parts.count == labels.count, parts.count > 1, let name = parts.first?.name,
            parts.allSatisfy({ $0.name == name && !$0.index.isEmpty })
        else { return nil }
        return (parts.map { "[\($0.index)]" }, ["[i] \(name)[i]"])
    }

    private static func positions(_ labels: [String]) -> (labels: [String], legend: [String])? {
        var legend: [String] = []
        var short: [String] = []
        for label in labels {
            guard let found = parts(label), let sign = signs.first(where: { $0.name == found.name })?.sign else {
                return nil
            }
            short.append(sign + found.index)
            let entry = "\(sign) \(found.name)"
            if !legend.contains(entry) { legend.append(entry) }
        }
        return labels.isEmpty ? nil : (short, legend)
    }

    /// `.input[3]` as a name and an index; the index is empty where there is none.
    private static func parts(_ label: String) -> (name: String, index: String)? {
        guard label.hasPrefix(".") else { return nil }
        guard label.hasSuffix("]"), let open = label.firstIndex(of: "[") else { return (label, "") }
        let index = label[label.index(after: open)...].dropLast()
        return index.allSatisfy(\.isNumber) ? (String(label[..<open]), String(index)) : nil
    }
}
