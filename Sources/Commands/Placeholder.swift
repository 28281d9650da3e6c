// Replaced by the first file of Commands.
