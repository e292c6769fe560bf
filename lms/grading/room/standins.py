"""What comes into the checks' room: handles become stand-ins, errors of the learner's become errors of the same class."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

from . import libraries, proxies
from .exports import Exports, index
from .learnt import Contract
from .namespace import Namespace
from .proxies import RemoteClass, RemoteFunction, RemoteObject, WrongKind

Decode = Callable[[Any], Any]


class StandIns:
    """Made for one room; a class of the learner's has one stand-in however often it is met."""

    def __init__(self, room: proxies.Room, contract: Contract, namespace: Namespace, exports: Exports) -> None:
        self._room = room
        self._exports = exports
        self._contract = contract
        self._namespace = namespace
        self._classes: dict[Any, RemoteClass] = {}
        self._instances: dict[int, Any] = {}
        self._objects: dict[tuple[int, RemoteClass], RemoteObject] = {}
        self._opaque = proxies.opaque_class(room)

    def resolve(self, handle: list[Any], site: str, decode: Decode) -> Any:
        """`decode` decodes what is within the handle, as part of the same message."""
        number, told = index(handle[1]), handle[2]
        kind = told["kind"]
        if kind == "function":
            return RemoteFunction(self._room, number, told, site, self._contract.doc(site, told.get("doc")))
        if kind == "module":
            return _module(str(told["name"]))
        if kind == "class":
            return self._class(number, told, site)
        if kind == "member":
            return self._given_class(told)[str(told["name"])]
        if kind == "instance":
            return self._instance(number, told, decode)
        return self._object(number, told, site)

    def _given_class(self, told: dict[str, Any]) -> Any:
        cls = self._namespace.trusted_class(str(told["class"]))
        if cls is None:
            raise WrongKind(str(told["class"]))
        return cls

    def _instance(self, number: int, told: dict[str, Any], decode: Decode) -> Any:
        """An instance of one of the exercise's own classes: ours, with what hers holds, so that our methods answer."""
        made = self._instances.get(number)
        if made is None:
            made = self._instances[number] = object.__new__(self._given_class(told))
            self._exports.note_hers(made, number)
        if "state" in told:
            give_state(made, decode(told["state"]))
        return made

    def update(self, side: str, number: Any, state: Any) -> None:
        """What a call has changed of an instance, hers (`h`) or the check's (`own`)."""
        give_state(self._instances[index(number)] if side == "h" else self._exports.instance(number), state)

    def _class(self, number: int, told: dict[str, Any], site: str) -> Any:
        if number in self._classes:
            return self._classes[number]
        name = str(told["name"])
        given = self._namespace.trusted_class(name)
        if _is_own_error(given):
            return given  # so that an error of hers that is derived from it is one
        library = libraries.library_class(str(told["module"]), name) if told["module"] != "__main__" else None
        if library is not None:
            return library
        hers = [base for base in told["bases"] if base[0] == "h"][:1]
        bases = tuple(self._class(index(base[1]), base[2], f"base of {site}") for base in hers)
        errors = [libraries.error_class(base[1:]) for base in told["bases"] if base[0] == "g"]
        error = next(filter(None, errors), None)
        if error is not None:
            body = {"__module__": "__main__", "_is_remote": True, "_number": number}
            made: Any = type(name, bases or (error,), body)
        else:
            made = proxies.make_class(self._room, name, bases or (RemoteObject,), number, set(), real=given, site=site)
            if fields := told.get("fields"):
                made.__dataclass_fields__ = _dataclass_fields(fields)
        self._classes[number] = made
        return made

    def _object(self, number: int, told: dict[str, Any], site: str) -> Any:
        module, name = str(told["module"]), str(told["name"])
        allowed = self._contract.allowed(module, name, told, site)
        if allowed is None:
            return proxies.make_object(self._opaque, number, name)
        key = (module, name, told.get("class") and told["class"][1], frozenset(allowed))
        if key not in self._classes:
            self._classes[key] = self._class_of(module, name, told, allowed, site)
        cls = self._classes[key]
        if (number, cls) not in self._objects:  # one object has one stand-in, so that `is` holds
            self._objects[number, cls] = proxies.make_object(cls, number, name)
        return self._objects[number, cls]

    def _class_of(self, module: str, name: str, told: dict[str, Any], allowed: set[str], site: str) -> RemoteClass:
        hers = told.get("class")
        own = self._class(index(hers[1]), hers[2], f"class of {site}") if hers else None
        only_goes_through = not self._contract.learning and proxies.is_iterator(told)
        base: type = proxies.RemoteIterator if only_goes_through else RemoteObject
        number = None
        if isinstance(own, RemoteClass):
            base, number = own, own._handle
        real = None if own is not None else libraries.library_class(module, name)
        short, kind = name.rpartition(".")[2], f"{module}.{name}"
        return proxies.make_class(self._room, short, (base,), number, allowed, real=real, site=kind)

    def _given_error(self, given: Any, arguments: Any, decode: Decode) -> BaseException:
        """An error of one of the exercise's own classes: ours, with what hers holds. TypeError where it is none."""
        cls: Any = self._namespace.trusted_class(str(given[0]))
        if not _is_own_error(cls):
            raise TypeError(str(given[0]))
        made: BaseException = cls.__new__(cls)
        made.args = tuple(arguments)
        give_state(made, decode(given[1]))
        return made

    def error(self, told: dict[str, Any], decode: Decode) -> BaseException:
        """The learner's error as one of the same class here, so that a check can expect it."""
        described = told["described"] if isinstance(told.get("described"), dict) else {}
        text = str(described.get("value", ""))
        made: Any
        try:
            arguments = decode(told["arguments"])
            if told.get("given"):
                made = self._given_error(told["given"], arguments, decode)
            else:
                cls = self.resolve(told["class"], "", decode) if told.get("class") else _known_class(told["kinds"])
                made = cls(*arguments)
        except (TypeError, ValueError, LookupError):
            made = Exception(text)
        if not isinstance(made, BaseException):
            made = Exception(text)
        made._described = plain_description(described)
        if isinstance(told.get("cause"), list):
            made.__cause__ = _made(_known_class(told["cause"][0]), str(told["cause"][1]))
        return made


