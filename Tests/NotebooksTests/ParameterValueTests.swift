// Several values for a parameter, as a sweep takes them.

import Support
import Testing

@testable import Notebooks

@Suite struct ParameterValueTests {
    @Test(
        arguments: [
            ("x=1,4", ["1", "4"]), ("x=1...3", ["1", "2", "3"]), ("x=0..<2", ["0", "1"]), ("x=-2...-1", ["-2", "-1"]),
            ("x=1...2,7", ["1", "2", "7"]), ("x=(1...3)", ["(1...3)"]), ("x=left, right", ["\"left\"", "\"right\""]),
            ("x=.left,.right", [".left", ".right"]), ("x=[1, 2],[3]", ["[1, 2]", "[3]"]),
            ("x=\"a,b\",c", ["\"a,b\"", "\"c\""]),
            ("x=\"a\\\",b\"", ["\"a\\\",b\""]), ("x=1e-3,true", ["1e-3", "true"]), ("x=a=b", ["\"a=b\""]),
        ] as [(String, [String])])
    func `commas part values, and a range of whole numbers is all of them`(text: String, literals: [String]) throws {
        let (name, values) = try Notebook.parameterValues(text, most: 100)
        #expect(name == "x")
        #expect(values.map(\.literal) == literals)
    }

    @Test func `a value is known as JSON too, for tables`() throws {
        let values = try Notebook.parameterValues("x=1,-2,0.5,true,none,word,.left", most: 100).values
        #expect(values.map(\.json) == [1, -2, 0.5, true, .null, "word", ".left"])
    }

    @Test(arguments: ["x=", "x=1,,2", "x=3...1", "x=1...200", "x"])
    func `what is no value is refused`(text: String) {
        #expect(throws: NotebookError.self) { try Notebook.parameterValues(text, most: 100) }
    }

    @Test(arguments: ["n=", "n= "])
    func `an empty value is refused for one notebook as for a sweep, and an empty text can be written`(
        text: String
    ) throws {
        #expect(throws: NotebookError.self) { try Notebook.parameter(text) }
        #expect(throws: NotebookError.self) { try Notebook.parameterValues(text, most: 100) }
        #expect(try Notebook.parameter("n=\"\"").value == "\"\"")
        #expect(try Notebook.parameterValues("n=\"\"", most: 100).values.map(\.json) == [""])
    }

    @Test func `the parameters of a notebook come with its own values`() {
        let text = "# icot 1\n# %% params\nlet seed = 2\nlet side = \"left\"\n# %%\nlet other = 3\n"
        let known = Notebook(bytes: Array(text.utf8)).parameters(TestVocabulary.context)
        #expect(known.map(\.name) == ["seed", "side"])
        #expect(known.map(\.value.literal) == ["2", "\"left\""])
        #expect(known.map(\.value.json) == [2, "left"])
    }

    @Test func `a parameter that is not there is answered with the nearest`() {
        let error = NotebookError.unknownParameter(name: "sed", known: ["seed", "lambda"])
        #expect(error.description.hasSuffix("it has seed, lambda; did you mean 'seed'?"))
    }
}
