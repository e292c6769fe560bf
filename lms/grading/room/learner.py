"""The learner's room: runs her cells, one message a cell, and tells what each gave."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from . import desk, frames, shell, watch
from .told import cell_file, describe, kind_of


@dataclass
class Prepared:
    """The room before any cell. `before`: what the watch saw then."""

    captured: shell.Captured
    before: dict[str, int]


def prepare(request: dict[str, Any]) -> Prepared:
    captured = shell.prepare(request["home"])
    return Prepared(captured, watch.snapshot() if request["setting"].get("watched") else {})


def serve(request: dict[str, Any], connections: list[socket.socket]) -> None:
    """Answer `cell` and `check` messages, and what the checks' room asks through the wall, until either side goes."""
    _serve(prepare(request), connections)


def resume(prepared: Prepared, request: dict[str, Any], connections: list[socket.socket], *, moved: list[str]) -> None:
    """As `serve`, in a child of a process that was prepared and ran cells. `moved`: the random numbers that those
    have set."""
    shell.prepare_again(prepared.captured, moved=moved)
    _serve(prepared, connections)


def _serve(prepared: Prepared, connections: list[socket.socket]) -> None:
    control = connections[0]
    walls = connections[1:]
    served = desk.Desk(walls[0], shell.current().user_ns) if walls else None
    while True:
        ready = wait_idle([control, *walls])
        if served is not None and walls[0] in ready:  # first: a place is marked before the cell that comes after it
            served.serve()
        else:
            message = frames.receive(control)
            if message is None:
                return
            answer(prepared, control, message)


def wait_idle(connections: list[socket.socket]) -> list[socket.socket]:
    """Until one can be read. An interrupt that comes too late finds nothing to stop."""
    while True:
        try:
            return select.select(connections, [], [])[0]
        except KeyboardInterrupt:
            continue


def answer(prepared: Prepared, control: socket.socket, message: dict[str, Any]) -> None:
    started = time.perf_counter()
    shell.current().key = message["key"]
    shell.mend_streams()
    try:
        told = run_check(message) if message["do"] == "check" else run_cell(message)
    except BaseException as error:  # an interrupt, or a shell that she broke: her cell failed, the room goes on
        told = {"error": describe(error), "value": None}
    if message["do"] == "check":
        told["replaced"] = watch.replaced(prepared.before, shell.current().user_ns)
    prepared.captured.collect()
    told["outputs"] = shell.SINK.take()
    told["seconds"] = round(time.perf_counter() - started, 4)
    frames.send(control, told)


def run_cell(message: dict[str, Any]) -> dict[str, Any]:
    """A cell of the learner's or of the exercise's, as Jupyter runs it."""
    room, source = shell.current(), message["source"]
    result = room.run_plain(source) if room.is_plain(source) else room.run_cell(source, store_history=True)
    error = result.error_before_exec or result.error_in_exec
    return {"error": None if error is None else describe(error), "value": None}


def run_check(message: dict[str, Any]) -> dict[str, Any]:
    """A check: statement by statement, so that no trace function can jump over one; the last expression is its value."""
    namespace = shell.current().user_ns
    try:
        value = evaluate(message["source"], message["key"], namespace)
    except BaseException as error:
        return {"error": describe(error), "value": None}
    return {"error": None, "value": kind_of(value)}


def evaluate(source: str, key: str, namespace: dict[str, Any]) -> Any:
    """Run `source` in `namespace`; the value of its last expression, None where a semicolon or no expression ends it."""
    value = None
    for code in _AHEAD.get((key, source)) or _codes(source, key):
        value = _run(code, namespace)
    return value


_AHEAD: dict[tuple[str, str], list[CodeType]] = {}


def compile_ahead(cells: list[list[str]]) -> None:
    """In a template: checks (key, source) that its children will run. One that Python refuses fails where it runs."""
    for key, source in cells:
        with contextlib.suppress(Exception):
            _AHEAD[key, source] = list(_codes(source, key))


def _codes(source: str, key: str) -> Iterator[CodeType]:
    """A check's statements, each compiled when its turn comes: what is wrong with the third leaves the first two run."""
    name = cell_file(key)
    room = shell.current()
    body = ast.parse(source if room.is_plain(source) else room.transform_cell(source), name).body
    last = body[-1] if body else None
    if not isinstance(last, ast.Expr) or source.rstrip().endswith(";"):
        last = None
    for statement in body[:-1] if last else body:
        yield _compiled(ast.Module([statement], []), name, "exec")
    if last:
        yield _compiled(ast.Expression(last.value), name, "eval")


def _compiled(tree: ast.Module | ast.Expression, name: str, mode: str) -> CodeType:
    return compile(tree, name, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def _run(code: CodeType, namespace: dict[str, Any]) -> Any:
    result = eval(code, namespace)  # noqa: S307 - running code is what this room is for
    return asyncio.run(result) if code.co_flags & inspect.CO_COROUTINE else result
