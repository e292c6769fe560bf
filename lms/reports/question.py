"""What a report is asked: one form for pages, links, files and the command line, so that a link keeps all of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, cast, get_args
from uuid import UUID

from lms.clock import today
from lms.errors import LMSError
from lms.models.companies import FACTORY_LEVELS, SIZE_CLASSES

Reading = Literal["recorded", "effective"]
Regions = Literal["then", "today"]

# In the order in which pages offer them. Each can cut a report and filter it.
PLACE_DIMENSIONS = ("region", "zone", "centre", "company", "cluster", "size", "industry", "level")
COURSE_DIMENSIONS = ("course", "run", "programme", "year")
DIMENSIONS = (*PLACE_DIMENSIONS, *COURSE_DIMENSIONS)
# An enrolment may stand in several groups of these, so the parts may add up to more than the total.
OVERLAPPING = frozenset({"centre", "cluster"})

MOST_VALUES = 400  # of one filter: databases refuse conditions of a thousand parts

CURRENT = "current"  # of `run`: the runs in whose learning or review period the day lies
UNDECLARED = "undeclared"  # of `size`, `industry`, `level`: the company had declared none

_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "year": (re.compile(r"\d{4}"), "a year such as 2026"),
    "industry": (re.compile(rf"\d\d|{UNDECLARED}"), f"a division such as 25, or {UNDECLARED}"),
    "run": (
        re.compile(rf"{CURRENT}|[a-z0-9-]+-\d{{1,9}}"),
        f"a course with its run's number, such as oee-2, or {CURRENT}",
    ),
}
_VOCABULARIES: Mapping[str, tuple[str, ...]] = {
    "size": (*SIZE_CLASSES, UNDECLARED),
    "level": (*FACTORY_LEVELS, UNDECLARED),
}
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")


class ReportError(LMSError):
    """The question can't be asked. `what` says why, `choices` what may be said instead.

    `reason`: dimension (unknown or named twice), reading, regions, day (no day), not_ended, value (of the filter `name`), many
    (values of it), sort (an unknown order of rows), wide (about too many people).
    """

    reason = "report"
    sentence = "{what}. Choose from: {choices}."


def _refuse(reason: str, name: str, value: object, what: str, choices: Iterable[str]) -> ReportError:
    return ReportError(reason, name=name, value=str(value), what=what, choices=", ".join(choices))


@dataclass(frozen=True)
class Question:
    """By which dimensions, as of which day, in which reading, of which part.

    `reading` recorded: what was known by the end of the day `as_of`; effective: what had happened by then, as known now.
    `regions` then: those of the enrolment; today: those that followed them. `filters` gives for a dimension the keys of
    which an enrolment must have one; dimensions without an entry are not filtered. Keys are slugs; of companies uids or
    business numbers; of runs the course's slug, a hyphen and the number.

    `asked_on` is the day on which it was asked, if not today: the regions and companies of today are those of that day, and
    the viewer answers for what she answered for then. So a statement can be asked again.

    Raises:
        ReportError
    """

    as_of: date
    by: tuple[str, ...] = ("region",)
    reading: Reading = "recorded"
    regions: Regions = "then"
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked_on: date | None = None

    def __post_init__(self) -> None:
        for place, name in enumerate(self.by):
            if name not in DIMENSIONS or name in self.by[:place]:
                what = f"'{name}' is no dimension of this report, or named twice"
                raise _refuse("dimension", "by", name, what, DIMENSIONS)
        _refuse_unknown("reading", self.reading, get_args(Reading))
        _refuse_unknown("regions", self.regions, get_args(Regions))
        kept = {name: tuple(dict.fromkeys(self.filters[name])) for name in DIMENSIONS if self.filters.get(name)}
        if wrong := set(self.filters) - set(DIMENSIONS):
            name = min(wrong)
            raise _refuse("dimension", name, name, f"'{name}' is no dimension to filter by", DIMENSIONS)
        for name, values in kept.items():
            if len(values) > MOST_VALUES:
                what = f"{len(values)} values of {name} are too many"
                raise _refuse("many", name, len(values), what, [f"{MOST_VALUES} at most"])
            for value in values:
                _refuse_value(name, value)
        object.__setattr__(self, "filters", MappingProxyType(kept))

    @property
    def asking_day(self) -> date:
        return self.asked_on or today()

    @property
    def overlaps(self) -> bool:
        return bool(OVERLAPPING & set(self.by))

    def filter(self, name: str) -> tuple[str, ...]:
        """The keys that a dimension is filtered by; none where it isn't."""
        return self.filters.get(name, ())

    def but(
        self,
        *,
        as_of: date | None = None,
        by: Sequence[str] | None = None,
        reading: Reading | None = None,
        regions: Regions | None = None,
        **filters: Sequence[str],
    ) -> Question:
        """The same question with something else in it; an empty filter takes that filter away."""
        return replace(
            self,
            as_of=as_of or self.as_of,
            by=self.by if by is None else tuple(by),
            reading=reading or self.reading,
            regions=regions or self.regions,
            filters={**self.filters, **{name: tuple(values) for name, values in filters.items()}},
        )

    def to_words(self) -> list[tuple[str, str]]:
        """Names and values of an address that asks the same. The day is always in it, so that the link stays true."""
        words = [("by", ",".join(self.by)), ("as_of", self.as_of.isoformat())]
        if self.reading != "recorded":
            words.append(("reading", self.reading))
        if self.regions != "then":
            words.append(("regions", self.regions))
        return words + [(name, value) for name, values in self.filters.items() for value in values]

    def to_document(self) -> dict[str, Any]:
        """The words as a JSON object, for the log of downloads."""
        document: dict[str, Any] = {"by": list(self.by), "as_of": self.as_of.isoformat()}
        document |= {"reading": self.reading, "regions": self.regions}
        return document | {name: list(values) for name, values in self.filters.items()}

    @classmethod
    def from_words(cls, words: Mapping[str, Iterable[str]], *, default: Question, today: date) -> Question:
        """The question of an address or a form.

        `words` maps each name to its values, which may hold several with commas; names that aren't a question's are left
        aside. What isn't given is as in `default`; a filter that is given empty is taken away.

        Raises:
            ReportError
        """
        given = {name: _split(values) for name, values in words.items()}
        filters = {name: given[name] for name in DIMENSIONS if name in given}
        one = {name: given[name][-1] for name in ("as_of", "reading", "regions") if given.get(name)}
        as_of = _day(one["as_of"], today) if "as_of" in one else default.as_of
        return replace(
            default,
            as_of=as_of,
            by=given.get("by") or default.by,
            reading=cast(Reading, one.get("reading", default.reading)),
            regions=cast(Regions, one.get("regions", default.regions)),
            filters={**default.filters, **filters},
        )


