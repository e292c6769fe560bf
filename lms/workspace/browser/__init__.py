"""Python's side of a notebook in the learner's browser. Sent there as text, with the engine's modules that it uses; the server
imports nothing of it. What it says to the page is data that the page checks."""
