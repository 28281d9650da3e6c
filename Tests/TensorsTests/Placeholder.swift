// Replaced by the first test of Tensors.
