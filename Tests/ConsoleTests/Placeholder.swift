// Replaced by the first test of Console.
