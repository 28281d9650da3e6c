// What is said of each fault of an argument, and what to type instead: the sentences, word for word, with which the
// checker speaks before anything runs.

import Testing

@testable import Language

@Suite("The rules of arguments") struct ArgumentRuleTests {
    private static let context: LanguageContext = {
        var context = TestSignatures.context
        context.variables = [
            "data": KnownVariable(typeName: "problems"), "m": KnownVariable(typeName: "model"),
            "t": KnownVariable(typeName: "table", fields: ["removed"]), "n": KnownVariable(typeName: "integer"),
        ]
        return context
    }()

    private static func found(_ text: String, _ context: LanguageContext = context) -> [String] {
        Checker.check(Parser.parse(SourceText(text), context), context).map { "\($0.message) | \($0.help ?? "")" }
    }

    @Test(
        "of labels",
        arguments: [
            ("train epoch: 1", "train: 'epoch' is not a label of train; did you mean 'epochs:'? | write epochs:"),
            ("vars zzzz: 1", "vars: 'zzzz' is not a label of vars | it takes no labels"),
            (
                "hidden m on: data layer: 1 at: .answer zzzz: 1",
                "hidden: 'zzzz' is not a label of hidden | it takes on: layer: at:"
            ),
            ("gen kind: .mult", "gen: 'kind' is given by place, without a label | write gen .mult"),
            ("eval on: data", "eval: 'on' is given by place, without a label | write eval data"),
            ("train steps: 3 steps: 4", "train: 'steps:' appears twice | take one of them away"),
            ("train until 0.99", "train: the label 'until' ends with a colon | write until: 0.99"),
            ("train until", "train: the label 'until' ends with a colon | write until: and a value"),
            (
                "train untl 0.99",
                "train: 'untl' is not a value; did you mean the label 'until:'? | write until: 0.99"
            ),
            ("schedule .left", "schedule: .left needs its label 'side:' | write side: .left"),
            (
                "hidden m on: data layer: 1",
                "hidden: 'at:' is missing | add at: and a .name such as .answer, .first_answer or .chain"
            ),
        ])
    func labels(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test(
        "of how many values there are, and where they stand",
        arguments: [
            ("sqrt(1, 2)", "sqrt: takes one value by place | take it away"),
            ("train 200", "train: takes no value by place | write steps: 200, or another of its labels"),
            ("train 0.5", "train: takes no value by place | write until: 0.5, or another of its labels"),
            ("vars 1", "vars: takes no value by place | take it away"),
            ("joined([1], \"a\", \"b\")", "joined: takes 2 values by place | take it away"),
            (
                "t | vars",
                "vars: takes no value, so nothing can be handed on to it with '|' | write it on a line of its own"
            ),
            ("step to: 10 3", "step: values given by place come before the labels | move it before to:"),
            ("print 1 23", "print: two numbers stand side by side | write 123 for one number, [1, 23] for a list"),
            ("train steps: 3 where .a > 1", "train: does not take 'where' | where belongs to eval or filter"),
            ("train steps: 3 by .a", "train: does not take 'by' | by belongs to eval"),
            ("eval", "eval: problems is missing | write eval and data"),
            ("m | eval", "eval: takes problems from '|', not a model | hand on problems"),
        ])
    func places(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test(
        "of numbers",
        arguments: [
            (
                "train steps: 0",
                "train: 'steps:' takes a whole number from 1 to 1000000000, 0 is outside | the nearest is 1"
            ),
            ("train until: 1.5", "train: 'until:' takes a number from 0 to 1, 1.5 is outside | the nearest is 1"),
            ("train lr: -0.5", "train: 'lr:' takes a number from 0 to 10, -0.5 is outside | the nearest is 0"),
            (
                "schedule smoothing: 100.5",
                "schedule: 'smoothing:' takes a number from 0 to 100, 100.5 is outside | the nearest is 100"
            ),
            (
                "gen .mult digits: 99999999999999999999",
                "gen: 'digits:' takes a whole number from 1 to 20, 99999999999999999999 is outside | the nearest is 20"
            ),
            (
                "gen .mult digits: -1",
                "gen: 'digits:' takes a whole number from 1 to 20, -1 is outside | the nearest is 1"
            ),
            (
                "gen .mult digits: 4.0",
                "gen: 'digits:' takes a whole number from 1 to 20, not a number | write 4"
            ),
            (
                "gen .mult digits: 1.5",
                "gen: 'digits:' takes a whole number from 1 to 20, not a number | write a whole number from 1 to 20"
            ),
            (
                "gen .mult digits: \"1_2\"",
                "gen: 'digits:' takes a whole number from 1 to 20, not text | write 12 without quotes"
            ),
            ("train lr: \"0.1\"", "train: 'lr:' takes a number from 0 to 10, not text | write 0.1 without quotes"),
            ("log removed: \"a\"", "log: 'removed:' takes a number, not text | write a number"),
        ])
    func numbers(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test(
        "of choices and bare words",
        arguments: [
            ("gen .mutl", "gen: .mutl is not a choice of kind; did you mean .mult? | write .mult"),
            ("gen .zzzz", "gen: .zzzz is not a choice of kind | write .mult, .parity or .add"),
            ("gen mult", "gen: kind takes a choice, 'mult' is a bare word; did you mean .mult? | write .mult"),
            ("gen zzzz", "gen: kind takes a choice, 'zzzz' is a bare word | write .mult, .parity or .add"),
            ("gen \"mutl\"", "gen: kind takes .mult, .parity or .add, not text | write .mult"),
            ("gen .mult[1]", "gen: kind takes .mult, .parity or .add, not .mult[1] | write .mult without an index"),
            (
                "mark explicit",
                "mark: name takes a text, 'explicit' is a bare word; did you mean \"explicit\"? | write \"explicit\""
            ),
            ("mark .explicit", "mark: name takes a text in quotes, not .explicit | write \"explicit\""),
            (
                "plot t x: removed",
                "plot: 'x:' takes a column, 'removed' is a bare word; did you mean .removed? | write .removed"
            ),
            (
                "plot t x: \"removed\"",
                "plot: 'x:' takes a column, such as .accuracy, not text | write .removed"
            ),
            (
                "hidden m on: data layer: 1 at: anwser[2]",
                "hidden: 'at:' takes a .name, 'anwser' is a bare word; did you mean .answer[2]? | write .answer[2]"
            ),
        ])
    func choices(_ text: String, _ expected: String) { #expect(Self.found(text) == [expected]) }

    @Test(
        "of true and false",
        arguments: [
            ("0", "not a whole number | write false"), ("1", "not a whole number | write true"),
            ("2", "not a whole number | write true or false"), ("\"true\"", "not text | write true"),
            ("\"no\"", "not text | write true or false"), (".false", "not .false | write false"),
            (".left", "not .left | write true or false"),
        ])
    func truths(_ value: String, _ end: String) {
        #expect(
            Self.found("schedule reset_optimizer: \(value)") == [
                "schedule: 'reset_optimizer:' takes true or false, \(end)"
            ])
    }

    @Test(
        "of what others write for true and false",
        arguments: [
            ("yes", "true"), ("on", "true"), ("True", "true"), ("no", "false"), ("off", "false"), ("False", "false"),
        ])
    func words(_ word: String, _ right: String) {
        #expect(
            Self.found("schedule reset_optimizer: \(word)") == [
                "schedule: 'reset_optimizer:' takes true or false, '\(word)' is a bare word; did you mean \(right)? "
                    + "| write \(right)"
            ])
    }

    @Test("of a value of another kind: which names have the right one, or which verbs make it")
    func kinds() {
        #expect(Self.found("eval m") == ["eval: problems takes problems, not a model | write data"])
        #expect(Self.found("eval dta") == ["eval: 'dta' has no value; did you mean 'data'? | write data"])
        #expect(
            Self.found("map [1] 3") == [
                "map: function takes a function, such as { x in x + 1 }, not a whole number | "
                    + "write a function, such as { x in x + 1 }"
            ])
        let empty = TestSignatures.context
        #expect(
            Self.found("eval 3", empty) == ["eval: problems takes problems, not a whole number | make one with gen"])
        #expect(
            Self.found("sort 3 .a", empty) == [
                "sort: table takes a table, not a whole number | make one with compare, eval or head"
            ])
        #expect(
            Self.found("timeline 3", empty) == ["timeline: run takes a run, not a whole number | make one with start"])
        var many = TestSignatures.context
        for name in ["a", "b", "c", "d"] { many.variables[name] = KnownVariable(typeName: "table") }
        #expect(Self.found("head 3", many) == ["head: table takes a table, not a whole number | write a, b or c"])
    }

    @Test("of many labels twelve are told, and of many fields eight")
    func shortened() {
        let words = (1...13).map { "w\($0)" }
        #expect(Wording.labels(Array(words.prefix(12))).hasSuffix(" w11: w12:"))
        #expect(Wording.labels(words).hasSuffix(" w11: w12: …") && Wording.labels([]) == "it takes no labels")
        #expect(Wording.fields(Array(words.prefix(8))) == "it has w1, w2, w3, w4, w5, w6, w7, w8")
        #expect(Wording.fields(words) == "it has w1, w2, w3, w4, w5, w6, w7, w8, …")
    }
}
