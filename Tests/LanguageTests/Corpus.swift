// The example corpus: sessions written by hand, and commands made from the signature table until there are at least a
// thousand lines. Everything is deterministic.

import Foundation
import Language
import TestSupport

/// One statement of the top level with what is known before it.
struct CorpusStatement {
    var text: String
    var context: LanguageContext
}

enum Corpus {
    static let handwritten: [String] = {
        let url = packageFolder.appending(path: "Tests/LanguageTests/Corpus/sessions.icot")
        let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        return text.components(separatedBy: "\n# %%").dropFirst().map {
            $0.split(separator: "\n", maxSplits: 1).last.map(String.init) ?? ""
        }
    }()

    /// Cells of the corpus; together at least 1000 lines.
    static let cells: [String] = handwritten + generated(lines: 900)

    static var lineCount: Int { cells.reduce(0) { $0 + $1.split(separator: "\n").count } }

    static let statements: [CorpusStatement] = cells.flatMap { statements(of: $0) }

    /// The statements of a cell, each with the names and verbs that those before it left behind.
    static func statements(of cell: String) -> [CorpusStatement] {
        let source = SourceText(cell)
        let parsed = Parser.parse(source, TestSignatures.context)
        var context = TestSignatures.context
        var list: [CorpusStatement] = []
        for statement in parsed.program.statements {
            list.append(CorpusStatement(text: source.text(statement.span), context: context))
            switch statement.kind {
            case .binding(let name, let value):
                context.variables[name.text] = KnownVariable(typeName: resultType(value), fields: fields(value))
            case .definition(let definition):
                context.definitions[definition.name.text] = definition.signature(in: source)
            default: break
            }
        }
        return list
    }

    private static func resultType(_ value: Language.Expression) -> String? {
        switch value.kind {
        case .call(let call): call.name.flatMap { TestSignatures.table[$0.text]?.resultType }
        case .pipeline(let stages): stages.last.flatMap(resultType)
        case .integer, .bigInteger: TypeName.integer
        case .real: TypeName.real
        case .text: TypeName.text
        case .list: TypeName.list
        case .record: TypeName.record
        case .closure: TypeName.function
        default: nil
        }
    }

    private static func fields(_ value: Language.Expression) -> [String] {
        if case .record(let entries) = value.kind { return entries.map(\.key.text) }
        return []
    }

    // MARK: - Generated commands

    private static func generated(lines: Int) -> [String] {
        var random = TestRandom(seed: 2024)
        var cells: [String] = []
        var count = 0
        while count < lines {
            var cell = [
                "let problems = gen .mult digits: 2 n: 50", "let net = model .gpt2", "let run = start net on: problems",
                "let table = timeline", "let upto = 6", "let values = [1, 2, 3]",
            ]
            for _ in 0..<24 { cell.append(statement(&random, depth: 0)) }
            cells.append(cell.joined(separator: "\n"))
            count += cell.joined(separator: "\n").split(separator: "\n").count
        }
        return cells
    }

    private static func statement(_ random: inout TestRandom, depth: Int) -> String {
        if depth < 1, random.chance(0.12) {
            let body = (0..<2).map { _ in "  " + statement(&random, depth: depth + 1) }.joined(separator: "\n")
            return random.pick([
                "for k in 0...upto {\n\(body)\n}", "if \(expression(&random, 0)) > 3 {\n\(body)\n}",
                "while upto < \(Int.random(in: 1...9, using: &random)) {\n\(body)\n}",
                "try {\n\(body)\n} catch problem {\n  print \"failed: {problem}\"\n}",
            ])
        }
        if random.chance(0.2) { return "let x\(Int.random(in: 0...9, using: &random)) = \(expression(&random, 0))" }
        if random.chance(0.1) { return "table | filter where .accuracy > \(expression(&random, 1)) | sort .accuracy" }
        return command(random.pick(TestSignatures.verbs), &random)
    }

    private static func command(_ signature: CommandSignature, _ random: inout TestRandom) -> String {
        var words = [signature.name]
        for parameter in signature.values {
            if !parameter.isRequired, random.chance(0.5) { break }
            let value = value(parameter.kind, &random)
            // An optional value in parentheses behind another value is refused (rule 4).
            words.append(words.count > 1 && !parameter.isRequired && value.first == "(" ? "5" : value)
        }
        for parameter in signature.labelled where parameter.isRequired || random.chance(0.4) {
            words.append("\(parameter.name): \(value(parameter.kind, &random))")
        }
        if signature.acceptsWhere, random.chance(0.5) {
            words.append("where .carries >= \(Int.random(in: 1...5, using: &random))")
        }
        if signature.acceptsBy, random.chance(0.5) { words.append("by .carries") }
        return words.joined(separator: " ")
    }

    private static func value(_ kind: ParameterKind, _ random: inout TestRandom) -> String {
        switch kind {
        case .integer(let bounds):
            let low = max(bounds.lowerBound, 0)
            return random.chance(0.1)
                ? "(upto + 1)" : String(Int.random(in: low...min(bounds.upperBound, low + 500), using: &random))
        case .real(let bounds):
            return bounds.upperBound <= 1
                ? "0.\(Int.random(in: 1...99, using: &random))" : random.pick(["5e-5", "1e-3", "0.5", "2"])
        case .number: return random.pick(["3", "0.25", "upto", "(upto * 2)"])
        case .boolean: return random.pick(["true", "false"])
        case .text: return random.pick(["\"explicit\"", "\"after {upto} tokens\"", "\"a b\""])
        case .path: return random.pick(["\"runs/mult4\"", "\"results/out.csv\"", "\"model.bin\""])
        case .choice(let options), .selector(let options, _): return "." + random.pick(options).name
        case .column: return random.pick([".removed", ".accuracy", ".loss"])
        case .list: return "values"
        case .range: return random.pick(["0...3", "1..<4", "0...upto"])
        case .record: return "[a: 1, b: \"two\"]"
        case .function: return "{ x in x + 1 }"
        case .value(let type):
            return [
                "problems": "problems", "model": "net", "run": "run", "table": "table", "problem": "problems[0]",
                "array": "(hidden net on: problems layer: 0 at: .answer)",
            ][type] ?? "(none)"
        case .oneOf(let kinds): return value(random.pick(kinds), &random)
        case .any: return random.pick(["values", "upto", "\"text\"", "(upto + 1)", "values[0]", "table"])
        }
    }

    private static func expression(_ random: inout TestRandom, _ depth: Int) -> String {
        let number = String(Int.random(in: 0...99, using: &random))
        guard depth < 3 else { return random.pick([number, "upto", "0.5"]) }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return number
        case 1:
            return
                "\(expression(&random, depth + 1)) \(random.pick(["+", "-", "*", "/", "//", "%"])) \(expression(&random, depth + 1))"
        case 2: return "(\(expression(&random, depth + 1)) - \(number))"
        case 3: return "\(random.pick(["sqrt", "length", "mean"]))(\(expression(&random, depth + 1)))"
        case 4: return "values[\(Int.random(in: 0...2, using: &random))]"
        default: return "upto"
        }
    }
}

/// Whether the long versions of the tests run: set ICOT_SLOW=1.
let runsSlowTests = ProcessInfo.processInfo.environment["ICOT_SLOW"] == "1"

func diagnose(_ text: String, _ context: LanguageContext) -> [Diagnostic] {
    Checker.diagnose(SourceText(text), context)
}
