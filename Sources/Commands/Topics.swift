// The verbs by what a person wants, for `?` and for Tab on an empty line. A test asserts that each stands in one group.

import Language

enum Topics {
    static let all = [
        Topic("make", "problems, a model, a run of both", ["gen", "read", "model", "load", "start", "resume"]),
        Topic("train", "let a run learn", ["train", "internalize", "control"]),
        Topic(
            "take away", "the chain of thought, token by token, and back again",
            ["step", "back", "schedule", "plan", "timeline", "mark", "branch"]),
        Topic("measure", "what a model answers", ["eval", "solve", "compare", "assert"]),
        Topic(
            "look inside", "what a model computes",
            ["tokens", "tokenize", "logits", "hidden", "probe", "look", "intervene", "hash"]),
        Topic(
            "tables and figures", "what was found, in order and drawn",
            ["plot", "filter", "sort", "select", "group", "join", "head", "tail", "map"]),
        Topic("see", "values and variables", ["show", "print", "vars", "undo"]),
        Topic("keep", "on disk, for later and for others", ["save", "save_run", "write"]),
    ]
}
