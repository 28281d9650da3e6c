import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Internalization
import Transformer

private let published = Problem(
    question: "7 6 9 2 * 1 6 3 6",
    chain: "7 6 9 2 0 + 0 2 0 8 7 1 ( 7 8 9 0 8 1 ) + 0 0 1 0 9 8 0 ( 7 8 0 1 7 0 1 ) + 0 0 0 2 0 8 7 1",
    answer: "7 8 0 3 7 8 8 1")

@Suite struct FactTests {
    @Test func `the numbers inside a multiplication are found`() throws {
        // 2967 × 6361, by hand: columns 7, 6·1+7·6 = 48, 9+36+21 = 66, 2+54+18+42 = 116, 12+27+36 = 75, 6+54 = 60, 12.
        let task = try Multiplication(digits: 4)
        func integers(_ name: String, _ indices: Range<Int>) -> [Int] {
            indices.map { index in
                if case .integer(let value)? = task.fact(name, index: index, of: published) { return value }
                return -1
            }
        }
        #expect(integers("a", 0..<5) == [7, 6, 9, 2, -1])
        #expect(integers("column_sum", 0..<8) == [7, 48, 66, 116, 75, 60, 12, 0])
        #expect(integers("running_sum", 0..<9) == [7, 48, 70, 123, 87, 68, 18, 1, -1])
        #expect(integers("carry", 0..<8) == [0, 4, 7, 12, 8, 6, 1, 0])
        #expect(task.fact("carries", index: nil, of: published) == .integer(6))
        #expect(task.fact("longest_carry_chain", index: nil, of: published) == .integer(6))
        #expect(task.fact("answer", index: nil, of: published) == .integer(18_873_087))
        #expect(task.fact("b", index: nil, of: published) == .integer(6361))
        #expect(task.fact("partial_product_2", index: nil, of: published) == .integer(890_100))
        #expect(integers("partial_product_2", 2..<8) == [1, 0, 9, 8, 0, -1])
        #expect(task.fact("partial_sum_2", index: nil, of: published) == .integer(2967 * 361))
        #expect(task.fact("partial_product_4", index: nil, of: published) == nil)
        #expect(task.fact("nonsense", index: nil, of: published) == nil)
        #expect(task.fact("a", index: nil, of: Problem(question: "2 7 4", chain: "", answer: "")) == nil)
    }

    @Test(.enabled(if: Shared.has("data/4_by_4_mult/valid.txt"), "\(Shared.reason)"))
    func `the running sums of the published validation file have the means that were counted`() throws {
        let file = Shared.url("data/4_by_4_mult/valid.txt")
        let problems = try ProblemFile(file.path).read().problems
        let means = [20.0, 41.9, 64.8, 92.3, 74.7, 51.6, 30.1, 2.5]
        let maxima = [81, 150, 213, 263, 218, 165, 95, 9]
        for k in 0..<8 {
            let values = try problems.facts("running_sum", index: k).map { fact -> Int in
                guard case .integer(let value) = fact else { return -1 }
                return value
            }
            #expect(abs(Double(values.reduce(0, +)) / 1000 - means[k]) < 0.051)
            #expect(values.max() == maxima[k])
        }
    }

    @Test func `numbers beyond 64 bits stay exact`() throws {
        let set = try ProblemSet.generate(Multiplication(digits: 20), count: 1, seed: 1)
        guard case .number(let digits)? = set.fact("answer", ofProblem: 0) else {
            Issue.record("the answer is no number")
            return
        }
        let written = String(set[0].answer.filter { $0 != " " }.reversed())
        #expect(String(repeating: "0", count: 40 - digits.count) + digits == written)
    }

