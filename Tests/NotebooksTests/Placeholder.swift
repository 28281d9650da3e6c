// Replaced by the first test of Notebooks.
