import FoundationEssentials
import Language
import Testing
import TestSupport

/// Tasks written in the language.
@Suite struct OwnTaskTests {
    private static let sums = """
        def sum(i) { [question: "{i % 7} {i % 3}", chain: "{i % 7}", answer: "{i % 7 + i % 3}", carry: i % 2, terms: [i % 7, i % 3], kind: "plain"] }
        """

    @Test func `further fields are facts to group by`() {
        let desk = Desk()
        desk.run(Self.sums + "\nlet p = problems(sum, n: 21, name: \"sums\", distinct: true)")
        #expect(desk.value("length(p)").asInteger == 21)
        #expect(desk.value("p[4].carry").asInteger == 0)
        #expect(desk.value("p[5].terms").asList?.compactMap(\.asInteger) == [5, 2])
        #expect(desk.value("p[5].kind").asText == "plain")
    }

    @Test func `questions of other problems are passed over and made up for`() {
        let desk = Desk()
        desk.run(
            """
            def double(i) { [question: "{i}", chain: "{i + i}", answer: "{2 * i}"] }
            let test = problems(double, n: 3)
            let data = problems(double, n: 4, apart_from: test)
            """)
        #expect(desk.value("data | map { p in p.question }").asList?.compactMap(\.asText) == ["3", "4", "5", "6"])
    }

    @Test func `a generator that has run out is not asked for ever`() {
        let desk = Desk()
        desk.run(Self.sums + "\nproblems(sum, n: 22, distinct: true)")
        #expect(desk.messages.first?.contains("only 21 of 22 problems differ enough") == true)
        #expect(desk.messages.first?.contains("n: 21") == true)
    }

    @Test func `a fact that is no whole number is told to be rounded`() {
        let desk = Desk()
        for fact in ["1.5", "[1, 1.5]"] {
            desk.run("problems({ i in [question: \"{i}\", chain: \"1\", answer: \"2\", w: \(fact)] }, n: 2)")
            let said = desk.messages.first ?? ""
            #expect(said.contains("the fact .w is neither a whole number nor a text"), "\(said)")
            #expect(said.contains("write round(x)"), "\(said)")
        }
    }

    @Test func `a fact must be numbers or texts`() {
        let desk = Desk()
        desk.run("problems({ i in [question: \"{i}\", answer: \"1\", deep: [[1]]] }, n: 1)")
        #expect(desk.messages.first?.contains("the fact .deep is neither a whole number nor a text") == true)
    }

    @Test func `names and facts are there again after a run is resumed`() throws {
        try withTemporaryFolder { folder in
            // The session lets go of the folder when it ends.
            do {
                let desk = Desk()
                desk.run(
                    Self.sums + """

                        let data = problems(sum, n: 21, name: "sums", distinct: true)
                        let r = start (model .gpt2 width: 16 heads: 2 positions: 32) on: data batch: 4
                        train steps: 1
                        save_run "\(folder.path)/kept"
                        """)
                #expect(desk.messages == [])
            }
            let again = Desk()
            again.run("let r = resume \"\(folder.path)/kept\"")
            #expect(again.messages == [])
            #expect(again.value("r.data.task").asText == "sums")
            #expect(again.value("r.data[5].terms").asList?.compactMap(\.asInteger) == [5, 2])
            #expect(again.value("r.data[5].kind").asText == "plain")
        }
    }

    @Test func `a part of some problems is problems again`() {
        let desk = Desk()
        desk.run("let p = gen .mult digits: 2 n: 300")
        desk.run("let hard = filter p { x in x.question != p[0].question }")
        #expect(desk.messages == [])
        #expect(desk.value("length(hard)").asInteger == 299)
        #expect(desk.value("hard.task").asText == "mult 2×2")
        #expect(desk.value("(filter p where .question == p[3].question)[0] == p[3]").asBoolean == true)
    }
}