    @Test func `every described fact of every task exists and stays in its range`() throws {
        let tasks: [any ProblemTask] = [
            try Multiplication(digits: 4), try Multiplication(digits: 1...3),
            try Multiplication(left: 1...1, right: 3...3, chain: .tree),
            try DigitSum.parity(digits: 6), try DigitSum(digits: 5, modulus: 7), try Addition(digits: 4...4),
            try Addition(digits: 2...5, order: .mostFirst),
            WordProblems(),
        ]
        for task in tasks {
            let set = try ProblemSet.generate(task, count: 200, seed: 4)
            for description in task.facts {
                var indices: [Int?] = description.indices.map { $0.map { $0 } } ?? []
                if description.hasWhole { indices.append(nil) }
                for index in indices {
                    var found = 0
                    for place in 0..<set.count {
                        guard let fact = set.fact(description.name, index: index, ofProblem: place) else { continue }
                        found += 1
                        // The range is that of the digits where there is an index, of the value where there is none.
                        if case .integer(let value) = fact, let values = description.values,
                            index != nil || description.indices == nil
                        {
                            #expect(values.contains(value), "\(task.name) \(description.name) \(value)")
                        }
                    }
                    #expect(
                        found > 0 || description.name == "result",
                        "\(task.name) \(description.name) \(String(describing: index))")
                }
                #expect(set.fact(description.name, index: 1000, ofProblem: 0) == nil)
            }
        }
    }

    @Test func `of the carries of a sum those in a row are counted, and the sums there are are known`() throws {
        // 5915 + 5925, the lowest digit first: 5+5 carries, 1+2+1 does not, 9+9 and 5+5+1 do.
        let task = try Addition(digits: 4...4)
        let sum = Problem(question: "5 1 9 5 + 5 2 9 5", chain: "1 0 1 1", answer: "0 4 8 1 1")
        func fact(_ name: String, _ index: Int? = nil) -> String? {
            task.fact(name, index: index, of: sum).map { "\($0)" }
        }
        #expect(fact("carries") == "3" && fact("longest_carry_chain") == "2" && fact("answer") == "11840")
        #expect((0..<4).map { fact("carry", $0) } == ["1", "0", "1", "1"] && fact("carry", 4) == nil)
        // 9 · 9 sums of one digit each, 90 · 90 of two: no number begins with a zero.
        #expect(try Addition(digits: 1...2).inputSpace == 81 + 8100)
        #expect(try Addition(digits: 2...2).inputSpace == 8100)
    }

    @Test func `the places of digits show the facts they are named for`() throws {
        let tasks: [any ProblemTask] = [
            try Multiplication(digits: 4), try Multiplication(digits: 1...6),
            try Multiplication(digits: 5, chain: .tree),
            try Multiplication(left: 2...2, right: 5...5, chain: .tree), try DigitSum.parity(digits: 6),
            try DigitSum.parity(digits: 2), try DigitSum(digits: 5, modulus: 7),
            try Addition(digits: 2...5), try Addition(digits: 4...4, order: .mostFirst),
        ]
        let encoder = CharacterEncoder(separator: .removedLast)
        for task in tasks {
            let set = try ProblemSet.generate(task, count: 50, seed: 4)
            for index in 0..<set.count {
                let problem = set[index]
                let tokens = try encoder.encode(problem)
                let facts = try encoder.tokenFacts(of: problem, task: task)
                #expect(!facts.isEmpty)
                for fact in facts {
                    let text = encoder.text(tokens.tokens[fact.token])
                    let value = task.fact(fact.name, index: fact.index, of: problem).map { "\($0)" }
                    #expect(value == text, "\(task.name) \(fact)")
                }
                // Every digit of the whole sequence is some fact's, except the tree's inner sums.
                let digits = tokens.tokens.indices.filter { encoder.text(tokens.tokens[$0]).first?.isNumber == true }
                if !task.name.contains("tree") { #expect(Set(facts.map(\.token)) == Set(digits)) }
            }
        }
    }

    @Test func `a missing fact is answered with those there are`() throws {
        let set = try ProblemSet.generate(DigitSum.parity(digits: 6), count: 3, seed: 4)
        func message(_ name: String, _ index: Int?) -> String? {
            #expect(throws: UnknownFact.self) { try set.facts(name, index: index) }?.description
        }
        #expect(
            message("carries", nil)
                == "parity 6 has no fact .carries; it has .question_length, .chain_length, .answer_length, .digit, .digit_sum, .running_sum, .running_parity, .odd_digits, .answer"
        )
        #expect(message("digit", nil) == ".digit needs an index: .digit[0] to .digit[5]")
        #expect(message("digit", 6) == ".digit[6] is not there; the index can be 0 to 5")
        #expect(message("digit_sum", 0) == ".digit_sum has no index")
        #expect(try set.facts("chain_length") == [.integer(4), .integer(4), .integer(4)])
    }

    @Test func `steps of a calculator chain are found`() throws {
        let problem = Problem(question: "How many?", chain: "<<16-3-4=9>> <<9*2=18>>", answer: "18")
        let kind = CalculatorSteps()
        #expect(kind.fact("steps", index: nil, of: problem) == .integer(2))
        #expect(kind.fact("result", index: 0, of: problem) == .integer(9))
        #expect(kind.fact("result", index: 1, of: problem) == .integer(18))
        #expect(kind.fact("result", index: 2, of: problem) == nil)
        #expect(kind.layout(of: problem)?.segments.map(\.bytes) == [0..<12, 13..<23])
        #expect(kind.fact("steps", index: nil, of: Problem(question: "", chain: "so 3", answer: "")) == nil)
    }
}

