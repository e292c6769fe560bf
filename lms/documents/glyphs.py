"""Which letters our fonts have, so that nobody's name becomes a row of boxes on paper."""

from __future__ import annotations

import struct
import unicodedata
from functools import cache

from .places import FONTS

_NO_GLYPH = 0
# Of control characters and joiners nothing is drawn, so no font needs them.
_UNDRAWN = ("Cc", "Cf", "Zs", "Zl", "Zp")


def missing(text: str) -> str:
    """The characters of the text that none of the fonts has, each once, in their order; "" where all can be drawn."""
    known = drawable()
    return "".join(
        one for one in dict.fromkeys(text) if ord(one) not in known and unicodedata.category(one) not in _UNDRAWN
    )


@cache
def drawable() -> frozenset[int]:
    """Code points that regular and bold faces of one family both have."""
    families = (("NanumGothic", "NanumGothicBold"), ("LiberationSans-Regular", "LiberationSans-Bold"))
    return frozenset().union(
        *(
            frozenset.intersection(*(code_points((FONTS / f"{face}.ttf").read_bytes()) for face in family))
            for family in families
        )
    )


def code_points(font: bytes) -> frozenset[int]:
    """What a TrueType font has glyphs for, read from its `cmap` (OpenType specification, formats 4 and 12)."""
    start = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", font, start + 2)
    found: set[int] = set()
    for place in range(count):
        platform, encoding, offset = struct.unpack_from(">HHL", font, start + 4 + 8 * place)
        if platform == 0 or (platform, encoding) in ((3, 1), (3, 10)):
            (form,) = struct.unpack_from(">H", font, start + offset)
            if form == 4:
                found |= _format_4(font, start + offset)
            elif form == 12:
                found |= _format_12(font, start + offset)
    return frozenset(found)


def _table(font: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, 4)
    for place in range(count):
        name, _, offset, _ = struct.unpack_from(">4sLLL", font, 12 + 16 * place)
        if name == tag:
            return int(offset)
    raise ValueError(f"the font has no table {tag.decode()}")


def _format_4(font: bytes, start: int) -> set[int]:
    (twice,) = struct.unpack_from(">H", font, start + 6)
    count = twice // 2
    ends = struct.unpack_from(f">{count}H", font, start + 14)
    starts = struct.unpack_from(f">{count}H", font, start + 16 + twice)
    deltas = struct.unpack_from(f">{count}H", font, start + 16 + 2 * twice)
    at = start + 16 + 3 * twice
    offsets = struct.unpack_from(f">{count}H", font, at)
    found = set()
    for place, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(first, last + 1):
            glyph = code
            if offset:
                (glyph,) = struct.unpack_from(">H", font, at + 2 * place + offset + 2 * (code - first))
            if glyph != _NO_GLYPH or not offset:
                glyph = (glyph + delta) % 0x10000
            if glyph != _NO_GLYPH and code != 0xFFFF:
                found.add(code)
    return found


def _format_12(font: bytes, start: int) -> set[int]:
    (count,) = struct.unpack_from(">L", font, start + 12)
    found: set[int] = set()
    for place in range(count):
        first, last, glyph = struct.unpack_from(">LLL", font, start + 16 + 12 * place)
        found.update(code for code in range(first, last + 1) if glyph + code - first != _NO_GLYPH)
    return found
