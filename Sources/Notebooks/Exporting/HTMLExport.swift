// A notebook as one page that needs nothing else: no network, no script to be read, and no script but its own, since
// the page names the hash of the one script that may run.

import Language
import Support

extension ExportDocument {
    public var html: String {
        let hasTitle =
            sections.first { !$0.prose.isEmpty || !$0.parts.isEmpty }.map {
                $0.cell.kind == .markdown && $0.prose.first?.hasPrefix("# ") == true
            } ?? false
        var body = ""
        if !hasTitle { body += "<h1>\(Escaping.xml(title))</h1>\n" }
        for section in sections { body += HTML.section(section) }
        return HTML.page(
            title: title, body: body, footer: HTML.footer(notebook.name, facts),
            hasTimeline: body.contains("class=\"timeline\""))
    }
}

enum HTML {
    static func page(title: String, body: String, footer: String, hasTimeline: Bool) -> String {
        let script = hasTimeline ? HTMLPage.script : ""
        let hash = "'sha256-\(Base64.encoded(hexadecimal: SHA256.hex(script)))'"
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
            + "script-src \(script.isEmpty ? "'none'" : hash)"
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="generator" content="icot">
            <title>\(Escaping.xml(title))</title>
            <style>
            \(HTMLPage.style)</style>
            </head>
            <body>
            <main>
            \(body)</main>
            \(footer)\(script.isEmpty ? "" : "<script>\(script)</script>\n")</body>
            </html>

            """
    }

    static func footer(_ name: String, _ facts: [(key: String, value: String)]) -> String {
        let base = name.split(separator: "/").last.map(String.init) ?? name
        var items = ["made from <code>\(Escaping.xml(base))</code>"]
        items += facts.map { "\(Escaping.xml($0.key)) <code>\(Escaping.xml($0.value))</code>" }
        return "<footer>\(items.joined(separator: " · "))</footer>\n"
    }

    static func section(_ section: ExportDocument.Section) -> String {
        switch section.cell.kind {
        case .markdown: return "<section class=\"prose\">\n\(Markdown.html(section.prose))</section>\n"
        case .notes:
            return
                "<details class=\"notes\"><summary>notes\(section.cell.title.isEmpty ? "" : " " + Escaping.xml(section.cell.title))</summary>\n\(Markdown.html(section.prose))</details>\n"
        case .raw:
            return "<pre class=\"raw\">\(Escaping.xml(section.prose.joined(separator: "\n"), keepsLines: true))</pre>\n"
        case .code, .params:
            var text = "<section class=\"cell\">\n"
            if section.cell.kind == .params {
                text += "<h2 class=\"params\">parameters</h2>\n"
            } else if !section.cell.title.isEmpty {
                text += "<h2>\(Escaping.xml(section.cell.title))</h2>\n"
            }
            for part in section.parts {
                switch part {
                case .code(let lines):
                    text += "<pre class=\"code\"><code>\(lines.map(styled).joined(separator: "\n"))</code></pre>\n"
                case .output(let parts): text += "<div class=\"output\">\n\(parts.map(output).joined())</div>\n"
                }
            }
            return text + "</section>\n"
        }
    }

    private static func output(_ part: OutputPart) -> String {
        switch part {
        case .text(let lines): "<pre>\(lines.map(styled).joined(separator: "\n"))</pre>\n"
        case .table(let table): self.table(table)
        case .picture(let lines): "<pre class=\"picture\">\(lines.map(styled).joined(separator: "\n"))</pre>\n"
        case .figure(let svg): figure(svg)
        case .error(let code, let message):
            "<pre class=\"error\"><b>\(Escaping.xml(code))</b> \(Escaping.xml(message))</pre>\n"
        case .timeline(let timeline): TimelinePage(timeline).html
        }
    }

    static func styled(_ line: StyledText) -> String {
        line.runs.map { run in
            let text = Escaping.xml(run.text)
            if run.isVolatile { return "<span class=\"volatile\">\(text)</span>" }
            return run.style == .plain ? text : "<span class=\"s-\(run.style.rawValue)\">\(text)</span>"
        }.joined()
    }

    // MARK: - Tables

    static func table(_ table: ExportTable) -> String { self.table(table.names, table.rows, table.isNumeric) }

    static func table(_ timeline: TimelineFigure) -> String {
        let isNumeric = timeline.columns.indices.map { column in
            timeline.stages.allSatisfy { $0.values[column] != nil || $0.cells[column] == "–" }
        }
        return table(timeline.columns, timeline.stages.map(\.cells), isNumeric)
    }

    private static func table(_ names: [String], _ rows: [[String]], _ isNumeric: [Bool]) -> String {
        func cells(_ tag: String, _ cells: [String]) -> String {
            if cells.count < names.count {
                return "<td class=\"across\" colspan=\"\(names.count)\">\(Escaping.xml(cells.first ?? ""))</td>"
            }
            return cells.enumerated().map {
                "<\(tag)\(isNumeric[$0.offset] ? " class=\"n\"" : "")>\(Escaping.xml($0.element))</\(tag)>"
            }.joined()
        }
        var text = "<div class=\"wide\"><table>\n<thead><tr>\(cells("th", names))</tr></thead>\n<tbody>\n"
        for row in rows { text += "<tr>\(cells("td", row))</tr>\n" }
        return text + "</tbody>\n</table></div>\n"
    }

    // MARK: - Pictures

    /// A figure inside the page where it holds nothing but drawing, otherwise as an image, in which nothing can run.
    private static func figure(_ svg: String) -> String {
        if let drawing = drawing(svg) { return "<figure class=\"figure\">\(drawing)</figure>\n" }
        return
            "<figure class=\"figure\"><img alt=\"figure\" "
            + "src=\"data:image/svg+xml;base64,\(Base64.encoded(Array(svg.utf8)))\"></figure>\n"
    }

    private static let drawingElements: Set<String> = [
        "svg", "g", "line", "rect", "path", "text", "tspan", "title", "desc", "circle", "ellipse", "polyline",
        "polygon", "defs", "clipPath", "linearGradient", "radialGradient", "stop",
    ]

    private static func drawing(_ svg: String) -> String? {
        guard let start = svg.range(of: "<svg")?.lowerBound, !svg[..<start].contains("<!") else { return nil }
        let text = svg[start...]
        var rest = Array(text.utf8)[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[(open + 1)...]
            if rest.first == UInt8(ascii: "/") { rest = rest.dropFirst() }
            let name = String(
                decoding: rest.prefix { $0.isLowerCaseLetter || (0x41...0x5A).contains($0) }, as: UTF8.self)
            guard drawingElements.contains(name), let close = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
            let attributes = String(decoding: rest[..<close], as: UTF8.self).lowercased()
            if attributes.contains("href") || attributes.contains("style")
                || attributes.contains("url(") && !attributes.contains("url(#")
            {
                return nil
            }
            let words = attributes.split {
                $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "/" || $0 == "\"" || $0 == "'"
            }
            if words.contains(where: { $0.hasPrefix("on") && $0.contains("=") }) { return nil }
            rest = rest[close...]
        }
        return String(text)
    }
}

extension StringProtocol {
    /// The first place of another text in this one.
    func range(of word: String) -> Range<String.Index>? {
        let all = Array(utf8)
        let wanted = Array(word.utf8)
        guard !wanted.isEmpty, all.count >= wanted.count else { return nil }
        for start in 0...(all.count - wanted.count)
        where all[start] == wanted[0] && all[start..<start + wanted.count].elementsEqual(wanted) {
            return utf8.index(startIndex, offsetBy: start)..<utf8.index(startIndex, offsetBy: start + wanted.count)
        }
        return nil
    }
}
