import Language
import Testing

@testable import Commands

/// icot-verbs(7) and the table of signatures say the same.
@Suite struct VerbManualTests {
    private let context = Session(EngineVocabulary.make()).context
    /// The text below the heading of each verb and function.
    private let pages: [String: String]

    init() {
        var pages: [String: String] = [:]
        for section in Help.manual(context, source: "icot 1").split(separator: "\n.SS ").dropFirst() {
            let parts = section.dropFirst().split(separator: "\"", maxSplits: 1)
            pages[String(parts[0])] = String(parts[1])
        }
        self.pages = pages
    }

    private var signatures: [CommandSignature] {
        Array(context.signatures.verbs.values) + Array(context.signatures.functions.values)
    }

    @Test func `every verb and every function has its place, and nothing else`() {
        #expect(Set(pages.keys) == Set(signatures.map(\.name)))
        #expect(pages.count > 140)
    }

    @Test func `every argument has its line, with its default and its choices`() throws {
        for signature in signatures {
            let page = try #require(pages[signature.name])
            for parameter in signature.parameters {
                let term = "\n.TP\n\\fB\(parameter.name)\(parameter.label == nil ? "" : ":")\\fR\n"
                let about = try #require(
                    page.split(separator: term, maxSplits: 1).dropFirst().first, "\(signature.name)")
                let meaning = about.split(separator: "\n.TP", maxSplits: 1).first ?? ""
                if let value = parameter.defaultText, value.allSatisfy({ $0.isLetter || $0.isNumber }) {
                    #expect(meaning.contains("default \(value)"), "\(signature.name) \(parameter.name)")
                }
                guard case .choice(let options) = parameter.kind else { continue }
                for option in options where !option.summary.isEmpty {
                    #expect(meaning.contains(".\(option.name): "), "\(signature.name) \(option.name)")
                }
            }
        }
    }

    @Test func `examples and what is related stand there`() throws {
        let train = try #require(pages["train"])
        #expect(train.contains("\n.EX\ntrain steps: 20\ntrain until: 0.99 at_most: 2000\n.EE\n"))
        #expect(train.hasSuffix("\nSee also: internalize, step, eval"))
        #expect(train.contains("Effects: changes the current run\n"))
        for signature in signatures where !signature.seeAlso.isEmpty {
            #expect(pages[signature.name]?.contains("See also: \(signature.seeAlso.joined(separator: ", "))") == true)
        }
    }
}
