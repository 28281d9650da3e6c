import Experiments
import Internalization
import Language
import Support
import Tensors
import Transformer

/// Refuses what this process cannot have of the machine's memory, before the system would end it.
enum Memory {
    /// - Parameters:
    ///   - place: the argument that asks for it.
    ///   - help: what would do, for so many free bytes.
    static func check(
        bytes: Int, _ call: Invocation, on executor: (any Executor)? = nil, at place: String? = nil,
        help: (_ free: Int) -> String? = { _ in nil }
    ) throws {
        guard let free = EngineDevice.freeBytes(executor ?? StandardExecutor.current), bytes > free else { return }
        throw call.failure(
            "this takes \(byteText(bytes)) of memory, and \(byteText(free)) are free", code: .outOfMemory, at: place,
            help: help(free))
    }

    static func check(floats: Int, _ call: Invocation, on executor: (any Executor)? = nil) throws {
        let (bytes, isOver) = floats.multipliedReportingOverflow(by: 4)
        try check(bytes: isOver ? .max : bytes, call, on: executor)
    }

    /// Training of a run that has not taken a step in this process: what it takes beside the weights.
    static func check(training experiment: Experiment, _ call: Invocation) throws {
        let run = experiment.run
        guard !run.hasMemory else { return }
        let weights = run.model.configuration.parameterLayout.count * 4
        let batch = run.settings.batchSize
        // A slice has gradients of its own, and they go through the model one after another.
        let slices = run.settings.slices
        let own = max(1, slices / Ranks.current.size)
        let rows = (min(batch, run.problems.count) + slices - 1) / slices
        let pass = TrainingMemory.bytes(
            run.model.configuration, sequences: rows, tokens: run.problems.longestSequence)
        let held = (1 + own) * weights
        // On a card copies in bfloat16 lie beside them.
        let share = EngineDevice.hasTwins(run.model) ? 1.5 : 1
        let bytes = Int(Double(held + pass) * share)
        try check(bytes: bytes, call, on: run.model.parameters.executor) { free in
            let left = Double(free) / share - Double(held)
            let possible = Int(Double(batch) * left / Double(max(pass, 1)) * 0.9)
            return possible > 0
                ? "start it with batch: \(possible)"
                : "take a smaller model: \(byteText(weights)) of weights are too many"
        }
    }
}
