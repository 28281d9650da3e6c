import Experiments
import Internalization
import Transformer

/// Runs on parity of four digits, `2 7 4 3 | 1 1 0`, that take a blink: two digits of chain, one of answer.
enum Small {
    static func parity(_ count: Int, seed: UInt64, apartFrom others: [ProblemSet] = []) throws -> ProblemSet {
        try ProblemSet.generate(DigitSum.parity(digits: 4), count: count, seed: seed, apartFrom: others)
    }

    static func parts() throws -> ProblemParts {
        let data = try parity(400, seed: 1)
        return try ProblemParts(data, test: parity(40, seed: 2, apartFrom: [data]), validation: nil)
    }

    static func model(
        _ origin: ExperimentModel.Origin = .seed(3), positions: Int = 32, width: Int = 16
    ) -> ExperimentModel {
        let configuration = ModelConfiguration.gpt2(
            vocabularySize: CharacterVocabulary.digits.count, positionCount: positions, width: width, layerCount: 2,
            headCount: 2, isHeadTied: false)
        return ExperimentModel(
            LanguageModel(configuration, initialization: .fanIn, seed: 3), writing: .characters(.digits), origin: origin
        )
    }

    /// Batches of 8, nothing removed by itself, no smoothing.
    static func experiment(
        on parts: ProblemParts? = nil, model: ExperimentModel = model(), name: String = "small",
        _ change: (inout StartSettings) -> Void = { _ in }, note: (StartNote) -> Void = { _ in }
    ) throws -> Experiment {
        let parts = try parts ?? self.parts()
        var settings = StartSettings(nil, model: model, data: parts.data)
        settings.training.batchSize = 8
        settings.schedule.pace = .manual
        settings.schedule.smoothing = .none
        change(&settings)
        return try Experiment.start(model, on: parts, settings, name: name, note: note)
    }

    static func problems(_ rows: [(String, String, String)]) throws -> ProblemSet {
        var builder = ProblemSetBuilder(taskName: "by hand")
        for (question, chain, answer) in rows {
            try builder.append(question: question, chain: chain, answer: answer)
        }
        return builder.finish()
    }
}
