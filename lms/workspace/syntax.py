"""Whether the server's Python can read a cell, said before the learner hands it in.

A browser's Python may be newer than the one that grades, and understand what that doesn't. To read source is all that is
done with it here, and that in a process beside ours: deep nesting takes a Python down in C, where nothing can be caught.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import select
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lms.grading.explain import explain

_PROGRAM = Path(__file__).with_name("read_syntax.py")
_SECONDS = 2.0
_MOST_KNOWN = 4096
_TOO_DEEP = {
    "ko": "이 셀은 괄호나 식이 너무 깊이 겹쳐 있어 채점할 때 읽을 수 없습니다. 여러 줄로 나누어 쓰세요.",
    "en": "this cell is nested too deeply to be read when it is graded. Write it in several steps.",
}


@dataclass(frozen=True)
class Problem:
    """`place` as in `typed.places`; `line` from 1, 0 where none is to blame; `text` that line; `message` in plain words."""

    place: str
    line: int
    text: str
    message: str


class SyntaxReader:
    """A child process that reads, begun at the first use and again after it came down. For all threads of a process."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._known: dict[bytes, dict[str, Any] | None] = {}

    def problems(self, sources: Mapping[str, str], language: str) -> list[Problem]:
        """What is wrong with the code cells of these places; at most one problem for each."""
        found = ((place, source, self._look(source)) for place, source in sources.items() if source.strip())
        return [_problem(place, source, fault, language) for place, source, fault in found if fault is not None]

    def close(self) -> None:
        with self._lock:
            self._end()

    def _look(self, source: str) -> dict[str, Any] | None:
        digest = hashlib.sha256(source.encode()).digest()
        with self._lock:
            if digest not in self._known:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[digest] = self._ask(source)
            return self._known[digest]

    def _ask(self, source: str) -> dict[str, Any] | None:
        """What brings a fresh child down is too deep. Of what takes too long nothing is said, nor where none can be begun."""
        for _ in range(2):  # the first child may have been taken away by the machine
            try:
                child = self._child or self._begin()
            except OSError:
                return None
            answer = self._answer(child, source)
            if answer is not None:
                found: dict[str, Any] | None = json.loads(answer) if answer else None
                return found
            self._end()
        return {"kinds": [], "message": "", "line": 0}

    def _answer(self, child: subprocess.Popen[bytes], source: str) -> bytes | None:
        """The child's line; b"" where it took too long and was ended, None where it came down."""
        assert child.stdin is not None
        assert child.stdout is not None
        with suppress(BrokenPipeError):
            child.stdin.write(json.dumps({"source": source}).encode() + b"\n")
            child.stdin.flush()
        if not select.select([child.stdout], [], [], self.seconds)[0]:
            self._end()
            return b""
        return child.stdout.readline() or None

    def _begin(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(
            [sys.executable, "-I", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what was still to be written, to a child that is gone
                    pipe.close()


def _problem(place: str, source: str, fault: Mapping[str, Any], language: str) -> Problem:
    lines = source.split("\n")
    line = fault["line"] if 0 < fault["line"] <= len(lines) else 0
    text = lines[line - 1].strip()[:200] if line else ""
    if not fault["kinds"]:
        return Problem(place, 0, "", _TOO_DEEP.get(language, _TOO_DEEP["en"]))
    return Problem(place, line, text, explain(tuple(fault["kinds"]), fault["message"], "", language))


READER = SyntaxReader()
atexit.register(READER.close)
