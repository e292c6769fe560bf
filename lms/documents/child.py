"""The process that makes PDFs: it has the templates, the fonts and plain data, and neither the network nor a long life.

Started by `render.py` as `python -m lms.documents.child`. The first line on stdin says the template and the limits, each
further line is the data of one document; on stdout each document follows its length (eight bytes), in the same order.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from contextlib import suppress
from typing import BinaryIO, Literal

import typst

from .places import FONTS, ROOT

_CLONE_NEWNET, _CLONE_NEWUSER = 0x40000000, 0x10000000
_NOWHERE = "http://127.0.0.1:9"


def main() -> int:
    job = json.loads(sys.stdin.buffer.readline())
    _confine(job["seconds"], job["memory"])
    _answer(_compiler(job["template"]), job["accessible"], sys.stdin.buffer, sys.stdout.buffer)
    return 0


def _confine(seconds: int, memory: int) -> None:
    """Templates import nothing from outside; should one try, it finds no network. Where the kernel gives no namespace of
    its own, the only way out is a proxy that doesn't answer."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ[name] = _NOWHERE
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _compiler(template: str) -> typst.Compiler:
    """One for all documents, so that template and fonts are read once."""
    return typst.Compiler(
        str(ROOT / f"{template}.typ"),
        root=str(ROOT),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        package_path=str(ROOT / "no-packages"),
        package_cache_path=str(ROOT / "no-packages"),
    )


def _answer(compiler: typst.Compiler, accessible: bool, asked: BinaryIO, given: BinaryIO) -> None:
    """Tagged for screen readers by default; the names of people arrive as data, which is never read as markup."""
    standard: Literal["ua-1"] | None = "ua-1" if accessible else None
    for line in asked:
        made = compiler.compile(format="pdf", sys_inputs={"data": line.decode()}, pdf_standards=standard)
        assert isinstance(made, bytes)
        given.write(len(made).to_bytes(8, "big"))
        given.write(made)
        given.flush()


if __name__ == "__main__":
    sys.exit(main())
