"""Plain values as a tree of JSON and a list of byte strings: what may cross the wall between two rooms.

Numbers, texts, containers, dates, arrays and tables cross as copies. Everything else crosses as a handle, which the side
that owns the object makes (`export`) and the other side turns into a stand-in (`resolve`). Decoding never imports, calls or
builds anything that the peer could choose beyond the kinds below.

Mutable values are numbered in the order in which they are met, so that one that is met twice stays one.
"""

from __future__ import annotations

import builtins
import collections
import datetime
import decimal
import fractions
import json
import pathlib
import re
import sys
import types
import uuid
import zoneinfo
from collections.abc import Callable, Iterable
from typing import Any

MAX_DEPTH = 100
MAX_SIZE = 256 << 20
_SMALL = 1 << 53
_DTYPE = re.compile(r"[<>|=](?:[biufc]\d{1,2}|[SUV]\d{1,6}|[mM]8(?:\[\d{0,5}[a-zA-Zμ]{1,7}\])?)")
_EXTENSION = re.compile(r"(U?Int(8|16|32|64)|Float(32|64)|boolean)")

PLAIN_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        *(value for value in vars(builtins).values() if isinstance(value, type)),
        type(None),
        types.FunctionType,
    )
}
PLAIN_TYPES |= {"generator": types.GeneratorType, "module": types.ModuleType, "method": types.MethodType}
_PANDAS_TYPES = ("DataFrame", "Series", "Index", "Timestamp", "Timedelta", "MultiIndex", "Categorical")
_CONTAINERS: dict[type, str] = {list: "l", tuple: "t", set: "s", frozenset: "z"}


class CodecError(ValueError):
    """A value too large or too deep to cross, or a message that doesn't decode."""


def _module(name: str) -> Any:
    """A library where this process has imported it; nobody imports one for the codec's sake."""
    return sys.modules.get(name)


