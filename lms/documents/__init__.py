"""Paper: PDF documents from templates and plain data. Knows nothing of whose they are."""
