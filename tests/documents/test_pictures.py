"""What is uploaded as a seal becomes its pixels, or is refused with a reason."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from lms.documents import pictures
from lms.documents.pictures import PictureError, read_png


def png(mode: str = "RGBA", size: tuple[int, int] = (80, 60), **how: object) -> bytes:
    image = Image.linear_gradient("L").resize(size).convert(mode)
    target = io.BytesIO()
    image.save(target, "PNG", **how)
    return target.getvalue()


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L", "LA", "P", "1"])
def test_the_pixels_stay_the_same(mode: str) -> None:
    given = png(mode)
    kept = read_png(given)
    assert (kept.width, kept.height) == (80, 60)
    before, after = (Image.open(io.BytesIO(one)).convert("RGBA") for one in (given, kept.png))
    assert before.tobytes() == after.tobytes()


def test_nothing_but_pixels_is_kept() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Author", "홍길동 of the third floor")
    kept = read_png(png(pnginfo=words) + b"<script>alert(1)</script>")
    assert b"Author" not in kept.png
    assert b"script" not in kept.png
    assert read_png(kept.png).png == kept.png


def of_size(width: int, height: int, rows: bytes, colour: int = 0, method: int = 0, **chunks: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, colour, method, 0, 0)
    more = [(name.encode(), body) for name, body in chunks.items()]
    parts = ((b"IHDR", head), *more, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(pictures._chunk(*part) for part in parts)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(2_000_000), "too_large"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_png"),
        (b"\xff\xd8\xff\xe0 a photograph", "not_png"),
        (b"MZ", "not_png"),
        (png()[:-20], "damaged"),
        (png()[:60] + b"x" + png()[61:], "damaged"),
        (png(size=(59, 60)), "size"),
        (png(size=(60, 2001)), "size"),
        (of_size(60, 60, bytes(61 * 59)), "damaged"),  # too few
        (of_size(60, 60, bytes(100_000_000)), "damaged"),  # 100 MB in 100 kB
        (of_size(60, 60, b"\x09" + bytes(61 * 60 - 1)), "damaged"),  # no such filter
        (of_size(60, 60, bytes(61 * 60), method=9), "damaged"),
        (of_size(60, 60, bytes(61 * 60), 3), "damaged"),
        (of_size(60, 60, bytes(61 * 60), 3, PLTE=b""), "damaged"),
        (of_size(60, 60, bytes(61 * 60), 3, PLTE=bytes(5)), "damaged"),
        (of_size(60, 60, bytes(61 * 60), 3, PLTE=bytes(3 * 257)), "damaged"),
        (of_size(60, 60, bytes(61 * 60), 3, PLTE=bytes(6), tRNS=bytes(3)), "damaged"),
        (of_size(60, 60, bytes(61 * 60), tRNS=b"\x01"), "damaged"),
    ],
)
def test_what_is_no_seal_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(PictureError) as caught:
        read_png(content)
    assert caught.value.reason == reason


def test_colours_are_left_out_where_the_kind_has_none() -> None:
    kept = read_png(of_size(60, 60, bytes(121 * 60), 4, PLTE=bytes(5), tRNS=bytes(2)))
    assert b"PLTE" not in kept.png
    assert b"tRNS" not in kept.png


def test_one_in_several_passes_is_refused() -> None:
    whole = png("L", (60, 60))
    interlaced = whole.replace(whole[16:29], whole[16:28] + b"\x01")
    head = interlaced[12:29]
    with pytest.raises(PictureError, match="interlaced"):
        read_png(interlaced[:29] + struct.pack(">I", zlib.crc32(head)) + interlaced[33:])
