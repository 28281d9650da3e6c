// Replaced by the first test of Language.
