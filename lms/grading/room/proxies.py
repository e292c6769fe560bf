"""What stands in the checks' room for the learner's functions, classes and objects.

Calls and attributes go across and come back as values. What decides a verdict is never asked of the learner's object:
comparisons, arithmetic, truth and membership answer only where the author's own solution, at this very place, gave an object
of the same class whose operator a check used. Else an object is opaque.
"""

from __future__ import annotations

import importlib
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any, Protocol, cast

from . import hints
from .operators import REFUSED

_BUILTIN_ITERATORS = """
generator map filter zip enumerate reversed range_iterator list_iterator tuple_iterator set_iterator dict_keyiterator
dict_valueiterator dict_itemiterator str_ascii_iterator str_iterator list_reverseiterator async_generator coroutine
"""
_ITERTOOLS = (
    "chain islice count cycle takewhile dropwhile accumulate product permutations combinations repeat zip_longest"
)
_ITERATORS = {("builtins", name) for name in _BUILTIN_ITERATORS.split()} | {
    ("itertools", name) for name in _ITERTOOLS.split()
}


class Room(Protocol):
    """What stand-ins need of the room in which they stand."""

    namespace: Any

    def call(
        self,
        handle: int,
        operator: str,
        arguments: tuple[Any, ...],
        named: dict[str, Any],
        *,
        site: str,
        reads: Any = (),
    ) -> Any: ...

    def attribute(self, handle: int, name: str, site: str) -> Any: ...

    def assign(self, handle: int, name: str, value: Any) -> None: ...

    def names_of(self, handle: int) -> list[Any]: ...

    def use(self, kind: str, operator: str) -> None: ...


class WrongKind(TypeError):
    """A check used the learner's object as if it were of the kind that the author's solution gives."""


def is_iterator(told: dict[str, Any]) -> bool:
    return (told["module"], told["name"]) in _ITERATORS


class RemoteFunction:
    """Looks like a function; calls across.

    `site` says by which way the checks came to it, in words of the checks (`mean`, `Tank.fill`, `make()`): the learner names
    her functions as she likes, and no permission may hang on that.
    """

    _is_remote = True

    def __init__(self, room: Room, handle: int, told: dict[str, Any], site: str, doc: str | None) -> None:
        self._room = room
        self._handle = handle
        self._site = site
        self._reads = told.get("reads") or ()
        self.__name__ = self.__qualname__ = str(told["name"])
        self.__doc__ = doc
        self.__module__ = "__main__"
        signature = _signature(told.get("signature"))
        if signature is not None:
            self.__signature__ = signature

    __class__ = property(lambda self: types.FunctionType)

    @property
    def __code__(self) -> types.CodeType:
        """Names and number of the positional parameters, as tools that look at functions ask for them."""
        signature = self.__dict__.get("__signature__") or inspect.Signature()
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        names = tuple(name for name, told in signature.parameters.items() if told.kind in positional)
        return _EMPTY.replace(co_name=self.__name__, co_argcount=len(names), co_nlocals=len(names), co_varnames=names)

    @property
    def __globals__(self) -> Any:
        return self._room.namespace

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._room.call(self._handle, "", arguments, named, site=f"{self._site}()", reads=self._reads)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__annotations__", "__defaults__", "__kwdefaults__", "__wrapped__"):
            raise AttributeError(name)
        value = self._room.attribute(self._handle, name, f"{self._site}.{name}")
        return hints.only_types(value) if name == "__annotations__" else value

    def __eq__(self, other: object) -> bool:
        return type(other) is RemoteFunction and other._handle == self._handle

    def __hash__(self) -> int:
        return hash(self._handle)

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


_EMPTY = (lambda: None).__code__


def _signature(told: Any) -> inspect.Signature | None:
    """Names and kinds of parameters; a default is only known to be there."""
    try:
        parameters = [
            inspect.Parameter(
                str(name), inspect._ParameterKind(kind), default=None if default else inspect.Parameter.empty
            )
            for name, kind, default in told
        ]
        return inspect.Signature(parameters)
    except (TypeError, ValueError):
        return None


class RemoteClass(type):
    """The class of stand-ins for a class of the learner's; making an instance makes one across."""

    _room: Room
    _handle: int | None
    _site: str
    _real: type | None
    _is_remote = True

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        if cls._handle is None:
            raise WrongKind(f"no {cls.__name__} can be made here")
        return cls._room.call(cls._handle, "", arguments, named, site=f"{cls._site}()")

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") or cls._handle is None:
            raise AttributeError(name)
        return cls._room.attribute(cls._handle, name, f"{cls._site}.{name}")

    def __instancecheck__(cls, instance: Any) -> bool:
        return type.__instancecheck__(cls, instance)


