"""Pictures that people upload for paper (seals, signatures): looked at, cut down to their pixels, and written anew."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass

from lms.errors import LMSError

MOST_BYTES = 2_000_000
LEAST_SIDE, MOST_SIDE = 60, 2_000  # pixels
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
# Colour type → samples a pixel; and the depths that the PNG specification allows of each.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


class PictureError(LMSError):
    """An upload that is no picture for paper. `reason`: empty, too_large (bytes), not_png, damaged, interlaced, size
    (`width`, `height` in pixels)."""

    sentence = "The picture was not taken: {reason}."


@dataclass(frozen=True)
class Picture:
    png: bytes
    width: int
    height: int


def read_png(content: bytes) -> Picture:
    """The picture with nothing in it but its pixels: no texts, profiles, times or anything behind its end.

    Raises:
        PictureError
    """
    if not content:
        raise PictureError("empty")
    if len(content) > MOST_BYTES:
        raise PictureError("too_large")
    if not content.startswith(_SIGNATURE):
        raise PictureError("not_png")
    try:
        chunks = _chunks(content)
        width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    except (KeyError, struct.error):
        raise PictureError("damaged") from None
    if not (LEAST_SIDE <= width <= MOST_SIDE and LEAST_SIDE <= height <= MOST_SIDE):
        raise PictureError("size", width=width, height=height)
    if interlace:
        raise PictureError("interlaced")
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering:
        raise PictureError("damaged")
    _tidy_colours(chunks, colour)
    rows = _rows(chunks.get(b"IDAT", b""), height, 1 + (width * depth * _SAMPLES[colour] + 7) // 8)
    chunks[b"IDAT"] = zlib.compress(rows, 9)
    kept = b"".join(_chunk(name, chunks[name]) for name in _KEPT if name in chunks)
    return Picture(_SIGNATURE + kept, width, height)


def _chunks(content: bytes) -> dict[bytes, bytes]:
    """The chunks that matter, by name; several of one name are joined. Raises struct.error, PictureError."""
    found: dict[bytes, bytes] = {}
    place = len(_SIGNATURE)
    while b"IEND" not in found:
        size, name = struct.unpack_from(">I4s", content, place)
        body = content[place + 8 : place + 8 + size]
        (check,) = struct.unpack_from(">I", content, place + 8 + size)
        if zlib.crc32(name + body) != check:
            raise PictureError("damaged")
        if name in _KEPT:
            found[name] = found.get(name, b"") + body
        place += 12 + size
    return found


def _tidy_colours(chunks: dict[bytes, bytes], colour: int) -> None:
    """Leave the palette and the transparency only where the colour type has them, and as the PNG specification has them: what
    reads pictures for paper falls over others. Raises PictureError."""
    if colour != 3:
        chunks.pop(b"PLTE", None)
    if colour not in (0, 2, 3):
        chunks.pop(b"tRNS", None)
    shades, odd = divmod(len(chunks.get(b"PLTE", b"")), 3)
    if colour == 3 and (odd or not 1 <= shades <= 256):
        raise PictureError("damaged")
    lengths = {0: range(2, 3), 2: range(6, 7), 3: range(1, shades + 1)}
    if b"tRNS" in chunks and len(chunks[b"tRNS"]) not in lengths[colour]:
        raise PictureError("damaged")


def _rows(packed: bytes, height: int, width: int) -> bytes:
    """The pixels, exactly as many as the head says, so that nothing small grows beyond measure."""
    unpacker = zlib.decompressobj()
    try:
        rows = unpacker.decompress(packed, height * width + 1)
    except zlib.error:
        raise PictureError("damaged") from None
    if len(rows) != height * width or any(rows[start] > 4 for start in range(0, len(rows), width)):
        raise PictureError("damaged")
    return rows


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def as_svg(picture: Picture) -> str:
    """For templates, whose data are text."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {picture.width} {picture.height}"><image width="{picture.width}" height="{picture.height}" '
        f'xlink:href="{as_data(picture.png)}"/></svg>'
    )


def as_data(png: bytes) -> str:
    """An address that holds the picture itself, for pages."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
