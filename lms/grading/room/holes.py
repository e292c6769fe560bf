"""Memory of a process that forks: no holes between what it holds.

What a child makes goes first into the holes that its parent's work has left, a few objects to a page, and the kernel copies
each such page. Filled ahead, and never given back, they leave the child new pages, which it fills one by one: a tenth to a
seventh of all that a submission costs.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

_POOL = 16 << 10  # Objects/obmalloc.c of Python 3.10 to 3.13: POOL_SIZE, with its head before the first block
_HEAD = 48
_LARGEST = 512
_SURE = 4  # so many blocks in a row from the start of a pool: it is a new one
_MOST_BLOCKS = 200_000
_MOST_BYTES = 64 << 20
_SIZES = (65536, 16384, 4096, 2048, 1024, 512, 256, 128, 64, 24)
_FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
_kept: list[Any] = []


class _Info(ctypes.Structure):
    """`struct mallinfo2`."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _FIELDS)


def fill() -> None:
    """After the last of the warming up, before a freeze."""
    for size in range(16, _LARGEST + 1, 16):
        _fill_pools(size, _maker(size))
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallinfo2"):  # glibc from 2.33
        _fill_heap(libc)


def _maker(size: int) -> Callable[[], Any]:
    """Of objects that take a block of `size` bytes."""
    if size == 16:
        return object
    if size == 32:
        return lambda: float("1.5")
    return lambda: bytes(size - 33)


def _fill_pools(size: int, make: Callable[[], Any]) -> None:
    made: list[Any] = []
    while len(made) < _MOST_BLOCKS:
        made.append(make())
        if all(id(value) % _POOL == _HEAD + size * place for place, value in enumerate(made[-_SURE:])):
            del made[-_SURE:]
            break
    _kept.append(made)


def _fill_heap(libc: Any) -> None:
    """Chunks from large to small, each size until one would come from the end of the heap."""
    libc.malloc.restype = ctypes.c_void_p
    libc.mallinfo2.restype = _Info
    filled = 0
    for size in _SIZES:
        last = libc.mallinfo2()
        while filled < _MOST_BYTES:
            place = libc.malloc(size)
            now = libc.mallinfo2()
            if (now.arena, now.hblkhd, now.keepcost) != (last.arena, last.hblkhd, last.keepcost):
                libc.free(ctypes.c_void_p(place))
                break
            filled += size
