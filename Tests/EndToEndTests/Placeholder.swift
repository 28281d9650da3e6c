// Replaced by the first test of EndToEnd.
