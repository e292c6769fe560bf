"""Arrays and tables as a tree and byte strings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .encode import PlainEncoder
from .plain import EXTENSION, PANDAS_TYPES, CodecError, module


class Encoder(PlainEncoder):
    """Encodes the values of one message, those of numpy and pandas included."""

    def _other(self, value: Any, kind: type, depth: int) -> Any:
        home = kind.__module__.partition(".")[0]
        if home == "numpy" and not isinstance(value, type):
            return self._numpy(value, depth)
        if home == "pandas" and not isinstance(value, type):
            return self._pandas(value, depth)
        return super()._other(value, kind, depth)

    def plain_type(self, kind: type) -> list[Any] | None:
        known = super().plain_type(kind)
        if known is not None:
            return known
        numpy, pandas = module("numpy"), module("pandas")
        if numpy is not None and (kind is numpy.ndarray or issubclass(kind, numpy.generic)):
            return ["g", "numpy", kind.__name__] if getattr(numpy, kind.__name__, None) is kind else None
        if pandas is not None and kind.__name__ in PANDAS_TYPES and getattr(pandas, kind.__name__) is kind:
            return ["g", "pandas", kind.__name__]
        return None

    def _subclass(self, value: Any, kind: type, depth: int) -> Any:
        numpy, pandas = module("numpy"), module("pandas")
        if numpy is not None and isinstance(value, numpy.ndarray):
            return self._numpy(numpy.ndarray.view(value, numpy.ndarray), depth)
        if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series):
            plain = pandas.DataFrame if isinstance(value, pandas.DataFrame) else pandas.Series
            return self._pandas(plain(value), depth)
        return super()._subclass(value, kind, depth)

    def _numpy(self, value: Any, depth: int) -> Any:
        numpy = module("numpy")
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
        return self.export(value)

    def _array(self, plain: Any, original: Any, depth: int) -> Any:
        if plain.dtype.hasobject:
            if plain.dtype.kind != "O":
                return self.export(original)
            self.number(original)
            return ["ao", list(plain.shape), self.many(plain.ravel().tolist(), depth)]
        self.number(original)
        return ["a", _dtype_text(plain.dtype), list(plain.shape), self.buffer(plain.tobytes())]

    def _pandas(self, value: Any, depth: int) -> Any:
        pandas = module("pandas")
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
        if isinstance(value, pandas.Period):
            return ["pr", value.ordinal, value.freqstr]
        if isinstance(value, pandas.Interval):
            return ["iv", self.encode(value.left, depth), self.encode(value.right, depth), value.closed]
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
            return ["xd", str(value)] if EXTENSION.fullmatch(str(value)) else self.export(value)
        return self.export(value)

    def column(self, values: Any, depth: int) -> Any:
        """The values of a Series or Index, by what they are stored as."""
        numpy, pandas = module("numpy"), module("pandas")
        dtype = values.dtype
        if isinstance(dtype, numpy.dtype):
            plain = numpy.asarray(values)
            if plain.dtype.kind == "O":
                return ["ao", list(plain.shape), self.many(plain.tolist(), depth)]
            return ["a", _dtype_text(plain.dtype), list(plain.shape), self.buffer(plain.tobytes())]
        if isinstance(dtype, pandas.StringDtype):
            missing = pandas.isna(values)
            texts = [None if gone else str(text) for text, gone in zip(values.tolist(), missing, strict=True)]
            self.grow(sum(map(len, filter(None, texts))))
            return ["str", dtype.na_value is pandas.NA, texts]
        if isinstance(dtype, pandas.CategoricalDtype):
            held = values.cat if hasattr(values, "cat") else values
            return self._categorical(held, dtype, depth)
        if isinstance(dtype, pandas.DatetimeTZDtype):
            held = values.dt if hasattr(values, "dt") else values
            plain = module("pandas").Index(held.tz_convert("UTC")).tz_localize(None)
            return ["tz", self.column(plain, depth), str(dtype.tz)]
        if isinstance(dtype, pandas.PeriodDtype):
            return ["prs", str(dtype)[len("period[") : -1], self.many(pandas.PeriodIndex(values).asi8.tolist(), depth)]
        if isinstance(dtype, pandas.IntervalDtype):
            held = pandas.IntervalIndex(values)
            return ["ivs", self.column(held.left, depth), self.column(held.right, depth), held.closed]
        if EXTENSION.fullmatch(str(dtype)):
            return [
                "px",
                str(dtype),
                self.many((None if gone else item for item, gone in _with_missing(values)), depth),
            ]
        raise CodecError(f"a column of {dtype} can't be checked")

    def _categorical(self, held: Any, dtype: Any, depth: int) -> Any:
        numpy = module("numpy")
        codes = self.encode(numpy.asarray(held.codes), depth)
        return ["cat", codes, self.column(dtype.categories, depth), bool(dtype.ordered)]


def _with_missing(values: Any) -> Iterable[tuple[Any, bool]]:
    pandas = module("pandas")
    return zip(values.tolist(), pandas.isna(values), strict=True)


def _dtype_text(dtype: Any) -> Any:
    if dtype.names is None:
        return dtype.str
    if any(dtype.fields[name][0].names or dtype.fields[name][0].subdtype for name in dtype.names):
        raise CodecError("a nested record array can't be checked")
    return [[name, dtype.fields[name][0].str] for name in dtype.names]