def give_state(value: Any, state: Any) -> None:
    """Attributes that would hide a method of the class are left out: a method is the class's."""
    kind = type(value)
    held = {name: content for name, content in dict(state).items() if isinstance(name, str)}
    vars(value).clear()
    vars(value).update({name: content for name, content in held.items() if not callable(getattr(kind, name, None))})


def _is_own_error(cls: type | None) -> bool:
    """Whether it is a class of errors that the exercise itself defines; those that it imports have meanings of their own."""
    return cls is not None and issubclass(cls, BaseException) and cls.__module__ == "__main__"


def _dataclass_fields(names: Any) -> Any:
    """So that a dataclass of hers is one here too: asdict and fields ask for no more. TypeError for odd names."""
    return vars(dataclasses.make_dataclass("fields", [str(name) for name in names]))["__dataclass_fields__"]


def _module(name: str) -> Any:
    if not libraries.is_known(name):
        raise WrongKind(f"module {name}")
    return importlib.import_module(name)


def _known_class(kinds: Any) -> type[BaseException]:
    """The nearest class of an error that both sides have. `kinds`: (module, name), its own first."""
    pairs = [kind for kind in kinds if isinstance(kind, list) and len(kind) == 2]
    return next(filter(None, map(libraries.error_class, pairs)), Exception)


def _made(cls: type[BaseException], text: str) -> BaseException:
    try:
        return cls(text)
    except TypeError:
        return Exception(text)


def plain_description(told: dict[str, Any]) -> dict[str, Any]:
    """Only what our side takes for a description; the learner's process made it."""
    texts = {key: str(told.get(key, ""))[:most] for key, most in (("name", 200), ("value", 2000), ("library", 100))}
    kinds = [str(kind)[:200] for kind in told.get("kinds", []) if isinstance(kind, str)][:10]
    frames = [[str(key)[:200], line] for key, line in told.get("frames", []) if isinstance(line, int)][-20:]
    return texts | {"kinds": kinds, "frames": frames}
