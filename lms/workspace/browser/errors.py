"""Errors as learners see them: Python's own text, cut to her cells, and a sentence in plain words."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable
from typing import Any

from lms.grading.explain import in_plain_words
from lms.grading.room.told import describe

from .texts import RULES

MAX_TRACEBACK = 20_000
_DEEP = 10

Name = Callable[[str], str]


def remember(key: str, source: str) -> None:
    """So that tracebacks and warnings show the cell's lines."""
    name = f"<cell {key}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)


def error_output(error: BaseException, key: str, language: str, name_of: Name, sentence: str = "") -> dict[str, Any]:
    """Of nbformat's form, with `explanation` and `line` (in the running cell, 0 where unknown) besides. `name_of` names a cell
    in tracebacks by its key; `sentence` stands in place of an explanation."""
    told = describe(error)
    kinds = tuple(dict.fromkeys((told["name"], *told["kinds"])))
    lines = [line for place, line in told["frames"] if place == key]
    return {
        "output_type": "error",
        "ename": told["name"],
        "evalue": told["value"],
        "traceback": _text(error, name_of).split("\n"),
        "explanation": sentence or in_plain_words(kinds, told["value"], told["library"], language, RULES),
        "line": lines[-1] if lines else 0,
    }


def _text(error: BaseException, name_of: Name) -> str:
    try:
        told = traceback.TracebackException(type(error), error, error.__traceback__, compact=True)
        _trim(told, name_of)
        text = "".join(told.format()).rstrip("\n")
    except Exception:  # the error's own methods may fail
        text = type(error).__name__
    return text if len(text) <= MAX_TRACEBACK else text[:MAX_TRACEBACK] + "\n[…]"


def _trim(told: traceback.TracebackException, name_of: Name, deep: int = 0) -> None:
    """Frames of her cells alone; an error behind it is told only if one of her lines is in it."""
    frames = [frame for frame in told.stack if frame.filename.startswith("<cell ")]
    for frame in frames:
        frame.filename = name_of(frame.filename[6:-1])
    told.stack = traceback.StackSummary.from_list(frames)
    if (name := getattr(told, "filename", None)) and str(name).startswith("<cell "):
        told.filename = name_of(name[6:-1])
    for which in ("__cause__", "__context__"):
        behind = getattr(told, which)
        if behind is None:
            continue
        _trim(behind, name_of, deep + 1)
        if deep >= _DEEP or (not behind.stack and not behind.__cause__ and not behind.__context__):
            setattr(told, which, None)
