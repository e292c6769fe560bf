"""Reads cells as Python, for `syntax.py`: a program of its own, since some texts bring a reader of Python down with them.

A line of JSON comes in, {"source": …}; one goes out: null, or {"kinds", "message", "line"}. Nothing is run.
"""

from __future__ import annotations

import ast
import json
import resource
import sys
import warnings
from typing import Any

MEMORY_BYTES = 512 * 1024 * 1024


def look(source: str) -> dict[str, Any] | None:
    """What is wrong with a cell's syntax. What only IPython understands (`%time`, `!ls`, `>>>`) is left to it."""
    lines = source.split("\n")
    if any(line.lstrip().startswith((">>>", "In [")) for line in lines):
        return None
    if lines[0].startswith("%%"):
        return None
    plain = "\n".join("pass" if line.startswith(("%", "!", "?")) else line for line in lines)
    try:
        compile(plain, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        kinds = [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, SyntaxError)]
        return {"kinds": kinds, "message": error.msg or "", "line": error.lineno or 0}
    except (ValueError, RecursionError, MemoryError):
        return {"kinds": [], "message": "", "line": 0}
    return None


def main() -> None:
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(look(json.loads(line)["source"])) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
