"""Who imports whom is a contract; here it is held by the suite too, and the heavy parts stay out of the web's start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_each_room_imports_only_what_lies_below_it() -> None:
    """In a process of its own: import-linter sets up logging anew, which silences every logger that is there."""
    command = [Path(sys.executable).with_name("lint-imports").as_posix(), "--no-cache"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr


def _loaded_by(statement: str) -> set[str]:
    script = f"{statement}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_web_process_carries_no_notebook_machinery() -> None:
    heavy = {"IPython", "pandas", "numpy", "matplotlib", "sklearn", "nbconvert", "nbformat"}
    assert not heavy & _loaded_by("import lms.web.app")


def test_importing_the_package_imports_no_room() -> None:
    assert not {name for name in _loaded_by("import lms") if name.startswith("lms.")}
    assert not {"flask", "sqlalchemy"} & _loaded_by("import lms.grading, lms.content, lms.errors")
