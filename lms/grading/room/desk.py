"""The learner's side of the wall: gives the checks' room what it asks for.

Everything here runs in the process in which the learner's code runs, and may be subverted by it. Nothing that it answers is
believed on the other side beyond being a value.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import importlib
import random
import socket
import sys
import types
from collections.abc import Callable
from typing import Any

from . import recording, shell, wall
from .changed import form
from .codec import Decoder, Encoder
from .describe import describe, is_given, member_of
from .instances import Instances
from .snapshot import Snapshot
from .told import describe as describe_error
from .told import text_of
from .values import is_mutable

_PLAIN_ERRORS = 20


class Desk:
    """Serves one request at a time; the learner's function may call back into the checks' room meanwhile."""

    def __init__(self, connection: socket.socket, namespace: dict[str, Any]) -> None:
        self._connection = connection
        self._namespace = namespace
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._patched: dict[tuple[str, str], Any] = {}
        self._instances = Instances()
        self._marks: dict[str, Snapshot] = {}
        self._steady: dict[str, Any] = {}  # functions that the check has by these names
        self._foreign: dict[int, tuple[Any, int]] = {}  # stand-ins for the check's objects, by id

    def serve(self) -> None:
        """Take one request from the wall and answer it. WallDownError."""
        tree, buffers = wall.receive(self._connection)
        if tree["do"] in ("mark", "restore"):
            self._keep_place(tree["do"], tree["name"])
        else:
            self._answer(tree, buffers)

    def _keep_place(self, do: str, name: str) -> None:
        """Without an answer. Where it fails, the check finds the names as they are; if it fails too, it runs again in place."""
        with contextlib.suppress(BaseException):
            if do == "mark":
                self._marks[name] = Snapshot(self._namespace)
            else:
                self._marks[name].restore(self._namespace)

    def _answer(self, tree: Any, buffers: list[bytes]) -> None:
        kept = shell.SINK.divert()
        encoder = self._encoder()
        decoder = self._decoder(buffers)
        with recording.recorded(tree.get("listen")) as told:
            try:
                reply: dict[str, Any] = {"value": None} | self._do(tree, decoder, encoder)
            except BaseException as error:
                encoder = self._encoder()
                reply = {"error": self._error(error, encoder)}
        reply["told"] = told
        reply["moved"] = self._moved()
        reply["printed"] = [[o["name"], o["text"]] for o in shell.SINK.restore(kept) if o["output_type"] == "stream"]
        wall.send(self._connection, reply, encoder.buffers)

    def _encoder(self, buffers: list[bytes] | None = None) -> Encoder:
        encoder = Encoder(lambda value: self._export(value, encoder))
        if buffers is not None:
            encoder.buffers = buffers
        return encoder

    def _decoder(self, buffers: list[bytes]) -> Decoder:
        decoder = Decoder(buffers, lambda handle: self._resolve(handle, decoder))
        return decoder

    def _do(self, request: dict[str, Any], decoder: Decoder, encoder: Encoder) -> dict[str, Any]:
        """What the reply holds."""
        kind = request["do"]
        if kind == "call":
            return self._call(request, decoder, encoder)
        if kind == "has":
            return {"value": request["name"] in self._namespace}
        if kind == "names":
            names = [name for name in self._namespace if isinstance(name, str) and not name.startswith("_")]
            return {"value": encoder.encode(names)}
        if kind == "get":
            return self._get_name(request["name"], encoder)
        if kind == "set":
            self._namespace[request["name"]] = decoder.decode(request["value"])
        elif kind == "delete":
            del self._namespace[request["name"]]
        elif kind == "attribute":
            return self._get(getattr(self._objects[request["of"]], request["name"]), encoder)
        elif kind == "assign":
            setattr(self._objects[request["of"]], request["name"], decoder.decode(request["value"]))
        elif kind == "dir":
            return {
                "value": encoder.encode([name for name in dir(self._objects[request["of"]]) if isinstance(name, str)])
            }
        elif kind == "given":
            self._instances.classes = {name: self._namespace.get(name) for name in request["names"]}
        elif kind == "seed":
            self._seed(request["library"], request["seed"])
        elif kind == "current":
            return {"value": encoder.encode(_current(request["name"]))}
        else:
            raise ValueError(kind)
        return {}

    def _get_name(self, name: str, encoder: Encoder) -> dict[str, Any]:
        """`steady`: from now on each answer tells if the name stands for something else."""
        value = self._namespace[name]
        steady = type(value) is types.FunctionType
        if steady:
            self._steady[name] = value
        return self._get(value, encoder) | {"steady": steady}

    def _moved(self) -> list[str]:
        """Names of functions that stand for something else since the check has asked for them."""
        moved = [name for name, value in self._steady.items() if self._namespace.get(name) is not value]
        for name in moved:
            del self._steady[name]
        return moved

    def _get(self, value: Any, encoder: Encoder) -> dict[str, Any]:
        """A value, and by which number it is known, so that two names for one list stay that."""
        same = self._number(value) if is_mutable(value) else None
        return {"value": encoder.encode(value), "same": same}

    def _call(self, request: dict[str, Any], decoder: Decoder, encoder: Encoder) -> dict[str, Any]:
        target = self._objects[request["of"]]
        for name, value in request["names"]:
            self._namespace[name] = decoder.decode(value)
        arguments, named = decoder.decode(request["arguments"]), decoder.decode(request["named"])
        given = decoder.numbered
        before = [form(value) for value in given]
        self._patch(request["patched"])
        try:
            result = _invoke(target, request["operator"], arguments, named)
        finally:
            self._unpatch()
        changed = [number for number, value in enumerate(given) if form(value) != before[number]]
        for value in given:
            encoder.number(value)  # a result that is an argument comes back as that argument
        value = encoder.encode(result)
        return {
            "value": value,
            "same": self._numbers.get(id(result)) if is_mutable(result) else None,
            "changes": [[number, self._content(given[number], encoder)] for number in changed],
            "states": [[*whose, self._content(state, encoder)] for whose, state in self._instances.changed()],
        }

    def _content(self, value: Any, encoder: Encoder) -> Any:
        """A new content, encoded as if it were met for the first time."""
        return self._encoder(encoder.buffers).encode(value)

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
        encoder = self._encoder()
        request = {"callback": target, "arguments": encoder.encode(arguments), "named": encoder.encode(named)}
        wall.send(self._connection, request, encoder.buffers)
        tree, buffers = wall.receive(self._connection)
        while "returned" not in tree and "raised" not in tree:
            self._answer(tree, buffers)
            tree, buffers = wall.receive(self._connection)
        if "raised" in tree:
            kind = getattr(builtins, tree["raised"][0], RuntimeError)
            raise kind(tree["raised"][1])
        return self._decoder(buffers).decode(tree["returned"])

    def _resolve(self, handle: list[Any], decoder: Decoder) -> Any:
        if handle[0] == "own":
            return self._own(handle, decoder)
        number, told = handle[1], handle[2]
        if told["kind"] == "member":
            return self._namespace[told["class"]][told["name"]]
        if told["kind"] == "instance":
            return self._instances.take(number, self._namespace[told["class"]], told.get("state"), decoder)
        if told["kind"] == "module":
            return importlib.import_module(told["name"])
        return self._stand_in(handle) if told["kind"] == "object" else self._callback(number, told["name"])

    def _own(self, handle: list[Any], decoder: Decoder) -> Any:
        """An object of hers comes back; one of the exercise's classes with what the check has changed of it."""
        value = self._objects[handle[1]]
        if len(handle) > 2:
            self._instances.update(value, decoder.decode(handle[2]))
        return value

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

    def _number(self, value: Any) -> int:
        """From now on the object is known by its number. It is kept, so that its id stays its own."""
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return number

    def _export(self, value: Any, encoder: Encoder) -> list[Any]:
        if id(value) in self._foreign:
            return ["own", self._foreign[id(value)][1]]
        if (known := self._instances.number_of(value)) is not None:
            return ["own", known]
        number = self._number(value)
        if is_given(value, self._instances.classes):
            return ["h", number, member_of(value) or self._instances.tell(number, value, encoder)]
        return ["h", number, describe(value, self._namespace, lambda other: self._export(other, encoder))]

    def _error(self, error: BaseException, encoder: Encoder) -> dict[str, Any]:
        try:
            arguments = encoder.encode(error.args)
        except BaseException:
            encoder.buffers.clear()
            arguments = ["t", []]
        kind = type(error)
        told = {
            "kinds": [[k.__module__, k.__name__] for k in kind.__mro__][:_PLAIN_ERRORS],
            "class": self._export(kind, encoder) if kind.__module__ == "__main__" else None,
            "arguments": arguments,
            "described": describe_error(error),
        }
        if self._instances.classes.get(kind.__name__) is kind:
            told["given"] = [kind.__name__, encoder.encode(dict(vars(error)))]
        cause = error.__cause__
        if cause is not None:
            told["cause"] = [
                [[k.__module__, k.__name__] for k in type(cause).__mro__][:_PLAIN_ERRORS],
                text_of(cause),
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


def _current(name: str) -> Any:
    """The current figure or axes of the learner's pyplot."""
    return getattr(sys.modules["matplotlib.pyplot"], name)()
