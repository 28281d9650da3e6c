// The rules by which problems are made, read and kept apart, each as a table of small cases worked out by hand.

import Support
import Tensors
import Testing
import Transformer

@testable import Internalization

private func problem(_ task: some ProblemTask, _ input: [UInt8]) -> Problem { ProblemSet.single(task, input: input)[0] }

@Suite struct TaskTextRuleTests {
    @Test(
        arguments: [
            // Digits, modulus, the running sums of 2, 3, … and that of all.
            ([2, 7, 4, 3], 10, "9 3", "6"), ([9, 9, 9], 10, "8", "7"), ([1, 1], 2, "", "0"),
            ([5, 5, 5, 5], 7, "3 1", "6"),
            ([0, 0, 1], 3, "0", "1"), ([9, 9, 9, 9, 9], 9, "0 0 0", "0"),
        ] as [([UInt8], Int, String, String)])
    func `a digit sum's chain is the running sums, its answer that of all`(
        _ digits: [UInt8], _ modulus: Int, _ chain: String, _ answer: String
    ) throws {
        let found = problem(try DigitSum(digits: digits.count, modulus: modulus), digits)
        #expect(found.question == digits.map { "\($0)" }.joined(separator: " "))
        #expect(found.chain == chain && found.answer == answer)
    }

    @Test func `an addition's chain is the carries from the least digit on, its answer has one digit more`() throws {
        // 95 + 17 with the least digit first and with the most significant first, and a sum of one digit each.
        let least = problem(try Addition(digits: 2...2), [5, 9, 7, 1])
        #expect(least == Problem(question: "5 9 + 7 1", chain: "1 1", answer: "2 1 1"))
        let most = problem(try Addition(digits: 2...2, order: .mostFirst), [5, 9, 7, 1])
        #expect(most == Problem(question: "9 5 + 1 7", chain: "1 1", answer: "1 1 2"))
        let short = problem(try Addition(digits: 1...3), [4, 0, 0, 5, 0, 0])
        #expect(short == Problem(question: "4 + 5", chain: "0", answer: "9 0"))
        #expect(problem(try Addition(digits: 1...1), [5, 5]).answer == "0 1")
    }

