"""PDF from a template of ours and plain data, in a process of its own with limits of time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from lms.errors import LMSError

from .places import ROOT

MEMORY_BYTES = 3_000_000_000  # of addresses; what is really used is about a tenth
_MOST_TOLD = 400


class DocumentError(LMSError):
    """The document could not be made. `reason`: unknown (no such template), timeout, failed; `why` is for the log."""

    reason = "document"
    sentence = "The document was not made ({reason}): {why}"


def render(template: str, data: Mapping[str, Any], *, seconds: int = 60) -> bytes:
    """The PDF of `templates/<template>.typ`. The template reads `data` by `json(bytes(sys.inputs.data))`.

    Raises:
        DocumentError
    """
    if not (ROOT / f"{template}.typ").is_file():
        raise DocumentError("unknown", why=f"there is no template '{template}'.")
    job = {"template": template, "data": data, "seconds": seconds, "memory": MEMORY_BYTES}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lms.documents.child"],
            input=json.dumps(job, ensure_ascii=False).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DocumentError("timeout", why=f"it took longer than {seconds} s.") from None
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        raise DocumentError("failed", why=_last_words(done))
    return done.stdout


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    """Of the compiler: a line of the template, never of the data."""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return (lines[-1] if lines else f"it ended with {done.returncode}")[:_MOST_TOLD]
