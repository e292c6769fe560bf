"""The code that proves that the first visitor can read the server's output; it lies in the instance folder until used."""

from __future__ import annotations

import secrets
from pathlib import Path

_FILE = "setup-code"


def read(instance: Path) -> str | None:
    file = instance / _FILE
    return file.read_text("utf-8").strip() if file.exists() else None


def make(instance: Path) -> str:
    """The code, made if there is none."""
    if (code := read(instance)) is None:
        code = "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(12))
        file = instance / _FILE
        file.touch(mode=0o600)
        file.write_text(code + "\n", "utf-8")
    return code


def forget(instance: Path) -> None:
    (instance / _FILE).unlink(missing_ok=True)
