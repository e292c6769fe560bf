"""Wrong answers made of the author's solution, to see whether each check can tell."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from . import names

_CHANGE = """

def _baeum_wrong(value, shape):
    import functools
    library = type(value).__module__.partition(".")[0]
    if isinstance(value, type):
        made = value.__init__
        for name, method in list(vars(value).items()):
            if not name.startswith("_") and callable(method):
                setattr(value, name, _baeum_wrong(method, shape))
        def begin(self, *args, **kwargs):
            made(self, *args, **kwargs)
            for name, item in list(getattr(self, "__dict__", {}).items()):
                setattr(self, name, _baeum_wrong(item, shape))
        value.__init__ = begin
        return value
    if callable(value) and library != "sklearn":
        @functools.wraps(value)
        def wrong(*args, **kwargs):
            return None if shape else _baeum_wrong(value(*args, **kwargs), shape)
        return wrong
    if shape:
        if isinstance(value, (str, list, tuple)) and value:
            return value[:-1]
        return value[:-1] if library in ("numpy", "pandas") and getattr(value, "ndim", 0) and len(value) else None
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float, complex)):
        return value + 1
    if isinstance(value, str):
        return value + "?"
    if isinstance(value, dict):
        return {key: _baeum_wrong(item, shape) for key, item in value.items()}
    if type(value) in (list, tuple, set):
        return type(value)([_baeum_wrong(item, shape) for item in value])
    if library == "pandas" and hasattr(value, "select_dtypes"):
        return value.assign(**{str(name): value[name] + 1 for name in value.select_dtypes("number").columns})
    if library in ("numpy", "pandas"):
        try:
            return value + 1
        except TypeError:
            return value[::-1]
    return value


for _baeum_name in %(names)r:
    if _baeum_name in globals():
        globals()[_baeum_name] = _baeum_wrong(globals()[_baeum_name], %(shape)r)
"""
_OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Div, ast.Mod: ast.Mult,
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


def wrong_answers(source: str) -> Iterator[str]:
    """An answer cell with other values under its names, then with other shapes, other constants, other operators."""
    tree = names.parse(source)
    given = sorted(_given(tree)) if tree else []
    if given:
        yield source + _CHANGE % {"names": given, "shape": False}
        yield source + _CHANGE % {"names": given, "shape": True}
    for change in (_Constants, _Operators):
        try:
            made = change().visit(ast.parse(source))
        except (SyntaxError, ValueError):
            return
        text = ast.unparse(ast.fix_missing_locations(made))
        if text != ast.unparse(ast.parse(source)):
            yield text


def _given(tree: ast.Module) -> set[str]:
    """Names that the cell gives to those below it; what it imports stays as it is."""
    found: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(statement.name)
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            found |= names.bound(statement)
    return found


class _Constants(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool):
            return ast.Constant(not node.value)
        if isinstance(node.value, int | float):
            return ast.Constant(node.value + 1)
        return ast.Constant(node.value + "?") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """A text that stands alone, such as a docstring, says nothing to Python."""
        return node if isinstance(node.value, ast.Constant) else self.generic_visit(node)


class _Operators(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("op", "ops"):
            held = getattr(node, name, None)
            if isinstance(held, list):
                setattr(node, name, [_OPERATORS.get(type(item), type(item))() for item in held])
            elif isinstance(held, ast.operator | ast.boolop):
                setattr(node, name, _OPERATORS.get(type(held), type(held))())
        return node
