"""Values of Python's own as a tree of JSON."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import pathlib
import uuid
import zoneinfo
from collections.abc import Callable, Iterable
from typing import Any

from .plain import MAX_DEPTH, MAX_SIZE, PLAIN_TYPES, CodecError

_SMALL = 1 << 53
_CONTAINERS: dict[type, str] = {list: "l", tuple: "t", set: "s", frozenset: "z"}
_BASES = (int, float, str, bytes, list, tuple, dict, set, frozenset)


class PlainEncoder:
    """Encodes the values of one message. `export` gives the handle of what isn't plain."""

    def __init__(self, export: Callable[[Any], list[Any]]) -> None:
        self.buffers: list[bytes] = []
        self.numbered: list[Any] = []
        self._numbers: dict[int, int] = {}
        self.told: set[int] = set()  # numbers of objects whose content is in this message already
        self.export = export
        self._size = 0

    def encode(self, value: Any, depth: int = 0) -> Any:
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is str:
            self.grow(len(value))
            return value
        if kind is int:
            return value if -_SMALL < value < _SMALL else ["i", hex(value)]
        if depth > MAX_DEPTH:
            raise CodecError("a value is nested too deep")
        known = self._numbers.get(id(value))
        if known is not None:
            return ["=", known]
        encode = _ENCODERS.get(kind)
        if encode is not None:
            return encode(self, value, depth + 1)
        return self._other(value, kind, depth + 1)

    def many(self, values: Iterable[Any], depth: int) -> list[Any]:
        return [self.encode(value, depth) for value in values]

    def pairs(self, value: dict[Any, Any], depth: int) -> list[Any]:
        return [[self.encode(key, depth), self.encode(item, depth)] for key, item in dict.items(value)]

    def number(self, value: Any) -> None:
        """From now on this object is known by its number. It is kept, so that its id stays its own."""
        self._numbers[id(value)] = len(self.numbered)
        self.numbered.append(value)

    def buffer(self, content: bytes) -> int:
        self.grow(len(content))
        self.buffers.append(content)
        return len(self.buffers) - 1

    def grow(self, by: int) -> None:
        self._size += by + 8
        if self._size > MAX_SIZE:
            raise CodecError("a value is too large to be checked")

    def _other(self, value: Any, kind: type, depth: int) -> Any:
        """Anything that isn't exactly of one of Python's plain types."""
        if isinstance(value, type):
            return self.plain_type(value) or self.export(value)
        if getattr(value, "_is_remote", False) is True:
            return self.export(value)
        return self._subclass(value, kind, depth)

    def plain_type(self, kind: type) -> list[Any] | None:
        """A class that both sides have, by its name."""
        return ["g", "builtins", kind.__name__] if PLAIN_TYPES.get(kind.__name__) is kind else None

    def _subclass(self, value: Any, kind: type, depth: int) -> Any:
        """An object of a class derived from a plain one is its plain content: its own methods could lie."""
        if isinstance(value, tuple) and isinstance(fields := getattr(kind, "_fields", None), tuple):
            return ["nt", kind.__name__, self.many(fields, depth), self.many(tuple.__iter__(value), depth)]
        for base in _BASES:
            if isinstance(value, base):
                plain = _stripped(value, base)
                handle = self.export(value)
                return ["sub", self.encode(plain, depth), handle]
        return self.export(value)


def _stripped(value: Any, base: type) -> Any:
    if base is int:
        return int.__int__(value)
    if base is float:
        return float.__float__(value)
    if base is str:
        return str.__str__(value)
    if base is dict:
        return dict(dict.items(value))
    if base is bytes:
        return bytes.__getitem__(value, slice(None))
    return base(base.__iter__(value))  # type: ignore[attr-defined]


_Encode = Callable[[PlainEncoder, Any, int], Any]


def _container(encoder: PlainEncoder, value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is list or kind is set:
        encoder.number(value)
    encoder.grow(8 * len(value))
    return [_CONTAINERS[kind], encoder.many(value, depth)]


def _dictionary(tag: str) -> _Encode:
    def encode(encoder: PlainEncoder, value: Any, depth: int) -> Any:
        encoder.number(value)
        return [tag, encoder.pairs(value, depth)]

    return encode


def _bytearray(encoder: PlainEncoder, value: bytearray, depth: int) -> Any:
    encoder.number(value)
    return ["ba", encoder.buffer(bytes(value))]


def _deque(encoder: PlainEncoder, value: Any, depth: int) -> Any:
    encoder.number(value)
    return ["dq", encoder.many(value, depth), value.maxlen]


def _datetime(encoder: PlainEncoder, value: datetime.datetime, depth: int) -> Any:
    zone = value.tzinfo
    if zone is None:
        return ["d", value.isoformat(), value.fold]
    if isinstance(zone, zoneinfo.ZoneInfo) and zone.key:
        return ["dz", value.replace(tzinfo=None).isoformat(), value.fold, zone.key]
    if isinstance(zone, datetime.timezone):
        offset = zone.utcoffset(None)
        return ["do", value.replace(tzinfo=None).isoformat(), offset.days, offset.seconds]
    return encoder.export(value)


def _timezone(encoder: PlainEncoder, value: datetime.timezone, depth: int) -> Any:
    offset = value.utcoffset(None)
    return ["tzo", offset.days, offset.seconds]


def _time(encoder: PlainEncoder, value: datetime.time, depth: int) -> Any:
    zone = None if value.tzinfo is None else encoder.encode(value.tzinfo, depth)
    return ["ti", value.replace(tzinfo=None).isoformat(), value.fold, zone]


_ENCODERS: dict[type, _Encode] = {
    list: _container,
    tuple: _container,
    set: _container,
    frozenset: _container,
    dict: _dictionary("d{"),
    collections.OrderedDict: _dictionary("od"),
    collections.Counter: _dictionary("ct"),
    collections.defaultdict: _dictionary("dd"),
    collections.deque: _deque,
    bytes: lambda encoder, value, depth: ["b", encoder.buffer(value)],
    bytearray: _bytearray,
    complex: lambda encoder, value, depth: ["c", value.real, value.imag],
    range: lambda encoder, value, depth: ["r", *encoder.many((value.start, value.stop, value.step), depth)],
    slice: lambda encoder, value, depth: [":", *encoder.many((value.start, value.stop, value.step), depth)],
    type(Ellipsis): lambda encoder, value, depth: ["..."],
    type(NotImplemented): lambda encoder, value, depth: ["ni"],
    datetime.datetime: _datetime,
    datetime.date: lambda encoder, value, depth: ["da", value.isoformat()],
    datetime.time: _time,
    datetime.timezone: _timezone,
    zoneinfo.ZoneInfo: lambda encoder, value, depth: ["tzi", value.key] if value.key else encoder.export(value),
    datetime.timedelta: lambda encoder, value, depth: ["td", value.days, value.seconds, value.microseconds],
    decimal.Decimal: lambda encoder, value, depth: ["de", str(value)],
    fractions.Fraction: lambda encoder, value, depth: [
        "fr",
        *encoder.many((value.numerator, value.denominator), depth),
    ],
    uuid.UUID: lambda encoder, value, depth: ["uu", value.hex],
    pathlib.PosixPath: lambda encoder, value, depth: ["pa", str(value)],
    type({}.keys()): lambda encoder, value, depth: ["dk", encoder.many(value, depth)],
    type({}.values()): lambda encoder, value, depth: ["dv", encoder.many(value, depth)],
    type({}.items()): lambda encoder, value, depth: ["di", encoder.many(value, depth)],
}
