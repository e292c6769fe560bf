"""Arrays and tables from a tree and byte strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .decode import PlainDecoder, zone
from .plain import DTYPE, EXTENSION, PANDAS_TYPES, PLAIN_TYPES, CodecError, module


class Decoder(PlainDecoder):
    def dtype(self, text: Any) -> Any:
        numpy = module("numpy")
        if isinstance(text, list):
            return numpy.dtype([(str(name), self.dtype(kind)) for name, kind in text])
        if not isinstance(text, str) or not DTYPE.fullmatch(text):
            raise CodecError("no plain dtype")
        return numpy.dtype(text)

    def array(self, tree: list[Any]) -> Any:
        numpy = module("numpy")
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
        pandas = module("pandas")
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
            return pandas.DatetimeIndex(self.column(tree[1])).tz_localize("UTC").tz_convert(zone(tree[2]))
        if tag == "px" and isinstance(tree[1], str) and EXTENSION.fullmatch(tree[1]):
            return pandas.array(self.many(tree[2]), dtype=tree[1])
        if tag == "prs" and isinstance(tree[1], str):
            return pandas.PeriodIndex.from_ordinals(self.many(tree[2]), freq=tree[1])
        if tag == "ivs":
            return pandas.IntervalIndex.from_arrays(self.column(tree[1]), self.column(tree[2]), closed=str(tree[3]))
        raise CodecError("no plain column")

    def frame(self, tree: list[Any]) -> Any:
        pandas = module("pandas")
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
        pandas = module("pandas")
        values = self.column(tree[1])
        dtype = object if _holds_objects(values) else None
        made = pandas.Index(values, dtype=dtype, name=self.decode(tree[2]))
        if isinstance(tree[3], str) and hasattr(made, "freq"):
            try:
                made.freq = tree[3]
            except (ValueError, AttributeError):  # a period has it by its type
                return made
        return made


def _holds_objects(values: Any) -> bool:
    return getattr(getattr(values, "dtype", None), "kind", "") == "O" and isinstance(values, module("numpy").ndarray)


def _series(values: Any, index: Any) -> Any:
    pandas = module("pandas")
    dtype = object if _holds_objects(values) else None
    return pandas.Series(values, index=index, dtype=dtype)


def _shape(numbers: Any) -> tuple[int, ...]:
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise CodecError("no shape")
    return tuple(numbers)


def _object_array(decoder: Decoder, tree: list[Any]) -> Any:
    place = decoder.reserve()
    made = decoder.numbered[place] = decoder.array(["ao", tree[1], tree[2]])
    return made


def _timestamp(decoder: Decoder, tree: list[Any]) -> Any:
    made = module("pandas").Timestamp(tree[1])
    if tree[3] is not None:
        made = made.tz_localize("UTC").tz_convert(zone(tree[3]))
    return made.as_unit(tree[2])


def _extension(decoder: Decoder, tree: list[Any]) -> Any:
    if not isinstance(tree[1], str) or not EXTENSION.fullmatch(tree[1]):
        raise CodecError("no plain dtype")
    return module("pandas").api.types.pandas_dtype(tree[1])


def _global(decoder: Decoder, tree: list[Any]) -> Any:
    if tree[1] == "builtins":
        return PLAIN_TYPES[tree[2]]
    if tree[1] == "pandas" and tree[2] not in PANDAS_TYPES:
        raise CodecError("no plain type")
    kind = getattr(module(tree[1] if tree[1] == "pandas" else "numpy"), tree[2])
    if not isinstance(kind, type):
        raise CodecError("no plain type")
    return kind


_TABLE_DECODERS: dict[str, Callable[[Any, list[Any]], Any]] = {
    "a": lambda decoder, tree: decoder.keep(decoder.array(tree)),
    "ao": _object_array,
    "ma": lambda decoder, tree: module("numpy").ma.MaskedArray(decoder.decode(tree[1]), mask=decoder.decode(tree[2])),
    "n": lambda decoder, tree: module("numpy").frombuffer(decoder.bytes(tree[2]), decoder.dtype(tree[1]))[0],
    "dt": lambda decoder, tree: module("numpy").dtype(object) if tree[1] == "O" else decoder.dtype(tree[1]),
    "nat": lambda decoder, tree: module("pandas").NaT,
    "na": lambda decoder, tree: module("pandas").NA,
    "pt": _timestamp,
    "pd": lambda decoder, tree: module("pandas").Timedelta(tree[1], "ns").as_unit(tree[2]),
    "pr": lambda decoder, tree: module("pandas").Period(ordinal=tree[1], freq=str(tree[2])),
    "iv": lambda decoder, tree: module("pandas").Interval(*decoder.many(tree[1:3]), closed=str(tree[3])),
    "df": lambda decoder, tree: decoder.frame(tree),
    "ps": lambda decoder, tree: decoder.series(tree),
    "ri": lambda decoder, tree: module("pandas").RangeIndex(tree[1], tree[2], tree[3], name=decoder.decode(tree[4])),
    "mi": lambda decoder, tree: module("pandas").MultiIndex.from_arrays(
        [decoder.column(level) for level in tree[1]], names=decoder.decode(tree[2])
    ),
    "ix": lambda decoder, tree: decoder.index(tree),
    "cat": lambda decoder, tree: decoder.column(tree),
    "arr": lambda decoder, tree: _series(decoder.column(tree[1]), None).array,
    "xd": _extension,
    "g": _global,
}
Decoder.decoders = {**PlainDecoder.decoders, **_TABLE_DECODERS}
