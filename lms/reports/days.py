"""Days as numbers, in the database: what sums, packed maxima and differences are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Date, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class DayOf(FunctionElement):
    """The number of a day: of days since 1970."""

    type = Integer()
    inherit_cache = True
    name = "day_of"


@compiles(DayOf)
def _day_of(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"({_inner(element, compiler, options)} - DATE '1970-01-01')"


@compiles(DayOf, "sqlite")
def _day_of_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(julianday({_inner(element, compiler, options)}) - 2440587.5 AS INTEGER)"


class DateOf(FunctionElement):
    """The day of a number of days since 1970."""

    type = Date()
    inherit_cache = True
    name = "date_of"


@compiles(DateOf)
def _date_of(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"(DATE '1970-01-01' + CAST({_inner(element, compiler, options)} AS INTEGER))"


@compiles(DateOf, "sqlite")
def _date_of_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"date({_inner(element, compiler, options)} + 2440587.5)"


class SeoulDayOf(FunctionElement):
    """The number of the day in Seoul of a moment. Seoul keeps one time all the year."""

    type = Integer()
    inherit_cache = True
    name = "seoul_day_of"


@compiles(SeoulDayOf)
def _seoul_day_of(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    # To look the zone up by its name for each moment took as long as to read the entries.
    return f"(({_inner(element, compiler, options)} AT TIME ZONE INTERVAL '9 hours')::date - DATE '1970-01-01')"


@compiles(SeoulDayOf, "sqlite")
def _seoul_day_of_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    # Without the fraction of the second, which SQLite would round up into the next day.
    moment = _inner(element, compiler, options)
    return f"CAST(julianday(date(substr({moment}, 1, 19), '+9 hours')) - 2440587.5 AS INTEGER)"


def _inner(element: Any, compiler: SQLCompiler, options: dict[str, Any]) -> str:
    return compiler.process(element.clauses.clauses[0], **options)
