"""Names to offer while she types, looked up in what her cells have made so far. Nothing of hers is called for it."""

from __future__ import annotations

import ast
import builtins
import inspect
import keyword
import re
import sys
import types
from typing import Any

_MOST = 200
_BEFORE = re.compile(r"(?P<owner>(?:[^\W\d]\w*\.)*)(?P<start>\w*)$")
_IMPORT = re.compile(r"^\s*(?:import|from)\s+(?P<path>[\w.]*)$")
_COLUMN = re.compile(r"(?P<owner>[^\W\d]\w*)\[\[?\s*(?P<quote>['\"])(?P<start>[^'\"\]]*)$")


def complete(code: str, position: int, namespace: dict[str, Any]) -> dict[str, Any] | None:
    line = code[:position].rpartition("\n")[2]
    if match := _COLUMN.search(line):
        return _columns(match, position, namespace)
    found = _BEFORE.search(line)
    if found is None or (line[: found.start()].rstrip().endswith((".", '"', "'")) and not found["owner"]):
        return None
    if _is_in_text(line[: found.start()]):
        return None
    start, owner = found["start"], found["owner"].rstrip(".")
    if not start and not owner:
        return None
    options = _members(owner, namespace) if owner else _names(namespace, is_import=bool(_IMPORT.match(line)))
    wanted = [
        name for name in options if name.startswith(start) and (start.startswith("_") or not name.startswith("_"))
    ]
    told = [{"label": name, **options[name]} for name in sorted(wanted)[:_MOST]]
    return {"from": position - len(start), "options": told} if told else None


def imported(source: str) -> set[str]:
    """Top-level modules that a cell imports; none where it isn't Python."""
    try:
        tree = ast.parse("\n".join("" if line.lstrip()[:1] in "%!" else line for line in source.split("\n")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _names(namespace: dict[str, Any], *, is_import: bool) -> dict[str, dict[str, str]]:
    modules = {name: {"type": "namespace"} for name in sys.modules if "." not in name}
    if is_import:
        return modules
    words = {name: {"type": "keyword"} for name in keyword.kwlist}
    known = {name: _kind(value) for name, value in vars(builtins).items()}
    return known | words | {name: _kind(value) for name, value in namespace.items() if isinstance(name, str)}


def _members(owner: str, namespace: dict[str, Any]) -> dict[str, dict[str, str]]:
    first, *rest = owner.split(".")
    value = namespace.get(first, getattr(builtins, first, None))
    for name in rest:
        value = _still(value, name)
    if value is None:
        return {}
    try:
        names = [name for name in dir(value) if isinstance(name, str)]
    except Exception:  # her own __dir__
        return {}
    return {name: _kind(_still(value, name), is_member=True) for name in names}


def _still(value: Any, name: str) -> Any:
    """An attribute without running a property of it, except a module's, which are plain."""
    if isinstance(value, types.ModuleType):
        return vars(value).get(name)
    try:
        return inspect.getattr_static(value, name, None)
    except Exception:
        return None


def _kind(value: Any, *, is_member: bool = False) -> dict[str, str]:
    if isinstance(value, type):
        return {"type": "class"}
    if isinstance(value, types.ModuleType):
        return {"type": "namespace"}
    if callable(value) or isinstance(value, staticmethod | classmethod):
        return {"type": "method" if is_member else "function"}
    return {"type": "property" if is_member else "variable"}


def _columns(match: re.Match[str], position: int, namespace: dict[str, Any]) -> dict[str, Any] | None:
    """Columns of a table, after `df["`."""
    value = namespace.get(match["owner"])
    keys: Any = []
    if isinstance(value, dict):
        keys = value
    elif type(value).__name__ == "DataFrame" and type(value).__module__.partition(".")[0] == "pandas":
        keys = getattr(value, "columns", ())
    told = [
        {"label": key, "type": "property"} for key in keys if isinstance(key, str) and key.startswith(match["start"])
    ]
    return {"from": position - len(match["start"]), "options": told[:_MOST]} if told else None


def _is_in_text(before: str) -> bool:
    """Whether a text or a comment is open at the end of a line, roughly."""
    plain = re.sub(r"\\.|'[^'\\]*'|\"[^\"\\]*\"", "", before)
    return "'" in plain or '"' in plain or "#" in plain
