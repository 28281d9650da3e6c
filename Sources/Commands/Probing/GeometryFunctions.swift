// `components` and `fourier`: the shape of states and tables, as functions.

import Experiments
import Internalization
import Language
import Probing
import Support
import Transformer

enum GeometryFunctions {
    static var all: [Command] { [components(), fourier()] }

    private static func components() -> Command {
        Command(
            CommandSignature(
                "components", "The coordinates of states along their first principal components, (B, count).",
                [
                    .value("states", .value(TypeName.array), "rows of states, (B, C)"),
                    .label("count", .integer(1...1000), default: "3", "how many components"),
                ],
                result: TypeName.array, seeAlso: ["hidden", "plot"])
        ) { call in
            let array = try call.array("states")
            guard array.shape.count == 2, array.shape[0] > 1 else {
                throw call.failure(
                    "takes rows of states, (B, C), not an array of "
                        + (array.shape.count == 2
                            ? "shape \(array.shape)" : Phrase.count(array.shape.count, "axis", "axes")),
                    code: .runtimeShape, at: "states")
            }
            let states = try HiddenStates(
                values: array.values, width: array.shape[1], tokens: Array(repeating: 0, count: array.shape[0]),
                provenance: Provenance(model: "", hook: "", position: ""))
            let found = try states.principalComponents(try call.integer("count"))
            call.output(
                StyledText(
                    "explained " + found.explained.map { NumberText.fixed($0, decimals: 3) }.joined(separator: " "),
                    .dim))
            return .array(
                ArrayObject(
                    shape: [states.rows, found.count], values: found.project(states.values).map { Float($0) },
                    provenance: array.provenance))
        }
    }

    private static func fourier() -> Command {
        Command(
            CommandSignature(
                "fourier",
                "How well waves of period 10 fit the digits' rows of a model's token table, beside random rows.",
                [
                    .value("model", .oneOf([.value(ModelValue.typeName), .value(RunValue.typeName)]), "whose tables"),
                    .label(
                        "table",
                        .choice([
                            .init("embedding", "what a token puts into the residual stream"),
                            .init("unembedding", "the directions that are read out as tokens"),
                        ]), default: ".embedding", "which one"
                    ),
                    .label(
                        "cumulative", .boolean, default: "false",
                        "a table with one wave more in each row, in the order 0 5 2 1 3 4, instead of one record"),
                ], seeAlso: ["components", "probe"],
                discussion:
                    "Waves of the frequencies 0, 1, 2 and 5 of ten, as Bai et al. (2025) fit them. They fit random "
                    + "rows with a median R² of 0.56, so that is what a fit must beat."
            )
        ) { call in
            let model = try ModelCommands.model(call, "model")
            let value =
                call.experimentIfPresent("model")?.model ?? call.hostIfPresent("model", as: ModelValue.self)?.subject
            guard case .characters(let vocabulary)? = value?.writing else {
                throw call.failure("the model has no vocabulary of single digits", code: .runtimeArgument, at: "model")
            }
            let digits = "0123456789".compactMap { vocabulary.id(of: $0) }
            guard digits.count == 10 else {
                throw call.failure("the model's vocabulary lacks some digits", code: .runtimeArgument, at: "model")
            }
            let rows = try model.dimensions(ofTokens: digits, unembedding: try call.choice("table") == "unembedding")
            if try call.boolean("cumulative") {
                let steps = try FourierFit.cumulative(rows)
                return .table(
                    TableObject([
                        .init("waves", steps.map { $0.frequencies.map(String.init).joined(separator: " ") }),
                        .init("median", steps.map(\.median), format: .decimals(3)),
                        .init("random_median", steps.map(\.randomMedian), format: .decimals(3)),
                    ]))
            }
            let fit = try FourierFit(rows)
            return .record([
                ("median", .real(fit.median)), ("random_median", .real(fit.randomMedian)),
                ("random_95", .real(fit.random95)),
                ("beyond_random_95", .real(fit.shareBeyondRandom)), ("rows", .integer(fit.rSquared.count)),
            ])
        }
    }
}
