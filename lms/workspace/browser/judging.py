"""Visible checks, judged by the engine's own words. What passes here earns nothing: the server grades what is handed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lms.grading.messages import say as say_engine
from lms.grading.room.told import describe, kind_of
from lms.grading.verdict import NOT_RUN, PASSED, Case, Verdict, explained_error, judge

from . import sources
from .texts import say

_ABSENT = object()


@dataclass(frozen=True)
class Cell:
    """A cell of the exercise, as the page tells it. `number` is its place in the notebook; `answers` the keys of the answers that
    a check is about. The rest is for checks."""

    key: str
    kind: str
    source: str
    number: int
    answers: tuple[str, ...] = ()
    title: str = ""
    points: float = 0.0
    message: str = ""
    hidden: bool = False
    manual: bool = False

    @property
    def name(self) -> str:
        return self.key


def read_cell(told: dict[str, Any]) -> Cell:
    return Cell(
        key=str(told["key"]),
        kind=str(told["kind"]),
        source=str(told.get("source") or ""),
        number=int(told.get("number") or 0),
        answers=tuple(map(str, told.get("for") or ())),
        title=str(told.get("title") or ""),
        points=float(told.get("points") or 0),
        message=str(told.get("message") or ""),
        hidden=bool(told.get("hidden")),
        manual=bool(told.get("manual")),
    )


@dataclass(frozen=True)
class Trouble:
    """The engine's `wire.Trouble`, which needs a library that browsers lack."""

    name: str
    kinds: list[str]
    value: str
    frames: list[tuple[str, int]]
    library: str

    @property
    def all_kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.name, *self.kinds)))


@dataclass(frozen=True)
class Value:
    kind: str
    number: float


@dataclass(frozen=True)
class Reply:
    error: Trouble | None
    value: Value | None


@dataclass(frozen=True)
class Ran:
    """The engine's `run.Ran`."""

    reply: Reply | None = None
    late: bool = False
    trouble: str = ""
    unseen: bool = False


@dataclass
class Last:
    """What the last run of a cell gave, since Python was started."""

    source: str
    error: Trouble | None


@dataclass
class Judging:
    """`namespace` is hers. Checks bind names of their own, which later checks find and she doesn't."""

    cells: dict[str, Cell]
    namespace: dict[str, Any]
    language: str
    seconds: float
    last: dict[str, Last] = field(default_factory=dict)
    _bound: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def note(self, key: str, source: str, error: BaseException | None) -> None:
        self.last[key] = Last(source, None if error is None else trouble_of(error))

    def verdict(self, key: str) -> Verdict:
        """Raises KeyboardInterrupt."""
        check = self.cells[key]
        if check.hidden:
            return Verdict(NOT_RUN, 0.0, say("on_server", self.language))
        if not check.manual and check.answers and not any(answer in self.last for answer in check.answers):
            return Verdict(NOT_RUN, 0.0, say("not_answered", self.language))
        return self._judged(check, Ran() if check.manual else self._run(check))

    def stopped(self, key: str, *, is_late: bool) -> Verdict:
        """Of a check that was interrupted: for its time, or by the learner."""
        if not is_late:
            return Verdict(NOT_RUN, 0.0, say("check_stopped", self.language))
        return self._judged(self.cells[key], Ran(trouble="timeout"))

    def _judged(self, check: Cell, ran: Ran) -> Verdict:
        case = Case(
            check=check,  # type: ignore[arg-type]
            source=check.source,
            key=check.key,
            seconds=self.seconds,
            language=self.language,
            cause=self._cause(check),
            where=self.where,
        )
        verdict = judge(case, ran)  # type: ignore[arg-type]
        if verdict.outcome == PASSED and case.cause and self._has_error(check):
            return Verdict(NOT_RUN, 0.0, case.cause)  # it passed by what an earlier run of the answer left
        return verdict

    def _has_error(self, check: Cell) -> bool:
        return any(self.last[key].error for key in check.answers if key in self.last)

    def _run(self, check: Cell) -> Ran:
        names = self._names()
        before = dict(names)
        value = None
        try:
            for code, is_last in sources.statements(check.source, check.key):
                result = eval(code, names)  # noqa: S307 - running code is what this room is for
                value = result if is_last else None
            reply = Reply(None, _value(value))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            reply = Reply(trouble_of(error), None)
        finally:
            for name, made in names.items():
                if made is not before.get(name, _ABSENT):
                    self._bound[name] = (self.namespace.get(name, _ABSENT), made)
        return Ran(reply)

    def _names(self) -> dict[str, Any]:
        """Hers, and what checks before bound, unless she has bound the name again since."""
        names = dict(self.namespace)
        for name, (was, made) in self._bound.items():
            if self.namespace.get(name, _ABSENT) is was:
                names[name] = made
        return names

    def _cause(self, check: Cell) -> str:
        """What went wrong in the answers that the check is about, nearest first."""
        for key in reversed(check.answers):
            if text := self._wrong(key):
                return text
        return ""

    def _wrong(self, key: str) -> str:
        last, cell = self.last.get(key), self.cells.get(key)
        if last is None or cell is None:
            return ""
        if last.source.strip() in ("", cell.source.strip()):
            where = say_engine("cell", self.language, number=cell.number)
            return say_engine("blank", self.language, where=where)
        return explained_error(last.error, self.language, self.where) if last.error else ""  # type: ignore[arg-type]

    def where(self, key: str, line: int) -> str:
        """A place in her own cells in words; '' for a cell that isn't hers."""
        cell, last = self.cells.get(key), self.last.get(key)
        if cell is None or last is None or cell.kind not in ("answer", "free", "own"):
            return ""
        lines = last.source.split("\n")
        text = lines[line - 1].strip()[:80] if 0 < line <= len(lines) else ""
        if not text:
            return say_engine("cell", self.language, number=cell.number)
        return say_engine("cell_line", self.language, number=cell.number, line=line, text=text)


def trouble_of(error: BaseException) -> Trouble:
    told = describe(error)
    return Trouble(
        told["name"],
        told["kinds"],
        told["value"],
        [(key, line) for key, line in told["frames"]],
        told["library"],
    )


def _value(value: Any) -> Value | None:
    told = kind_of(value)
    return None if told is None else Value(told["kind"], told["number"])


def as_told(cell: Cell, verdict: Verdict) -> dict[str, Any]:
    return {
        "name": cell.key,
        "outcome": verdict.outcome,
        "points": verdict.points,
        "max_points": cell.points,
        "message": verdict.message,
    }


__all__ = ["Cell", "Judging", "as_told", "read_cell", "trouble_of"]