class Encoder:
    """Encodes the values of one message. `export` gives the handle of what isn't plain."""

    def __init__(self, export: Callable[[Any], list[Any]]) -> None:
        self.buffers: list[bytes] = []
        self.numbered: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._export = export
        self._size = 0

    def encode(self, value: Any, depth: int = 0) -> Any:
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is str:
            self._grow(len(value))
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
        self._grow(len(content))
        self.buffers.append(content)
        return len(self.buffers) - 1

    def _grow(self, by: int) -> None:
        self._size += by + 8
        if self._size > MAX_SIZE:
            raise CodecError("a value is too large to be checked")

    def _other(self, value: Any, kind: type, depth: int) -> Any:
        module = kind.__module__.partition(".")[0]
        if isinstance(value, type):
            return _plain_type(value) or self._export(value)
        if module == "numpy":
            return self._numpy(value, depth)
        if module == "pandas":
            return self._pandas(value, depth)
        if getattr(value, "_is_remote", False) is True:
            return self._export(value)
        return self._subclass(value, kind, depth)

    def _subclass(self, value: Any, kind: type, depth: int) -> Any:
        """An object of a class derived from a plain one is its plain content: its own methods could lie."""
        if isinstance(value, tuple) and isinstance(fields := getattr(kind, "_fields", None), tuple):
            return ["nt", kind.__name__, self.many(fields, depth), self.many(tuple.__iter__(value), depth)]
        for base in (int, float, str, bytes, list, tuple, dict, set, frozenset):
            if isinstance(value, base):
                plain = _stripped(value, base)
                handle = self._export(value)
                return ["sub", self.encode(plain, depth), handle]
        numpy, pandas = _module("numpy"), _module("pandas")
        if numpy is not None and isinstance(value, numpy.ndarray):
            return self._numpy(numpy.ndarray.view(value, numpy.ndarray), depth)
        if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series):
            return self._pandas(
                pandas.DataFrame(value) if isinstance(value, pandas.DataFrame) else pandas.Series(value), depth
            )
        return self._export(value)

    def _numpy(self, value: Any, depth: int) -> Any:
        numpy = _module("numpy")
        kind = type(value)
        if isinstance(value, numpy.ma.MaskedArray):
            mask = numpy.ma.getmaskarray(value)
            return ["ma", self.encode(numpy.asarray(value.data), depth), self.encode(numpy.asarray(mask), depth)]
        if isinstance(value, numpy.ndarray):
            return self._array(
                numpy.ndarray.view(value, numpy.ndarray) if kind is not numpy.ndarray else value, value, depth
            )
        if isinstance(value, numpy.generic) and not value.dtype.hasobject:
            return ["n", _dtype_text(value.dtype), self.buffer(value.tobytes())]
        if isinstance(value, numpy.dtype) and (value.kind == "O" or not value.hasobject):
            return ["dt", "O" if value.kind == "O" else _dtype_text(value)]
        return self._export(value)

    def _array(self, plain: Any, original: Any, depth: int) -> Any:
        if plain.dtype.hasobject:
            if plain.dtype.kind != "O":
                return self._export(original)
            self.number(original)
            return ["ao", list(plain.shape), self.many(plain.ravel().tolist(), depth)]
        self.number(original)
        return ["a", _dtype_text(plain.dtype), list(plain.shape), self.buffer(plain.tobytes())]

    def _pandas(self, value: Any, depth: int) -> Any:
        pandas = _module("pandas")
        if value is pandas.NaT:
            return ["nat"]
        if value is pandas.NA:
            return ["na"]
        if isinstance(value, pandas.Timestamp):
            zone = None if value.tz is None else str(value.tz)
            plain = value if value.tz is None else value.tz_convert("UTC").tz_localize(None)
            return ["pt", plain.isoformat(), value.unit, zone]
        if isinstance(value, pandas.Timedelta):
            return ["pd", int(value.as_unit("ns").value), value.unit]
        if isinstance(value, pandas.DataFrame):
            self.number(value)
            columns = [self.column(value.iloc[:, place], depth) for place in range(value.shape[1])]
            return ["df", self.encode(value.index, depth), self.encode(value.columns, depth), columns]
        if isinstance(value, pandas.Series):
            self.number(value)
            return ["ps", self.encode(value.index, depth), self.column(value, depth), self.encode(value.name, depth)]
        if isinstance(value, pandas.RangeIndex):
            return ["ri", value.start, value.stop, value.step, self.encode(value.name, depth)]
        if isinstance(value, pandas.MultiIndex):
            levels = [self.column(value.get_level_values(place), depth) for place in range(value.nlevels)]
            return ["mi", levels, self.encode(list(value.names), depth)]
        if isinstance(value, pandas.Index):
            frequency = getattr(getattr(value, "freq", None), "freqstr", None)
            return ["ix", self.column(value, depth), self.encode(value.name, depth), frequency]
        if isinstance(value, pandas.Categorical):
            return self._categorical(value, value.dtype, depth)
        if isinstance(value, pandas.api.extensions.ExtensionArray):
            return ["arr", self.column(pandas.Series(value), depth)]
        if isinstance(value, pandas.api.extensions.ExtensionDtype):
            return ["xd", str(value)] if _EXTENSION.fullmatch(str(value)) else self._export(value)
        return self._export(value)

    def column(self, values: Any, depth: int) -> Any:
        """The values of a Series or Index, by what they are stored as."""
        numpy, pandas = _module("numpy"), _module("pandas")
        dtype = values.dtype
        if isinstance(dtype, numpy.dtype):
            plain = numpy.asarray(values)
            if plain.dtype.kind == "O":
                return ["ao", list(plain.shape), self.many(plain.tolist(), depth)]
            return ["a", _dtype_text(plain.dtype), list(plain.shape), self.buffer(plain.tobytes())]
        if isinstance(dtype, pandas.StringDtype):
            missing = pandas.isna(values)
            texts = [None if gone else str(text) for text, gone in zip(values.tolist(), missing, strict=True)]
            self._grow(sum(map(len, filter(None, texts))))
            return ["str", dtype.na_value is pandas.NA, texts]
        if isinstance(dtype, pandas.CategoricalDtype):
            held = values.cat if hasattr(values, "cat") else values
            return self._categorical(held, dtype, depth)
        if isinstance(dtype, pandas.DatetimeTZDtype):
            held = values.dt if hasattr(values, "dt") else values
            plain = _module("pandas").Index(held.tz_convert("UTC")).tz_localize(None)
            return ["tz", self.column(plain, depth), str(dtype.tz)]
        if _EXTENSION.fullmatch(str(dtype)):
            return [
                "px",
                str(dtype),
                self.many((None if gone else item for item, gone in _with_missing(values)), depth),
            ]
        raise CodecError(f"a column of {dtype} can't be checked")

    def _categorical(self, held: Any, dtype: Any, depth: int) -> Any:
        numpy = _module("numpy")
        codes = self.encode(numpy.asarray(held.codes), depth)
        return ["cat", codes, self.column(dtype.categories, depth), bool(dtype.ordered)]


