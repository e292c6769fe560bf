"""Prepare, show or verify the browser's Python: `python -m lms.workspace.runtime.command`, for machines without a site.

Within a site it is `flask lms runtime`, which knows where that site keeps it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from lms.errors import LMSError

from . import Runtime, find_runtime
from .prepare import prepare, problems

Say = Callable[[str], None]
DEFAULT = Path(__file__).resolve().parents[3] / "runtime"
WITHOUT = "The site runs without it: learners then upload notebooks, and can't run Python on the page."


def make(folder: Path, origin: str | None, is_fast: bool, say: Say, *, is_thorough: bool = True) -> None:
    """Prepare and say what came of it. Raises LMSError where nothing did."""
    before = find_runtime(folder)
    made = prepare(folder, origin=origin, is_fast=is_fast, is_thorough=is_thorough, say=say)
    if made is before:
        say(f"the browser's Python is ready ({_sizes(made)})")
    else:
        show(folder, say)


def show(folder: Path, say: Say) -> bool:
    """Say what is there. False if nothing is."""
    runtime = find_runtime(folder)
    if runtime is None:
        say(f"there is no browser's Python of this program in {folder}; `flask lms runtime prepare` makes it")
        return False
    say(f"Pyodide {runtime.lock.version}, Python {runtime.lock.python}, release {runtime.release}, in {runtime.folder}")
    for what, imports in (("import pandas", {"pandas"}), ("with matplotlib", {"pandas", "matplotlib"})):
        say(f"  {what}: {sum(file.br for file in runtime.files_for(imports)) / 1e6:.1f} MB to a browser, once")
    say(f"  all {len(runtime.lock.packages)} packages: {_sizes(runtime)}")
    if not runtime.is_best:
        say("  compressed fast; `flask lms runtime prepare` makes it smaller")
    return True


def _sizes(runtime: Runtime) -> str:
    """What the whole is to browsers, and what it takes here."""
    files = runtime.files.values()
    kept = sum(file.size + file.br + file.gzip for file in files)
    return f"{sum(file.br for file in files) / 1e6:.1f} MB compressed, {kept / 1e6:.0f} MB of disk"


def verify(folder: Path, say: Say) -> bool:
    """Read every file and hold it against its hash. False if one is wrong or nothing is there."""
    runtime = find_runtime(folder)
    if runtime is None:
        return show(folder, say)
    wrong = problems(runtime)
    for line in wrong or [f"all {len(runtime.files)} files are as they should be"]:
        say(line)
    if wrong:
        say("`flask lms runtime prepare` makes what is wrong again")
    return not wrong


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("prepare", "show", "verify"))
    parser.add_argument(
        "--folder", type=Path, default=DEFAULT, help="where it lies (default: runtime beside the program)"
    )
    parser.add_argument("--from", dest="origin", help="a folder, an archive, or the address of either")
    parser.add_argument("--fast", action="store_true", help="compress fast instead of well, for tests")
    asked = parser.parse_args(arguments)
    try:
        if asked.what == "prepare":
            make(asked.folder, asked.origin, asked.fast, _say)
            return 0
        return 0 if (show if asked.what == "show" else verify)(asked.folder, _say) else 1
    except LMSError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
