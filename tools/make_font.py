"""Make the font of plots, lms/fonts/BaeumSans-Regular.ttf, from NanumGothic (Debian: fonts-nanum).

    python -m tools.make_font [NanumGothic.ttf]

Kept are all 11,172 syllables, jamo, Latin, Greek and the signs of units and formulas; hanja and hinting go. A changed font may
not bear the reserved name, so it gets one of its own. The same font in gives the same bytes out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCE = Path("/usr/share/fonts/truetype/nanum/NanumGothic.ttf")
TARGET = Path(__file__).resolve().parent.parent / "lms/fonts/BaeumSans-Regular.ttf"
FAMILY = "Baeum Sans"
KEPT = (
    *((0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x3FF)),  # Latin, Greek
    *((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7A3)),  # jamo, syllables
    *((0x2000, 0x206F), (0x2070, 0x209F), (0x20A0, 0x20BF), (0x3000, 0x303F)),  # punctuation, small figures, currencies
    *(
        (0x2100, 0x214F),
        (0x2190, 0x21FF),
        (0x2200, 0x22FF),
        (0x3380, 0x33DF),
    ),  # letters as signs, arrows, formulas, units
    *((0x2460, 0x24FF), (0x25A0, 0x25FF), (0x2600, 0x266F), (0xFF00, 0xFFEF)),  # numbers in circles, shapes, full width
)
_COPYRIGHT, _LICENSE, _LICENSE_URL = 0, 13, 14
_NAMES = {1: FAMILY, 2: "Regular", 3: "Baeum Sans Regular", 4: FAMILY, 6: "BaeumSans-Regular"}


def main(arguments: list[str]) -> int:
    font = TTFont(Path(arguments[0]) if arguments else SOURCE, recalcTimestamp=False)
    options = subset.Options(hinting=False, layout_features=[], name_IDs=[_COPYRIGHT], notdef_outline=True)
    options.drop_tables += ["BASE", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    made = subset.Subsetter(options)
    made.populate(unicodes=[code for first, last in KEPT for code in range(first, last + 1)])
    made.subset(font)
    rename(font)
    font.save(TARGET)
    print(f"{TARGET.name}: {len(font.getBestCmap())} characters, {TARGET.stat().st_size:,} bytes")  # noqa: T201
    return 0


def rename(font: TTFont) -> None:
    """Names of our own, with the copyright and the licence that the font comes with."""
    table = font["name"]
    copyright_line = table.getDebugName(_COPYRIGHT)
    table.names = []
    own = _NAMES | {
        _COPYRIGHT: copyright_line,
        _LICENSE: "This Font Software is licensed under the SIL Open Font License, Version 1.1.",
        _LICENSE_URL: "https://openfontlicense.org",
    }
    for number, text in own.items():
        table.setName(text, number, 3, 1, 0x409)
        table.setName(text, number, 1, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
