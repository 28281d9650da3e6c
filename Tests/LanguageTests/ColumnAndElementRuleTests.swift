// Rules of single columns, elements and keys: what hides a column and what shows it again, which element of an array
// is meant, which value of a record is a time, and when a step of the tour is done.

import Testing

@testable import Language

@Suite("The rules of columns and elements") struct ColumnAndElementRuleTests {
    // MARK: - Columns

    @Test("a hidden column is shown once it is selected, and by nothing else; by its name it is always there")
    func hiddenColumns() {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.define(
            "t",
            .table(TableObject([.init("a", [1, 2]), .init("h", [.text("x"), .text("y")], format: .hidden)])))
        func shown(_ line: String) -> [String] {
            recorder.clear()
            session.run(SourceText(line))
            return recorder.lines + recorder.errors.map(\.message)
        }
        #expect(shown("t") == ["a", "1", "2"])
        #expect(shown("(t) | select .h .a") == ["h  a", "x  1", "y  2"])
        #expect(shown("(t) | select .a") == ["a", "1", "2"])
        // The table itself is as it was.
        #expect(shown("t") == ["a", "1", "2"])
        #expect(shown("filter t where .h == \"y\"") == ["a", "2"])
        #expect(shown("sort t .h descending: true") == ["a", "2", "1"])
        #expect(shown("head t 1") == ["a", "1"] && shown("tail t 1") == ["a", "2"])
        #expect(shown("t.h") == ["[\"x\", \"y\"]"])
    }

    // MARK: - Elements of arrays

    @Test("the element of an array that is given a value is the one that its positions mean, and no other")
    func arrayElements() {
        let differences = ScriptRunner.differences(
            """
            let a = array([[1, 2, 3], [4, 5, 6]])
            a[1, 2] = 9
            print a[1, 0] a[1, 1] a[1, 2] a[0, 2]
            #> 4.000 5.000 9.000 3.000
            a[-1, 0] = 7
            print a[1, 0] a[0, 0] a[0, 2]
            #> 7.000 1.000 3.000
            let tall = array([[1, 2], [3, 4], [5, 6]])
            tall[1, 0] = 9
            print tall[0, 0] tall[0, 1] tall[1, 0] tall[1, 1] tall[2, 0] tall[2, 1]
            #> 1.000 2.000 9.000 4.000 5.000 6.000
            let b = array([[[1, 2, 3]], [[4, 5, 6]]])
            b[1, 0, 2] = 8
            print b[1, 0, 2] b[1, 0, 1] b[1, 0, 0] b[0, 0, 2]
            #> 8.000 5.000 4.000 3.000
            let other = b
            other[0, 0, 0] = 5
            print b[0, 0, 0] other[0, 0, 0] other[1, 0, 2]
            #> 1.000 5.000 8.000
            """, name: "array elements")
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    // MARK: - Times in records

    @Test(
        "of a record with other keys the seconds are a time, which no notebook compares",
        arguments: [
            ("[n: 1, seconds: 0.5]", ["0.5000"]), ("[seconds: 0.5, n: 1]", ["0.5000"]),
            ("[a: 1, seconds: 2, b: 3]", ["2"]), ("[seconds: 0.5]", []), ("[a: 1, b: 2]", []),
            ("[a: 1, second: 2]", []),
        ])
    func seconds(_ record: String, _ times: [String]) throws {
        let session = TestSession.make()
        let recorder = TestSession.Recorder(session)
        session.run(SourceText(record))
        let runs = try #require(recorder.bundles.last, "\(recorder.errors)").lines.flatMap(\.runs)
        #expect(runs.filter(\.isVolatile).map(\.text) == times)
    }

    // MARK: - The tour

    @Test("a step of the tour is not done while the name that later steps need holds a value of another kind")
    func tourNeeds() {
        let session = Session(
            Vocabulary(tour: [
                TourStep("make", "Make.", line: "let data = sorted([2, 1])", verb: "sorted", needs: ("data", "list")),
                TourStep("see", "Look.", line: "print data", verb: "print"),
            ]))
        func type(_ line: String) -> [String] {
            let source = SourceText(line)
            guard session.run(source) == .finished else { return ["failed"] }
            return session.tourNews(after: source).map(\.plain)
        }
        #expect(Question("?tour")?.answer(session).lines.first?.plain.hasPrefix("step 1 of 2") == true)
        let needed = "that was it; for the next steps it needs the name data: let data = sorted([2, 1])"
        #expect(type("let data = length(sorted([2, 1]))") == [needed])
        #expect(type("let data = [a: sorted([2, 1])]") == [needed])
        // What is typed without the verb is no step, whatever it makes.
        #expect(type("let data = [1, 2]") == [])
        #expect(type("print sorted([3, 1])").dropFirst().first?.hasPrefix("step 2 of 2") == true)
    }
}
