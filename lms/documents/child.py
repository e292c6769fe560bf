"""The process that makes one PDF: it has the templates, the fonts and plain data, and neither the network nor a long life.

Started by `render.py` as `python -m lms.documents.child`; a job as JSON on stdin, the PDF on stdout.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from contextlib import suppress

import typst

from .places import FONTS, ROOT

_CLONE_NEWNET, _CLONE_NEWUSER = 0x40000000, 0x10000000
_NOWHERE = "http://127.0.0.1:9"


def main() -> int:
    job = json.load(sys.stdin.buffer)
    _confine(job["seconds"], job["memory"])
    sys.stdout.buffer.write(_compile(job))
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


def _compile(job: dict) -> bytes:
    """Tagged for screen readers by default; the names of people arrive as data, which is never read as markup."""
    made = typst.compile(
        str(ROOT / f"{job['template']}.typ"),
        root=str(ROOT),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": json.dumps(job["data"], ensure_ascii=False)},
        package_path=str(ROOT / "no-packages"),
        package_cache_path=str(ROOT / "no-packages"),
    )
    assert isinstance(made, bytes)
    return made


if __name__ == "__main__":
    sys.exit(main())