def _split(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def _day(text: str, today: date) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise _refuse("day", "as_of", text, f"'{text}' is not a day", ["a day such as 2026-07-31"])
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _refuse("day", "as_of", text, f"'{text}' is not a day", ["a day such as 2026-07-31"]) from None
    if day > today:
        raise _refuse("not_ended", "as_of", text, f"{text} has not ended yet", [f"{today} or a day before"])
    if day.year < 2000:
        raise _refuse("day", "as_of", text, f"'{text}' is before any record", ["a day such as 2026-07-31"])
    return day


def _refuse_unknown(name: str, value: str, words: Sequence[str]) -> None:
    if value not in words:
        raise _refuse(name, name, value, f"'{value}' is no {name}", words)


def _refuse_value(name: str, value: str) -> None:
    what = f"'{value}' is no {name}"
    if name in _VOCABULARIES:
        if value not in _VOCABULARIES[name]:
            raise _refuse("value", name, value, what, _VOCABULARIES[name])
    elif name in _FORMS:
        form, example = _FORMS[name]
        if not form.fullmatch(value):
            raise _refuse("value", name, value, what, [example])
    elif name == "company":
        if not re.fullmatch(r"\d{10}", value) and not _is_uid(value):
            raise _refuse("value", name, value, what, ["a business number of ten digits, or the id of a link"])
    elif len(value) > 100 or not _SLUG.fullmatch(value):
        raise _refuse(
            "value", name, value[:40], f"'{value[:40]}' is no {name}", ["the names that its page or list shows"]
        )


def _is_uid(value: str) -> bool:
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False
