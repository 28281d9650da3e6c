// A notebook as Markdown: prose as it is, code and outputs in fences.

import Language

extension ExportDocument {
    public var markdown: String {
        var blocks: [String] = []
        let hasHeading = sections.contains { section in
            section.cell.kind == .markdown && section.prose.contains { $0.hasPrefix("# ") }
        }
        if !hasHeading { blocks.append("# \(title)") }
        for section in sections {
            switch section.cell.kind {
            case .markdown: blocks.append(section.prose.joined(separator: "\n"))
            case .notes: blocks.append(section.prose.map { $0.isEmpty ? ">" : "> \($0)" }.joined(separator: "\n"))
            case .raw: blocks.append(MarkdownExport.fence(section.prose, "text"))
            case .code, .params:
                if !section.cell.title.isEmpty { blocks.append("## \(ExportDocument.plain(section.cell.title))") }
                for part in section.parts {
                    switch part {
                    case .code(let lines): blocks.append(MarkdownExport.fence(lines.map(\.plain), "icot"))
                    case .output(let parts): blocks += parts.map(MarkdownExport.block)
                    }
                }
            }
        }
        return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }
}

private enum MarkdownExport {
    static func block(_ part: OutputPart) -> String {
        switch part {
        case .text(let lines), .picture(let lines): fence(lines.map(\.plain), "text")
        case .table(let table): self.table(table.names, table.rows, table.isNumeric)
        case .timeline(let timeline):
            table(
                timeline.columns, timeline.stages.map(\.cells),
                timeline.columns.indices.map { column in timeline.stages.allSatisfy { $0.values[column] != nil } })
        case .figure: "*A figure; see the HTML export.*"
        case .error(let code, let message): "**\(code)** \(escaped(message))"
        }
    }

    /// Lines in a fence that is longer than any in them.
    static func fence(_ lines: [String], _ language: String) -> String {
        var longest = 2
        for line in lines {
            var count = 0
            for character in line {
                count = character == "`" ? count + 1 : 0
                longest = max(longest, count)
            }
        }
        let fence = String(repeating: "`", count: longest + 1)
        return ([fence + language] + lines + [fence]).joined(separator: "\n")
    }

    private static func table(_ names: [String], _ rows: [[String]], _ isNumeric: [Bool]) -> String {
        var lines = [row(names), "|" + isNumeric.map { $0 ? "---:|" : "---|" }.joined()]
        for cells in rows {
            lines.append(
                row(
                    cells.count == names.count
                        ? cells : cells + [String](repeating: "", count: max(0, names.count - cells.count))))
        }
        return lines.joined(separator: "\n")
    }

    private static func row(_ cells: [String]) -> String { "| " + cells.map(escaped).joined(separator: " | ") + " |" }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if "\\`*_[]<>|".contains(character) { result += "\\" }
            result.append(character)
        }
        return result
    }
}
