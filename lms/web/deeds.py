"""The words of a deed on companies, people, roles and centres: what it was, and what it changed from what to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Base, Centre, Change, Cluster, Company, Industry, Person, Programme, Region
from lms.people.changes import UNDONE_ELSEWHERE, Deed
from lms.people.organisations.business_numbers import display
from lms.reports.rows import vocabulary_of

from .i18n import current_language, format_day, lazy_gettext, ngettext
from .i18n import gettext as _

KINDS: Mapping[str, Any] = {
    "company_added": lazy_gettext("Company added"),
    "company_renamed": lazy_gettext("Called otherwise from a day on"),
    "company_corrected": lazy_gettext("Name or number corrected"),
    "company_declared": lazy_gettext("Declared anew from a day on"),
    "company_moved": lazy_gettext("Moved to another region"),
    "company_status_corrected": lazy_gettext("Declaration corrected"),
    "companies_merged": lazy_gettext("Two entries merged into one"),
    "cluster_added": lazy_gettext("Cluster added"),
    "cluster_joined": lazy_gettext("Joined a cluster"),
    "cluster_left": lazy_gettext("Left a cluster"),
    "partner_set": lazy_gettext("Partner set"),
    "partner_ended": lazy_gettext("Partner ended"),
    "person_added": lazy_gettext("Person added"),
    "employment_added": lazy_gettext("Began to work there"),
    "employment_ended": lazy_gettext("Ended there"),
    "employment_moved": lazy_gettext("Went to another company"),
    "employment_corrected": lazy_gettext("Employment corrected"),
    "role_given": lazy_gettext("Role given"),
    "role_ended": lazy_gettext("Role ended"),
    "region_served": lazy_gettext("Took a region up"),
    "region_left": lazy_gettext("Gave a region up"),
    "roster_applied": lazy_gettext("Roster applied"),
    "people_enrolled": lazy_gettext("People enrolled"),
    "run_made": lazy_gettext("Run made"),
    "run_changed": lazy_gettext("Run changed"),
    "run_opened": lazy_gettext("Run opened"),
    "run_opening_withdrawn": lazy_gettext("Opening of a run withdrawn"),
    "run_pinned": lazy_gettext("Newest version of the course taken"),
    "run_rule_changed": lazy_gettext("Completion rule changed"),
    "run_quota_set": lazy_gettext("Limit of a run set"),
    "run_quota_removed": lazy_gettext("Limit of a run removed"),
    "undone": lazy_gettext("Undone"),
}

_COLUMNS: Mapping[str, Any] = {
    "name": lazy_gettext("name"),
    "email": lazy_gettext("e-mail"),
    "business_number": lazy_gettext("business number"),
    "region_id": lazy_gettext("region"),
    "size_class": lazy_gettext("size"),
    "factory_level": lazy_gettext("factory level"),
    "industry_id": lazy_gettext("industry"),
    "cluster_id": lazy_gettext("cluster"),
    "partner_id": lazy_gettext("partner"),
    "company_id": lazy_gettext("company"),
    "merged_into_id": lazy_gettext("is the same as"),
    "person_id": lazy_gettext("person"),
    "kind": lazy_gettext("role"),
    "centre_id": lazy_gettext("centre"),
    "employee_number": lazy_gettext("employee number"),
    "department": lazy_gettext("department"),
    "job": lazy_gettext("duty"),
    "from_on": lazy_gettext("from"),
    "to_on": lazy_gettext("until"),
    "number": lazy_gettext("number"),
    "programme_id": lazy_gettext("programme"),
    "apply_from": lazy_gettext("applications from"),
    "apply_to": lazy_gettext("applications until"),
    "learn_from": lazy_gettext("learning from"),
    "learn_to": lazy_gettext("learning until"),
    "review_to": lazy_gettext("reading until"),
    "seats": lazy_gettext("seats"),
    "hours": lazy_gettext("hours"),
    "progress": lazy_gettext("progress"),
    "score": lazy_gettext("score"),
    "attendance": lazy_gettext("attendance"),
}
_DAYS = ("from_on", "to_on", "apply_from", "apply_to", "learn_from", "learn_to", "review_to")

ROLES: Mapping[str, Any] = {
    "officer": lazy_gettext("Officer"),
    "instructor": lazy_gettext("Instructor"),
    "company_manager": lazy_gettext("Company manager"),
    "programme_office": lazy_gettext("Programme office"),
    "operator": lazy_gettext("Operator"),
}

_NAMED: Mapping[str, type[Base]] = {
    "region_id": Region,
    "industry_id": Industry,
    "cluster_id": Cluster,
    "partner_id": Company,
    "company_id": Company,
    "merged_into_id": Company,
    "person_id": Person,
    "centre_id": Centre,
    "programme_id": Programme,
}


@dataclass(frozen=True)
class Told:
    """A deed in words. `lines` say what changed; `undoable` whether a button makes sense."""

    uid: UUID
    title: str
    at: datetime
    actor: str
    reason: str
    lines: Sequence[str]
    is_undone: bool
    undoable: bool


def tell(session: Session, deeds: Sequence[Deed]) -> list[Told]:
    """One query for each kind of row that is named in them."""
    names = _names(session, [change for deed in deeds for change in deed.changes])
    return [
        Told(
            uid=deed.set.uid,
            title=str(KINDS.get(deed.set.kind, deed.set.kind)),
            at=deed.set.at,  # type: ignore[arg-type]
            actor=deed.actor or _("The command line"),
            reason=deed.set.reason,
            lines=[*(line for change in deed.changes if (line := _line(change, names))), *_counted(deed)],
            is_undone=deed.set.undone_at is not None,
            undoable=deed.set.undone_at is None and deed.set.undoes_id is None and deed.set.kind in KINDS
            and deed.set.kind not in UNDONE_ELSEWHERE and not deed.set.kind.startswith("run_"),
        )
        for deed in deeds
    ]  # fmt: skip


def _line(change: Change, names: Mapping[tuple[str, int], str]) -> str:
    before, after = change.before or {}, change.after or {}
    if before and after:
        parts = [
            f"{_COLUMNS[key]}: {_value(key, before.get(key), names)} → {_value(key, after.get(key), names)}"
            for key in _COLUMNS
            if before.get(key) != after.get(key)
        ]
        return ", ".join(parts)
    whole = after or before
    parts = [
        f"{_COLUMNS[key]} {_value(key, whole[key], names)}"
        for key in _COLUMNS
        if whole.get(key) not in (None, "") and not _is_its_own(change, key)
    ]
    told = ", ".join(parts)
    if not told:
        return ""
    return told if after else _("taken away: %(what)s", what=told)


def _is_its_own(change: Change, key: str) -> bool:
    """The company of a company's own rows goes without saying."""
    return key == "company_id" and change.table_name not in ("lms_employment", "lms_run_quota")


