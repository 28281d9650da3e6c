// icot(1): every command and option, from the description that the parser of the command line gives of itself.

import ArgumentParser
import Console
import Support

enum CommandLineManual {
    /// - Parameter source: what the page belongs to, such as `icot 0.1.0`.
    static func text(source: String) -> String {
        let tool = ToolDescription(json: Icot._dumpHelp())
        var page = ManualPage(
            "icot", section: 1, source: source, summary: "watch a language model learn to stop showing its work")
        page.add(section: "Synopsis")
        page.add(lines: tool.commands.map(synopsis))
        page.add(section: "Description")
        page.add(
            paragraphs: """
                A model that is trained to write its reasoning out can be taught to reason silently: while it is \
                fine-tuned, the tokens of its chain of thought are taken away one by one, and at the end it answers at \
                once. icot is a small command language over a training engine for doing this and looking at it, with a \
                timeline that runs both ways, probes, and notebooks that anyone can replay and check.

                Without arguments it prompts, and ? there lists what it understands; icot-verbs(7) has all of it. \
                icot tour replays a first notebook, icot notebooks lists those that come with icot.
                """)
        for command in tool.commands {
            page.add(section: command.title)
            page.add(paragraphs: command.abstract)
            for argument in command.arguments where !tool.common.contains(argument.term) {
                page.add(term: argument.term, argument.meaning)
            }
            page.add(paragraphs: command.discussion)
        }
        page.add(section: "With every command")
        for argument in tool.commands.first?.arguments ?? [] where tool.common.contains(argument.term) {
            page.add(term: argument.term, argument.meaning)
        }
        page.add(section: "Several machines")
        page.add(paragraphs: Usage.ranks)
        page.add(section: "Exit status")
        for (status, meaning) in Usage.exitStatus { page.add(term: status, meaning) }
        page.add(section: "Environment")
        for (name, meaning) in Usage.environment { page.add(term: name, meaning) }
        page.add(section: "Files")
        for (path, meaning) in Usage.files { page.add(term: path, meaning) }
        page.add(section: "See also")
        page.add(paragraphs: "icot-verbs(7), \(LineEditing.isGPL ? "readline(3)" : "editrc(5)")")
        return page.text
    }

    /// What must be given, and that there are options.
    private static func synopsis(_ command: ToolDescription.Command) -> String {
        let values = command.arguments.filter(\.isPositional).map { $0.isOptional ? "[\($0.term)]" : $0.term }
        return ([command.invocation] + values + ["[options]"]).joined(separator: " ")
    }
}

/// What the parser of the command line says of the program (`--experimental-dump-help`), as far as a manual tells it.
struct ToolDescription {
    struct Argument {
        /// `-o, --output path`, or the name of a value.
        var term: String
        var meaning: String
        var isPositional: Bool
        var isOptional: Bool
    }

    struct Command {
        /// As it is typed: `icot replay`.
        var invocation: String
        /// What the section about it is called.
        var title: String
        var abstract: String
        var discussion: String
        var arguments: [Argument]
    }

    private(set) var commands: [Command] = []

    /// The options that every command has, by their terms.
    var common: Set<String> {
        let terms = commands.map { Set($0.arguments.filter { !$0.isPositional }.map(\.term)) }
        return terms.dropFirst().reduce(terms.first ?? []) { $0.intersection($1) }
    }

    init(json: String) {
        guard let root = try? JSONReader.read(Array(json.utf8), path: "the command line")["command"] else { return }
        add(root, after: [])
    }

    /// The commands in order. What is typed without a name comes first.
    private mutating func add(_ node: JSONValue, after names: [String]) {
        let name = node["commandName"]?.string ?? ""
        let children = node["subcommands"]?.array ?? []
        let start = node["defaultSubcommand"]?.string
        if let child = children.first(where: { $0["commandName"]?.string == start }) {
            commands.append(Self.command(child, names + [name]))
        } else if children.isEmpty {
            commands.append(Self.command(node, names + [name]))
        }
        for child in children
        where child["shouldDisplay"]?.bool != false && child["commandName"]?.string != "help"
            && child["commandName"]?.string != start
        {
            add(child, after: names + [name])
        }
    }

    private static func command(_ node: JSONValue, _ names: [String]) -> Command {
        let invocation = names.joined(separator: " ")
        return Command(
            invocation: invocation, title: invocation, abstract: node["abstract"]?.string ?? "",
            discussion: node["discussion"]?.string ?? "",
            arguments: (node["arguments"]?.array ?? []).compactMap(argument))
    }

    private static func argument(_ node: JSONValue) -> Argument? {
        guard node["shouldDisplay"]?.bool != false else { return nil }
        let value = node["valueName"]?.string ?? ""
        let kind = node["kind"]?.string
        var term = value
        if kind != "positional" {
            let names = (node["names"]?.array ?? []).compactMap { name in
                name["name"]?.string.map { (name["kind"]?.string == "short" ? "-" : "--") + $0 }
            }
            term = names.sorted { $0.count < $1.count }.joined(separator: ", ") + (kind == "option" ? " " + value : "")
        } else if node["isRepeating"]?.bool == true {
            term += " …"
        }
        var meaning = [node["abstract"]?.string, node["discussion"]?.string].compactMap { $0 }.joined(separator: " ")
        let choices = (node["allValues"]?.array ?? []).compactMap(\.string)
        if !choices.isEmpty { meaning += " One of \(choices.joined(separator: ", "))." }
        if let start = node["defaultValue"]?.string { meaning += " By default \(start)." }
        return Argument(
            term: term, meaning: meaning, isPositional: kind == "positional",
            isOptional: node["isOptional"]?.bool == true)
    }
}
