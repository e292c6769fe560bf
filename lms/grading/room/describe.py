"""What the learner's side tells of an object that stays with it: its class, its operators, a function's parameters."""

from __future__ import annotations

import enum
import inspect
import types
from collections.abc import Callable
from typing import Any

from .operators import OPERATORS

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.LambdaType)
Export = Callable[[Any], list[Any]]


def describe(value: Any, namespace: dict[str, Any], export: Export) -> dict[str, Any]:
    """`export` gives the handle of another object that is told of too (its class)."""
    told: dict[str, Any]
    if isinstance(value, types.ModuleType):
        return {"kind": "module", "name": value.__name__}
    if isinstance(value, type):
        bases = [_base(base, export) for base in value.__mro__[1:]]
        told = {"kind": "class", "name": value.__name__, "module": value.__module__, "bases": bases}
        fields = getattr(value, "__dataclass_fields__", None)
        return told | ({"fields": list(fields)} if isinstance(fields, dict) else {})
    if isinstance(value, _FUNCTIONS) or (callable(value) and type(value).__module__ in ("numpy", "functools")):
        return _function(value, namespace)
    kind = type(value)
    told = {
        "kind": "object",
        "module": kind.__module__,
        "name": kind.__qualname__,
        "operators": [name for name in OPERATORS if getattr(kind, name, None) is not getattr(object, name, None)],
    }
    if kind.__module__ == "__main__":
        told["class"] = export(kind)
    if inspect.isawaitable(value):
        told["awaitable"] = True
    return told


def is_given(value: Any, given: dict[str, Any]) -> bool:
    """Whether it is an instance of one of the exercise's own classes (by name), so that it can cross as what it holds."""
    kind = type(value)
    if given.get(kind.__name__) is not kind or kind.__module__.partition(".")[0] not in ("__main__", "sklearn"):
        return False
    return hasattr(value, "__dict__") and not isinstance(value, BaseException | type)


def member_of(value: Any) -> dict[str, Any] | None:
    """A member of an enumeration of the exercise's."""
    if isinstance(value, enum.Enum) and value.name is not None:
        return {"kind": "member", "class": type(value).__name__, "name": value.name}
    return None


def _base(base: type, export: Export) -> list[Any]:
    return export(base) if base.__module__ == "__main__" else ["g", base.__module__, base.__name__]


def _function(value: Any, namespace: dict[str, Any]) -> dict[str, Any]:
    name = str(getattr(value, "__name__", None) or "function")
    told = {"kind": "function", "name": name, "doc": getattr(value, "__doc__", None), "reads": _reads(value, namespace)}
    module = getattr(value, "__module__", None) or ("numpy" if type(value).__module__ == "numpy" else None)
    if module not in (None, "__main__"):
        told["library"] = [module, getattr(value, "__qualname__", None) or name]
    try:
        parameters = inspect.signature(value).parameters.values()
        told["signature"] = [[p.name, p.kind.value, p.default is not p.empty] for p in parameters]
    except (TypeError, ValueError):
        told["signature"] = None
    return told


def _reads(function: Any, namespace: dict[str, Any]) -> list[str]:
    """Global names that a function of the notebook may read, through other functions of the notebook too."""
    names: set[str] = set()
    waiting = [function.__code__] if getattr(function, "__globals__", None) is namespace else []
    seen: set[types.CodeType] = set()
    while waiting:
        code = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        waiting += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        for name in code.co_names:
            names.add(name)
            other = namespace.get(name)
            if isinstance(other, types.FunctionType) and other.__globals__ is namespace:
                waiting.append(other.__code__)
    return sorted(names)
