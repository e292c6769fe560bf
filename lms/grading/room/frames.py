"""Messages over a socket: four bytes of length, then JSON. Both sides use them; only plain JSON ever crosses."""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any


class FrameError(Exception):
    """The other side sent what is no frame, or one that is too large."""


def encode(message: Any) -> bytes:
    """Lone surrogates, which JSON in UTF-8 can't carry, become question marks."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return struct.pack("!I", len(body)) + body


def send(connection: socket.socket, message: Any) -> None:
    connection.sendall(encode(message))


def receive(connection: socket.socket) -> Any:
    """The next message, or None when the other side has gone."""
    header = _read(connection, 4)
    if header is None:
        return None
    body = _read(connection, struct.unpack("!I", header)[0])
    return None if body is None else json.loads(body)


def receive_bytes(connection: socket.socket, deadline: float, most: int) -> bytes | None:
    """The next message as bytes, for a reader who doesn't trust the sender.

    `deadline` is a time of the monotonic clock; TimeoutError after it. None when the sender has gone.
    """
    header = _read(connection, 4, deadline)
    if header is None:
        return None
    size = struct.unpack("!I", header)[0]
    if size > most:
        raise FrameError(f"a message of {size} bytes, at most {most} are taken")
    return _read(connection, size, deadline)


def _read(connection: socket.socket, count: int, deadline: float | None = None) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        if deadline is not None:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
        piece = connection.recv(min(count - len(parts), 1 << 20))
        if not piece:
            return None
        parts += piece
    return bytes(parts)
