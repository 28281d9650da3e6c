// A notebook as `.ipynb`, nbformat 4.4 (the last without ids): a Jupyter with the icot kernel opens and runs it.

import Language

extension ExportDocument {
    public var jupyter: String {
        var cells: [JSON] = []
        let hasHeading = sections.contains { section in
            section.cell.kind == .markdown && section.prose.contains { $0.hasPrefix("# ") }
        }
        if !hasHeading { cells.append(JupyterExport.text("markdown", ["# \(title)"])) }
        for section in sections {
            switch section.cell.kind {
            case .markdown: cells.append(JupyterExport.text("markdown", section.prose))
            case .notes:
                cells.append(
                    JupyterExport.text(
                        "markdown", section.prose,
                        metadata: .object([("slideshow", .object([("slide_type", .string("notes"))]))])))
            case .raw: cells.append(JupyterExport.text("raw", section.prose))
            case .code, .params:
                if !section.cell.title.isEmpty, section.cell.kind == .code {
                    cells.append(JupyterExport.text("markdown", ["## \(ExportDocument.plain(section.cell.title))"]))
                }
                cells += JupyterExport.code(section)
            }
        }
        let language = JSON.object([
            ("name", .string("icot")), ("file_extension", .string(".icot")), ("mimetype", .string("text/x-icot")),
        ])
        let kernel = JSON.object([
            ("name", .string("icot")), ("display_name", .string("icot")), ("language", .string("icot")),
        ])
        return JSON.object([
            ("cells", .array(cells)),
            ("metadata", .object([("kernelspec", kernel), ("language_info", language), ("title", .string(title))])),
            ("nbformat", .integer(4)), ("nbformat_minor", .integer(4)),
        ]).indented + "\n"
    }
}

private enum JupyterExport {
    static func text(_ kind: String, _ lines: [String], metadata: JSON = .object([])) -> JSON {
        .object([("cell_type", .string(kind)), ("metadata", metadata), ("source", source(lines))])
    }

    /// A cell for each stretch of code with the outputs below it, so that they stay together.
    static func code(_ section: ExportDocument.Section) -> [JSON] {
        var cells: [JSON] = []
        var lines: [String] = []
        var outputs: [JSON] = []
        func flush() {
            if !lines.isEmpty || !outputs.isEmpty {
                let tags: JSON =
                    section.cell.kind == .params ? .object([("tags", .array([.string("parameters")]))]) : .object([])
                cells.append(
                    .object([
                        ("cell_type", .string("code")), ("execution_count", .null), ("metadata", tags),
                        ("outputs", .array(outputs)), ("source", source(lines)),
                    ]))
            }
            lines = []
            outputs = []
        }
        for part in section.parts {
            switch part {
            case .code(let code):
                flush()
                lines = code.map(\.plain)
            case .output(let parts): outputs += parts.map(output)
            }
        }
        flush()
        return cells
    }

    private static func output(_ part: OutputPart) -> JSON {
        switch part {
        case .text(let lines), .picture(let lines): display([("text/plain", source(lines.map(\.plain)))])
        case .table(let table):
            display([
                ("text/html", .string(HTML.table(table))),
                ("text/plain", source(ExportTable.aligned([table.names] + table.rows))),
            ])
        case .timeline(let timeline):
            display([
                ("text/html", .string(HTML.table(timeline))),
                ("text/plain", source(ExportTable.aligned([timeline.columns] + timeline.stages.map(\.cells)))),
            ])
        case .figure(let svg): display([("image/svg+xml", .string(svg)), ("text/plain", .string("a figure"))])
        case .error(let code, let message):
            .object([
                ("output_type", .string("error")), ("ename", .string(code)), ("evalue", .string(message)),
                ("traceback", .array([.string("\(code) \(message)")])),
            ])
        }
    }

    private static func display(_ data: [(String, JSON)]) -> JSON {
        .object([("data", .object(data)), ("metadata", .object([])), ("output_type", .string("display_data"))])
    }

    /// Lines as nbformat keeps them: each with its end but the last.
    private static func source(_ lines: [String]) -> JSON {
        .array(lines.enumerated().map { .string($0.offset == lines.count - 1 ? $0.element : $0.element + "\n") })
    }
}
