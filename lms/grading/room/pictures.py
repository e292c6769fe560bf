"""Figures of matplotlib as PNG. Browsers draw by it too."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from typing import Any

_PAD_INCHES = 0.1
_LESS_THE_ONE_ABOVE = 2


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
