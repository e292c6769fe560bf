"""Figures of matplotlib: drawn in memory, shown where `plt.show()` stands and else at the cell's end, as notebooks do."""

from __future__ import annotations

import base64
import sys
from typing import Any

from lms.grading.room.pictures import picture

BACKEND = "lms.workspace.browser.backend"
FONT = "Baeum Sans"


def set_up(data_path: str = "") -> None:
    """After matplotlib was imported for the first time: signs that every font has, and Hangul if its font is there."""
    import matplotlib  # noqa: PLC0415 - only where a notebook uses it
    from matplotlib import font_manager  # noqa: PLC0415

    if data_path:
        font_manager.fontManager.addfont(data_path)
    if any(font.name == FONT for font in font_manager.fontManager.ttflist):
        matplotlib.rcParams["font.family"] = [FONT, "DejaVu Sans"]
    matplotlib.rcParams["axes.unicode_minus"] = False


def as_data(figure: Any) -> dict[str, str]:
    """A figure as the page shows it; nothing for an empty one."""
    drawn = picture(figure)
    return {"image/png": base64.b64encode(drawn).decode()} if drawn else {}


def is_figure(value: Any) -> bool:
    module = sys.modules.get("matplotlib.figure")
    return bool(module) and isinstance(value, module.Figure)  # type: ignore[union-attr]


def take_open() -> list[Any]:
    """The open figures, which are closed by that."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not hasattr(pyplot, "get_fignums"):
        return []
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    pyplot.close("all")
    return figures
