// Replaced by the first file of Probing.
