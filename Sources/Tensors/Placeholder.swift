// Replaced by the first file of Tensors.
