import Internalization
import Probing
import Tensors
import Transformer

/// Multiplication problems without their chains, as a model of some size sees them, and what there is to know about
/// them.
struct Scene {
    let model: LanguageModel
    let untrained: LanguageModel
    let batch: RaggedBatch
    /// The first 500 problems.
    let small: RaggedBatch
    let knowledge: ProbeProblems
    let separator: Int
    private let generated: ProblemSet

    var problems: Int { generated.count }

    init(problems count: Int, layers: Int, width: Int) throws {
        generated = try ProblemSet.generate(Multiplication(digits: 4), count: count, seed: 1)
        let encoder = CharacterEncoder()
        let problems = generated
        let encoded = try (0..<count).map { try encoder.encode(problems[$0]) }
        func batch(_ count: Int) -> RaggedBatch {
            var batch = RaggedBatch()
            for problem in encoded[..<count] {
                let left = problem.removing(.all)
                batch.append(left.tokens, positions: left.positions, labels: left.labels)
            }
            return batch
        }
        self.batch = batch(count)
        small = batch(min(count, 500))
        separator = encoded[0].inputCount - 1
        let columns = (0..<separator).map { column in encoded.map { Int($0.tokens[column]) } }.filter {
            Set($0).count > 1
        }
        knowledge = ProbeProblems(
            groups: Array(0..<count), rawInputs: columns,
            controlTypes: zip(columns[0], columns[columns.count - 1]).map { $0 << 20 | $1 })
        let configuration = ModelConfiguration.gpt2(
            vocabularySize: encoder.vocabularySize, positionCount: 128, width: width, layerCount: layers, headCount: 4)
        model = LanguageModel(configuration, initialization: .fanIn, seed: 1)
        untrained = LanguageModel(configuration, initialization: .fanIn, seed: 2)
    }

    func everyPosition() -> [Position] { (0..<batch.offsets[1]).map { Position("\($0)", index: $0, count: problems) } }

    func runningSum(_ index: Int) -> ProbeTarget {
        ProbeTarget("running sum \(index)", numbers: facts("running_sum", index).map(Double.init))
    }

    /// No products fall into the last column.
    func columnSum(_ index: Int) -> ProbeTarget {
        ProbeTarget("column sum \(index)", numbers: facts("column_sum", index % 7).map(Double.init))
    }

    func digit(_ index: Int) -> ProbeTarget {
        ProbeTarget("digit \(index)", classes: facts("running_sum", index).map { $0 % 10 })
    }

    private func facts(_ name: String, _ index: Int) -> [Int] {
        (0..<generated.count).map {
            if case .integer(let value)? = generated.fact(name, index: index, ofProblem: $0) { value } else { 0 }
        }
    }
}
