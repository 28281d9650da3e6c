// Replaced by the first file of Console.
