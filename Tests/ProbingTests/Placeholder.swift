// Replaced by the first test of Probing.
