// Replaced by the first test of Plotting.
