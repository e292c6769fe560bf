"""What the checks' room does to libraries, so that checks find what they would find in the learner's process."""

from __future__ import annotations

import ast
import inspect
import random
import sys
from typing import Any, Protocol

from .namespace import Namespace
from .proxies import RemoteClass, RemoteFunction


class Room(Protocol):
    """What is asked of the checks' room."""

    namespace: Namespace
    sources: list[str]
    asked: int

    def ask(self, do: str, **facts: Any) -> tuple[Any, list[bytes]]: ...

    def decode(self, tree: Any, buffers: list[bytes], site: str) -> Any: ...


def seeds(room: Room) -> None:
    """A seed that a check sets holds for the learner's room too."""
    _follow_seed(room, random, "random")
    if "numpy" in sys.modules:
        _follow_seed(room, sys.modules["numpy"].random, "numpy")


def _follow_seed(room: Room, module: Any, library: str) -> None:
    plain = module.seed

    def seed(*arguments: Any, **named: Any) -> Any:
        if not room.namespace.in_setup and arguments and isinstance(arguments[0], int):
            room.ask("seed", library=library, seed=arguments[0])
        return plain(*arguments, **named)

    module.seed = seed


def figures(room: Room) -> None:
    """The current figure and axes are the learner's until the check draws one of its own."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        for name in ("gcf", "gca"):
            _follow_current(room, pyplot, name)


def _follow_current(room: Room, pyplot: Any, name: str) -> None:
    plain = getattr(pyplot, name)

    def current(*arguments: Any, **named: Any) -> Any:
        if room.namespace.in_setup or arguments or named or pyplot.get_fignums():
            return plain(*arguments, **named)
        value, buffers = room.ask("current", name=name)
        room.asked += 1
        return room.decode(value, buffers, f"plt.{name}")

    setattr(pyplot, name, current)


def sources(room: Room) -> None:
    """inspect.getsource of a function or class of the learner's: from what was handed in, not from what she says."""
    plain = inspect.getsourcelines

    def getsourcelines(found: Any) -> Any:
        if isinstance(found, RemoteFunction | RemoteClass):
            return source_of(found.__name__, room.sources), 1
        return plain(found)

    vars(inspect).update(getsourcelines=getsourcelines, getsource=lambda found: "".join(getsourcelines(found)[0]))


def source_of(name: str, cells: list[str]) -> list[str]:
    """The lines of the last definition of `name` in the learner's cells. OSError where there is none, as inspect has it."""
    for cell in reversed(cells):
        try:
            body = ast.parse(cell).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in reversed(body):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) and node.name == name:
                first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
                return [line + "\n" for line in cell.split("\n")[first - 1 : node.end_lineno]]
    raise OSError("could not get source code")
