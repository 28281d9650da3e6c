// Replaced by the first file of Internalization.
