// Replaced by the first file of Transformer.
