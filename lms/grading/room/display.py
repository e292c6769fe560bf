"""How values and figures become outputs: the richest form that a page shows, and each made only once.

IPython makes every form of a value, a table's text beside its HTML; matplotlib's inline backend draws a figure three times.
On a small notebook that costs more than its answers do.
"""

from __future__ import annotations

import io
import math
import sys
from typing import Any

from IPython.core.formatters import DisplayFormatter

MIMES = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")
_RICH = frozenset(MIMES[1:])
_PLAIN = frozenset(MIMES[:1])
# A diagram of a model is made of styles, of which a page keeps none.
_BETTER_PLAIN = ("sklearn",)
_PAD_INCHES = 0.1
_FAST = {"compress_level": 1}


class Formatter(DisplayFormatter):
    """A value's text only where nothing richer stands for it."""

    def format(self, obj: Any, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        if include is None:
            if self.ipython_display_formatter(obj):
                return {}, {}  # it has shown itself
            if type(obj).__module__.partition(".")[0] not in _BETTER_PLAIN:
                data, metadata = super().format(obj, include=_RICH, exclude=exclude)
                if data:
                    return data, metadata
            include = _PLAIN
        made: tuple[dict[str, Any], dict[str, Any]] = super().format(obj, include=include, exclude=exclude)
        return made


def picture(figure: Any) -> bytes | None:
    """A figure as PNG, cut to what is drawn on it, as the inline backend does. None for an empty one.

    It is drawn once and the picture is cut; only where something sticks out of the canvas it is drawn again.
    """
    if not figure.axes and not figure.lines:
        return None

    canvas = figure.canvas
    canvas.draw()
    box = figure.get_tightbbox(canvas.get_renderer())
    file = io.BytesIO()
    width, height = figure.get_size_inches()
    if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height:
        box = box.padded(_PAD_INCHES)
        canvas.print_figure(file, format="png", dpi=figure.dpi, bbox_inches=box, pil_kwargs=_FAST)
    else:
        _cropped(canvas, box.padded(_PAD_INCHES)).save(file, "png", **_FAST)
    return file.getvalue()


def _cropped(canvas: Any, box: Any) -> Any:
    """What was drawn within `box` (inches from the lower left corner), as far as the canvas goes."""
    from PIL import Image as image  # noqa: PLC0415 - only where a figure is drawn

    drawn = image.fromarray(sys.modules["numpy"].asarray(canvas.buffer_rgba()))
    dots = canvas.figure.dpi
    left, right = max(math.floor(box.x0 * dots), 0), min(math.ceil(box.x1 * dots), drawn.width)
    top, bottom = max(drawn.height - math.ceil(box.y1 * dots), 0), drawn.height - max(math.floor(box.y0 * dots), 0)
    return drawn.crop((left, top, right, bottom)).convert("RGB")


def draw_once(shell: Any) -> None:
    """Figures by `picture`, and none drawn at the end of a cell for a screen that isn't there."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only where a notebook uses it

    shell.display_formatter.formatters["image/png"].for_type(Figure, picture)
    pyplot = sys.modules.get("matplotlib.pyplot")
    drawing = getattr(pyplot, "_draw_all_if_interactive", None)
    if drawing in shell.events.callbacks["post_execute"]:
        shell.events.unregister("post_execute", drawing)
