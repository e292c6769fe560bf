"""The delimiters by which an author marks solutions, hidden tests and mark schemes in a cell, as nbgrader has them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

SOLUTION = "SOLUTION"
HIDDEN = "HIDDEN TESTS"
MARK_SCHEME = "MARK SCHEME"
# nbgrader looks for these words anywhere in a line, whatever comment sign stands before them.
_DELIMITER = re.compile(r"^(?P<indent>\s*).*?(?P<edge>BEGIN|END)\s+(?P<kind>SOLUTION|HIDDEN TESTS|MARK SCHEME)")


class RegionError(ValueError):
    """Delimiters that don't pair up; the message says which and where."""


@dataclass(frozen=True)
class Region:
    """Lines `first` to `last` of a source, counted from 1, the delimiters included."""

    kind: str
    first: int
    last: int
    indent: str


@functools.lru_cache(1024)  # the same exercises' cells are looked through for each submission
def find_regions(source: str) -> tuple[Region, ...]:
    found: list[Region] = []
    opened: re.Match[str] | None = None
    first = 0
    for number, line in enumerate(source.split("\n"), 1):
        match = _DELIMITER.match(line)
        if not match:
            continue
        if match["edge"] == "BEGIN":
            if opened:
                raise RegionError(f"line {number}: BEGIN {match['kind']} before END {opened['kind']}")
            opened, first = match, number
        elif not opened or opened["kind"] != match["kind"]:
            raise RegionError(f"line {number}: END {match['kind']} without its BEGIN")
        else:
            found.append(Region(match["kind"], first, number, opened["indent"]))
            opened = None
    if opened:
        raise RegionError(f"line {first}: BEGIN {opened['kind']} without its END")
    return tuple(found)


def replace_regions(source: str, kind: str, replacement: tuple[str, ...] = ()) -> str:
    """`source` with each region of `kind` replaced by the lines of `replacement`, at the region's indentation."""
    lines = source.split("\n")
    for region in reversed(find_regions(source)):
        if region.kind == kind:
            lines[region.first - 1 : region.last] = [region.indent + line for line in replacement]
    return "\n".join(lines)


def first_hidden(source: str) -> int:
    """The first line, from 1, that learners never see; 0 where there is none."""
    return min(hidden_lines(source), default=0)


def hidden_lines(source: str) -> frozenset[int]:
    """The lines, from 1, that learners never see."""
    regions = [region for region in find_regions(source) if region.kind == HIDDEN]
    return frozenset(line for region in regions for line in range(region.first, region.last + 1))
