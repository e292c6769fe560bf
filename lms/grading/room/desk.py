"""The learner's side of the wall: gives the checks' room what it asks for.

Everything here runs in the process in which the learner's code runs, and may be subverted by it. Nothing that it answers is
believed on the other side beyond being a value.
"""

from __future__ import annotations

import asyncio
import builtins
import inspect
import random
import socket
import sys
import types
from collections.abc import Callable
from typing import Any

from . import shell, wall
from .codec import CodecError, Decoder, Encoder
from .operators import OPERATORS
from .snapshot import Snapshot

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.LambdaType)
_PLAIN_ERRORS = 20


class Desk:
    """Serves one request at a time; the learner's function may call back into the checks' room meanwhile."""

    def __init__(self, connection: socket.socket, namespace: dict[str, Any]) -> None:
        self._connection = connection
        self._namespace = namespace
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._patched: dict[tuple[str, str], Any] = {}
        self._buffers: list[bytes] = []
        self._marks: dict[str, Snapshot] = {}
        self._foreign: dict[int, tuple[Any, int]] = {}  # stand-ins for the check's objects, by id

    def serve(self) -> None:
        """Take one request from the wall and answer it. WallDownError."""
        tree, buffers = wall.receive(self._connection)
        self._answer(tree, buffers)

    def _answer(self, tree: Any, buffers: list[bytes]) -> None:
        kept = shell.SINK.divert()
        self._buffers = buffers
        encoder = Encoder(self._export)
        decoder = Decoder(buffers, self._resolve)
        try:
            value, changes = self._do(tree, decoder, encoder)
            reply: dict[str, Any] = {"value": value, "changes": changes}
        except BaseException as error:
            encoder = Encoder(self._export)
            reply = {"error": self._error(error, encoder)}
        reply["printed"] = [[o["name"], o["text"]] for o in shell.SINK.restore(kept) if o["output_type"] == "stream"]
        wall.send(self._connection, reply, encoder.buffers)

    def _do(self, request: dict[str, Any], decoder: Decoder, encoder: Encoder) -> tuple[Any, Any]:
        """The encoded value of what is asked for, and the arguments that were changed in place."""
        kind = request["do"]
        if kind == "call":
            return self._call(request, decoder, encoder)
        if kind == "has":
            return request["name"] in self._namespace, []
        if kind == "names":
            return encoder.encode(
                [name for name in self._namespace if isinstance(name, str) and not name.startswith("_")]
            ), []
        if kind == "get":
            return encoder.encode(self._namespace[request["name"]]), []
        if kind == "set":
            self._namespace[request["name"]] = decoder.decode(request["value"])
            return None, []
        if kind == "delete":
            del self._namespace[request["name"]]
            return None, []
        if kind == "attribute":
            return encoder.encode(getattr(self._objects[request["of"]], request["name"])), []
        if kind == "assign":
            setattr(self._objects[request["of"]], request["name"], decoder.decode(request["value"]))
            return None, []
        if kind == "dir":
            return encoder.encode([name for name in dir(self._objects[request["of"]]) if isinstance(name, str)]), []
        if kind == "mark":
            self._marks[request["name"]] = Snapshot(self._namespace)
            return None, []
        if kind == "restore":
            self._marks[request["name"]].restore(self._namespace)
            return None, []
        if kind == "seed":
            self._seed(request["library"], request["seed"])
            return None, []
        if kind == "current":
            return encoder.encode(_current(request["name"])), []
        raise ValueError(kind)

    def _call(self, request: dict[str, Any], decoder: Decoder, encoder: Encoder) -> tuple[Any, Any]:
        target = self._objects[request["of"]]
        for name, value in request["names"]:
            self._namespace[name] = decoder.decode(value)
        arguments, named = decoder.decode(request["arguments"]), decoder.decode(request["named"])
        given = decoder.numbered
        before = [_shallow(value) for value in given]
        self._patch(request["patched"])
        try:
            result = _invoke(target, request["operator"], arguments, named)
        finally:
            self._unpatch()
        changed = [number for number, value in enumerate(given) if _shallow(value) != before[number]]
        for value in given:
            encoder.number(value)  # a result that is an argument comes back as that argument
        value = encoder.encode(result)
        return value, [[number, self._content(given[number], encoder)] for number in changed]

    def _content(self, value: Any, encoder: Encoder) -> Any:
        """An argument's new content, encoded as if it were met for the first time."""
        inner = Encoder(self._export)
        inner.buffers = encoder.buffers
        return inner.encode(value)

    def _patch(self, targets: list[list[str]]) -> None:
        """Builtins and functions of modules that the check has replaced (print, input, random.randint) call its replacement."""
        for module, name in targets:
            home = sys.modules.get(module)
            if home is not None and hasattr(home, name):
                self._patched[module, name] = getattr(home, name)
                setattr(home, name, self._callback(["patched", module, name], name))

    def _unpatch(self) -> None:
        while self._patched:
            (module, name), value = self._patched.popitem()
            setattr(sys.modules[module], name, value)

    def _callback(self, target: Any, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            return self._ask(target, arguments, named)

        call.__name__ = call.__qualname__ = name
        return call

    def _ask(self, target: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call something of the checks' room, and serve what that asks for in turn."""
        encoder = Encoder(self._export)
        request = {"callback": target, "arguments": encoder.encode(arguments), "named": encoder.encode(named)}
        wall.send(self._connection, request, encoder.buffers)
        tree, buffers = wall.receive(self._connection)
        while "returned" not in tree and "raised" not in tree:
            self._answer(tree, buffers)
            tree, buffers = wall.receive(self._connection)
        if "raised" in tree:
            kind = getattr(builtins, tree["raised"][0], RuntimeError)
            raise kind(tree["raised"][1])
        self._buffers = buffers
        return Decoder(buffers, self._resolve).decode(tree["returned"])

    def _resolve(self, handle: list[Any]) -> Any:
        if handle[0] == "own":
            return self._objects[handle[1]]
        if handle[2]["kind"] == "instance":
            made = object.__new__(self._namespace[handle[2]["class"]])
            vars(made).update(Decoder(self._buffers, self._resolve).decode(handle[2]["state"]))
            return made
        return self._stand_in(handle) if handle[2]["kind"] == "object" else self._callback(handle[1], handle[2]["name"])

    def _stand_in(self, handle: list[Any]) -> Any:
        """For an object of the check's: its public attributes and its operators, each asked of the checks' room."""
        number, told = handle[1], handle[2]
        body: dict[str, Any] = {name: self._remote_operator(number, name) for name in told["operators"]}
        body["__getattr__"] = lambda stand_in, name: self._ask(["attribute", number, name], (), {})
        made = type(str(told["name"]), (), body)()
        self._foreign[id(made)] = (made, number)
        return made

    def _remote_operator(self, number: int, name: str) -> Callable[..., Any]:
        def operator(_: Any, *arguments: Any, **named: Any) -> Any:
            return self._ask(["operator", number, name], arguments, named)

        return operator

    def _export(self, value: Any) -> list[Any]:
        if id(value) in self._foreign:
            return ["own", self._foreign[id(value)][1]]
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return ["h", number, self._describe(value)]

    def _describe(self, value: Any) -> dict[str, Any]:
        if isinstance(value, types.ModuleType):
            return {"kind": "module", "name": value.__name__}
        if isinstance(value, type):
            bases = [self._base(base) for base in value.__mro__[1:]]
            return {"kind": "class", "name": value.__name__, "module": value.__module__, "bases": bases}
        if isinstance(value, _FUNCTIONS) or (callable(value) and type(value).__module__ in ("numpy", "functools")):
            return self._function(value)
        kind = type(value)
        operators = [name for name in OPERATORS if getattr(kind, name, None) is not getattr(object, name, None)]
        told: dict[str, Any] = {
            "kind": "object",
            "module": kind.__module__,
            "name": kind.__qualname__,
            "operators": operators,
        }
        if kind.__module__ == "__main__":
            told["class"] = self._export(kind)
        if inspect.isawaitable(value):
            told["awaitable"] = True
        return told

    def _base(self, base: type) -> list[Any]:
        return self._export(base) if base.__module__ == "__main__" else ["g", base.__module__, base.__name__]

    def _function(self, value: Any) -> dict[str, Any]:
        name = str(getattr(value, "__name__", None) or "function")
        told = {"kind": "function", "name": name, "doc": getattr(value, "__doc__", None), "reads": self._reads(value)}
        module = getattr(value, "__module__", None) or ("numpy" if type(value).__module__ == "numpy" else None)
        if module not in (None, "__main__"):
            told["library"] = [module, getattr(value, "__qualname__", None) or name]
        try:
            told["signature"] = [
                [p.name, p.kind.value, p.default is not p.empty] for p in inspect.signature(value).parameters.values()
            ]
        except (TypeError, ValueError):
            told["signature"] = None
        return told

    def _reads(self, function: Any) -> list[str]:
        """Global names that a function of the notebook may read, through other functions of the notebook too."""
        names: set[str] = set()
        waiting = [function.__code__] if getattr(function, "__globals__", None) is self._namespace else []
        seen: set[types.CodeType] = set()
        while waiting:
            code = waiting.pop()
            if code in seen:
                continue
            seen.add(code)
            waiting += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
            for name in code.co_names:
                names.add(name)
                other = self._namespace.get(name)
                if isinstance(other, types.FunctionType) and other.__globals__ is self._namespace:
                    waiting.append(other.__code__)
        return sorted(names)

    def _error(self, error: BaseException, encoder: Encoder) -> dict[str, Any]:
        try:
            arguments = encoder.encode(error.args)
        except BaseException:
            encoder.buffers.clear()
            arguments = ["t", []]
        kind = type(error)
        told = {
            "kinds": [[k.__module__, k.__name__] for k in kind.__mro__][:_PLAIN_ERRORS],
            "class": self._export(kind) if kind.__module__ == "__main__" else None,
            "arguments": arguments,
            "described": shell.describe(error),
        }
        cause = error.__cause__
        if cause is not None:
            told["cause"] = [
                [[k.__module__, k.__name__] for k in type(cause).__mro__][:_PLAIN_ERRORS],
                shell.text_of(cause),
            ]
        return told

    def _seed(self, library: str, seed: Any) -> None:
        if library == "numpy" and "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(seed)
        elif library == "random":
            random.seed(seed)


def _invoke(target: Any, operator: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if not operator:
        return target(*arguments, **named)
    if operator == "__await__":
        return asyncio.run(_await(target))
    return getattr(type(target), operator)(target, *arguments, **named)


async def _await(target: Any) -> Any:
    return await target


def _shallow(value: Any) -> Any:
    """What of a value can change in place, comparable with itself later; what it holds is known by identity."""
    if isinstance(value, list):
        return list(map(id, value))
    if isinstance(value, dict):
        return [(id(key), id(item)) for key, item in value.items()]
    if isinstance(value, set):
        return set(map(id, value))
    if isinstance(value, bytearray):
        return bytes(value)
    try:
        encoder = Encoder(lambda held: ["id", id(held)])
        return encoder.encode(value), encoder.buffers
    except (CodecError, TypeError, ValueError):
        return None


def _current(name: str) -> Any:
    """The current figure or axes of the learner's pyplot."""
    return getattr(sys.modules["matplotlib.pyplot"], name)()
