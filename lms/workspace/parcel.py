"""The Python of ours that runs in browsers, as text: the notebook's side and the engine's modules that it uses."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_BROWSER = "lms/workspace/browser"
# Packages whose own __init__ would bring in what no browser has.
_EMPTY = ("lms", "lms/grading", "lms/grading/room", "lms/workspace")
_ENGINE = (
    "explain",
    "explain_libraries",
    "explain_python",
    "explain_rule",
    "explain_syntax",
    "messages",
    "names",
    "regions",
    "verdict",
    "room/pictures",
    "room/told",
)


@cache
def python_sources() -> dict[str, str]:
    """Path below a folder of the module search path -> source."""
    names = [f"lms/grading/{name}.py" for name in _ENGINE]
    names += sorted(f"{_BROWSER}/{file.name}" for file in (_ROOT / _BROWSER).glob("*.py"))
    empty = {f"{package}/__init__.py": "" for package in _EMPTY}
    return empty | {name: (_ROOT / name).read_text("utf-8") for name in names}
