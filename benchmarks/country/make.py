"""Put a country into an empty database."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, update

from lms.models import Database, make_engine
from lms.models.rollups import Rollup

from . import events, firms, people, setting
from .loading import loading
from .setting import Setting
from .size import Size


@dataclass(frozen=True)
class Country:
    """What was made; `seconds` from the first row to the last index, constraints and statistics included."""

    size: Size
    setting: Setting
    rows: int
    entries: int
    seconds: float


def make(url: str, size: Size, *, prepare: Callable[[Engine], object], tell: Callable[[str], None] = print) -> Country:
    """`prepare` brings the empty database to its newest form. Foreign keys and constraints hold afterwards: they were asked.

    The ledger is written past the application, so that what is derived from it (rollups) has to be rebuilt.
    """
    begun = time.monotonic()

    def timed(text: str) -> None:
        tell(f"{time.monotonic() - begun:6.0f} s  {text}")

    timed(str(size))
    database = Database(make_engine(url))
    prepare(database.engine)
    with database.writing() as session:
        small = setting.make(session, size)
        session.commit()
    database.dispose()
    with loading(url, timed) as loader:
        setting.write_staff(loader, size, small)
        companies = firms.make(size, loader, small.regions, small.industries)
        persons = people.make(size, loader, companies)
        timed(f"{size.companies:,} companies and {size.learners:,} people")
        entries = events.write(size, loader, small, companies, persons, timed)
    with database.writing() as session:
        setting.grant(session, size, small)
        session.execute(update(Rollup).values(built_at=None))
        session.commit()
    database.dispose()
    timed(f"loaded: {loader.rows:,} rows")
    return Country(size, small, loader.rows, entries, time.monotonic() - begun)
