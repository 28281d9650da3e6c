// Replaced by the first test of Commands.
