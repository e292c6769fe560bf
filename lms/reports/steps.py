"""How far each enrolment came: begun, half-way, completed; and where somebody is who came no further."""

from __future__ import annotations

from typing import Literal, get_args

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from lms.models import RunUnit
from lms.people.viewers import Viewer

from . import facts
from .question import Question
from .regions import Regions

# The last step that somebody came to.
Reached = Literal["not_begun", "begun", "half_way", "completed"]
REACHED = get_args(Reached)


def reached(
    question: Question,
    viewer: Viewer | None,
    known: Regions,
    *,
    among: Select | None = None,
    entries: ColumnElement[bool] | None = None,
    only: ColumnElement[bool] | None = None,
) -> Select:
    """The facts of each enrolment with 0 or 1 for `begun` (a unit done) and `half_way` (half of the units or more), and how
    many `units` were done. Who left before the run began came to nothing. `among`, `entries` and `only` as in
    `facts.facts`."""
    fact = facts.facts(
        question, viewer, known.counted_as, among=among, entries=entries, near=known.near, only=only, with_doing=True
    ).subquery()
    units = select(RunUnit.run_id, func.count().label("units")).group_by(RunUnit.run_id).subquery()
    is_in = fact.c.enrolled == 1
    return (
        select(
            fact,
            case((and_(is_in, fact.c.units > 0), 1), else_=0).label("begun"),
            case((and_(is_in, fact.c.units > 0, 2 * fact.c.units >= units.c.units), 1), else_=0).label("half_way"),
        )
        .select_from(fact)
        .outerjoin(units, units.c.run_id == fact.c.run_id)
    )


def stayed_at(question: Question, viewer: Viewer | None, known: Regions, step: Reached) -> Select:
    """The ids of the enrolments that came to this step and not to the next."""
    of = reached(question, viewer, known).subquery().c
    conditions = {
        "not_begun": (of.begun == 0, of.completed == 0),
        "begun": (of.begun == 1, of.half_way == 0, of.completed == 0),
        "half_way": (of.half_way == 1, of.completed == 0),
        "completed": (of.completed == 1,),
    }[step]
    return select(of.enrolment_id).where(of.enrolled == 1, *conditions)
