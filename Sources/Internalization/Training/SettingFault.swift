import Support

/// A setting of the method, of training or of distillation that cannot be, and what it may be.
public enum SettingFault: Error, Sendable, Equatable, CustomStringConvertible {
    case outside(Setting, found: Double, Bound)
    /// A stage may not end before it has had the steps that it must have.
    case mostBelowLeast(most: Int, least: Int)
    /// When an adaptive schedule removes is seen in training only.
    case cannotBePlanned
    /// Which problems are short enough is decided when a run is started.
    case limitAfterStart
    /// ICoT-KD reads a diagonal through the teacher's layers; one layer has none.
    case teacherOfOneLayer
    case studentUnlikeTeacher(Size, teacher: Size)

    /// The numbers that have bounds.
    public enum Setting: String, Sendable, CaseIterable {
        case batchSize = "the batch size"
        case learningRate = "the learning rate"
        case warmUp = "the number of warm-up steps"
        case decay = "the number of steps over which the learning rate falls"
        case clip = "the largest gradient norm"
        case accumulation = "the number of batches for an update"
        case slices = "the number of slices of a batch"
        case beta1 = "the optimizer's first beta"
        case beta2 = "the optimizer's second beta"
        case epsilon = "the optimizer's epsilon"
        case weightDecay = "the weight decay"
        case perEpoch = "the number of tokens removed in an epoch"
        case stepsPerRemoval = "the number of steps from one removal to the next"
        case flatLossWindow = "the window for a flat loss, in steps,"
        case flatLossTolerance = "the tolerance for a flat loss"
        case chunk = "the number of tokens in a removal"
        case smoothing = "the smoothing's lambda"
        case smoothingBins = "the number of offsets of the smoothing"
        case mixing = "the mixing"
        case mixingAfterRescue = "the mixing after a rescue"
        case warmUpAfterReset = "the number of warm-up steps after a reset"
        case startFrom = "the number of tokens removed at the start"
        case removeAllBeyond = "the number of tokens after which all go"
        case pretrainEpochs = "the number of epochs before removal"
        case maximumLength = "the largest number of tokens in a problem"
        case matchThreshold = "the threshold of exact matches"
        case lossThreshold = "the threshold of the loss"
        case memory = "the memory of the running mean"
        case leastSteps = "the least number of steps in a stage"
        case patience = "the patience, in steps,"
        case distillationSteps = "the number of steps of a stage"
        case evaluateEvery = "the number of steps between two looks at the validation problems"
    }

    public enum Bound: Sendable, Equatable {
        case above(Double), atLeast(Double), fromTo(Double, Double)
        /// From the first number to below the second.
        case fromBelow(Double, Double)
        /// Above the first number and at most the second.
        case aboveTo(Double, Double)

        func holds(_ x: Double) -> Bool {
            switch self {
            case .above(let least): x > least && x.isFinite
            case .atLeast(let least): x >= least && x.isFinite
            case .fromTo(let least, let most): x >= least && x <= most
            case .fromBelow(let least, let end): x >= least && x < end
            case .aboveTo(let start, let most): x > start && x <= most
            }
        }

        var words: String {
            switch self {
            case .above(let least): "a number above \(Phrase.short(least))"
            case .atLeast(let least): "at least \(Phrase.short(least))"
            case .fromTo(let least, let most): "from \(Phrase.short(least)) to \(Phrase.short(most))"
            case .fromBelow(let least, let end): "at least \(Phrase.short(least)) and below \(Phrase.short(end))"
            case .aboveTo(let start, let most): "above \(Phrase.short(start)) and at most \(Phrase.short(most))"
            }
        }
    }

    /// What a student and its teacher must share.
    public struct Size: Sendable, Equatable {
        public let layers: Int
        public let width: Int
    }

    public var description: String {
        switch self {
        case .outside(let setting, let found, let bound):
            "\(setting.rawValue) is \(Phrase.short(found)), but must be \(bound.words)"
        case .mostBelowLeast(let most, let least):
            "a stage may have at most \(Phrase.count(most, "step")), but must have at least \(least)"
        case .cannotBePlanned:
            "an adaptive schedule removes when the model is ready; it cannot be planned without training"
        case .limitAfterStart:
            "which problems are short enough is decided when a run is started; start another one with that limit"
        case .teacherOfOneLayer: "the diagonal of a teacher with one layer is a point; give it at least two"
        case .studentUnlikeTeacher(let student, let teacher):
            "a student of \(student.layers) layers and width \(student.width) cannot take the thoughts of a teacher "
                + "of \(teacher.layers) layers and width \(teacher.width)"
        }
    }

    /// The first of these settings that is outside its bound.
    static func first(_ settings: [(Setting, Double, Bound)]) -> SettingFault? {
        settings.first { !$0.2.holds($0.1) }.map { .outside($0.0, found: $0.1, $0.2) }
    }
}
