"""The workspace: Python in the learner's browser, its runtime and what she has typed."""
