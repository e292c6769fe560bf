"""Whether what a question filters by exists. For the command line, where a misspelt key would give a table of nothing."""

from __future__ import annotations

from sqlalchemy import Select, String, cast, select
from sqlalchemy.orm import Session

from lms.models import Centre, Cluster, Company, Course, Industry, Programme, Region, Run, Zone

from .question import CURRENT, UNDECLARED, Question, ReportError

_MOST_CHOICES = 40

_KEYS: dict[str, Select[str]] = {
    "region": select(Region.slug).order_by(Region.position),
    "zone": select(Zone.slug).order_by(Zone.id),
    "centre": select(Centre.slug).order_by(Centre.slug),
    "company": select(Company.business_number).order_by(Company.business_number),
    "cluster": select(Cluster.slug).order_by(Cluster.slug),
    "industry": select(Industry.code).order_by(Industry.code),
    "course": select(Course.slug).order_by(Course.slug),
    "run": select(Course.slug + "-" + cast(Run.number, String))
    .join(Run, Run.course_id == Course.id)
    .order_by(Course.slug, Run.number.desc()),
    "programme": select(Programme.slug).order_by(Programme.slug),
}


def refuse_unknown(session: Session, question: Question) -> None:
    """One query for each filter that names rows. Ids of links are taken as they are.

    Raises:
        ReportError: a key that nothing has, with those that there are.
    """
    for name, keys in _KEYS.items():
        asked = {key for key in question.filter(name) if key not in (CURRENT, UNDECLARED)}
        if name == "company":
            asked = {key for key in asked if len(key) == 10}
        if not asked:
            continue
        known = list(session.scalars(keys))
        if unknown := asked - set(known):
            key = min(unknown)
            choices = ", ".join(known[:_MOST_CHOICES]) + (", …" if len(known) > _MOST_CHOICES else "")
            raise ReportError("value", name=name, value=key, what=f"there is no {name} '{key}'", choices=choices)
