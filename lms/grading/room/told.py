"""What of an error or a value is told to whoever judges it. Knows no shell and no sandbox: browsers run it too."""

from __future__ import annotations

import doctest
import math
import sys
import unittest
from typing import Any


def cell_file(key: str) -> str:
    return f"<cell {key}>"


def text_of(error: BaseException | None) -> str:
    """The message of an error; it may be made by code of the learner's, which may fail in turn."""
    try:
        text = str(error.msg if isinstance(error, SyntaxError) else error)
        return str.__str__(text)[:2000]
    except BaseException:
        return ""


def describe(error: BaseException) -> dict[str, Any]:
    """Name, message and the places in cells (outermost first) of an error, and the library that raised it, if one did."""
    frames = []
    library = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith("<cell "):
            frames.append([name[6:-1], trace.tb_lineno or 0])
        library = str(trace.tb_frame.f_globals.get("__name__") or "").partition(".")[0]
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and str(error.filename).startswith("<cell "):
        frames.append([str(error.filename)[6:-1], error.lineno or 0])
    return {
        "name": type(error).__name__[:200],
        "kinds": [kind.__name__[:200] for kind in type(error).__mro__ if kind.__module__ == "builtins"][:10],
        "value": text_of(error),
        "frames": frames[-20:],
        "library": library[:100],
    }


def kind_of(value: Any) -> dict[str, Any] | None:
    """What the value of a check's last expression is, as far as a verdict depends on it."""
    if value is None:
        return None
    if isinstance(value, unittest.TestProgram | unittest.TestResult):
        outcome = value.result if isinstance(value, unittest.TestProgram) else value
        return {"kind": "passed" if outcome.wasSuccessful() and outcome.testsRun else "failed", "number": 0.0}
    if isinstance(value, doctest.TestResults):
        return {"kind": "passed" if value.attempted and not value.failed else "failed", "number": 0.0}
    numpy = sys.modules.get("numpy")
    kind = type(value)
    if kind is bool or (numpy and kind is numpy.bool_):
        return {"kind": "bool", "number": 0.0}
    if kind in (int, float) or (numpy and isinstance(value, numpy.number) and kind.__module__ == "numpy"):
        return _number(value)
    return {"kind": "text" if isinstance(value, str) else "other", "number": 0.0}


def _number(value: Any) -> dict[str, Any]:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return {"kind": "other", "number": 0.0}
    if not math.isfinite(number):
        return {"kind": "not_finite", "number": 0.0}
    return {"kind": "number", "number": number}
