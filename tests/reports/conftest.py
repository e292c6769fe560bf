"""A country to count."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lms.models import Database

from .country import Country, make_country


@pytest.fixture
def country(database: Database) -> Iterator[Country]:
    """All regions and centres of the reference data, open for writing; nobody is enrolled."""
    with database.writing() as session:
        yield make_country(session)
