import Experiments
import Internalization
import Testing
import Transformer

@Suite struct ControlTests {
    @Test func `a control begins with the run's first weights and problems, and keeps what it is shown of the chain`()
        throws
    {
        let experiment = try Small.experiment {
            $0.schedule.smoothing = RemovalSmoothing(lambda: 1)
            $0.schedule.mixing = 0.3
        }
        try experiment.train(TrainingGoal(steps: 3))
        try experiment.run.removeMore()
        try experiment.train(TrainingGoal(steps: 2))
        // With question, |, answer and $; the chain has two tokens more.
        for (kind, length) in [(ControlKind.noCoT, 7), (.explicit, 9), (.filler, 9)] {
            let budget = try ControlBudget(matching: .updates, of: experiment, kind)
            #expect(budget.updates == 5)
            let control = try experiment.control(kind, budget)
            #expect(control.run.model.contentHash() == experiment.initial.contentHash())
            #expect(control.test?.fingerprint == experiment.test?.fingerprint)
            try control.train(asControlOf: experiment, budget)
            #expect(control.run.spent.tokens == 5 * 8 * length, "\(kind)")
            #expect(control.run.spent.resets == [3])
        }
        #expect(experiment.run.progress.updates == 5)
    }

    @Test func `a budget of tokens has as many updates as fit into it, its resets in proportion`() throws {
        let experiment = try Small.experiment()
        #expect(throws: ExperimentFault.notTrained) {
            try ControlBudget(matching: .tokens, of: experiment, .noCoT)
        }
        try experiment.train(TrainingGoal(steps: 14))
        experiment.run.resetOptimizer()
        try experiment.train(TrainingGoal(steps: 14))
        let budget = try ControlBudget(matching: .tokens, of: experiment, .noCoT)
        // 28 batches of nine tokens a problem are as many tokens as 36 of seven.
        #expect(budget.updates == 36)
        let control = try experiment.control(.noCoT, budget)
        try control.train(asControlOf: experiment, budget)
        #expect(control.run.spent.tokens == 28 * 8 * 9 && control.run.spent.updates == 36)
        #expect(control.run.spent.resets == [18])
    }
}
