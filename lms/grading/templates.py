"""The templates of exercises: trusted cells before the first answer run once, and submissions start after them.

A template is made when an exercise is graded for the second time; a few are kept. Where the cells do what must be done afresh
for each submission, or this machine allows no template, there is none, and every submission runs all cells.
"""

from __future__ import annotations

import ast
import itertools
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from lms.errors import GradingUnavailableError

from . import names
from .exercise import Exercise
from .hidden import sources_of
from .plan import CHECK, SETUP, Step
from .run import Ahead, Rooms
from .sandbox.process import RoomError, WarmParent
from .sandbox.template import Template
from .wire import Reply

MOST_TEMPLATES = 3
MOST_KNOWN = 256
MOST_USES = 1000
MOST_KB = 96 << 10
# Calls that give another result each time, or leave something to come: clocks, entropy, timers, processes.
_FRESH = """
time time_ns now today utcnow localtime gmtime ctime strftime perf_counter perf_counter_ns monotonic process_time getpid urandom
uuid1 uuid4 token_hex token_bytes token_urlsafe randbelow SystemRandom signal alarm setitimer Popen
"""
_CALLS_AFRESH = frozenset(_FRESH.split())
_GENERATORS = frozenset(("default_rng", "RandomState", "Random", "SeedSequence", "PCG64", "MT19937", "Philox", "SFC64"))
_MAGICS = ("%matplotlib inline", "%config InlineBackend")
_SEEN, _MAKING, _NONE, _KEPT = "seen", "making", "none", "kept"


@dataclass(eq=False)
class _Entry:
    """An exercise with a warm parent. `users` submissions are running from the template, `uses` have done so."""

    parent: WarmParent
    state: str = _SEEN
    ahead: Ahead | None = None
    users: int = 0
    uses: int = 0

    def is_alive(self) -> bool:
        return self.ahead is not None and self.parent.is_alive() and all(one.is_alive() for one in self.templates())

    def templates(self) -> list[Template]:
        return [self.ahead.learner, self.ahead.checks] if self.ahead else []


_lock = threading.Lock()
_entries: OrderedDict[tuple[str, int], _Entry] = OrderedDict()
_retired: list[_Entry] = []


@contextmanager
def borrowed(exercise: Exercise, parent: WarmParent, rooms: Rooms, steps: list[Step]) -> Iterator[Ahead | None]:
    """What a submission of these steps may start from; None where it must run all of them."""
    entry = None
    if parent.level in ("full", "user") and _leading(steps):
        entry = _take(exercise, parent, rooms, steps)
    try:
        ahead = entry.ahead if entry else None
        yield ahead if ahead and steps[: len(ahead.steps)] == list(ahead.steps) else None
    finally:
        if entry:
            _give_back(entry)


def _leading(steps: list[Step]) -> list[Step]:
    """The exercise's own cells that come before any of hers, if she left them as they were."""
    return list(itertools.takewhile(lambda step: step.kind == SETUP and step.source == step.trusted, steps))


def _take(exercise: Exercise, parent: WarmParent, rooms: Rooms, steps: list[Step]) -> _Entry | None:
    key = (exercise.digest, id(parent))
    with _lock:
        entry = _entries.get(key)
        if entry is None or entry.parent is not parent:
            _entries[key] = _Entry(parent)
            _make_room()
            return None
        _entries.move_to_end(key)
        if entry.state in (_MAKING, _NONE):
            return None
        if entry.state == _KEPT and entry.is_alive() and entry.uses < MOST_USES:
            return _used(entry)
        _retire(key)
        entry = _entries[key] = _Entry(parent, _MAKING)
    ahead = _made(exercise, parent, rooms, steps)
    with _lock:
        entry.ahead, entry.state = ahead, _KEPT if ahead else _NONE
        if ahead is None:
            return None
        if _entries.get(key) is not entry:  # all were closed meanwhile
            _retired.append(entry)
        _make_room()
        return _used(entry)


def _used(entry: _Entry) -> _Entry:
    entry.users += 1
    entry.uses += 1
    return entry


def _give_back(entry: _Entry) -> None:
    with _lock:
        entry.users -= 1
        _close_retired()


def _retire(key: tuple[str, int]) -> None:
    entry = _entries.pop(key)
    if entry.ahead:
        _retired.append(entry)
    _close_retired()


def _close_retired() -> None:
    for entry in [entry for entry in _retired if not entry.users]:
        _retired.remove(entry)
        for template in entry.templates():
            template.close()


