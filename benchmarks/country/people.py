"""People, and where they work when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lms.models import Employment, Person

from . import columns, moments
from .firms import Firms
from .loading import Loader
from .size import Size

FIRST_ID = 1_000  # below are those who answer for the figures
_MOVED = 0.08  # change company meanwhile
_FAMILY = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구"
_GIVEN = "민서지우하은도윤현수진영호연아준혁철상미경태성재동희선나라원빈솔보람찬규식숙자"


@dataclass(frozen=True)
class People:
    """By place; the id is FIRST_ID + the place. `firm` and `later_firm` are places of companies, the second from `moved_on`."""

    firm: np.ndarray
    later_firm: np.ndarray
    moved_on: np.ndarray

    def firm_on(self, places: np.ndarray, days: np.ndarray) -> np.ndarray:
        return np.where(self.moved_on[places] <= days, self.later_firm[places], self.firm[places])


def make(size: Size, loader: Loader, firms: Firms) -> People:
    random = np.random.default_rng([size.seed, 2])
    count = size.learners
    since, until = moments.number(size.since), moments.number(size.until)
    firm = np.repeat(np.arange(size.companies), firms.learners)
    moved = random.random(count) < _MOVED
    # To a company by its size, which is the company of somebody.
    later = np.where(moved, firm[random.integers(0, count, count)], firm)
    moved &= later != firm
    moved_on = np.where(moved, random.integers(since, until + 1, count), until + 10_000)
    created = moments.moments((since - random.integers(30, 400, count)) * moments.DAY + 32_400)
    ids = FIRST_ID + np.arange(count)
    person = {
        "id": ids,
        "uid": columns.uids(random, created),
        "name": _names(random, count),
        "must_change_password": 0,
        "is_active": 1,
        "created_at": created,
    }
    loader.write(Person.__table__, person)  # type: ignore[arg-type]
    far = np.full(count, until + 10_000)
    begun = created // 86_400_000_000
    _employ(loader, ids, ids, firms.on(firm, far), b"E", begun, np.where(moved, moved_on - 1, 0), ~moved)
    if moved.any():
        places = np.flatnonzero(moved)
        last = FIRST_ID + count + np.arange(len(places))
        home = firms.on(later, far)[places]
        _employ(loader, last, ids[places], home, b"F", moved_on[places], None, np.full(len(places), True))
    return People(firm, np.where(moved, later, firm), moved_on)


def _employ(
    loader: Loader,
    ids: np.ndarray,
    person: np.ndarray,
    firm: np.ndarray,
    letter: bytes,
    from_on: np.ndarray,
    to_on: np.ndarray | None,
    stays: np.ndarray,
) -> None:
    rows = {
        "id": ids,
        "person_id": person,
        "company_id": firm + 1,
        "employee_number": columns.joined(letter, columns.digits(person, 7)),
        "department": columns.text("생산팀"),
        "job": b"",
        "from_on": from_on,
    }
    for which, ended in ((stays, None), (~stays, to_on)):
        if which.any():
            part = {name: value[which] if isinstance(value, np.ndarray) else value for name, value in rows.items()}
            if ended is not None:
                part["to_on"] = ended[which]
            loader.write(Employment.__table__, part)  # type: ignore[arg-type]


def _names(random: np.random.Generator, count: int) -> np.ndarray:
    # Commoner ones are named first.
    family = (len(_FAMILY) * random.random(count) ** 2.2).astype(int)
    given = random.integers(0, len(_GIVEN), (2, count))
    return columns.joined(columns.chosen(_FAMILY, family), *(columns.chosen(_GIVEN, place) for place in given))