@Suite struct ChainOrderTests {
    private func text(
        _ order: ChainOrder, _ problem: Problem, _ kind: any ProblemKind, _ encoder: some LocatingEncoder
    ) throws -> [String] {
        let encoded = try encoder.encode(problem)
        let groups = try encoder.removalGroups(order, of: problem, task: kind)
        #expect(groups.joined().sorted() == Array(0..<encoded.chain.count))
        return groups.map { $0.map { encoder.text(encoded.tokens[encoded.chain.lowerBound + $0]) }.joined() }
    }

    @Test func `multiplication goes by steps, or products or sums first`() throws {
        let problem = try ProblemSet.generate(Multiplication(digits: 3), count: 1, seed: 3)[0]
        let encoder = CharacterEncoder(separator: .removedLast)
        let kind = try Multiplication(digits: 3)
        let chain = problem.chain.filter { $0 != " " }
        let parts = chain.split(separator: "+").map { String($0) }
        let sum = String(parts[1].drop { $0 != "(" })
        let product = String(parts[1].prefix { $0 != "(" })
        #expect(try text(.steps, problem, kind, encoder) == [parts[0], "+" + parts[1], "+" + parts[2], "#"])
        #expect(
            try text(.productsFirst, problem, kind, encoder).joined() == "\(parts[0])+\(product)+\(parts[2])\(sum)#")
        #expect(try text(.sumsFirst, problem, kind, encoder).joined() == "\(sum)\(parts[0])+\(product)+\(parts[2])#")
        #expect(try text(.levels, problem, kind, encoder) == [chain, "#"])
    }

    @Test func `the groups of a whole set are those of its problems`() throws {
        let encoder = CharacterEncoder(separator: .kept)
        let set = try ProblemSet.generate(Multiplication(digits: 1...4), count: 60, seed: 3)
        // These chains are no trees, so there are no levels to go by.
        for order in ChainOrder.allCases where order != .levels && order != .levelsDown {
            let groups = try set.removalGroups(order.rawValue, encoder: encoder)
            let singly = try (0..<set.count).map {
                try set.removalGroups(order.rawValue, ofProblem: $0, encoder: encoder)
            }
            #expect(groups == singly)
        }
        for order in [ChainOrder.levels, .levelsDown] {
            #expect(throws: ProblemError.self) { try set.removalGroups(order.rawValue, encoder: encoder) }
        }
        let error = #expect(throws: ProblemError.self) { try set.removalGroups("upwards", encoder: encoder) }
        #expect(
            error?.description
                == "there is no removal order upwards; there are steps, partials_first, sums_first, levels, levels_down"
        )
    }

    @Test func `a tree goes level by level, up or down`() throws {
        let kind = try Multiplication(digits: 5, chain: .tree)
        let problem = try ProblemSet.generate(kind, count: 1, seed: 3)[0]
        let levels = problem.chain.filter { $0 != " " }.split(separator: "=").map { String($0) }
        let encoder = CharacterEncoder()
        #expect(try text(.levels, problem, kind, encoder) == [levels[0], "=" + levels[1], "=" + levels[2]])
        #expect(try text(.levelsDown, problem, kind, encoder) == ["=" + levels[2], "=" + levels[1], levels[0]])
    }

    @Test(.enabled(if: Shared.has("tokenizers/gpt2"), "\(Shared.reason)"))
    func `the reference's lone blank goes last`() throws {
        let folder = Shared.url("tokenizers/gpt2")
        let encoder = try ReferenceEncoder(TokenizerFolder.load(folder.path))
        let groups = try text(.steps, published, Multiplication(digits: 4), encoder)
        #expect(groups.count == 5)
        #expect(groups[1] == " + 0 2 0 8 7 1 ( 7 8 9 0 8 1 )")
        #expect(groups[4] == " ")
        let facts = try encoder.tokenFacts(of: published, task: Multiplication(digits: 4))
        // docs/method.md, point 1: 10 input tokens, the separator, 47 chain tokens, the separator, ` #`, `###`, then
        // the answer.
        #expect(facts.filter { $0.name == "answer" }.map(\.token) == Array(61..<69))
        #expect(facts.filter { $0.name == "b" }.map(\.token) == Array(5..<9))
        let words = Problem(question: "How many?", chain: "<<16-3-4=9>> <<9*2=18>>", answer: "18")
        #expect(try text(.steps, words, CalculatorSteps(), encoder).joined() == " <<16-3-4=9>> <<9*2=18>> ")
    }
}
