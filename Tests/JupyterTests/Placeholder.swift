// Replaced by the first test of Jupyter.
