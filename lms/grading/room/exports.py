"""What goes out of the checks' room: values of its own as handles, and what the learner's function may do with those."""

from __future__ import annotations

import builtins
import functools
import operator
import sys
import types
from typing import Any

from . import operators, proxies
from .codec import CodecError, Encoder
from .describe import is_given, member_of
from .namespace import Namespace
from .proxies import RemoteClass, RemoteFunction

_PATCHABLE = ("builtins", "random", "time", "math", "os", "numpy.random")
_CALLABLE = types.FunctionType | types.MethodType | types.BuiltinFunctionType | type
_RUNNING = types.GeneratorType | types.CoroutineType | types.AsyncGeneratorType
_OF_RUNNING = frozenset(("send", "throw", "close", "asend", "athrow", "aclose"))
# From these everything of this process can be reached: globals, builtins, the text of a hidden test.
_INSIDES = types.FrameType | types.TracebackType | types.CodeType | types.ModuleType
_ADDRESSES = frozenset(("ctypes", "cffi"))  # numpy's random generators give away where they lie in memory


def index(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise CodecError("no such object")
    return number


class Exports:
    """The checks' own objects that the learner's room holds stand-ins for, by number."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._local: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._hers: dict[int, tuple[Any, int]] = {}  # her instances of the exercise's classes, by id

    def encoder(self) -> Encoder:
        """For one message."""
        encoder = Encoder(lambda value: self._export(value, encoder))
        return encoder

    def note_hers(self, value: Any, number: int) -> None:
        """An instance of one of the exercise's classes that her side made and knows by that number."""
        self._hers[id(value)] = (value, number)

    def own(self, number: Any) -> Any:
        return self._local[index(number)]

    def instance(self, number: Any) -> Any:
        """One of the check's own that went out as what it holds. LookupError for anything else."""
        found = self.own(number)
        if not is_given(found, {type(found).__name__: self._namespace.trusted_class(type(found).__name__)}):
            raise LookupError(number)
        return found

    def _export(self, value: Any, encoder: Encoder) -> list[Any]:
        remote = _number_of(value)
        if remote is not None:
            return ["own", remote]
        if id(value) in self._hers:
            number = self._hers[id(value)][1]
            again = -1 - number in encoder.told  # below 0, so that they don't meet the check's own numbers
            encoder.told.add(-1 - number)
            return ["own", number] if again else ["own", number, encoder.encode(dict(vars(value)))]
        known = self._numbers.get(id(value))
        if known is None:
            known = self._numbers[id(value)] = len(self._local)
            self._local.append(value)
        return ["h", known, self._describe(value, known, encoder)]

    def _describe(self, value: Any, number: int, encoder: Encoder) -> dict[str, Any]:
        kind = type(value)
        if is_given(value, {kind.__name__: self._namespace.trusted_class(kind.__name__)}):
            if member := member_of(value):
                return member
            told: dict[str, Any] = {"kind": "instance", "class": kind.__name__}
            if number not in encoder.told:
                encoder.told.add(number)
                told["state"] = encoder.encode(dict(vars(value)))
            return told
        if isinstance(value, types.ModuleType):
            return {"kind": "module", "name": value.__name__}
        if isinstance(value, _CALLABLE) or _is_ufunc(value):
            return {"kind": "function", "name": str(getattr(value, "__name__", "function"))}
        own = [name for name in operators.OPERATORS if getattr(kind, name, None) is not getattr(object, name, None)]
        answered = [name for name in own if getattr(kind, name, None) is not None and name != "__hash__"]
        return {"kind": "object", "name": kind.__name__, "operators": answered}

    def target(self, target: Any, patches: Patches) -> Any:
        """What a call from the learner's room is for: public attributes and operators of what it was given, nothing else."""
        if isinstance(target, int):
            found = self.own(target)
            if callable(found):
                return found
        elif target[0] == "patched":
            return patches.replacement(target[1], target[2])
        elif target[0] == "attribute" and _is_public(held := self.own(target[1]), target[2]):
            return functools.partial(getattr, held, target[2])
        elif target[0] == "operator" and target[2] in operators.KNOWN:
            held = self.own(target[1])
            return functools.partial(getattr(type(held), target[2]), held)
        raise AttributeError("nothing of that name was given")


class Patches:
    """Builtins and functions of modules in whose place a check has put something else: her functions find that too."""

    def __init__(self) -> None:
        self._plain = {
            (module, name): value
            for module in _PATCHABLE
            if module in sys.modules
            for name, value in vars(sys.modules[module]).items()
            if callable(value) and not name.startswith("_")
        }
        self._by_module: dict[
            str, tuple[list[str], list[Any]]
        ] = {}  # looked through at every call, so as cheaply as can be
        for (module, name), value in self._plain.items():
            names, values = self._by_module.setdefault(module, ([], []))
            names.append(name)
            values.append(value)

    def current(self) -> list[tuple[str, str]]:
        found = []
        for module, (names, plain) in self._by_module.items():
            now = map(vars(sys.modules[module]).get, names)
            if not all(map(operator.is_, now, plain)):
                found += [(module, name) for name in names if self._is_patched(module, name)]
        return found

    def replacement(self, module: Any, name: Any) -> Any:
        if (module, name) not in self._plain or not self._is_patched(module, name):
            raise AttributeError("nothing of that name was given")
        return getattr(sys.modules[module], name)

    def _is_patched(self, module: str, name: str) -> bool:
        now = getattr(sys.modules[module], name, None)
        return now is not self._plain[module, name] and callable(now)


PLAIN_BUILTINS = dict(vars(builtins))


def _number_of(value: Any) -> int | None:
    """The learner's own number of what stands here for something of hers."""
    if isinstance(value, RemoteFunction):
        return value._handle
    if isinstance(value, RemoteClass) and value._handle is not None:
        return value._handle
    if type(type(value)) is RemoteClass:
        return proxies._number(value)
    if isinstance(value, type) and getattr(value, "_is_remote", False):
        return int(value._number)  # type: ignore[attr-defined]
    return None


def _is_public(held: Any, name: Any) -> bool:
    """Whether her code may ask an object of the check's for this attribute."""
    if not isinstance(name, str) or name.startswith("_") or name in _ADDRESSES:
        return False
    if isinstance(held, _RUNNING):
        return name in _OF_RUNNING
    return not isinstance(held, _INSIDES)


def _is_ufunc(value: Any) -> bool:
    return callable(value) and type(value).__module__.partition(".")[0] in ("numpy", "functools")