class RemoteObject(metaclass=RemoteClass):
    """An object of the learner's: attributes and methods go across; operators are put in by `make_class`."""

    _is_remote = True
    _room: Room
    _handle: int

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "score" and (own := _own_score(type(self))) is not None:
            return types.MethodType(own, self)
        return self._room.attribute(_number(self), name, f"{type(self)._site}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self._room.assign(_number(self), name, value)

    def __dir__(self) -> list[str]:
        return [str(name) for name in self._room.names_of(_number(self))]

    def __hash__(self) -> int:
        return hash(_number(self))


def _own_score(cls: type) -> Callable[..., Any] | None:
    """scikit-learn's own score of predictions: the model predicts, and only our side sees the right values."""
    real = getattr(cls, "_real", None)
    score = getattr(real, "score", None)
    if not str(getattr(score, "__module__", "")).startswith("sklearn."):
        return None
    if getattr(score, "__qualname__", "") in ("ClassifierMixin.score", "RegressorMixin.score"):
        return score
    return _score_of_parts if hasattr(real, "predict") else None


def _score_of_parts(self: Any, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Of a pipeline or a search, whose score is that of what is within; with no right values it is the model's to say."""
    if y is None:
        return self._room.attribute(_number(self), "score", f"{type(self)._site}.score")(X)
    metrics = importlib.import_module("sklearn.metrics")
    scoring = getattr(self, "scoring", None)
    if isinstance(scoring, str):
        return metrics.get_scorer(scoring)(self, X, y, sample_weight=sample_weight)
    metric = metrics.accuracy_score if hasattr(self, "classes_") else metrics.r2_score
    return metric(y, self.predict(X), sample_weight=sample_weight)


class RemoteIterator(RemoteObject):
    """A generator or the like where the author's solution may give another kind: it can be gone through, and that is all."""

    def __getattr__(self, name: str) -> Any:
        if name in ("send", "close", "throw"):
            return self._room.attribute(_number(self), name, f"iterator.{name}")
        raise AttributeError(name)


class Opaque(RemoteObject):
    """An object of a kind that the author's solution doesn't give here. It can be passed on, and answers nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_room":
            raise AttributeError(name)
        raise WrongKind(_kind_of(self))

    def __setattr__(self, name: str, value: Any) -> None:
        raise WrongKind(_kind_of(self))


def _kind_of(stand_in: RemoteObject) -> str:
    return str(object.__getattribute__(stand_in, "_kind"))


def _number(stand_in: RemoteObject) -> int:
    return int(object.__getattribute__(stand_in, "_handle"))


def _operator(name: str) -> Callable[..., Any]:
    def operator(self: RemoteObject, *arguments: Any, **named: Any) -> Any:
        room = type(self)._room
        room.use(type(self)._site, name)
        result = room.call(_number(self), name, arguments, named, site=f"{type(self)._site}.{name}()")
        if name == "__bool__":
            return result is True
        if name in ("__str__", "__repr__", "__format__"):
            return result if isinstance(result, str) else ""
        return iter(result) if name == "__iter__" and isinstance(result, list | tuple) else result

    def awaited(self: RemoteObject) -> Iterator[Any]:
        return operator(self)
        yield  # makes it a generator, which is what awaiting takes

    operator.__name__ = name
    return awaited if name == "__await__" else operator


def _refusal(name: str) -> Callable[..., Any]:
    def operator(self: RemoteObject, *_: Any, **__: Any) -> Any:
        raise WrongKind(_kind_of(self))

    operator.__name__ = name
    return operator


def make_class(
    room: Room,
    name: str,
    bases: tuple[type, ...],
    handle: int | None,
    operators: set[str],
    *,
    real: type | None,
    site: str,
) -> RemoteClass:
    """A class of stand-ins that answers `operators`. `real` is what isinstance is to believe, None for the class itself."""
    body: dict[str, Any] = {operator: _operator(operator) for operator in operators}
    if "__eq__" in operators and "__hash__" not in operators:
        body["__hash__"] = RemoteObject.__hash__
    if real is not None and type(real) is type and real.__module__ == "__main__":
        bases = (*bases, real)  # a class of the exercise's own cells: isinstance and issubclass must hold for it
        body["__getattribute__"] = _across_first
    elif real is not None:
        body["__class__"] = property(lambda self: real)
    made = RemoteClass(name, bases, body | {"__module__": "__main__"})
    made._room, made._handle, made._site, made._real = room, handle, site, real
    return made


def _across_first(self: RemoteObject, name: str) -> Any:
    """What the exercise's own class has is asked of the learner's object nevertheless: hers may have its own."""
    return object.__getattribute__(self, name) if name.startswith("_") else RemoteObject.__getattr__(self, name)


def opaque_class(room: Room) -> RemoteClass:
    body = {name: _refusal(name) for name in REFUSED}
    made = RemoteClass("object", (Opaque,), body | {"__module__": "__main__", "__hash__": RemoteObject.__hash__})
    made._room, made._handle, made._site = room, None, ""
    return made


def make_object(cls: RemoteClass, handle: int, kind: str = "") -> RemoteObject:
    made: RemoteObject = object.__new__(cast(type[RemoteObject], cls))
    object.__setattr__(made, "_handle", handle)
    object.__setattr__(made, "_kind", kind)
    return made
