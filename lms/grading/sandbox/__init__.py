"""The grader's side of the sandbox: which isolation the host offers, the warm parents, and the children that they fork."""
