"""Figures of matplotlib: drawn in memory, shown where `plt.show()` stands and else at the cell's end, as notebooks do."""

from __future__ import annotations

import base64
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from lms.grading.room.pictures import picture

BACKEND = "lms.workspace.browser.backend"
FONT = "Baeum Sans"
_FONT_FILE = "BaeumSans-Regular.ttf"


def set_up() -> None:
    """Before matplotlib is imported: where it draws, and a font with Hangul if its folder has ours. A list of the fonts that
    lies beside them saves it from looking through them."""
    os.environ["MPLBACKEND"] = f"module://{BACKEND}"
    found = importlib.util.find_spec("matplotlib")
    if found is None or not found.origin or "MPLCONFIGDIR" not in os.environ:
        return
    data = Path(found.origin).parent / "mpl-data"
    if (data / "config").is_dir():
        os.environ["MPLCONFIGDIR"] = str(data / "config")
    lines = ["axes.unicode_minus: False"]
    if (data / "fonts" / "ttf" / _FONT_FILE).exists():
        lines.append(f"font.family: {FONT}, DejaVu Sans")
    folder = Path(os.environ["MPLCONFIGDIR"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "matplotlibrc").write_text("\n".join(lines) + "\n")


def add_font() -> None:
    """Pyodide's matplotlib brings a list of fonts that knows nothing of ours."""
    from matplotlib import font_manager, get_data_path  # noqa: PLC0415 - only where a notebook uses it

    file = Path(get_data_path()) / "fonts" / "ttf" / _FONT_FILE
    if file.exists() and all(font.name != FONT for font in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(file)


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
