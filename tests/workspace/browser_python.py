"""The browser's side of Python, run as a program of its own by the Python that is here: what it does needs no browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lms.workspace.parcel import python_sources

_PROGRAM = """
import asyncio, json, os, sys
lines, out = sys.stdin, os.fdopen(os.dup(1), "w", encoding="utf-8")
from lms.workspace.browser import kernel
steps = []
notebook = None
for line in lines:
    told = json.loads(line)
    steps.clear()
    if told["do"] == "start":
        notebook = kernel.start(json.dumps(told["options"]), lambda text: steps.extend(json.loads(text)))
        answer = None
    else:
        answer = getattr(notebook, told["do"])(*told["words"])
        answer = asyncio.run(answer) if asyncio.iscoroutine(answer) else answer
    out.write(json.dumps([answer and json.loads(answer), steps]) + "\\n")
    out.flush()
"""


@dataclass
class Notebook:
    """One process. `start` begins a new notebook in it."""

    process: subprocess.Popen[str]

    def start(self, *cells: dict[str, Any], language: str = "ko", seconds: float = 5) -> Notebook:
        self._tell({"do": "start", "options": {"language": language, "seconds": seconds, "cells": cells}})
        return self

    def run(self, source: str, key: str = "scratch", number: int = 7) -> Ran:
        done, steps = self._tell({"do": "run", "words": [key, source, number]})
        return Ran(done, steps)

    def check(self, key: str) -> dict[str, Any]:
        verdict, steps = self._tell({"do": "check", "words": [key]})
        assert steps == []  # a check shows nothing
        return verdict

    def ask(self, what: str, *words: Any) -> Any:
        return self._tell({"do": what, "words": words})[0]

    def _tell(self, message: dict[str, Any]) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@dataclass
class Ran:
    """What became of a cell: `done` as the page is told, and the steps of its outputs."""

    done: dict[str, Any]
    steps: list[dict[str, Any]]

    @property
    def outputs(self) -> list[dict[str, Any]]:
        return [step["output"] for step in self.steps if step["op"] == "append"]

    @property
    def text(self) -> str:
        """All that was printed."""
        return "".join(output["text"] for output in self.outputs if output["output_type"] == "stream")

    @property
    def data(self) -> dict[str, str]:
        """Of the only value that is shown."""
        (shown,) = [output for output in self.outputs if "data" in output]
        return shown["data"]

    @property
    def error(self) -> dict[str, Any]:
        (found,) = [output for output in self.outputs if output["output_type"] == "error"]
        return found


@contextmanager
def browser_python(folder: Path, *options: str) -> Iterator[Notebook]:
    """`options` of the interpreter."""
    for path, source in python_sources().items():
        (folder / "parcel" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "parcel" / path).write_text(source, "utf-8")
    work = folder / "work"
    work.mkdir()
    search = f"import sys; sys.path.insert(0, {str(folder / 'parcel')!r})\n"
    process = subprocess.Popen(
        [sys.executable, "-I", *options, "-c", search + _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        cwd=work,
        env={"HOME": str(folder), "MPLCONFIGDIR": str(folder / "matplotlib"), "PATH": os.environ["PATH"]},
    )
    with process:
        try:
            yield Notebook(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)
