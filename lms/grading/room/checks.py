"""The checks' room: the exercise's trusted cells and its checks run here, and never a line of the learner's.

Names that they don't bind are asked of the learner's room through the wall. What comes back is plain values, or stand-ins
(`proxies.py`). A contract, learnt from the author's own solution, says which names the solution changes, which of its objects
may answer operators and where, and which of the checks' names its functions read.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import socket
import sys
import time
import types
from typing import Any

from . import follow, frames, learner, proxies, shell, wall
from .codec import CodecError, Decoder, Encoder
from .namespace import OURS, MainModule, Namespace
from .proxies import RemoteClass, RemoteFunction, RemoteObject, WrongKind
from .wall import WallDownError

_PLAIN_BUILTINS = dict(vars(builtins))
_PATCHABLE = ("builtins", "random", "time", "math", "os", "numpy.random")
_LIBRARY_NAMES = """
numpy pandas matplotlib scipy sklearn math cmath statistics random string re itertools functools operator collections datetime
decimal fractions json time copy typing numbers abc os sys io csv pathlib unittest inspect hashlib warnings heapq bisect textwrap
types dataclasses enum contextlib calendar zoneinfo uuid doctest traceback IPython
"""
_LIBRARIES = frozenset(_LIBRARY_NAMES.split())


def serve(request: dict[str, Any], connections: list[socket.socket]) -> None:
    """Answer `setup` and `check` messages until the other side goes."""
    captured = shell.prepare(request["home"])
    control, wall_end = connections
    room = CheckRoom(wall_end, request["setting"])
    while (message := frames.receive(control)) is not None:
        started = time.perf_counter()
        shell.current().key = message["key"]
        answer = room.setup(message) if message["do"] == "setup" else room.check(message)
        captured.collect()
        answer["outputs"] = shell.SINK.take()
        answer["seconds"] = round(time.perf_counter() - started, 4)
        frames.send(control, answer)


class CheckRoom:
    """`setting`: contract (as learnt; None while learning) and sources (of the answers, for inspect.getsource)."""

    def __init__(self, connection: socket.socket, setting: dict[str, Any]) -> None:
        self._connection = connection
        self._contract: dict[str, Any] | None = setting.get("contract")
        self.learnt: dict[str, Any] = {
            "changed": [],
            "sites": {},
            "reads": [],
            "modules": {},
            "library": {},
            "builtins": [],
            "operators": {},
        }
        self.asked = 0
        self.sources: list[str] = []
        self._cache: dict[str, Any] = {}
        self._classes: dict[Any, RemoteClass] = {}
        self._local: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._encoder = self._new_encoder()
        self._opaque = proxies.opaque_class(self)
        self._fetched: list[tuple[str, Any, Any]] = []
        self._replaced = self._hers_too = False
        self.namespace = Namespace(self)
        self._move_in()

    def _move_in(self) -> None:
        namespace = self.namespace
        display = importlib.import_module("IPython.display").display
        own = {"__name__": "__main__", "__builtins__": builtins, "get_ipython": shell.current, "display": display}
        for name, value in own.items():
            dict.__setitem__(namespace, name, value)
        namespace.trusted = set(own)
        shell.current().user_ns = namespace
        sys.modules["__main__"] = MainModule(namespace)
        builtins.input = shell.refuse_input
        _PLAIN_BUILTINS["input"] = shell.refuse_input
        follow.seeds(self)
        follow.figures(self)
        follow.sources(self)
        self._plain = {
            (module, name): value
            for module in _PATCHABLE
            if module in sys.modules
            for name, value in vars(sys.modules[module]).items()
            if callable(value) and not name.startswith("_")
        }

    def _is_patched(self, module: str, name: str) -> bool:
        """Whether a check has put something else in the place of a builtin or of a function of these modules."""
        now = getattr(sys.modules[module], name, None)
        return now is not self._plain[module, name] and callable(now)

    # --- running cells ------------------------------------------------------------------------------------------------

    def setup(self, message: dict[str, Any]) -> dict[str, Any]:
        """A trusted cell. What the author's solution changes afterwards is the learner's to give."""
        self.namespace.in_setup = True
        error = self._run(message)[0]
        for name in (self._contract or {}).get("changed", ()):
            if name in self.namespace.trusted:
                dict.pop(self.namespace, name, None)
        return {"error": error, "value": None, "asked": 0, "learnt": None, "wall": True}

    def check(self, message: dict[str, Any]) -> dict[str, Any]:
        """A check. Where the author's solution has a function of a library under a name, ours is used, so that a replaced
        `assert_allclose` earns nothing; but that name may be the answer itself, so the learner's must pass as well.
        """
        self.namespace.in_setup = False
        self.asked = 0
        self.sources = message.get("sources", [])
        self._cache.clear()
        if self._contract is None:
            self._compare_trusted(message["names"])
        self._replaced = self._hers_too = False
        error, value, standing = self._run(message)
        if standing and error is None and self._replaced:
            self._hers_too = True
            self._cache.clear()
            error, value, standing = self._run(message)
        if standing:
            try:
                self._return_fetched()
            except WallDownError:
                standing = False
        learnt = self.learnt if self._contract is None else None
        return {"error": error, "value": value, "asked": self.asked, "learnt": learnt, "wall": standing}

    def _run(self, message: dict[str, Any]) -> tuple[Any, Any, bool]:
        """The error and the value of a cell, and whether the wall still stands."""
        try:
            value = learner.evaluate(message["source"], message["key"], self.namespace)
            return None, learner.kind_of(value), True
        except WallDownError:
            return None, None, False
        except BaseException as error:
            return self._describe(error), None, True

    def _describe(self, error: BaseException) -> dict[str, Any]:
        """An error that came through the wall is told with its places in the learner's cells."""
        told = shell.describe(error)
        there = getattr(error, "_described", None)
        if isinstance(there, dict):
            told |= {key: there[key] for key in ("name", "kinds", "value", "library") if key in there}
            hers = [frame for frame in there.get("frames", []) if frame[0] != shell.current().key]
            told["frames"] = [*told["frames"], *hers][-20:]
        return told

    # --- asking the learner's room --------------------------------------------------------------------------------------

    def _request(self, request: dict[str, Any], encoder: Encoder) -> tuple[dict[str, Any], list[bytes]]:
        wall.send(self._connection, request, encoder.buffers)
        while True:
            reply, buffers = wall.receive(self._connection)
            if not isinstance(reply, dict):
                raise WallDownError
            if "callback" not in reply:
                break
            self._serve_callback(reply, buffers)
        self._print(reply.get("printed"))
        if "error" in reply:
            raise self._error(reply["error"], buffers)
        return reply, buffers

    def _new_encoder(self) -> Encoder:
        self._encoder = Encoder(self._export)
        return self._encoder

    def ask(self, do: str, **facts: Any) -> tuple[Any, list[bytes]]:
        reply, buffers = self._request({"do": do, **facts}, self._new_encoder())
        return reply.get("value"), buffers

    def _print(self, printed: Any) -> None:
        for name, text in printed or ():
            if isinstance(text, str):
                (sys.stderr if name == "stderr" else sys.stdout).write(text)

    def decode(self, tree: Any, buffers: list[bytes], site: str, numbered: list[Any] | None = None) -> Any:
        decoder = Decoder(
            buffers, lambda handle: self._resolve(handle, site), lambda handle: self._may_stay(handle, site)
        )
        decoder.numbered = list(numbered or ())
        if self._contract is None:
            self.learnt["sites"].setdefault(site, [])
        try:
            return decoder.decode(tree)
        except (WallDownError, WrongKind):
            raise
        except Exception as error:
            raise CodecError("a value that can't be checked") from error

    def has(self, name: str) -> bool:
        if name.startswith("__") or name in OURS:
            return False
        return self.ask("has", name=name)[0] is True

    def names(self) -> list[str]:
        value, buffers = self.ask("names")
        self.asked += 1
        names = self.decode(value, buffers, "")
        return [name for name in names if isinstance(name, str) and name not in OURS] if isinstance(names, list) else []

    def get(self, name: str) -> Any:
        """A name that the checks don't bind. KeyError where the learner has none, so that builtins are looked at next."""
        if not isinstance(name, str) or name.startswith("__") or name in OURS:
            raise KeyError(name)
        contract = self._contract
        if name in _PLAIN_BUILTINS and contract is not None and name not in contract["builtins"]:
            raise KeyError(name)
        if name in self._cache:
            return self._cache[name]
        if contract is not None and (known := self._from_library(name)) is not None:
            self._cache[name] = known
            self._replaced |= name in contract["library"] and not self._hers_too
            if not self._hers_too or name in contract["modules"]:
                return known
        value, buffers = self.ask("get", name=name)  # her KeyError is ours: builtins are looked at next
        self.asked += 1
        made = self.decode(value, buffers, name)
        if self._hers_too and name in self._cache and _same_library(value, self._contract):
            return self._cache[name]
        if contract is None:
            made = self._learn_name(name, value, made)
        self._cache[name] = made
        if _is_mutable(made):
            self._fetched.append((name, made, value_of(value, buffers)))
        return made

    def _from_library(self, name: str) -> Any:
        """What the author's solution has from a library is taken from ours, whatever the learner bound the name to."""
        assert self._contract is not None
        if name in self._contract["modules"]:
            return importlib.import_module(self._contract["modules"][name])
        if name in self._contract["library"]:
            return _library_object(*self._contract["library"][name])
        return None

    def _learn_name(self, name: str, told: Any, made: Any) -> Any:
        if name in _PLAIN_BUILTINS:
            self.learnt["builtins"].append(name)
        if isinstance(made, types.ModuleType):
            self.learnt["modules"][name] = made.__name__
        library = told[2].get("library") if isinstance(told, list) and told[0] == "h" else None
        if library and library[0].partition(".")[0] in _LIBRARIES:
            found = _library_object(*library)
            if found is not None:
                self.learnt["library"][name] = list(library)
                return found
        return made

    def call(
        self,
        handle: int,
        operator: str,
        arguments: tuple[Any, ...],
        named: dict[str, Any],
        *,
        site: str,
        reads: Any = (),
    ) -> Any:
        self._return_fetched()
        self._cache.clear()
        self.asked += 1
        encoder = self._new_encoder()
        names = self._names_to_push(reads, encoder)
        given = [encoder.encode(arguments), encoder.encode(named)]
        numbered = encoder.numbered
        patched = [target for target in self._plain if self._is_patched(*target)]
        request = {
            "do": "call",
            "of": handle,
            "operator": operator,
            "arguments": given[0],
            "named": given[1],
            "names": names,
            "patched": patched,
        }
        reply, buffers = self._request(request, encoder)
        for number, content in reply.get("changes") or ():
            if type(number) is int and 0 <= number < len(numbered):
                _replace(numbered[number], self.decode(content, buffers, site))
        return self.decode(reply.get("value"), buffers, site, numbered)

    def attribute(self, handle: int, name: str, site: str) -> Any:
        self.asked += 1
        value, buffers = self.ask("attribute", of=handle, name=name)
        return self.decode(value, buffers, site)

    def assign(self, handle: int, name: str, value: Any) -> None:
        encoder = self._new_encoder()
        self._request({"do": "assign", "of": handle, "name": name, "value": encoder.encode(value)}, encoder)

    def names_of(self, handle: int) -> list[Any]:
        value, buffers = self.ask("dir", of=handle)
        names = self.decode(value, buffers, "")
        return names if isinstance(names, list) else []

    def delete(self, name: str) -> None:
        self._cache.clear()
        self.ask("delete", name=name)
        self.asked += 1

    def bound(self, name: str, value: Any) -> None:
        """A check gave a name that the learner's code may read back its own function (after a check deleted or wrapped it)."""
        self._cache.pop(name, None)
        if isinstance(value, RemoteFunction) and value.__name__ == name:
            encoder = self._new_encoder()
            self._request({"do": "set", "name": name, "value": encoder.encode(value)}, encoder)

    def _names_to_push(self, reads: Any, encoder: Encoder) -> list[Any]:
        """Globals that a check set and that the author's functions read: the learner's may read them too, and no others."""
        if self._contract is None:
            wanted = [name for name in reads if name in self.namespace.bound]
            self.learnt["reads"] = sorted({*self.learnt["reads"], *wanted})
        else:
            wanted = [name for name in self._contract["reads"] if name in self.namespace.bound]
        found = []
        for name in wanted:
            value = dict.get(self.namespace, name)
            if not isinstance(value, types.ModuleType) and not (
                isinstance(value, RemoteFunction) and value.__name__ == name
            ):
                found.append([name, encoder.encode(value)])
        return found

    def _return_fetched(self) -> None:
        """A list or table that a check took from the learner and changed is changed there too."""
        fetched, self._fetched = self._fetched, []
        for name, value, before in fetched:
            encoder = self._new_encoder()
            try:
                tree = encoder.encode(value)
            except (TypeError, ValueError):
                continue
            if value_of(tree, encoder.buffers) != before and name not in self.namespace.bound:
                self._request({"do": "set", "name": name, "value": tree}, encoder)

    def _compare_trusted(self, names: list[str]) -> None:
        """While learning: which names of the exercise's own cells has the author's solution changed?"""
        for name in names:
            if name in self.namespace.trusted and dict.__contains__(self.namespace, name) and not self._is_same(name):
                self.learnt["changed"] = sorted({*self.learnt["changed"], name})
        for name in self.learnt["changed"]:
            dict.pop(self.namespace, name, None)

    def _is_same(self, name: str) -> bool:
        mine = dict.__getitem__(self.namespace, name)
        if self.ask("has", name=name)[0] is not True:
            return True
        value, buffers = self.ask("get", name=name)
        if isinstance(value, list) and value[0] == "h":
            told = value[2]
            same = getattr(mine, "__name__", type(mine).__qualname__)
            return bool(told.get("name") == same)
        encoder = Encoder(lambda held: ["h", 0, {}])
        try:
            return value_of(encoder.encode(mine), encoder.buffers) == value_of(value, buffers)
        except (TypeError, ValueError):
            return True

    # --- what comes in --------------------------------------------------------------------------------------------------

    def _resolve(self, handle: list[Any], site: str) -> Any:
        if handle[0] == "own":
            return self._local[_index(handle[1])]
        number, told = _index(handle[1]), handle[2]
        kind = told["kind"]
        if kind == "function":
            return RemoteFunction(self, number, told, site)
        if kind == "module":
            return self._module(str(told["name"]))
        if kind == "class":
            return self._class(number, told, site)
        return self._object(number, told, site)

    def _module(self, name: str) -> Any:
        if name.partition(".")[0] not in _LIBRARIES:
            raise WrongKind(f"module {name}")
        return importlib.import_module(name)

    def _class(self, number: int, told: dict[str, Any], site: str) -> Any:
        if number in self._classes:
            return self._classes[number]
        name = str(told["name"])
        library = proxies.library_class(str(told["module"]), name) if told["module"] != "__main__" else None
        if library is not None:
            return library
        bases = [self._class(_index(base[1]), base[2], f"base of {site}") for base in told["bases"] if base[0] == "h"][
            :1
        ]
        error = next(
            (found for base in told["bases"] if base[0] == "g" and (found := _error_class(base[1:])) is not None), None
        )
        if error is not None:
            made: Any = type(
                name, tuple(bases) or (error,), {"__module__": "__main__", "_is_remote": True, "_number": number}
            )
        else:
            given = self.namespace.trusted_class(name)
            made = proxies.make_class(self, name, tuple(bases) or (RemoteObject,), number, set(), real=given, site=site)
        self._classes[number] = made
        return made

    def _object(self, number: int, told: dict[str, Any], site: str) -> Any:
        module, name = str(told["module"]), str(told["name"])
        allowed = self._allowed(module, name, told, site)
        if allowed is None:
            return proxies.make_object(self._opaque, number, name)
        key = (module, name, told.get("class") and told["class"][1], frozenset(allowed))
        if key not in self._classes:
            own = (
                self._class(_index(told["class"][1]), told["class"][2], f"class of {site}")
                if told.get("class")
                else None
            )
            only_goes_through = self._contract is not None and proxies.is_iterator(told)
            plain = proxies.RemoteIterator if only_goes_through else RemoteObject
            bases = (own,) if isinstance(own, RemoteClass) else (plain,)
            real = None if own is not None else proxies.library_class(module, name)
            number_of = own._handle if isinstance(own, RemoteClass) else None
            short = name.rpartition(".")[2]
            self._classes[key] = proxies.make_class(
                self, short, bases, number_of, allowed, real=real, site=f"{module}.{name}"
            )
        return proxies.make_object(self._classes[key], number, name)

    def _allowed(self, module: str, name: str, told: dict[str, Any], site: str) -> set[str] | None:
        """The operators that an object may answer here; None where the author's solution gives none of its class."""
        has = {operator for operator in told["operators"] if operator in _KNOWN_OPERATORS}
        if told.get("awaitable"):
            has.add("__await__")
        kind = f"{module}.{name}"
        if self._contract is None:
            self.learnt["sites"].setdefault(site, [])
            if kind not in self.learnt["sites"][site]:
                self.learnt["sites"][site].append(kind)
            return has
        if proxies.is_iterator(told):
            return has & proxies.SAFE
        seen = self._contract["sites"].get(site)
        if seen is not None and kind not in seen and not proxies.is_relative(module, name, seen):
            return None
        if seen is None and module == "__main__":
            return None
        return has & (proxies.SAFE | set(self._contract["operators"].get(kind, ())))

    def _may_stay(self, handle: list[Any], site: str) -> bool:
        """Whether an object derived from a plain class stays an object: where the author's solution gives one such."""
        told = handle[2]
        if told["module"] != "__main__":
            return False
        if self._contract is None:
            return True
        return f"{told['module']}.{told['name']}" in self._contract["sites"].get(site, ())

    def use(self, cls: RemoteClass, operator: str) -> None:
        """While learning: a check used this operator of an object of that class."""
        if self._contract is None:
            used = self.learnt["operators"].setdefault(cls._site, [])
            if operator not in used:
                used.append(operator)

    def _error(self, told: dict[str, Any], buffers: list[bytes]) -> BaseException:
        """The learner's error as one of the same class here, so that a check can expect it."""
        kinds = [kind for kind in told["kinds"] if isinstance(kind, list) and len(kind) == 2]
        base = next((found for kind in kinds if (found := _error_class(kind)) is not None), Exception)
        described = told["described"] if isinstance(told.get("described"), dict) else {}
        text = str(described.get("value", ""))
        made: BaseException
        try:
            arguments = self.decode(told["arguments"], buffers, "")
            cls = self._resolve(told["class"], "") if told.get("class") else base
            made = cls(*arguments)
        except (TypeError, ValueError, LookupError):
            made = Exception(text)
        if not isinstance(made, BaseException):
            made = Exception(text)
        made._described = _plain_description(described)  # type: ignore[attr-defined]
        if isinstance(told.get("cause"), list):
            cause = next((found for kind in told["cause"][0] if (found := _error_class(kind)) is not None), Exception)
            made.__cause__ = _made(cause, str(told["cause"][1]))
        return made

    # --- what goes out --------------------------------------------------------------------------------------------------

    def _export(self, value: Any) -> list[Any]:
        if isinstance(value, RemoteFunction):
            return ["own", value._handle]
        if isinstance(value, RemoteClass) and value._handle is not None:
            return ["own", value._handle]
        if type(type(value)) is RemoteClass:
            return ["own", proxies._number(value)]
        if isinstance(value, type) and getattr(value, "_is_remote", False):
            return ["own", value._number]  # type: ignore[attr-defined]
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._local)
            self._local.append(value)
        kind = type(value)
        if self.namespace.trusted_class(kind.__name__) is kind and hasattr(value, "__dict__"):
            inner = Encoder(self._export)
            inner.buffers = self._encoder.buffers
            return ["h", number, {"kind": "instance", "class": kind.__name__, "state": inner.encode(dict(vars(value)))}]
        kinds = types.FunctionType | types.MethodType | types.BuiltinFunctionType | type
        if isinstance(value, kinds) or _is_ufunc(value):
            return ["h", number, {"kind": "function", "name": str(getattr(value, "__name__", "function"))}]
        own = [name for name in _KNOWN_OPERATORS if getattr(kind, name, None) is not getattr(object, name, None)]
        operators = [name for name in own if getattr(kind, name, None) is not None and name != "__hash__"]
        return ["h", number, {"kind": "object", "name": kind.__name__, "operators": operators}]

    def _serve_callback(self, request: dict[str, Any], buffers: list[bytes]) -> None:
        """The learner's function calls something that the check gave it, or has put in the place of a builtin."""
        encoder = self._new_encoder()
        try:
            target = self._callback_target(request["callback"])
            arguments = self.decode(request["arguments"], buffers, "")
            named = self.decode(request["named"], buffers, "")
            reply: dict[str, Any] = {"returned": encoder.encode(target(*arguments, **named))}
        except WallDownError:
            raise
        except Exception as error:
            encoder = self._new_encoder()
            reply = {"raised": [type(error).__name__, shell.text_of(error)]}
        wall.send(self._connection, reply, encoder.buffers)

    def _callback_target(self, target: Any) -> Any:
        if isinstance(target, int):
            found = self._local[_index(target)]
            if callable(found):
                return found
        elif (
            target[0] == "patched" and (target[1], target[2]) in self._plain and self._is_patched(target[1], target[2])
        ):
            return getattr(sys.modules[target[1]], target[2])
        elif target[0] == "attribute" and isinstance(target[2], str) and not target[2].startswith("_"):
            return functools.partial(getattr, self._local[_index(target[1])], target[2])
        elif target[0] == "operator" and target[2] in _KNOWN_OPERATORS:
            held = self._local[_index(target[1])]
            return functools.partial(getattr(type(held), target[2]), held)
        raise AttributeError("nothing of that name was given")


