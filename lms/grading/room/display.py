"""How values and figures become outputs: the richest form that a page shows, and each made only once.

IPython makes every form of a value, a table's text beside its HTML; matplotlib's inline backend draws a figure three times.
On a small notebook that costs more than its answers do.
"""

from __future__ import annotations

import io
import struct
import sys
import zlib
from typing import Any

from IPython.core.formatters import DisplayFormatter

MIMES = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg")
_RICH = frozenset(MIMES[1:])
_PLAIN = frozenset(MIMES[:1])
# A diagram of a model is made of styles, of which a page keeps none.
_BETTER_PLAIN = ("sklearn",)
_PAD_INCHES = 0.1
_LESS_THE_ONE_ABOVE = 2


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

    It is drawn once and the margins are cut off; only where something reaches the edge of the canvas, and so may stick out
    of it, the figure is measured and drawn again.
    """
    if not figure.axes and not figure.lines:
        return None
    canvas = figure.canvas
    canvas.draw()
    numpy = sys.modules["numpy"]
    pixels = numpy.asarray(canvas.buffer_rgba())
    drawn = pixels.view(numpy.uint32)[:, :, 0] != pixels[0, 0].view(numpy.uint32)[0]
    rows, columns = drawn.any(axis=1).nonzero()[0], drawn.any(axis=0).nonzero()[0]
    if (
        not len(rows)
        or rows[0] == 0
        or columns[0] == 0
        or rows[-1] == len(drawn) - 1
        or columns[-1] == drawn.shape[1] - 1
    ):
        return _measured(figure)
    pad = round(_PAD_INCHES * figure.dpi)
    top, left = max(rows[0] - pad, 0), max(columns[0] - pad, 0)
    return png(pixels[top : rows[-1] + 1 + pad, left : columns[-1] + 1 + pad, :3])


def _measured(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.canvas.print_figure(
        file, format="png", dpi=figure.dpi, bbox_inches="tight", pil_kwargs={"compress_level": 1}
    )
    return file.getvalue()


def png(pixels: Any) -> bytes:
    """Red, green and blue as a PNG: each row less the one above it, which in a plot leaves little. (PNG, second edition, 9.2)"""
    numpy = sys.modules["numpy"]
    height, width, _ = pixels.shape
    plain = numpy.ascontiguousarray(pixels).reshape(height, width * 3)
    rows = numpy.empty((height, 1 + width * 3), numpy.uint8)
    rows[:, 0] = _LESS_THE_ONE_ABOVE
    rows[0, 1:] = plain[0]
    numpy.subtract(plain[1:], plain[:-1], out=rows[1:, 1:])
    head = struct.pack("!2I5B", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 3)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(body)) + name + body + struct.pack("!I", zlib.crc32(name + body)) for name, body in chunks
    )


def draw_once(shell: Any) -> None:
    """Figures by `picture`, and none drawn at the end of a cell for a screen that isn't there."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only where a notebook uses it

    shell.display_formatter.formatters["image/png"].for_type(Figure, picture)
    pyplot = sys.modules.get("matplotlib.pyplot")
    drawing = getattr(pyplot, "_draw_all_if_interactive", None)
    if drawing in shell.events.callbacks["post_execute"]:
        shell.events.unregister("post_execute", drawing)