    @Test func `a multiplication of mixed lengths is written with its own digits, or with zeros up to the longest`()
        throws
    {
        let input: [UInt8] = [3, 0, 4, 0]
        #expect(
            problem(try Multiplication(digits: 1...2), input) == Problem(question: "3 * 4", chain: "2 1", answer: "2 1")
        )
        #expect(
            problem(try Multiplication(digits: 1...2, padded: true), input)
                == Problem(question: "3 0 * 4 0", chain: "2 1 0 + 0 0 0 0", answer: "2 1 0 0"))
        // Padding means nothing where there is one length.
        #expect(try !Multiplication(left: 2...2, right: 2...2, padded: true).isPadded)
        // 12 × 345: 60, 480, 3600; 60 + 480 = 540.
        #expect(
            problem(try Multiplication(left: 2...2, right: 3...3), [2, 1, 5, 4, 3])
                == Problem(
                    question: "2 1 * 5 4 3", chain: "0 6 0 + 0 8 4 0 ( 0 4 5 0 ) + 0 0 6 3 0", answer: "0 4 1 4 0"))
    }

    @Test func `a tree of three leaves the odd one out to the root`() throws {
        // 11 × 123: 33, 220, 1100; 33 + 220 = 253; the root, 1353, is the answer.
        let tree = problem(try Multiplication(left: 2...2, right: 3...3, chain: .tree), [1, 1, 3, 2, 1])
        #expect(tree.chain == "3 3 0 + 0 2 2 0 + 0 0 1 1 0 = 3 5 2 0" && tree.answer == "3 5 3 1 0")
        let two = problem(try Multiplication(left: 1...1, right: 2...2, chain: .tree), [3, 2, 1])
        #expect(two == Problem(question: "3 * 2 1", chain: "6 0 + 0 3 0", answer: "6 3 0"))
    }

    @Test(
        arguments: [
            (
                0, "Ann has 4 boxes with 12 apples each and gives away 5 apples. How many apples are left?",
                "<<4*12=48>> <<48-5=43>>", "43"
            ),
            (
                1, "Ann sells 12 apples a day for 4 days, and 5 more on Sunday. How many apples is that?",
                "<<4*12=48>> <<48+5=53>>", "53"
            ),
            (
                2, "Ann buys 12 apples today and 5 tomorrow, at 4 dollars each. How much is that?",
                "<<12+5=17>> <<17*4=68>>", "68"
            ),
            (
                3, "Ann has 12 apples, finds 5 more and loses 4. How many apples are there now?",
                "<<12+5=17>> <<17-4=13>>", "13"
            ),
            (
                4, "Ann shares 48 apples among 4 friends, who have 5 each already. How many has each friend now?",
                "<<48/4=12>> <<12+5=17>>", "17"
            ),
            (
                5, "Ann packs 48 apples into 4 equal bags. How many apples are in 5 such bags?",
                "<<48/4=12>> <<12*5=60>>", "60"
            ),
        ] as [(UInt8, String, String, String)])
    func `each way of telling has the two steps that it tells`(
        _ template: UInt8, _ question: String, _ chain: String, _ answer: String
    ) {
        let found = problem(WordProblems(), [template, 0, 0, 4, 12, 5])
        #expect(found == Problem(question: question, chain: chain, answer: answer))
        #expect(WordProblems().input(of: found) == [template, 0, 0, 4, 12, 5])
        #expect(WordProblems().fact("template", index: nil, of: found) == .integer(Int(template)))
        #expect(
            (0..<4).map { WordProblems().fact("number", index: $0, of: found) } == [
                .integer(4), .integer(12), .integer(5), nil,
            ])
    }

    @Test(arguments: [
        "Ann has 1 boxes with 12 apples each and gives away 5 apples. How many apples are left?",
        "Ann has 4 boxes with 10 apples each and gives away 5 apples. How many apples are left?",
        "Ann has 4 boxes with 12 apples each and gives away 21 apples. How many apples are left?",
        "Ann has 4 boxes with 12 apples each and gives away 5 apples. How many apples are left? ",
        "Zoe has 4 boxes with 12 apples each and gives away 5 apples. How many apples are left?",
        "Ann shares 49 apples among 4 friends, who have 5 each already. How many has each friend now?",
    ])
    func `a question that the task would not ask is none of its own`(_ question: String) {
        #expect(WordProblems().input(of: Problem(question: question, chain: "", answer: "")) == nil)
    }

    @Test(
        arguments: [
            ("1 2 + 3 4", [1, 2, 3, 4]), ("12+34", [1, 2, 3, 4]), ("1 2 + 3", nil), ("1 2 3 + 4 5 6", nil),
            ("1 2", nil),
            ("+ 1", nil), ("1 2 + 3 x", nil), ("1 2 * 3 4", nil), ("1 + 3", [1, 0, 3, 0]),
        ] as [(String, [UInt8]?)])
    func `two numbers of the same length are read, spaces or not`(_ question: String, _ input: [UInt8]?) throws {
        let task = try Addition(digits: 1...2)
        #expect(task.input(of: Problem(question: question, chain: "", answer: "")) == input)
        let most = try Addition(digits: 1...2, order: .mostFirst)
        let turned = input.map { $0[1] == 0 ? $0 : [$0[1], $0[0], $0[3], $0[2]] }
        #expect(most.input(of: Problem(question: question, chain: "", answer: "")) == turned)
    }

    @Test func `tasks are named after what they ask, and inputs are counted`() throws {
        #expect(
            try DigitSum.parity(digits: 6).name == "parity 6"
                && DigitSum(digits: 5, modulus: 7).name == "modsum 5 mod 7")
        #expect(try Addition(digits: 3...3).name == "add 3")
        #expect(try Addition(digits: 1...3, order: .mostFirst).name == "add (1…3) most significant first")
        #expect(try Multiplication(digits: 4).name == "mult 4×4")
        #expect(try Multiplication(digits: 1...2, padded: true, chain: .tree).name == "mult (1…2)×(1…2) padded tree")
        #expect(try DigitSum.parity(digits: 3).inputSpace == 1000 && Multiplication(digits: 2).inputSpace == 8100)
        #expect(try Multiplication(digits: 1...2).inputSpace == 81 + 8100)
        #expect(try Multiplication(left: 1...2, right: 1...2).inputSpace == 99 * 99)
        #expect(WordProblems().inputSpace == 6 * 8 * 8 * 8 * 20 * 19)
        #expect(try DigitSum(digits: 18, modulus: 2).inputSpace == 1_000_000_000_000_000_000)
        #expect(try DigitSum(digits: 19, modulus: 2).inputSpace == nil && Addition(digits: 10...10).inputSpace == nil)
    }

    @Test func `every input of a small task comes once when they are counted through, the first first`() throws {
        let tasks: [any ProblemTask] = [
            try Addition(digits: 1...1), try Addition(digits: 1...2), try Multiplication(left: 1...2, right: 1...1),
            try Multiplication(digits: 1...1), try DigitSum.parity(digits: 2),
        ]
        for task in tasks {
            let space = try #require(task.inputSpace)
            var seen: Set<[UInt8]> = []
            var input = [UInt8](repeating: 9, count: task.inputCount)
            for index in 0..<space {
                task.enumerate(index, into: &input)
                seen.insert(input)
            }
            #expect(seen.count == space, "\(task.name)")
            #expect(seen.allSatisfy { $0.allSatisfy { $0 <= 9 } }, "\(task.name)")
        }
        var input: [UInt8] = [9, 9, 9, 9]
        try Addition(digits: 1...2).enumerate(0, into: &input)
        #expect(input == [1, 0, 1, 0])
        try Addition(digits: 1...2).enumerate(81, into: &input)
        #expect(input == [0, 1, 0, 1])
        try Addition(digits: 1...2).enumerate(82, into: &input)
        #expect(input == [0, 1, 1, 1])
    }
}

