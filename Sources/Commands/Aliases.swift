// What other tools call the arguments of icot's verbs, so that `learning_rate: 0.1` is answered with `lr:`.

enum Aliases {
    static let learningRate = ["learning_rate", "rate", "eta", "alpha"]
    static let batch = ["batch_size", "bs", "minibatch"]
    static let epochs = ["epoch", "passes", "num_epochs"]
    static let steps = ["iterations", "iters", "updates", "max_steps"]
    static let count = ["count", "size", "number", "samples", "examples", "num"]
    static let seed = ["random_seed", "random_state", "rng"]
    static let width = ["hidden", "dim", "d_model", "embedding", "hidden_size", "n_embd"]
    static let layers = ["depth", "n_layer", "n_layers", "num_layers"]
    static let heads = ["n_head", "n_heads", "num_heads"]
    static let problems = ["data", "dataset", "problems"]
    static let placedProblems = ["on", "data", "dataset"]
    static let place = ["at", "position", "token"]
    static let until = ["upto", "target_accuracy"]
    static let limit = ["max", "at_most", "first"]
    static let vocabulary = ["vocabulary", "tokenizer"]
}
