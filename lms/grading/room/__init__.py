"""What runs inside the sandbox: the warm parent that forks, and the rooms in which cells run.

The warm parent imports this folder by itself, as the top-level package `room`, from a root in which nothing else of ours
can be seen. So it imports nothing of `lms` and uses relative imports only.
"""
