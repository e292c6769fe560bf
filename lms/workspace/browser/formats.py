"""How a value is shown: its richest form that a page takes, as Jupyter does."""

from __future__ import annotations

import base64
import builtins
import pprint
import types
from typing import Any, ClassVar

MIMES = ("text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")
MAX_PLAIN = 100_000
_METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
}
_WIDTH = 79
# A diagram of a model is made of styles, of which a page keeps none.
_BETTER_PLAIN = ("sklearn",)
_CONTAINERS = (dict, list, tuple, set, frozenset)


def bundle(value: Any) -> dict[str, str]:
    """Mime types and texts (base64 of pictures). Errors of the value's own methods come through."""
    rich = {} if _module(value) in _BETTER_PLAIN else _rich(value)
    return rich or {"text/plain": plain(value)}


def _module(value: Any) -> str:
    return str(type(value).__module__).partition(".")[0]


def _rich(value: Any) -> dict[str, str]:
    if isinstance(value, type):
        return {}
    made = _method(value, "_repr_mimebundle_")
    if isinstance(made, tuple):
        made = made[0]
    data = {mime: text_of(made.get(mime)) for mime in MIMES} if isinstance(made, dict) else {}
    for mime, name in _METHODS.items():
        if not data.get(mime):
            data[mime] = text_of(_method(value, name))
    return {mime: text for mime, text in data.items() if text}


def _method(value: Any, name: str) -> Any:
    method = getattr(type(value), name, None)
    if not callable(method):
        return None
    try:
        return method(value)
    except (NotImplementedError, TypeError):
        return None


def text_of(value: Any) -> str:
    """A form as text; pictures in base64. '' for what is none."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str.__str__(value) if isinstance(value, str) else ""


def plain(value: Any) -> str:
    text = _plain(value)
    if not isinstance(text, str):
        raise TypeError(f"__repr__ returned non-string (type {type(text).__name__})")
    return text if len(text) <= MAX_PLAIN else text[:MAX_PLAIN] + "\n[…]"


def _plain(value: Any) -> str:
    if isinstance(value, type) and type(value).__repr__ is type.__repr__:
        module = value.__module__
        return value.__qualname__ if module == builtins.__name__ else f"{module}.{value.__qualname__}"
    if isinstance(value, types.FunctionType):
        return f"<function {value.__module__}.{value.__qualname__}({', '.join(_parameters(value))})>"
    if type(value) in _CONTAINERS:
        return _Printer(width=_WIDTH, sort_dicts=False).pformat(value)
    return repr(value)


def _parameters(function: types.FunctionType) -> tuple[str, ...]:
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


class _Printer(pprint.PrettyPrinter):
    """One item a line where they don't fit; texts stay whole."""

    _dispatch: ClassVar[dict[Any, Any]] = {
        method: printer
        for method, printer in pprint.PrettyPrinter._dispatch.items()  # type: ignore[attr-defined]
        if method not in (str.__repr__, bytes.__repr__)
    }
