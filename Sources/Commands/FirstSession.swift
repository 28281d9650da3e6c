// The steps of `?tour`: from a task to a model that answers without its chain of thought, in about a minute.

import Language

enum FirstSession {
    static let steps = [
        TourStep(
            "a task",
            "Is the sum of six digits odd or even? These are problems of that kind, to test a model with.",
            line: "let test = gen .parity digits: 6 n: 500 seed: 7", verb: "gen", needs: ("test", "problems")),
        TourStep(
            "a chain of thought",
            "One problem: its question, the steps in between (the parity after two digits, after three, …) and "
                + "its answer.",
            line: "show test[0]", verb: "show"),
        TourStep(
            "problems to learn from",
            "Many more, none of them among the test problems.",
            line: "let data = gen .parity digits: 6 n: 50_000 seed: 2 apart_from: test", verb: "gen",
            needs: ("data", "problems")),
        TourStep(
            "a model and a run",
            "A small GPT-2 with fresh weights. A run is the model with its data, its optimizer and a timeline.",
            line: "let r = start (model .gpt2 layers: 2 width: 64 seed: 2) on: data test: test", verb: "start",
            needs: ("r", "run")),
        TourStep(
            "thinking in writing",
            "Train until the model writes the whole chain and then the right answer. Ctrl-C stops it at any time.",
            line: "train until: 0.99", verb: "train"),
        TourStep(
            "the first token goes",
            "Take the first token of the chain away. The model now has to know it without writing it, and at first "
                + "it does not.",
            line: "step", verb: "step"),
        TourStep(
            "and back",
            "The timeline runs both ways: weights, optimizer and random state are as they were.",
            line: "back", verb: "back"),
        TourStep(
            "all of them",
            "Take away one token after another; the model catches up each time, until nothing is left between "
                + "question and answer.",
            line: "internalize", verb: "internalize"),
        TourStep(
            "what happened",
            "One row a stage: accuracy just before a removal, just after, and when it had recovered. Then the same "
                + "as a figure.",
            line: "plot (timeline) x: .removed y: .accuracy", verb: "plot"),
        TourStep(
            "keep it",
            "Everything that you typed, with what came out, as a notebook that anybody can run again.",
            line: "save \"first.icot\"", verb: "save"),
    ]
}