def _value(key: str, value: Any, names: Mapping[tuple[str, int], str]) -> str:
    if value is None or value == "":
        return "–"
    if key in _NAMED:
        return names.get((key, value), "–")
    if key in _DAYS:
        return format_day(date.fromisoformat(value))
    if key == "business_number":
        return display(value)
    if key in ("size_class", "factory_level"):
        words = vocabulary_of("size_classes" if key == "size_class" else "factory_levels")
        return words[value][0 if current_language() == "ko" else 1] if value in words else value
    if isinstance(value, float):
        return f"{value:g}"
    return str(ROLES[value]) if key == "kind" and value in ROLES else str(value)


def _names(session: Session, changes: Sequence[Change]) -> dict[tuple[str, int], str]:
    wanted: dict[str, set[int]] = {}
    for change in changes:
        for image in (change.before, change.after):
            for key, value in (image or {}).items():
                if key in _NAMED and value is not None:
                    wanted.setdefault(key, set()).add(value)
    found = {}
    for key, ids in wanted.items():
        model: Any = _NAMED[key]
        for row in session.scalars(select(model).where(model.id.in_(ids))):
            found[key, row.id] = name_of(row)
    return found


def _counted(deed: Deed) -> list[str]:
    lines = []
    for (table, what), rows in sorted(deed.counts.items()):
        if table == "lms_application" and what == "added":
            lines.append(ngettext("%(num)s person put down", "%(num)s people put down", rows))
        if table != "lms_employment":
            continue
        lines.append(
            {
                "added": ngettext("%(num)s person came", "%(num)s people came", rows),
                "removed": ngettext("%(num)s entry of a person went", "%(num)s entries of people went", rows),
                "altered": ngettext("%(num)s entry of a person changed", "%(num)s entries of people changed", rows),
            }[what]
        )
    return lines


def name_of(row: Any) -> str:
    """The name of a row in the reader's language, where it has two."""
    if hasattr(row, "name_ko"):
        return row.name_ko if current_language() == "ko" else row.name_en
    return row.name
