import Transformer

extension Run {
    /// Shows a step to the watch.
    func watchStep(_ step: StepReport) -> [Alarm] {
        guard let watch else { return [] }
        if clock.stageSteps <= 1 || progress.updatesSinceReset <= 1 { progress.watch.restart() }
        // ‖w‖ changes slowly and is looked at again only now and then.
        if progress.watch.needsWeightNorm {
            progress.watch.weightNorm = optimizer.norm(of: model.parameters)
        }
        return progress.watch.note(step, watch)
    }
}