_KNOWN_OPERATORS = frozenset(importlib.import_module(".desk", __package__).OPERATORS)


def _index(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise CodecError("no such object")
    return number


def value_of(tree: Any, buffers: list[bytes]) -> Any:
    """A value's encoded form, comparable with another's."""
    return (tree, [bytes(buffer) for buffer in buffers])


def _is_ufunc(value: Any) -> bool:
    return callable(value) and type(value).__module__.partition(".")[0] in ("numpy", "functools")


def _is_mutable(value: Any) -> bool:
    return isinstance(value, list | dict | set | bytearray) or type(value).__name__ in (
        "ndarray",
        "DataFrame",
        "Series",
    )


def _replace(old: Any, new: Any) -> None:
    """Give an argument the content that the learner's function left in it."""
    kind = type(old).__name__
    if isinstance(old, list | bytearray) and isinstance(new, list | bytearray):
        old[:] = new
    elif isinstance(old, dict) and isinstance(new, dict):
        dict.clear(old)
        dict.update(old, new)
    elif isinstance(old, set) and isinstance(new, set):
        old.clear()
        old.update(new)
    elif kind == "ndarray" and type(new).__name__ == kind and old.shape == new.shape:
        old[...] = new
    elif kind in ("DataFrame", "Series") and type(new).__name__ == kind:
        old._update_inplace(new)
    elif kind == "deque" and type(new).__name__ == kind:
        old.clear()
        old.extend(new)


def _same_library(told: Any, contract: dict[str, Any] | None) -> bool:
    """Whether the learner's value is that very function of a library."""
    library = told[2].get("library") if isinstance(told, list) and told[0] == "h" else None
    return contract is not None and library in contract["library"].values()


def _library_object(module: str, name: str) -> Any:
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    return found


def _error_class(kind: list[Any]) -> type[BaseException] | None:
    module, name = kind
    home = (
        builtins
        if module == "builtins"
        else sys.modules.get(module)
        if str(module).partition(".")[0] in _LIBRARIES
        else None
    )
    found = getattr(home, str(name), None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _made(cls: type[BaseException], text: str) -> BaseException:
    try:
        return cls(text)
    except TypeError:
        return Exception(text)


def _plain_description(told: dict[str, Any]) -> dict[str, Any]:
    """Only what our side takes for a description; the learner's process made it."""
    texts = {key: str(told.get(key, ""))[:most] for key, most in (("name", 200), ("value", 2000), ("library", 100))}
    kinds = [str(kind)[:200] for kind in told.get("kinds", []) if isinstance(kind, str)][:10]
    frames = [[str(key)[:200], line] for key, line in told.get("frames", []) if isinstance(line, int)][-20:]
    return texts | {"kinds": kinds, "frames": frames}
