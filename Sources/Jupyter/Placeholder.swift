// Replaced by the first file of Jupyter.
