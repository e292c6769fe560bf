"""What companies and people are after any sequence of deeds, in plain Python: rows in dictionaries and deeds that remember
what they changed. Written from the rules, not from the program, so that the two can be held against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

Key = tuple[str, int]  # ("employment", 3)
Row = Mapping[str, Any]


class RefusedError(Exception):
    """The rules don't allow it; nothing has changed."""


@dataclass
class Deed:
    """The rows that it changed, before and after (None: not there)."""

    changed: dict[Key, tuple[Row | None, Row | None]] = field(default_factory=dict)
    is_undone: bool = False
    undoes: int | None = None


@dataclass
class Organisations:
    """`rows` are companies (merged_into), persons (name) and employments (person, company, number, from_on, to_on)."""

    rows: dict[Key, Row] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    _next: int = 0

    def seed(self, kind: str, **row: Any) -> int:
        """A row that was there before all deeds."""
        self._next += 1
        self.rows[kind, self._next] = row
        return self._next

    # Deeds. Each returns its place among the deeds, or raises RefusedError.

    def add_person(self, name: str, company: int, number: str | None, from_on: date) -> int:
        def change(draft: _Draft) -> None:
            person = draft.add("person", name=name)
            self._employ(draft, person, company, number, from_on)

        return self._do(change)

    def employ(self, person: int, company: int, number: str | None, from_on: date) -> int:
        return self._do(lambda draft: self._employ(draft, person, company, number, from_on))

    def end(self, employment: int, to_on: date) -> int:
        row = self.rows["employment", employment]
        if (row["to_on"] is not None and row["to_on"] <= to_on) or to_on < row["from_on"]:
            raise RefusedError
        return self._do(lambda draft: draft.set("employment", employment, to_on=to_on))

    def move(self, employment: int, company: int, number: str | None, from_on: date) -> int:
        row = self.rows["employment", employment]
        last = from_on - timedelta(days=1)
        if row["company"] == company or from_on <= row["from_on"] or (row["to_on"] is not None and row["to_on"] < last):
            raise RefusedError

        def change(draft: _Draft) -> None:
            draft.set("employment", employment, to_on=last)
            self._employ(draft, row["person"], company, number, from_on)

        return self._do(change)

    def merge(self, company: int, into: int) -> int:
        if company == into or self._is_merged(company) or self._is_merged(into):
            raise RefusedError
        mine, theirs = self._at(company), self._at(into)
        for row in mine.values():
            for other in theirs.values():
                same_number = row["number"] is not None and row["number"] == other["number"]
                if same_number and row["person"] != other["person"]:
                    raise RefusedError

        def change(draft: _Draft) -> None:
            for id_, row in mine.items():
                twins = [other for other, its in theirs.items() if _is_one_stay(row, draft.rows["employment", other])]
                if not twins:
                    draft.set("employment", id_, company=into)
                    continue
                twin = draft.rows["employment", twins[0]]
                ends = [row["to_on"], twin["to_on"]]
                draft.remove("employment", id_)
                draft.set(
                    "employment",
                    twins[0],
                    from_on=min(row["from_on"], twin["from_on"]),
                    to_on=None if None in ends else max(ends),
                    number=twin["number"] or row["number"],
                )
            for other in [id_ for (kind, id_), row in draft.rows.items() if kind == "company"]:
                if other == company or draft.rows["company", other]["merged_into"] == company:
                    draft.set("company", other, merged_into=into)

        return self._do(change)

    def undo(self, place: int) -> int:
        """Take a deed back: refused where a deed that stands touched one of its rows since, where rows refer to what it
        added, or where a number that would come back is somebody's."""
        deed = self.deeds[place]
        if deed.is_undone or deed.undoes is not None:
            raise RefusedError
        for later in self.deeds[place + 1 :]:
            if not later.is_undone and later.undoes is None and later.changed.keys() & deed.changed.keys():
                raise RefusedError
        rows = dict(self.rows)
        for key, (before, _after) in deed.changed.items():
            rows.pop(key, None) if before is None else rows.__setitem__(key, before)
        persons = {id_ for kind, id_ in rows if kind == "person"}
        stays = [row for (kind, _id), row in rows.items() if kind == "employment"]
        numbers = [(row["company"], row["number"]) for row in stays if row["number"] is not None]
        if any(row["person"] not in persons for row in stays) or len(set(numbers)) < len(numbers):
            raise RefusedError
        self.deeds.append(Deed({key: (after, before) for key, (before, after) in deed.changed.items()}, undoes=place))
        deed.is_undone = True
        self.rows = rows
        return len(self.deeds) - 1

    # What there is

    def employments(self) -> list[tuple]:
        """Person, company, number, first and last day of each, by these."""
        found = [
            (row["person"], row["company"], row["number"], row["from_on"], row["to_on"])
            for (kind, _id), row in self.rows.items()
            if kind == "employment"
        ]
        return sorted(found, key=str)

    def merged(self) -> dict[int, int | None]:
        return {id_: row["merged_into"] for (kind, id_), row in self.rows.items() if kind == "company"}

    # The rules

    def _employ(self, draft: _Draft, person: int, company: int, number: str | None, from_on: date) -> None:
        if self._is_merged(company):
            raise RefusedError
        for id_, row in draft.at(company).items():
            if row["person"] == person and (row["to_on"] is None or row["to_on"] >= from_on):
                raise RefusedError
            if number is not None and row["number"] == number:
                if row["person"] != person:
                    raise RefusedError
                draft.set("employment", id_, number=None)
        draft.add("employment", person=person, company=company, number=number, from_on=from_on, to_on=None)

    def _is_merged(self, company: int) -> bool:
        return self.rows["company", company]["merged_into"] is not None

    def _at(self, company: int) -> dict[int, Row]:
        return _Draft(self, dict(self.rows)).at(company)

    def _do(self, change: Any) -> int:
        draft = _Draft(self, dict(self.rows))
        change(draft)
        keys = draft.rows.keys() | self.rows.keys()
        changed = {
            key: (self.rows.get(key), draft.rows.get(key)) for key in keys if self.rows.get(key) != draft.rows.get(key)
        }
        self.deeds.append(Deed(changed))
        self.rows = draft.rows
        return len(self.deeds) - 1


@dataclass
class _Draft:
    """The rows as a deed is about to leave them."""

    whole: Organisations
    rows: dict[Key, Row]

    def add(self, kind: str, **row: Any) -> int:
        self.whole._next += 1
        self.rows[kind, self.whole._next] = row
        return self.whole._next

    def set(self, kind: str, id_: int, **values: Any) -> None:
        self.rows[kind, id_] = {**self.rows[kind, id_], **values}

    def remove(self, kind: str, id_: int) -> None:
        del self.rows[kind, id_]

    def at(self, company: int) -> dict[int, Row]:
        return {
            id_: row for (kind, id_), row in self.rows.items() if kind == "employment" and row["company"] == company
        }


def _is_one_stay(row: Row, other: Row) -> bool:
    """The same person in both, with one number, or at one time where a number is missing."""
    if row["person"] != other["person"]:
        return False
    if row["number"] is not None and row["number"] == other["number"]:
        return True
    overlap = (row["to_on"] is None or other["from_on"] <= row["to_on"]) and (
        other["to_on"] is None or row["from_on"] <= other["to_on"]
    )
    return overlap and (row["number"] is None or other["number"] is None)