def _make_room() -> None:
    """Templates of warm parents that are gone, and the oldest beyond those that may be kept, are retired."""
    for key in [key for key, entry in _entries.items() if entry.state != _MAKING and not entry.parent.is_alive()]:
        _retire(key)
    kept = [key for key, entry in _entries.items() if entry.state == _KEPT]
    for key in kept[: max(len(kept) - MOST_TEMPLATES, 0)]:
        _retire(key)
    while len(_entries) > MOST_KNOWN:
        _retire(next(iter(_entries)))


def close_of(parent: WarmParent) -> None:
    """Before a warm parent is closed."""
    with _lock:
        for key in [key for key, entry in _entries.items() if entry.parent is parent and entry.state != _MAKING]:
            _retire(key)


def processes_of(parent: WarmParent) -> int:
    """How many templates live from a warm parent."""
    with _lock:
        entries = [*_entries.values(), *_retired]
        return sum(len(entry.templates()) for entry in entries if entry.parent is parent)


def _made(exercise: Exercise, parent: WarmParent, rooms: Rooms, steps: list[Step]) -> Ahead | None:
    """From the steps of any submission; what of it isn't the exercise's own is never looked at."""
    cells = _leading(steps)
    if not is_repeatable([step.trusted for step in cells]):
        return None
    with ExitStack() as undo:
        try:
            learner = Template(parent, "learner", exercise.limits, exercise.files, {"watched": bool(rooms.together)})
            undo.callback(learner.close)
            checks = Template(parent, "checks", exercise.limits, exercise.files, {"contract": rooms.contract})
            undo.callback(checks.close)
            needed = [step for step in cells if step.cell_id in rooms.needed]
            replies = _run(learner, "cell", cells, [])
            ahead = [(step.key, source) for step in steps if step.kind == CHECK for source in sources_of(step, rooms)]
            if replies is None or _run(checks, "setup", needed, ahead) is None:
                return None
        except (RoomError, GradingUnavailableError):
            return None
        undo.pop_all()
        return Ahead(tuple(cells), replies, learner, checks)


def _run(template: Template, do: str, cells: Iterable[Step], ahead: list[tuple[str, str]]) -> dict[str, Reply] | None:
    """The replies by the cells' keys; None where a template of these cells is of no use."""
    replies: dict[str, Reply] = {}
    for step in cells:
        reply, late = template.run({"do": do, "key": step.key, "source": step.trusted})
        if late or reply.error or not reply.wall:
            return None
        replies[step.key] = reply
    settled = template.settle(ahead)
    if settled.reason or set(settled.moved) - seeded([step.trusted for step in cells]) or template.grown_kb() > MOST_KB:
        return None
    return replies


def is_repeatable(sources: Iterable[str]) -> bool:
    """Whether running these cells once is as good as running them for each submission: nothing in them that hangs on the
    time, on chance that nobody gave a seed, or on a program. What they draw from the generators of the process is found out
    when they run, unless they are given their seed afterwards."""
    drawn = False
    for source in sources:
        own = [line for line in source.split("\n") if line.lstrip().startswith(("%", "!", "?"))]
        if any(not line.strip().startswith(_MAGICS) for line in own) or names.parse(source) is None:
            return False
        for path, given in _calls(source):
            if path[-1] in _CALLS_AFRESH or (path[-1] in _GENERATORS and not given) or (path[-1] == "seed" and drawn):
                return False
            drawn |= "random" in path and path[-1] not in _GENERATORS and path[-1] != "seed"
    return True


def seeded(sources: Iterable[str]) -> set[str]:
    """The libraries whose generator the cells give a seed."""
    paths = [path for source in sources for path, given in _calls(source) if path[-1] == "seed" and given]
    return {library for path in paths for library in (("numpy",) if len(path) > 2 else ("random", "numpy"))}


def _calls(source: str) -> list[tuple[list[str], bool]]:
    """Each call of a cell in its order: what is called, as dotted parts, and whether it is given anything."""
    tree = names.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return [(_path(call.func), bool(call.args or call.keywords)) for call in calls]


def _path(function: ast.expr) -> list[str]:
    parts: list[str] = []
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    parts.append(function.id if isinstance(function, ast.Name) else "")
    return parts[::-1]


def _forget() -> None:
    """A forked copy of this process must not use, nor end, what belongs to the first."""
    global _lock
    _lock = threading.Lock()
    for entry in (*_entries.values(), *_retired):
        for template in entry.templates():
            template.abandon()
    _entries.clear()
    _retired.clear()


os.register_at_fork(after_in_child=_forget)
