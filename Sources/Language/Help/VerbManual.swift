// icot-verbs(7): every verb and every function, from the signature table, as `?verb` tells of one.

import Support

extension Help {
    /// - Parameter source: what the page belongs to, such as `icot 0.1.0`.
    public static func manual(_ context: LanguageContext, source: String) -> String {
        var page = ManualPage(
            "icot-verbs", section: 7, source: source, summary: "the verbs and functions of icot's command language")
        page.add(section: "Description")
        page.add(
            paragraphs: """
                A line whose first word is a verb is a command: the verb, its values in order, then values with \
                labels, and for some verbs where and by at the end. Everything else is an expression; functions are \
                called with parentheses. ?syntax at the prompt shows the language on one page, ?train what this \
                manual says of train.
                """)
        page.add(lines: ["train until: 0.99 at_most: 2000", "let accuracy = eval(test).accuracy"])
        add(context.verbTopics, "Verbs", isVerb: true, context, to: &page)
        add(context.functionTopics, "Functions", isVerb: false, context, to: &page)
        page.add(section: "See also")
        page.add(paragraphs: "icot(1)")
        return page.text
    }

    private static func add(
        _ topics: [Topic], _ title: String, isVerb: Bool, _ context: LanguageContext, to page: inout ManualPage
    ) {
        for topic in topics {
            page.add(section: "\(title): \(topic.title)")
            if !topic.summary.isEmpty { page.add(paragraphs: topic.summary) }
            for name in topic.names {
                if let signature = context.signatures[name] { add(signature, isVerb: isVerb, to: &page) }
            }
        }
    }

    private static func add(_ signature: CommandSignature, isVerb: Bool, to page: inout ManualPage) {
        page.add(subsection: signature.name)
        page.add(paragraphs: signature.summary)
        page.add(paragraphs: usage(signature, isVerb: isVerb).plain.trimmingSpaces)
        for parameter in signature.parameters {
            let (text, notes) = about(parameter)
            let options = parameter.kind.options.filter { !$0.summary.isEmpty }.map { ".\($0.name): \($0.summary)" }
            page.add(
                term: parameter.name + (parameter.label == nil ? "" : ":"),
                ([text + (notes.map { " " + $0 } ?? "")] + options).joined(separator: "\n\n"))
        }
        page.add(paragraphs: signature.discussion)
        page.add(lines: signature.examples.flatMap { $0.split(separator: "\n").map(String.init) })
        if let effects = effects(signature) { page.add(paragraphs: "Effects: " + effects) }
        if !signature.seeAlso.isEmpty {
            page.add(paragraphs: "See also: " + signature.seeAlso.joined(separator: ", "))
        }
    }
}
