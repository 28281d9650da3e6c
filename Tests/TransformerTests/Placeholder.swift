// Replaced by the first test of Transformer.