@Suite struct FactRuleTests {
    @Test func `the facts of a digit sum are counted from the left`() throws {
        let task = try DigitSum(digits: 4, modulus: 5)
        let asked = problem(task, [2, 7, 4, 3])
        func fact(_ name: String, _ index: Int? = nil) -> Fact? { task.fact(name, index: index, of: asked) }
        #expect((0..<4).map { fact("digit", $0) } == [2, 7, 4, 3].map { .integer($0) } && fact("digit", 4) == nil)
        #expect((0..<4).map { fact("running_sum", $0) } == [2, 9, 13, 16].map { .integer($0) })
        #expect((0..<4).map { fact("running_residue", $0) } == [2, 4, 3, 1].map { .integer($0) })
        #expect(fact("digit_sum") == .integer(16) && fact("odd_digits") == .integer(2) && fact("answer") == .integer(1))
        #expect(fact("running_parity", 1) == nil && fact("digit") == nil && fact("digit_sum", 0) == nil)
        let parity = try DigitSum.parity(digits: 4)
        #expect(parity.fact("running_parity", index: 1, of: asked) == .integer(1))
        #expect(parity.fact("running_residue", index: 1, of: asked) == nil)
    }

    @Test func `zeros, carries and columns of a product are counted`() throws {
        // 102 × 30: columns 0, 6, 0, 3, 0.
        let task = try Multiplication(left: 3...3, right: 2...2)
        let asked = problem(task, [2, 0, 1, 0, 3])
        func fact(_ name: String, _ index: Int? = nil) -> Fact? { task.fact(name, index: index, of: asked) }
        #expect((0..<5).map { fact("column_sum", $0) } == [0, 6, 0, 3, 0].map { .integer($0) })
        #expect(fact("zeros") == .integer(2) && fact("carries") == .integer(0) && fact("answer") == .integer(3060))
        #expect(fact("partial_product_1") == .integer(3060) && fact("partial_product_0") == .integer(0))
        #expect(fact("partial_sum_0") == .integer(0) && fact("partial_sum_1") == .integer(3060))
        #expect(fact("a", 1) == .integer(0) && fact("b") == .integer(30) && fact("longest_carry_chain") == .integer(0))
    }

