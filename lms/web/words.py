"""The words of a report's question, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .i18n import lazy_gettext as _

DIMENSIONS: Mapping[str, Any] = {
    "region": _("Region"),
    "zone": _("Zone"),
    "centre": _("Centre"),
    "company": _("Company"),
    "cluster": _("Cluster"),
    "size": _("Size"),
    "industry": _("Industry"),
    "level": _("Factory level"),
    "course": _("Course"),
    "run": _("Run"),
    "programme": _("Programme"),
    "year": _("Year"),
}


def of_dimension(name: str) -> str:
    return str(DIMENSIONS[name])
