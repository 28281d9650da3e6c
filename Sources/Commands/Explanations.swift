// What errors of the engine mean to the person who typed a command.

import Checkpoints
import Experiments
import Internalization
import Language
import Plotting
import Probing
import Prompting
import Support
import Sweeps
import Tensors
import Transformer

enum Explanations {
    static func explain(_ error: any Error) -> Explanation? {
        switch error {
        case let error as FileError: return Explanation(code(error.kind), error.description, help: help(error))
        case let error as ProblemLineError:
            let line = RecordFile.lineForm(of: error.path) ?? "input||chain #### answer"
            return Explanation(.fileMalformed, error.description, help: "correct that line; a line is \(line)")
        case let error as ProblemError: return Explanation(.runtimeArgument, error.description, help: help(error))
        case let error as SeparatorFault:
            return Explanation(
                .runtimeArgument, error.description, at: ["separator"],
                help: "write separator: .kept, or .removed_last to take it away after the chain")
        case let error as ExperimentFault:
            return Explanation(.runtimeArgument, error.description, at: arguments(error), help: help(error))
        case let error as UnknownFact: return Explanation(.runtimeArgument, error.description)
        case let error as RunFolderError: return Explanation(.fileRefused, error.description, help: help(error))
        case let error as SweepFault:
            return Explanation(.fileRefused, error.description, at: ["folder"], help: error.promptHelp)
        case let error as SettingFault:
            return Explanation(.runtimeArgument, error.description, at: arguments(error))
        case let error as RanksFault:
            return Explanation(.commandFailed, error.description, at: arguments(error), help: error.help)
        // Of a kept run, which goes on in its own; a label says for itself what is possible.
        case let error as PrecisionFault:
            return Explanation(.runtimeArgument, error.description, at: ["path"], help: "write device: .cuda")
        case let error as RunError: return Explanation(.commandFailed, error.description, help: help(error))
        case let error as PositionExtensionError: return Explanation(.runtimeArgument, error.description)
        case let error as BatchError: return Explanation(.commandFailed, error.description)
        case let error as NonFiniteGradient: return Explanation(.commandFailed, error.description)
        case let error as TokenizationError: return Explanation(.runtimeArgument, error.description)
        case let error as ProbeError:
            return Explanation(.runtimeArgument, error.description, at: arguments(error), help: error.help)
        case let error as PictureError: return Explanation(.commandFailed, error.description, help: error.help)
        case let error as ServerFault:
            return Explanation(code(error), error.description, at: arguments(error), help: error.help)
        case is Interrupted: return Explanation(.interrupted, "stopped")
        default: return nil
        }
    }

    private static func code(_ kind: FileError.Kind) -> DiagnosticCode {
        switch kind {
        case .missing: .fileMissing
        case .malformed, .contradictory, .unsupported: .fileMalformed
        case .refused, .unreadable, .notWritten: .fileRefused
        }
    }

    private static func code(_ error: ServerFault) -> DiagnosticCode {
        switch error {
        case .badAddress, .noModel, .nothingThere, .moved, .waitsTooLong: .runtimeArgument
        default: .worldFailed
        }
    }

    /// The labels that it is about.
    private static func arguments(_ error: ServerFault) -> [String] {
        switch error {
        case .noModel: ["model"]
        case .outOfTime: ["seconds", "at"]
        default: ["at"]
        }
    }

    /// A file that is not there may be there under a name like it.
    private static func help(_ error: FileError) -> String? {
        guard error.kind == .missing, let near = FilePaths.nearest(to: error.path) else { return error.help }
        return "did you mean \"\(near)\"?"
    }

    private static func help(_ error: ProblemError) -> String? {
        switch error {
        case .unknownCharacter:
            "make the model for the characters of these problems: model .gpt2 vocab: data; of several sets, "
                + "vocab: [data, test]"
        case .tooFewInputs(_, _, let available, _) where available > 0: "write n: \(available)"
        default: nil
        }
    }

    private static func help(_ error: RunFolderError) -> String? {
        switch error {
        case .notARun: "give the folder that start … name: or save_run made"
        case .exists(let path): "write resume \"\(path)\", or take another name"
        case .noCheckpoint(_, let passedOver):
            passedOver.isEmpty
                ? "start the run anew: nothing of it was saved"
                : "put the files back from a copy, or start the run anew under another name"
        case .changedFile: "put the file back from where the run came from, or start a run of your own with it"
        case .notWritten(let path, _):
            "what was saved before is whole; make room or ask for the right to write in \(FileSystem.folder(of: path))"
        default: nil
        }
    }

