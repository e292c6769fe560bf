"""Which names a cell binds and which it reads, found in its source without running it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exercise import Cell, Exercise


def parse(source: str) -> ast.Module | None:
    """A cell's syntax tree, lines of IPython's own left out; None where it isn't Python."""
    lines = ["pass" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def bound(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names


def read(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def needed_setups(exercise: Exercise) -> frozenset[str]:
    """The ids of the exercise's own cells that the checks' room must run: those that bind a name which a check, or another
    such cell, reads, and those that do something besides binding names and showing values."""
    wanted: set[str] = set()
    needed: set[str] = set()
    for cell in reversed(exercise.cells):
        if cell.cell_type != "code" or (cell.role and cell.role.is_answer):
            continue
        tree = parse(cell.source)
        if tree is None:
            continue
        if cell.role and cell.role.is_check:
            wanted |= read(tree) | _words(tree)
        elif bound(tree) & wanted or "*" in bound(tree) or _acts(cell, tree):
            needed.add(cell.id)
            wanted |= read(tree)
    return frozenset(needed)


def _words(tree: ast.AST) -> set[str]:
    """Texts that may be names: `globals()["total"]`, `patch("__main__.total")`."""
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {part for text in texts if len(text) < 100 for part in text.split(".")}


def _acts(cell: Cell, tree: ast.Module) -> bool:
    """Whether a locked cell has statements that only act, such as setting a seed or an option."""
    if cell.role is None:
        return False
    for statement in tree.body[:-1]:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and not _prints(statement.value):
            return True
        if isinstance(statement, ast.For | ast.With | ast.If | ast.While | ast.Try):
            return True
        if isinstance(statement, ast.Assign) and any(not isinstance(target, ast.Name) for target in statement.targets):
            return True
    return False


def _prints(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ("print", "display")


def imported(source: str) -> set[str]:
    """Names of the packages that a cell imports."""
    tree = parse(source)
    if tree is None:
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
