"""Values of Python's own from a tree of JSON. Nothing here believes the peer beyond the kinds that it knows."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import pathlib
import re
import uuid
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from .plain import PLAIN_TYPES, CodecError


class PlainDecoder:
    """Decodes one message. `resolve` turns a handle into what stands for it here.

    `keep_subclass(handle)` says whether an object of a class derived from a plain one stays an object (a handle) or is taken
    as its plain content.
    """

    decoders: ClassVar[Mapping[str, Callable[[Any, list[Any]], Any]]]

    def __init__(
        self,
        buffers: list[bytes],
        resolve: Callable[[list[Any]], Any],
        keep_subclass: Callable[[list[Any]], bool] = lambda handle: False,
    ) -> None:
        self.numbered: list[Any] = []
        self._buffers = buffers
        self.resolve = resolve
        self.keep_subclass = keep_subclass

    def decode(self, tree: Any) -> Any:
        if type(tree) is not list:
            return tree
        decode = self.decoders.get(tree[0])
        return self.resolve(tree) if decode is None else decode(self, tree)

    def many(self, trees: list[Any]) -> list[Any]:
        return [self.decode(tree) for tree in trees]

    def pairs(self, trees: list[Any]) -> list[tuple[Any, Any]]:
        return [(self.decode(key), self.decode(value)) for key, value in trees]

    def bytes(self, number: Any) -> bytes:
        if type(number) is not int or number < 0:
            raise CodecError("no such buffer")
        return self._buffers[number]

    def keep(self, value: Any) -> Any:
        self.numbered.append(value)
        return value

    def reserve(self) -> int:
        """A number for a value whose content is decoded after it is met."""
        self.numbered.append(None)
        return len(self.numbered) - 1


def zone(name: Any) -> Any:
    if name == "UTC":
        return datetime.UTC
    if match := re.fullmatch(r"UTC([+-])(\d\d):(\d\d)", str(name)):
        minutes = int(match[2]) * 60 + int(match[3])
        return datetime.timezone(datetime.timedelta(minutes=minutes if match[1] == "+" else -minutes))
    return zoneinfo.ZoneInfo(str(name))


def _list(decoder: PlainDecoder, tree: list[Any]) -> Any:
    made = decoder.keep([])
    made.extend(decoder.many(tree[1]))
    return made


def _set(decoder: PlainDecoder, tree: list[Any]) -> Any:
    made = decoder.keep(set())
    made.update(decoder.many(tree[1]))
    return made


def _dict(make: Callable[[], Any]) -> Callable[[PlainDecoder, list[Any]], Any]:
    def decode(decoder: PlainDecoder, tree: list[Any]) -> Any:
        made = decoder.keep(make())
        for key, value in decoder.pairs(tree[1]):
            dict.__setitem__(made, key, value)
        return made

    return decode


def _deque_back(decoder: PlainDecoder, tree: list[Any]) -> Any:
    made = decoder.keep(collections.deque(maxlen=tree[2]))
    made.extend(decoder.many(tree[1]))
    return made


def _known(decoder: PlainDecoder, tree: list[Any]) -> Any:
    if type(tree[1]) is not int or tree[1] < 0:
        raise CodecError("no such number")
    return decoder.numbered[tree[1]]


def _named_tuple(decoder: PlainDecoder, tree: list[Any]) -> Any:
    kind = collections.namedtuple(str(tree[1]), decoder.many(tree[2]))  # type: ignore[misc]
    return kind(*decoder.many(tree[3]))


def _subclass(decoder: PlainDecoder, tree: list[Any]) -> Any:
    plain = decoder.decode(tree[1])
    return decoder.resolve(tree[2]) if decoder.keep_subclass(tree[2]) else plain


def _offset(decoder: PlainDecoder, tree: list[Any]) -> Any:
    zone = datetime.timezone(datetime.timedelta(days=tree[2], seconds=tree[3]))
    return datetime.datetime.fromisoformat(tree[1]).replace(tzinfo=zone)


def _time(decoder: PlainDecoder, tree: list[Any]) -> datetime.time:
    return datetime.time.fromisoformat(tree[1]).replace(fold=1 if tree[2] else 0, tzinfo=decoder.decode(tree[3]))


def _naive(tree: list[Any]) -> datetime.datetime:
    return datetime.datetime.fromisoformat(tree[1]).replace(fold=1 if tree[2] else 0)


def _global(decoder: PlainDecoder, tree: list[Any]) -> Any:
    return PLAIN_TYPES[tree[2]]


PlainDecoder.decoders = {
    "=": _known,
    "i": lambda decoder, tree: int(tree[1], 16),
    "l": _list,
    "t": lambda decoder, tree: tuple(decoder.many(tree[1])),
    "s": _set,
    "z": lambda decoder, tree: frozenset(decoder.many(tree[1])),
    "d{": _dict(dict),
    "od": _dict(collections.OrderedDict),
    "ct": _dict(collections.Counter),
    "dd": _dict(collections.defaultdict),
    "dq": _deque_back,
    "b": lambda decoder, tree: decoder.bytes(tree[1]),
    "ba": lambda decoder, tree: decoder.keep(bytearray(decoder.bytes(tree[1]))),
    "c": lambda decoder, tree: complex(tree[1], tree[2]),
    "r": lambda decoder, tree: range(*decoder.many(tree[1:4])),
    ":": lambda decoder, tree: slice(*decoder.many(tree[1:4])),
    "...": lambda decoder, tree: Ellipsis,
    "ni": lambda decoder, tree: NotImplemented,
    "d": lambda decoder, tree: _naive(tree),
    "dz": lambda decoder, tree: _naive(tree).replace(tzinfo=zone(tree[3])),
    "do": _offset,
    "da": lambda decoder, tree: datetime.date.fromisoformat(tree[1]),
    "ti": _time,
    "tzo": lambda decoder, tree: datetime.timezone(datetime.timedelta(days=tree[1], seconds=tree[2])),
    "tzi": lambda decoder, tree: zone(tree[1]),
    "td": lambda decoder, tree: datetime.timedelta(tree[1], tree[2], tree[3]),
    "de": lambda decoder, tree: decimal.Decimal(tree[1]),
    "fr": lambda decoder, tree: fractions.Fraction(*decoder.many(tree[1:3])),
    "uu": lambda decoder, tree: uuid.UUID(tree[1]),
    "pa": lambda decoder, tree: pathlib.PosixPath(tree[1]),
    "dk": lambda decoder, tree: dict.fromkeys(decoder.many(tree[1])).keys(),
    "dv": lambda decoder, tree: dict(enumerate(decoder.many(tree[1]))).values(),
    "di": lambda decoder, tree: dict(decoder.many(tree[1])).items(),
    "nt": _named_tuple,
    "sub": _subclass,
    "g": _global,
}
