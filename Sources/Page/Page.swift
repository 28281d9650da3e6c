// The page that thinks: one file that needs no network and no program but a browser. It holds the weights of every
// stage of a run and a forward pass in readable JavaScript (Script/), so that anybody can put problems to the run, at
// any stage.
//
// The browser is told to run nothing but the page's own scripts, and to load nothing at all: the policy names their
// hashes. What is in the file, in order: the static part (page.html: prose, and the timeline, which is all there is
// without a script), the run as JSON (`content`), the weights in base64 blocks (`weights-0`, …), and the scripts
// joined in the order below.

import Support

public struct Page: Sendable {
    /// A stage for the part of the page that needs no script.
    public struct Stage: Sendable {
        public var removed: Int
        /// Columns of the table, as shown.
        public var cells: [String]
        /// Held-out accuracy, for the chart.
        public var accuracy: Double?

        public init(removed: Int, cells: [String], accuracy: Double?) {
            (self.removed, self.cells, self.accuracy) = (removed, cells, accuracy)
        }
    }

    public var title: String
    /// A paragraph on what the run is, as plain text.
    public var summary: String
    /// What the scripts read: an object, written as JSON.
    public var content: String
    /// Weights that the content refers to by their numbers.
    public var weights: [[UInt8]]
    public var columns: [String]
    public var stages: [Stage]

    public init(
        title: String, summary: String, content: String, weights: [[UInt8]], columns: [String], stages: [Stage]
    ) {
        self.title = title
        self.summary = summary
        self.content = content
        self.weights = weights
        self.columns = columns
        self.stages = stages
    }

    /// In the order in which they are run: each uses only those before it.
    public static let scripts = [
        "weights.js", "transformer.js", "tasks.js", "solver.js", "elements.js", "address.js", "bench.js", "answers.js",
        "measures.js", "probes.js", "attention.js", "lens.js", "page.js",
    ]

    /// The text of a file of this folder, which travels inside the binary.
    public static func asset(_ path: String) -> String {
        guard let found = embeddedPage.first(where: { $0.path == path }) else {
            preconditionFailure("the page has no part \(path)")
        }
        return found.text
    }

    public var html: String {
        let style = Self.asset("page.css")
        let script = Self.scripts.map { "// ---- \($0)\n" + Self.asset("Script/" + $0) }.joined(separator: "\n")
        let policy =
            "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '\(Self.source(style))'; "
            + "script-src '\(Self.source(script))'"
        // A `<` could end the element that holds the data.
        var data = block("content", "application/json", content.replacing("<", with: "\\u003c"))
        for (number, bytes) in weights.enumerated() {
            data += block("weights-\(number)", "text/plain", Base64.encoded(bytes))
        }
        return Template.filled(
            Self.asset("page.html"),
            [
                "policy": policy, "title": Escaping.xml(title), "summary": Escaping.xml(summary),
                "style": style, "script": script, "data": data,
                "chart": StaticTimeline.chart(stages), "table": StaticTimeline.table(columns, stages),
            ])
    }

    /// How a policy names a script or a style.
    private static func source(_ text: String) -> String {
        var hash = SHA256()
        hash.update(text)
        return "sha256-" + Base64.encoded(hash.finalize())
    }

    private func block(_ id: String, _ type: String, _ text: String) -> String {
        "<script type=\"\(type)\" id=\"\(id)\">\(text)</script>\n"
    }
}

enum Template {
    /// The text with each `{{name}}` replaced by its value; what values contain is left alone.
    static func filled(_ text: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            let name = String(rest[open.upperBound..<close.lowerBound])
            guard let value = values[name] else { preconditionFailure("the page has no value for {{\(name)}}") }
            result += rest[..<open.lowerBound] + value
            rest = rest[close.upperBound...]
        }
        return result + rest
    }
}
