// A notebook as `.ipynb`, nbformat 4.4 (the last without ids): a Jupyter with the icot kernel opens and runs it.

import Language
import Support

extension ExportDocument {
    public var jupyter: String {
        var cells: [JSONValue] = []
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
                        metadata: ["slideshow": ["slide_type": .string("notes")]]))
            case .raw: cells.append(JupyterExport.text("raw", section.prose))
            case .code, .params:
                if !section.cell.title.isEmpty, section.cell.kind == .code {
                    cells.append(JupyterExport.text("markdown", ["## \(ExportDocument.plain(section.cell.title))"]))
                }
                cells += JupyterExport.code(section)
            }
        }
        let language: JSONValue = [
            "name": .string("icot"), "file_extension": .string(".icot"), "mimetype": .string("text/x-icot"),
        ]
        let kernel: JSONValue = ["name": .string("icot"), "display_name": .string("icot"), "language": .string("icot")]
        let document: JSONValue = [
            "cells": .array(cells),
            "metadata": ["kernelspec": kernel, "language_info": language, "title": .string(title)],
            "nbformat": JSONValue(4), "nbformat_minor": JSONValue(4),
        ]
        return JSONWriter.text(document, .indented(by: 1)) + "\n"
    }
}

private enum JupyterExport {
    static func text(_ kind: String, _ lines: [String], metadata: JSONValue = [:]) -> JSONValue {
        ["cell_type": .string(kind), "metadata": metadata, "source": source(lines)]
    }

    /// A cell for each stretch of code with the outputs below it, so that they stay together.
    static func code(_ section: ExportDocument.Section) -> [JSONValue] {
        var cells: [JSONValue] = []
        var lines: [String] = []
        var outputs: [JSONValue] = []
        func flush() {
            if !lines.isEmpty || !outputs.isEmpty {
                let tags: JSONValue =
                    section.cell.kind == .params ? ["tags": .array([.string("parameters")])] : [:]
                cells.append(
                    [
                        "cell_type": .string("code"), "execution_count": .null, "metadata": tags,
                        "outputs": .array(outputs), "source": source(lines),
                    ])
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

    private static func output(_ part: OutputPart) -> JSONValue {
        switch part {
        case .text(let lines), .picture(let lines): display(["text/plain": source(lines.map(\.plain))])
        case .table(let table):
            display([
                "text/html": .string(HTML.table(table)),
                "text/plain": source(ExportTable.aligned([table.names] + table.rows)),
            ])
        case .timeline(let timeline):
            display([
                "text/html": .string(HTML.table(timeline)),
                "text/plain": source(ExportTable.aligned([timeline.columns] + timeline.stages.map(\.cells))),
            ])
        case .figure(let svg): display(["image/svg+xml": .string(svg), "text/plain": .string("a figure")])
        case .error(let code, let message):
            [
                "output_type": .string("error"), "ename": .string(code), "evalue": .string(message),
                "traceback": .array([.string("\(code) \(message)")]),
            ]
        }
    }

    private static func display(_ data: JSONValue) -> JSONValue {
        ["data": data, "metadata": [:], "output_type": .string("display_data")]
    }

    /// Lines as nbformat keeps them: each with its end but the last.
    private static func source(_ lines: [String]) -> JSONValue {
        .array(lines.enumerated().map { .string($0.offset == lines.count - 1 ? $0.element : $0.element + "\n") })
    }
}
