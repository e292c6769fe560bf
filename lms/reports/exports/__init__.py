"""Files of any length: the rows behind a figure, in parts, so that five million of them take no more memory than a few."""
