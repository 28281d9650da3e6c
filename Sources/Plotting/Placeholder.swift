// Replaced by the first file of Plotting.
