"""Messages through the wall: a tree of JSON and byte strings, from one room to the other."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from . import codec

MAX_BUFFERS = 100_000


class WallDownError(BaseException):
    """The other room has gone, or sends what is no message. A BaseException, so that no check can take it for its own."""


def send(connection: socket.socket, tree: Any, buffers: list[bytes]) -> None:
    body = json.dumps(tree, separators=(",", ":")).encode()
    sizes = struct.pack(f"!II{len(buffers)}Q", len(body), len(buffers), *map(len, buffers))
    try:
        connection.sendall(b"".join((sizes, body, *buffers)))
    except OSError as error:
        raise WallDownError from error


def receive(connection: socket.socket) -> tuple[Any, list[bytes]]:
    length, count = struct.unpack("!II", _read(connection, 8))
    if length > codec.MAX_SIZE or count > MAX_BUFFERS:
        raise WallDownError
    sizes = struct.unpack(f"!{count}Q", _read(connection, 8 * count))
    if sum(sizes) > codec.MAX_SIZE:
        raise WallDownError
    body = _read(connection, length)
    buffers = [_read(connection, size) for size in sizes]
    try:
        return json.loads(body), buffers
    except (ValueError, RecursionError) as error:
        raise WallDownError from error


def _read(connection: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        try:
            piece = connection.recv(min(count - len(parts), 1 << 20))
        except OSError as error:
            raise WallDownError from error
        if not piece:
            raise WallDownError
        parts += piece
    return bytes(parts)