    @Test(arguments: [
        ([true, true, false, true], 2), ([], 0), ([false], 0), ([true, true, true], 3),
        ([false, true, false, true, true], 2),
    ]) func `the longest run is that of neighbours`(_ flags: [Bool], _ length: Int) {
        #expect(longestRun(flags) == length)
    }

    @Test(
        arguments: [
            ([0, 0], "0"), ([7], "7"), ([0, 2, 1], "120"), ([5, 0, 0], "5"),
            (Array(repeating: 9, count: 20), "99999999999999999999"), ([], "0"),
        ] as [([UInt8], String)])
    func `a number is read from its least digit on, without zeros in front`(_ digits: [UInt8], _ text: String) {
        #expect(Fact(digits: digits).description == text)
    }

    @Test(arguments: [
        ("steps", true), ("_x", true), ("a1", true), ("1a", false), ("", false), ("question", false), ("chain", false),
        ("answer", false), ("own_length", false), ("é", false), ("a-b", false), ("a b", false),
    ]) func `a field of somebody's data is a fact where its name is a word of its own`(_ name: String, _ isName: Bool) {
        #expect(FactDescription.isName(name) == isName)
    }

    @Test func `lengths are counted in characters, spaces aside`() throws {
        var builder = ProblemSetBuilder(taskName: "t")
        try builder.append(question: "é 漢 a", chain: "", answer: "1 2")
        let set = builder.finish()
        #expect(set.fact("question_length", ofProblem: 0) == .integer(3))
        #expect(
            set.fact("chain_length", ofProblem: 0) == .integer(0)
                && set.fact("answer_length", ofProblem: 0) == .integer(2))
        #expect(set.fact("question_length", index: 0, ofProblem: 0) == nil)
    }

    @Test(
        arguments: [
            ("<<4*12=48>> <<48-5=43>>", 2, "43"), ("<<1+1=2>>", 1, nil), ("", 0, nil), ("<<1+1=2>><<2+2=4>>", nil, nil),
            ("<<1+1=2>> x", nil, nil), ("1+1=2", nil, nil), ("<<1+1=2>", nil, nil), ("<<0.5*2=1.0>>", 1, nil),
        ] as [(String, Int?, String?)])
    func `the steps of a calculator stand between their marks with a space between them`(
        _ chain: String, _ count: Int?, _ second: String?
    ) {
        let asked = Problem(question: "q", chain: chain, answer: "7")
        #expect(CalculatorSteps().fact("steps", index: nil, of: asked) == count.map { .integer($0) })
        #expect(CalculatorSteps().fact("result", index: 1, of: asked).map { "\($0)" } == second)
        #expect(CalculatorSteps().layout(of: asked)?.segments.count == count)
    }
}

@Suite struct ProblemSetRuleTests {
    private func refusal(_ question: String, _ chain: String = "", _ answer: String = "1") -> String? {
        var builder = ProblemSetBuilder(taskName: "t")
        do {
            try builder.append(question: question, chain: chain, answer: answer)
            return nil
        } catch ProblemError.unwritable(_, let part, let rule) {
            return "\(part) \(rule)"
        } catch { return "\(error)" }
    }