    /// The labels by which what cannot be was given.
    private static func arguments(_ error: SettingFault) -> [String] {
        switch error {
        case .outside(let setting, _, _):
            switch setting {
            case .batchSize: ["batch"]
            case .learningRate: ["lr"]
            case .warmUp, .warmUpAfterReset: ["warmup"]
            case .decay: ["decay"]
            case .clip: ["clip"]
            case .accumulation: ["accumulate"]
            case .slices: ["slices"]
            case .beta1: ["beta1"]
            case .beta2: ["beta2"]
            case .epsilon: ["epsilon"]
            case .weightDecay: ["weight_decay"]
            case .perEpoch: ["per_epoch"]
            case .stepsPerRemoval: ["every"]
            case .flatLossWindow, .flatLossTolerance: ["flat_loss"]
            case .chunk: ["chunk"]
            case .smoothing: ["smoothing"]
            case .smoothingBins: ["bins"]
            case .mixing: ["mixing"]
            case .mixingAfterRescue: ["rescue_mixing"]
            case .startFrom: ["start_from"]
            case .removeAllBeyond: ["all_beyond"]
            case .pretrainEpochs: ["pretrain_epochs"]
            case .maximumLength: ["max_length"]
            case .matchThreshold: ["adaptive", "first"]
            case .lossThreshold: ["adaptive_loss"]
            case .memory: []
            case .leastSteps: ["least"]
            case .patience: ["patience"]
            case .distillationSteps: ["steps"]
            case .evaluateEvery: ["check"]
            }
        case .mostBelowLeast: ["most", "least"]
        case .limitAfterStart: ["max_length"]
        case .cannotBePlanned, .teacherOfOneLayer, .studentUnlikeTeacher: []
        }
    }

    private static func arguments(_ error: RanksFault) -> [String] {
        switch error {
        case .slicesDoNotFit: ["slices"]
        case .moreRanksThanRows: ["batch"]
        case .otherWeights, .otherArithmetic: []
        }
    }

    private static func help(_ error: RunError) -> String? {
        switch error {
        case .tooLong(let tokens, _): "make the model with positions: \(tokens)"
        case .vocabulary: "make the model for the characters of these problems: model .gpt2 vocab: data"
        case .nothingLeft: "write back 1, or train on"
        case .noValidation: "start it with test: (gen … apart_from: the data)"
        case .noProblems: "ask for some: gen .parity n: 1000"
        default: nil
        }
    }

    // MARK: An experiment

    private static func arguments(_ error: ExperimentFault) -> [String] {
        switch error {
        case .sharedQuestion(_, .validation, _): ["validation"]
        case .sharedQuestion: ["test"]
        case .allTooLong: ["max_length"]
        case .orderAfterSteps, .orderWhenKept: ["order"]
        case .notTrained: []
        case .removedBeyondChain, .partNotAskable: ["removed"]
        // `at:` of a reading means predictions.
        case .noPlace(.predictsAnswer, _, _), .noPlace(.predictsChain, _, _), .placeGone(.predictsAnswer, _, _),
            .placeGone(.predictsChain, _, _):
            ["at", "place"]
        case .noPlace, .placeGone: ["place", "at"]
        case .noSharedStage, .otherShape: ["over"]
        case .keptOtherwise: ["name"]
        }
    }

    private static func help(_ error: ExperimentFault) -> String? {
        switch error {
        case .sharedQuestion: "make one of them with apart_from: the other"
        case .allTooLong(_, let longest): "write max_length: \(longest), or 0 for no limit"
        case .orderAfterSteps: "start another run and give the schedule at once"
        case .orderWhenKept, .removedBeyondChain: nil
        case .notTrained: "add steps: 500"
        case .partNotAskable: "train with schedule positions: .kept mixing: 0.5"
        case .noPlace(_, _, 0): "they have none"
        case .noPlace(let place, _, let count): "there are \(place.text(0)) to \(place.text(count - 1))"
        case .placeGone: "read .separator or .predicts_answer, or go back before its removal"
        case .noSharedStage: "see timeline of each"
        case .otherShape: "give runs that differ in their seed"
        case .keptOtherwise(let path, _): "resume \"\(path)\" goes on with it; another name: starts this one"
        }
    }

    // MARK: Hidden states

    private static func arguments(_ error: ProbeError) -> [String] {
        switch error {
        case .layerOutOfRange: ["layers", "layer"]
        case .positionMissing, .positionOutside, .noPositions, .edgeAhead, .soleKey: ["place", "at"]
        case .tooFewRows, .tooFewGroups, .differentLengths, .noPartner, .metricDoesNotMove, .noCandidate: ["on"]
        case .constantTarget: ["target"]
        case .otherActivations: ["reads"]
        case .separable: ["penalty"]
        case .headOutOfRange, .notFinite, .lengths, .untrainedIsTheSameModel, .untrainedIsAnotherShape, .invalid:
            []
        }
    }
}
