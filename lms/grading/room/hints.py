"""Texts of the learner's that Python's own tools run as code: examples in docstrings, annotations that are texts.

Those tools run in the checks' room, where no line of hers may run.
"""

from __future__ import annotations

import ast
import builtins
import doctest
from typing import Any

_PROMPT = ">>>"
_MOST = 5_000
_OF_TYPES = ast.Expression | ast.Name | ast.Attribute | ast.Subscript | ast.Tuple | ast.List | ast.BitOr | ast.Load
_OF_EXAMPLES = (
    ast.Module | ast.Expr | ast.Assign | ast.Call | ast.keyword | ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Set
    | ast.Subscript | ast.Slice | ast.Compare | ast.BoolOp | ast.UnaryOp | ast.BinOp
    | ast.expr_context | ast.cmpop | ast.boolop | ast.unaryop | ast.operator
)  # fmt: skip
_FUNCTIONS = frozenset(
    (
        "print",
        "len",
        "sorted",
        "sum",
        "min",
        "max",
        "abs",
        "round",
        "list",
        "tuple",
        "set",
        "dict",
        "str",
        "int",
        "float",
        "bool",
    )
)
_CONSTANTS = type(None) | type(...) | bool | int | bytes


def examples_of(doc: Any) -> str:
    """The examples of a docstring, without the words around them; '' where there are none."""
    if not isinstance(doc, str) or _PROMPT not in doc:
        return ""
    try:
        examples = doctest.DocTestParser().get_examples(doc)
    except ValueError:
        return ""
    return "\n".join(f"{_prompted(example.source)}{example.want}" for example in examples)[:_MOST]


def _prompted(source: str) -> str:
    first, *rest = source.rstrip("\n").split("\n")
    return "".join([f"{_PROMPT} {first}\n", *(f"... {line}\n" for line in rest)])


def harmless(doc: Any, examples: str) -> str | None:
    """A docstring of hers; with the author's examples in place of her own where those do more than call functions with values."""
    if not isinstance(doc, str):
        return None
    if _PROMPT not in doc or _is_tame(doc):
        return doc
    return f"{doc.replace(_PROMPT, '> > >')}\n\n{examples}"


def _is_tame(doc: str) -> bool:
    try:
        examples = doctest.DocTestParser().get_examples(doc)
        nodes = [node for example in examples for node in ast.walk(ast.parse(example.source))]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return doc.count(_PROMPT) == len(examples) and all(map(_is_of_example, nodes))


def _is_of_example(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return not node.id.startswith("_") and (node.id in _FUNCTIONS or not hasattr(builtins, node.id))
    return isinstance(node, _OF_EXAMPLES)


def only_types(annotations: Any) -> Any:
    """Annotations, with those texts that are more than the name of a type left out."""
    if not isinstance(annotations, dict):
        return {}
    return {name: value for name, value in annotations.items() if not isinstance(value, str) or _is_type(value)}


def _is_type(text: str) -> bool:
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(map(_is_of_type, nodes))


def _is_of_type(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):  # a text within is evaluated in turn
        return isinstance(node.value, _CONSTANTS) or (isinstance(node.value, str) and _is_type(node.value))
    if isinstance(node, ast.Attribute):
        return not node.attr.startswith("_")
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr)
    return isinstance(node, _OF_TYPES)