    @Test func `a text that a file would give back as something else is refused by its part`() {
        #expect(refusal("a|") == "question ends in |, which the separator || after it would swallow")
        #expect(refusal("a|b") == nil && refusal("|a") == nil && refusal("a", "b|", "c|") == nil)
        #expect(refusal("a||b") == "question has ||, which separates the question from the chain")
        #expect(refusal("a", "b||c")?.hasPrefix("chain has ||") == true)
        #expect(refusal("a", "b####c")?.hasPrefix("chain has ####") == true && refusal("a####b") == nil)
        #expect(refusal("a", "b###c") == nil && refusal("a", "b", "1 #### 2")?.hasPrefix("answer has ####") == true)
        #expect(refusal("a\nb") == "question has a line break" && refusal("a", "b\rc") == "chain has a line break")
        #expect(
            refusal(" ") == "question is empty" && refusal("a", "", "") == "answer is empty" && refusal("a", " ") == nil
        )
        // The reference's own answers come with their mark.
        #expect(refusal("a", "b", "#### 7") == nil)
    }

    @Test func `a question that was there is passed over on request only, and so is one of another set`() throws {
        func made(
            _ questions: [String], isDistinct: Bool, apartFrom others: [ProblemSet] = []
        ) throws
            -> (set: ProblemSet, added: [Bool])
        {
            var builder = ProblemSetBuilder(taskName: "t", apartFrom: others, isDistinct: isDistinct)
            let added = try questions.map { try builder.append(question: $0, chain: "", answer: "1") }
            return (builder.finish(), added)
        }
        let all = try made(["a", "b", " a", "c"], isDistinct: false)
        #expect(all.added == [true, true, true, true] && all.set.count == 4 && all.set.hasRepetition)
        let distinct = try made(["a", "b", " a", "c"], isDistinct: true)
        #expect(distinct.added == [true, true, false, true] && distinct.set.count == 3 && !distinct.set.hasRepetition)
        let apart = try made(["a", "x", "b", "y"], isDistinct: false, apartFrom: [distinct.set])
        #expect(apart.added == [false, true, false, true] && apart.set[0].question == "x" && !apart.set.hasRepetition)
    }

    @Test(arguments: [(1, 0), (2, 1), (4, 1), (19, 1), (20, 2), (99, 9), (4999, 499), (5000, 500), (1_000_000, 500)])
    func `a tenth is set aside, one at least and 500 at most`(_ count: Int, _ aside: Int) {
        #expect(ProblemSet.countSetAside(of: count) == aside)
    }

    @Test func `a part of a set keeps its order, a sample has no problem twice`() throws {
        let set = try ProblemSet.generate(DigitSum.parity(digits: 4), count: 30, seed: 2)
        func questions(_ set: ProblemSet) -> [String] { (0..<set.count).map { set[$0].question } }
        let all = questions(set)
        #expect(questions(set[3..<6]) == Array(all[3..<6]) && questions(set[25..<99]) == Array(all[25...]))
        #expect(questions(set.select([5, 2, 5])) == [all[5], all[2], all[5]])
        #expect(questions(set.filter { $0.question.hasPrefix("1") }) == all.filter { $0.hasPrefix("1") })
        let sample = try set.sample(30, seed: 3)
        #expect(questions(sample).sorted() == all.sorted() && questions(sample) != all)
        #expect(try questions(set.sample(4, seed: 3)) == Array(questions(sample)[..<4]))
        #expect(throws: ProblemError.self) { try set.sample(31, seed: 3) }
        #expect(questions(set.shuffled(seed: 1)).sorted() == all.sorted() && questions(set.shuffled(seed: 1)) != all)
        let both = set[0..<2] + set[5..<6]
        #expect(questions(both) == [all[0], all[1], all[5]] && both.taskName == set.taskName && both.task != nil)
    }

    @Test func `repetition comes when it is allowed and needed, and never where others took most of the inputs`() throws
    {
        let task = try DigitSum.parity(digits: 2)
        func count(_ wanted: Int, _ repetition: Repetition, apart: Int = 0) -> Int? {
            guard let others = try? ProblemSet.generate(task, count: apart, seed: 1),
                let set = try? ProblemSet.generate(
                    task, count: wanted, seed: 2, apartFrom: [others], repetition: repetition)
            else { return nil }
            let questions = Set((0..<set.count).map { set[$0].question })
            let taken = Set((0..<others.count).map { others[$0].question })
            return questions.isDisjoint(with: taken) && set.count == wanted ? questions.count : -1
        }
        #expect(count(100, .never) == 100 && count(101, .never) == nil && count(60, .never, apart: 40) == 60)
        #expect(count(61, .never, apart: 40) == nil)
        #expect(count(100, .whenNeeded) == 100 && (count(101, .whenNeeded) ?? 0) > 50)
        #expect((count(200, .whenNeeded, apart: 50) ?? 0) > 40 && count(100, .whenNeeded, apart: 60) == nil)
        #expect((1..<100).contains(count(100, .always) ?? 0))
    }

    @Test func `digits of any length are multiplied and added as at school`() {
        func product(_ digits: [UInt8], _ factor: UInt8) -> [UInt8] {
            var out = [UInt8](repeating: 7, count: digits.count + 1)
            DecimalDigits.multiply(&out, digits, digits.count, by: factor)
            return out
        }
        #expect(
            product([9, 9], 9) == [1, 9, 8] && product([5, 2], 4) == [0, 0, 1] && product([1, 2], 0) == [0, 0, 0])
        #expect(product([3], 3) == [9, 0] && product([9, 9, 9], 1) == [9, 9, 9, 0])
        func sum(_ a: [UInt8], _ b: [UInt8]) -> (digits: [UInt8], carry: UInt8) {
            var out = a
            let carry = DecimalDigits.add(&out, b, a.count)
            return (out, carry)
        }
        #expect(
            sum([9, 9], [1, 0]) == ([0, 0], 1) && sum([5, 4], [4, 5]) == ([9, 9], 0)
                && sum([5, 9], [5, 0]) == ([0, 0], 1))
        #expect(
            (0...3).map { DecimalDigits.powerOfTen($0) } == [1, 10, 100, 1000] && DecimalDigits.powerOfTen(19) == nil)
        var written: [UInt8] = [9, 9, 9, 9]
        DecimalDigits.write(1205, to: &written, count: 3)
        #expect(written == [5, 0, 2, 9])
    }

    @Test func `inputs that a task would not draw are not accepted from a file`() throws {
        let add = try #require(TaskDescription(try Addition(digits: 2...3)))
        // Two numbers of up to three digits, the highest never zero, both as long as each other.
        for (input, isAccepted) in [
            ([1, 2, 0, 3, 4, 0], true), ([1, 2, 3, 4, 5, 6], true), ([1, 2, 3, 4, 5, 0], false),
            ([1, 0, 0, 2, 0, 0], false), ([10, 2, 0, 3, 4, 0], false), ([0, 2, 0, 0, 4, 0], true),
        ] as [([UInt8], Bool)] { #expect(add.accepts(input, 6) == isAccepted, "\(input)") }
        let free = try #require(TaskDescription(try Multiplication(left: 1...2, right: 1...1)))
        #expect(free.accepts([1, 2, 3], 3) && free.accepts([1, 0, 3], 3) && !free.accepts([0, 0, 3], 3))
        let square = try #require(TaskDescription(try Multiplication(digits: 1...2)))
        #expect(square.accepts([1, 2, 3, 4], 4) && !square.accepts([1, 2, 3, 0], 4))
        let sum = try #require(TaskDescription(try DigitSum(digits: 3, modulus: 5)))
        #expect(sum.accepts([0, 0, 0], 3) && !sum.accepts([0, 0, 11], 3))
        #expect(TaskDescription(WordProblems()) == nil)
        for description in [add, free, square, sum] {
            #expect(TaskDescription(try description.task()) == description)
        }
    }
}
