import Support

extension LanguageLibrary {
    static var textFunctions: [Command] {
        [
            split, joined, simple("upper", "The text in capitals.", "upper(\"abc\")") { $0.uppercased() },
            simple("lower", "The text in small letters.", "lower(\"ABC\")") { $0.lowercased() },
            simple("trimmed", "The text without spaces and line ends around it.", "trimmed(\"  abc \")") {
                trimmed($0)
            }, replace,
            question("starts_with", "Whether a text starts with another.", "starts_with(\"abc\", \"a\")") {
                $0.hasPrefix($1)
            },
            question("ends_with", "Whether a text ends with another.", "ends_with(\"abc\", \"c\")") {
                $0.hasSuffix($1)
            }, text, fixed, padded,
        ]
    }

    private static func trimmed(_ text: String) -> String {
        let front = text.drop { $0.isWhitespace }
        var end = front.endIndex
        while end > front.startIndex, front[front.index(before: end)].isWhitespace { end = front.index(before: end) }
        return String(front[..<end])
    }

    private static func simple(
        _ name: String, _ summary: String, _ example: String, _ change: @escaping (String) -> String
    ) -> Command {
        Command(CommandSignature(name, summary, [.value("text", .text)], result: TypeName.text, examples: [example])) {
            .text(change(try $0.text("text")))
        }
    }

    private static func question(
        _ name: String, _ summary: String, _ example: String, _ ask: @escaping (String, String) -> Bool
    ) -> Command {
        Command(
            CommandSignature(
                name, summary, [.value("text", .text), .value("part", .text)], result: TypeName.boolean,
                examples: [example])
        ) {
            .boolean(ask(try $0.text("text"), try $0.text("part")))
        }
    }

    private static var split: Command {
        Command(
            CommandSignature(
                "split", "The parts of a text between separators; without one, its words.",
                [.value("text", .text), .value("separator", .text, required: false)], result: TypeName.list,
                examples: ["split(\"a,b\", \",\")", "split(\"two words\")"], seeAlso: ["joined"])
        ) { call in
            let text = try call.text("text")
            guard let separator = call.textIfPresent("separator") else {
                return .list(text.split { $0.isWhitespace }.map { .text(String($0)) })
            }
            if separator.isEmpty { return .list(text.map { .text(String($0)) }) }
            return .list(text.split(separator: separator, omittingEmptySubsequences: false).map { .text(String($0)) })
        }
    }

    private static var joined: Command {
        Command(
            CommandSignature(
                "joined", "The elements of a list as one text, with a separator between them.",
                [.value("values", .any), .value("separator", .text, default: "\"\"")], result: TypeName.text,
                examples: ["joined([1, 2, 3], \", \")"], seeAlso: ["split"])
        ) { call in
            let parts = try elements(try call.value("values"), call).map(\.text)
            let separator = try call.text("separator")
            try call.session.machine.use(bytes: parts.reduce(0) { $0 + $1.utf8.count + separator.utf8.count })
            return .text(parts.joined(separator: separator))
        }
    }

    private static var replace: Command {
        Command(
            CommandSignature(
                "replace", "The text with every occurrence of a part replaced.",
                [.value("text", .text), .value("part", .text), .value("with", .text)], result: TypeName.text,
                examples: ["replace(\"a-b-c\", \"-\", \"+\")"])
        ) { call in
            let (text, part, other) = (try call.text("text"), try call.text("part"), try call.text("with"))
            if part.isEmpty { return .text(text) }
            if other.utf8.count > part.utf8.count {
                try call.session.machine.use(
                    bytes: (text.utf8.count / part.utf8.count + 1).multipliedReportingOverflow(by: other.utf8.count)
                        .partialValue & (.max >> 12))
            }
            return .text(text.replacing(part, with: other))
        }
    }

    private static var text: Command {
        Command(
            CommandSignature(
                "text", "A value as text; a real with that many significant digits, and one after its point.",
                [.value("value", .any), .label("digits", .integer(1...17), default: "4")], result: TypeName.text,
                examples: ["text(3.14159, digits: 3)"], seeAlso: ["fixed"])
        ) { call in
            let value = call["value"] ?? .none
            if case .real(let number) = value {
                return .text(NumberText.real(number, digits: try call.integer("digits")))
            }
            return .text(value.text)
        }
    }

    private static var fixed: Command {
        Command(
            CommandSignature(
                "fixed", "A number as text with that many decimal places.",
                [.value("x", .number), .value("digits", .integer(0...17))], result: TypeName.text,
                examples: ["fixed(3.14159, 2)"], seeAlso: ["text", "round"])
        ) { call in .text(NumberText.fixed(try call.real("x"), decimals: try call.integer("digits"))) }
    }

    private static var padded: Command {
        Command(
            CommandSignature(
                "padded", "A value as text, filled up to a width with spaces or another sign.",
                [
                    .value("value", .any), .value("width", .integer(0...100_000)),
                    .label(
                        "side", .choice([.init("left", "spaces in front"), .init("right", "spaces after")]),
                        default: ".left"), .label("with", .text, default: "\" \""),
                ],
                result: TypeName.text, examples: ["padded(7, 3)", "padded(7, 3, with: \"0\")"])
        ) { call in
            let text = (call["value"] ?? .none).text
            let sign = try call.text("with")
            var missing = try call.integer("width") - DisplayWidth.of(text)
            guard missing > 0, DisplayWidth.of(sign) > 0 else { return .text(text) }
            var filling = ""
            while missing > 0 {
                for character in sign where missing > 0 {
                    let width = DisplayWidth.of(String(character))
                    // A wide sign for which there is no room leaves a space.
                    filling += width > missing ? " " : String(character)
                    missing -= min(width, missing)
                }
            }
            return .text(try call.choice("side") == "left" ? filling + text : text + filling)
        }
    }
}