def _with_missing(values: Any) -> Iterable[tuple[Any, bool]]:
    pandas = _module("pandas")
    return zip(values.tolist(), pandas.isna(values), strict=True)


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


def _dtype_text(dtype: Any) -> Any:
    if dtype.names is None:
        return dtype.str
    if any(dtype.fields[name][0].names or dtype.fields[name][0].subdtype for name in dtype.names):
        raise CodecError("a nested record array can't be checked")
    return [[name, dtype.fields[name][0].str] for name in dtype.names]


def _plain_type(kind: type) -> list[Any] | None:
    if PLAIN_TYPES.get(kind.__name__) is kind:
        return ["g", "builtins", kind.__name__]
    numpy, pandas = _module("numpy"), _module("pandas")
    if numpy is not None and (kind is numpy.ndarray or issubclass(kind, numpy.generic)):
        return ["g", "numpy", kind.__name__] if getattr(numpy, kind.__name__, None) is kind else None
    if pandas is not None and kind.__name__ in _PANDAS_TYPES and getattr(pandas, kind.__name__) is kind:
        return ["g", "pandas", kind.__name__]
    return None


_Encode = Callable[[Encoder, Any, int], Any]


def _container(encoder: Encoder, value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is list or kind is set:
        encoder.number(value)
    encoder._grow(8 * len(value))
    return [_CONTAINERS[kind], encoder.many(value, depth)]


def _dictionary(tag: str) -> _Encode:
    def encode(encoder: Encoder, value: Any, depth: int) -> Any:
        encoder.number(value)
        return [tag, encoder.pairs(value, depth)]

    return encode


def _bytearray(encoder: Encoder, value: bytearray, depth: int) -> Any:
    encoder.number(value)
    return ["ba", encoder.buffer(bytes(value))]


def _deque(encoder: Encoder, value: Any, depth: int) -> Any:
    encoder.number(value)
    return ["dq", encoder.many(value, depth), value.maxlen]


def _datetime(encoder: Encoder, value: datetime.datetime, depth: int) -> Any:
    zone = value.tzinfo
    if zone is None:
        return ["d", value.isoformat(), value.fold]
    if isinstance(zone, zoneinfo.ZoneInfo) and zone.key:
        return ["dz", value.replace(tzinfo=None).isoformat(), value.fold, zone.key]
    if isinstance(zone, datetime.timezone):
        offset = zone.utcoffset(None)
        return ["do", value.replace(tzinfo=None).isoformat(), offset.days, offset.seconds]
    return encoder._export(value)


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


class Decoder:
    """Decodes one message. `resolve` turns a handle into what stands for it here.

    `keep_subclass(handle)` says whether an object of a class derived from a plain one stays an object (a handle) or is taken
    as its plain content.
    """

    def __init__(
        self,
        buffers: list[bytes],
        resolve: Callable[[list[Any]], Any],
        keep_subclass: Callable[[list[Any]], bool] = lambda handle: False,
    ) -> None:
        self.numbered: list[Any] = []
        self._buffers = buffers
        self._resolve = resolve
        self._keep_subclass = keep_subclass

    def decode(self, tree: Any) -> Any:
        if type(tree) is not list:
            return tree
        decode = _DECODERS.get(tree[0])
        return self._resolve(tree) if decode is None else decode(self, tree)

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

    def dtype(self, text: Any) -> Any:
        numpy = _module("numpy")
        if isinstance(text, list):
            return numpy.dtype([(str(name), self.dtype(kind)) for name, kind in text])
        if not isinstance(text, str) or not _DTYPE.fullmatch(text):
            raise CodecError("no plain dtype")
        return numpy.dtype(text)

    def array(self, tree: list[Any]) -> Any:
        numpy = _module("numpy")
        if tree[0] == "ao":
            items = self.many(tree[2])
            made = numpy.empty(len(items), dtype=object)
            for place, item in enumerate(items):
                made[place] = item
            return made.reshape(_shape(tree[1]))
        content = self.bytes(tree[3])
        dtype = self.dtype(tree[1])
        if dtype.itemsize == 0:
            return numpy.zeros(_shape(tree[2]), dtype)
        return numpy.frombuffer(content, dtype).reshape(_shape(tree[2])).copy()

    def column(self, tree: list[Any]) -> Any:
        """Values for a Series or Index."""
        pandas = _module("pandas")
        tag = tree[0]
        if tag in ("a", "ao"):
            return self.array(tree)
        if tag == "str":
            dtype = pandas.StringDtype() if tree[1] else pandas.StringDtype(na_value=float("nan"))
            return pandas.array([None if text is None else str(text) for text in tree[2]], dtype=dtype)
        if tag == "cat":
            categories = pandas.Index(self.column(tree[2]))
            return pandas.Categorical.from_codes(self.decode(tree[1]), categories=categories, ordered=bool(tree[3]))
        if tag == "tz":
            return pandas.DatetimeIndex(self.column(tree[1])).tz_localize("UTC").tz_convert(_zone(tree[2]))
        if tag == "px" and isinstance(tree[1], str) and _EXTENSION.fullmatch(tree[1]):
            return pandas.array(self.many(tree[2]), dtype=tree[1])
        raise CodecError("no plain column")

    def frame(self, tree: list[Any]) -> Any:
        pandas = _module("pandas")
        place = self.reserve()
        index, columns = self.decode(tree[1]), self.decode(tree[2])
        held = {number: _series(self.column(column), index) for number, column in enumerate(tree[3])}
        made = pandas.DataFrame(held, index=index)
        made.columns = columns
        self.numbered[place] = made
        return made

    def series(self, tree: list[Any]) -> Any:
        place = self.reserve()
        index = self.decode(tree[1])
        made = _series(self.column(tree[2]), index)
        made.name = self.decode(tree[3])
        self.numbered[place] = made
        return made

    def index(self, tree: list[Any]) -> Any:
        pandas = _module("pandas")
        values = self.column(tree[1])
        dtype = object if _holds_objects(values) else None
        made = pandas.Index(values, dtype=dtype, name=self.decode(tree[2]))
        if isinstance(tree[3], str) and hasattr(made, "freq"):
            try:
                made.freq = tree[3]
            except ValueError:
                return made
        return made


def _holds_objects(values: Any) -> bool:
    return getattr(getattr(values, "dtype", None), "kind", "") == "O" and isinstance(values, _module("numpy").ndarray)


def _series(values: Any, index: Any) -> Any:
    pandas = _module("pandas")
    dtype = object if _holds_objects(values) else None
    return pandas.Series(values, index=index, dtype=dtype)


def _shape(numbers: Any) -> tuple[int, ...]:
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise CodecError("no shape")
    return tuple(numbers)


def _zone(name: Any) -> Any:
    if name == "UTC":
        return datetime.UTC
    if match := re.fullmatch(r"UTC([+-])(\d\d):(\d\d)", str(name)):
        minutes = int(match[2]) * 60 + int(match[3])
        return datetime.timezone(datetime.timedelta(minutes=minutes if match[1] == "+" else -minutes))
    return zoneinfo.ZoneInfo(str(name))


def _list(decoder: Decoder, tree: list[Any]) -> Any:
    made = decoder.keep([])
    made.extend(decoder.many(tree[1]))
    return made


def _set(decoder: Decoder, tree: list[Any]) -> Any:
    made = decoder.keep(set())
    made.update(decoder.many(tree[1]))
    return made


def _dict(make: Callable[[], Any]) -> Callable[[Decoder, list[Any]], Any]:
    def decode(decoder: Decoder, tree: list[Any]) -> Any:
        made = decoder.keep(make())
        for key, value in decoder.pairs(tree[1]):
            dict.__setitem__(made, key, value)
        return made

    return decode


def _object_array(decoder: Decoder, tree: list[Any]) -> Any:
    place = decoder.reserve()
    made = decoder.numbered[place] = decoder.array(["ao", tree[1], tree[2]])
    return made


def _deque_back(decoder: Decoder, tree: list[Any]) -> Any:
    made = decoder.keep(collections.deque(maxlen=tree[2]))
    made.extend(decoder.many(tree[1]))
    return made


def _known(decoder: Decoder, tree: list[Any]) -> Any:
    if type(tree[1]) is not int or tree[1] < 0:
        raise CodecError("no such number")
    return decoder.numbered[tree[1]]


def _named_tuple(decoder: Decoder, tree: list[Any]) -> Any:
    kind = collections.namedtuple(str(tree[1]), decoder.many(tree[2]))  # type: ignore[misc]
    return kind(*decoder.many(tree[3]))


def _subclass(decoder: Decoder, tree: list[Any]) -> Any:
    plain = decoder.decode(tree[1])
    return decoder._resolve(tree[2]) if decoder._keep_subclass(tree[2]) else plain


def _offset(decoder: Decoder, tree: list[Any]) -> Any:
    zone = datetime.timezone(datetime.timedelta(days=tree[2], seconds=tree[3]))
    return datetime.datetime.fromisoformat(tree[1]).replace(tzinfo=zone)


def _timestamp(decoder: Decoder, tree: list[Any]) -> Any:
    made = _module("pandas").Timestamp(tree[1])
    if tree[3] is not None:
        made = made.tz_localize("UTC").tz_convert(_zone(tree[3]))
    return made.as_unit(tree[2])


def _global(decoder: Decoder, tree: list[Any]) -> Any:
    if tree[1] == "builtins":
        return PLAIN_TYPES[tree[2]]
    if tree[1] == "pandas" and tree[2] not in _PANDAS_TYPES:
        raise CodecError("no plain type")
    kind = getattr(_module(tree[1] if tree[1] == "pandas" else "numpy"), tree[2])
    if not isinstance(kind, type):
        raise CodecError("no plain type")
    return kind


def _naive(tree: list[Any]) -> datetime.datetime:
    return datetime.datetime.fromisoformat(tree[1]).replace(fold=1 if tree[2] else 0)


_DECODERS: dict[str, Callable[[Decoder, list[Any]], Any]] = {
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
    "dz": lambda decoder, tree: _naive(tree).replace(tzinfo=_zone(tree[3])),
    "do": _offset,
    "da": lambda decoder, tree: datetime.date.fromisoformat(tree[1]),
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
    "a": lambda decoder, tree: decoder.keep(decoder.array(tree)),
    "ao": _object_array,
    "ma": lambda decoder, tree: _module("numpy").ma.MaskedArray(decoder.decode(tree[1]), mask=decoder.decode(tree[2])),
    "n": lambda decoder, tree: _module("numpy").frombuffer(decoder.bytes(tree[2]), decoder.dtype(tree[1]))[0],
    "dt": lambda decoder, tree: _module("numpy").dtype(object) if tree[1] == "O" else decoder.dtype(tree[1]),
    "nat": lambda decoder, tree: _module("pandas").NaT,
    "na": lambda decoder, tree: _module("pandas").NA,
    "pt": _timestamp,
    "pd": lambda decoder, tree: _module("pandas").Timedelta(tree[1], "ns").as_unit(tree[2]),
    "df": lambda decoder, tree: decoder.frame(tree),
    "ps": lambda decoder, tree: decoder.series(tree),
    "ri": lambda decoder, tree: _module("pandas").RangeIndex(tree[1], tree[2], tree[3], name=decoder.decode(tree[4])),
    "mi": lambda decoder, tree: _module("pandas").MultiIndex.from_arrays(
        [decoder.column(level) for level in tree[1]], names=decoder.decode(tree[2])
    ),
    "ix": lambda decoder, tree: decoder.index(tree),
    "cat": lambda decoder, tree: decoder.column(tree),
    "arr": lambda decoder, tree: _series(decoder.column(tree[1]), None).array,
    "xd": lambda decoder, tree: _module("pandas").api.types.pandas_dtype(tree[1]),
    "g": _global,
}


def dumps(tree: Any) -> bytes:
    return json.dumps(tree, separators=(",", ":")).encode()
