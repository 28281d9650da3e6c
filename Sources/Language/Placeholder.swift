// Replaced by the first file of Language.
