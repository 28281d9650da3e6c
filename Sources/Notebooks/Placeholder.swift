// Replaced by the first file of Notebooks.
