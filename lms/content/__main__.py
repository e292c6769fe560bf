"""python -m lms.content check [COURSES_DIR EXERCISES_DIR]"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lms.content.catalogue import check_all


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all is right, 1 if something is wrong with the content, 2 (by argparse) for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m lms.content", description="Check courses and exercises.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="print what is wrong, one line each")
    check.add_argument("courses_dir", type=Path, nargs="?", default=Path("courses"))
    check.add_argument("exercises_dir", type=Path, nargs="?", default=Path("exercises"))
    options = parser.parse_args(arguments)
    catalogue, errors = check_all(options.courses_dir, options.exercises_dir)
    for error in errors:
        sys.stdout.write(f"{error}\n")
    sys.stderr.write(
        f"{len(catalogue.courses)} courses and {len(catalogue.exercises)} exercises can be used; "
        f"{len(errors)} things are wrong.\n"
    )
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
