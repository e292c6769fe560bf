"""PDF from a template of ours and plain data, in a process of its own with limits of time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

from lms.errors import LMSError

from .places import ROOT

MEMORY_BYTES = 3_000_000_000  # of addresses; what is really used is about a tenth
_MOST_TOLD = 400


class DocumentError(LMSError):
    """The document could not be made. `reason`: unknown (no such template), timeout, failed; `why` is for the log."""

    reason = "document"
    sentence = "The document was not made ({reason}): {why}"


def render(template: str, data: Mapping[str, Any], *, seconds: int = 60, accessible: bool = False) -> bytes:
    """The PDF of `templates/<template>.typ`. The template reads `data` by `json(bytes(sys.inputs.data))`.

    The same template and data give the same bytes, if the template sets the document's date. An `accessible` one says that
    it fulfils PDF/UA-1, and isn't made where it doesn't (a picture without words, no title).

    Raises:
        DocumentError
    """
    return next(render_many(template, [data], seconds=seconds, accessible=accessible))


def render_many(
    template: str, each: Iterable[Mapping[str, Any]], *, seconds: int = 60, accessible: bool = False
) -> Iterator[bytes]:
    """The same for each of several data, by one process, which reads template and fonts once; one PDF at a time is in
    memory. `seconds` are for all of them together.

    Raises:
        DocumentError: by the document that could not be made; those before it were given.
    """
    if not (ROOT / f"{template}.typ").is_file():
        raise DocumentError("unknown", why=f"there is no template '{template}'.")
    job = {"template": template, "seconds": seconds, "memory": MEMORY_BYTES, "accessible": accessible}
    with tempfile.TemporaryFile() as told, _child(told, seconds) as child:
        _say(child, job, told)
        for data in each:
            _say(child, data, told)
            yield _hear(child, told)


class _Child:
    """A child and whether its time was over."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: int) -> None:
        self.process, self.seconds = process, seconds
        self.is_late = False

    def end(self) -> None:
        self.is_late = True
        self.process.kill()


@contextmanager
def _child(told: IO[bytes], seconds: int) -> Iterator[_Child]:
    process = subprocess.Popen(
        [sys.executable, "-m", "lms.documents.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=told,
    )
    child = _Child(process, seconds)
    clock = threading.Timer(seconds, child.end)
    clock.start()
    try:
        yield child
    finally:
        clock.cancel()
        process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()


def _say(child: _Child, line: Mapping[str, Any], told: IO[bytes]) -> None:
    assert child.process.stdin is not None
    try:
        child.process.stdin.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        child.process.stdin.flush()
    except BrokenPipeError:
        raise _failure(child, told) from None


def _hear(child: _Child, told: IO[bytes]) -> bytes:
    assert child.process.stdout is not None
    size = int.from_bytes(child.process.stdout.read(8), "big")
    made = child.process.stdout.read(size) if size else b""
    if len(made) != size or not made.startswith(b"%PDF-"):
        raise _failure(child, told)
    return made


def _failure(child: _Child, told: IO[bytes]) -> DocumentError:
    """With what the compiler said: a line of the template, never of the data."""
    if child.is_late:
        return DocumentError("timeout", why=f"it took longer than {child.seconds} s.")
    code = child.process.wait()
    told.seek(0)
    lines = told.read().decode(errors="replace").strip().splitlines()
    return DocumentError("failed", why=(lines[-1] if lines else f"it ended with {code}")[:_MOST_TOLD])
