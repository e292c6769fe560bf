"""What somebody answered for when she asked for a file, kept with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from lms.people.viewers import Viewer

_SETS = ("officer_centres", "instructor_centres", "managed_companies")


def to_document(viewer: Viewer, day: date) -> dict[str, Any]:
    sets = {name: sorted(getattr(viewer, name)) for name in _SETS}
    return {**sets, "is_programme_office": viewer.is_programme_office, "day": day.isoformat()}


def viewer_of(document: Mapping[str, Any], viewer: Viewer) -> tuple[Viewer, date]:
    """The viewer as she was, and the day."""
    then = replace(
        Viewer(viewer.id, viewer.uid, viewer.name),
        is_programme_office=document["is_programme_office"],
        officer_centres=frozenset(document["officer_centres"]),
        instructor_centres=frozenset(document["instructor_centres"]),
        managed_companies=frozenset(document["managed_companies"]),
    )
    return then, date.fromisoformat(document["day"])


def still_covers(document: Mapping[str, Any], viewer: Viewer) -> bool:
    """Whether she answers today for all that she answered for then."""
    if document["is_programme_office"]:
        return viewer.is_programme_office
    return all(frozenset(document[name]) <= getattr(viewer, name) for name in _SETS)
