import Support
import Glibc
import Synchronization
import Tensors

/// How the weights of a new model are drawn.
public enum Initialization: String, Sendable, CaseIterable {
    /// GPT-2's: N(0, 0.02²) everywhere, outputs into the residual stream divided by √(2L), biases 0, gains 1.
    case gpt2
    /// N(0, 1/fan-in), outputs into the residual stream divided by √(2L), tables N(0, 0.1²), biases 0, gains 1.
    /// At the widths that a small machine trains, 0.02 is far below 1/√fan-in and the model starts almost linear.
    case fanIn
}

/// A decoder language model: a configuration and the weights that go with it.
///
/// An object, because identity matters: a run trains it, a probe reads it, and both mean the same weights.
public final class LanguageModel: @unchecked Sendable {
    public let configuration: ModelConfiguration
    public let parameters: ParameterSet
    let rotaryCache = Mutex<RotaryTables?>(nil)
    private let chosenPrecision = Mutex<ProductPrecision?>(nil)

    /// Zero weights, for a loader to fill.
    /// - Precondition: the configuration has no `fault`.
    public init(uninitialized configuration: ModelConfiguration, executor: any Executor = StandardExecutor.current) {
        precondition(configuration.fault == nil, configuration.fault?.description ?? "")
        self.configuration = configuration
        parameters = ParameterSet(configuration.parameterLayout, executor: executor)
    }

    public convenience init(_ configuration: ModelConfiguration, initialization: Initialization, seed: UInt64) {
        do {
            try self.init(configuration, initialization: initialization, seed: seed, observer: WorkObserver())
        } catch {
            preconditionFailure("nobody stops it")
        }
    }

    /// - Throws: `Interrupted`.
    public convenience init(
        _ configuration: ModelConfiguration, initialization: Initialization, seed: UInt64, observer: WorkObserver
    ) throws {
        self.init(uninitialized: configuration)
        try initialize(initialization, seed: seed, observer)
    }

    public var parameterCount: Int { parameters.count }

    // MARK: What computes with it

    /// What computes with the weights, where the host takes part on these threads.
    public func executor(_ workers: Workers) -> any Executor {
        let executor = parameters.executor.using(workers)
        guard let precision = ownPrecision else { return executor }
        do { return try executor.multiplying(in: precision) } catch { preconditionFailure("\(error)") }
    }

    /// How products with its weights are computed, in training and in everything else.
    public var precision: ProductPrecision { ownPrecision ?? parameters.executor.precision }
    /// The same where it was chosen for this model; nil where it is the executor's.
    public var ownPrecision: ProductPrecision? { chosenPrecision.withLock { $0 } }

    /// Computes products with its weights so from here on.
    public func multiply(in precision: ProductPrecision) throws(PrecisionFault) {
        _ = try parameters.executor.multiplying(in: precision)
        chosenPrecision.withLock { $0 = precision }
    }

    /// Zero weights of the same configuration, computed in the same way.
    public func blank() -> LanguageModel {
        let other = LanguageModel(uninitialized: configuration, executor: parameters.executor)
        let precision = ownPrecision
        other.chosenPrecision.withLock { $0 = precision }
        return other
    }

    /// A copy beside it, or where another executor computes, in that one's way.
    public func copy(on executor: (any Executor)? = nil) -> LanguageModel {
        let other = executor.map { LanguageModel(uninitialized: configuration, executor: $0) } ?? blank()
        other.parameters.copyValues(from: parameters)
        return other
    }

    private func initialize(_ initialization: Initialization, seed: UInt64, _ observer: WorkObserver) throws {
        var random = RandomSource(seed: seed)
        let residualScale = 1 / sqrt(2 * Double(configuration.layerCount))
        for entry in parameters.entries {
            let role = entry.role
            try parameters.fill(entry.range) { values in
                switch role {
                case .bias: values.update(repeating: 0)
                case .gain: values.update(repeating: 1)
                case .table, .matrix, .residualMatrix, .head:
                    var deviation = 0.02
                    if initialization == .fanIn {
                        deviation = role == .table ? 0.1 : 1 / sqrt(Double(fanIn(of: entry)))
                    }
                    if role == .residualMatrix { deviation *= residualScale }
                    for start in stride(from: 0, to: values.count, by: Self.drawnAtOnce) {
                        try observer.step(entry.range.lowerBound + start, of: parameters.count)
                        for index in start..<min(start + Self.drawnAtOnce, values.count) {
                            values[index] = Float(random.normal() * deviation)
                        }
                    }
                }
            }
        }
    }

    /// Between two looks at the observer so many weights are drawn.
    private static let drawnAtOnce = 1 << 18

    /// GPT-2 stores its matrices as (in, out), everyone else as (out, in); heads are (V, C).
    private func fanIn(of entry: ParameterEntry) -> Int {
        configuration.architecture == .gpt2 && entry.role != .head ? entry.shape[0] : entry.shape[1]
    }
}
