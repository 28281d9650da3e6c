// Replaced by the first test of Internalization.
