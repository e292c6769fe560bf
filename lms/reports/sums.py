"""Figures added up by group, for questions that count more than the completions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .question import Question
from .rows import Group, Groups, grouped

Sums = Mapping[tuple[Group, ...], Counter[str]]


def sums_of(session: Session, groups: Groups, question: Question, counted: Any, figures: Sequence[str]) -> Sums:
    """Of each group the sums of these columns of `counted`: one query."""
    statement, columns = grouped(question, counted)
    sums = [func.coalesce(func.sum(counted.c[name]), 0) for name in figures]
    found: dict[tuple[Group, ...], Counter[str]] = {}
    for row in session.execute(statement.add_columns(*columns, *sums).group_by(*columns)):
        raw, values = row[: len(columns)], row[len(columns) :]
        key = groups.of({column.name: value for column, value in zip(columns, raw, strict=True)})
        found.setdefault(key, Counter()).update({name: int(value) for name, value in zip(figures, values, strict=True)})
    return found


def total_of(session: Session, counted: Any, figures: Sequence[str]) -> Counter[str]:
    """The sums over all rows, each once: one query."""
    sums = [func.coalesce(func.sum(counted.c[name]), 0) for name in figures]
    values = session.execute(select(*sums).select_from(counted)).one()
    return Counter({name: int(value) for name, value in zip(figures, values, strict=True)})
