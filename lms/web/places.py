"""Where a learner is: a unit of a run that she is in, with where she stands."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from lms.clock import today
from lms.learning import enrolments
from lms.learning.completion import Standing, UnitStanding
from lms.learning.enrolments import Attendance
from lms.models import Enrolment, Run, RunUnit

from . import access, courseware
from .database import session


@dataclass(frozen=True)
class Place:
    """A learner's place in a run: her enrolment, where she stands, and the unit that is open."""

    attendance: Attendance
    unit: RunUnit

    @property
    def enrolment(self) -> Enrolment:
        return self.attendance.enrolment

    @property
    def run(self) -> Run:
        return self.enrolment.run

    @property
    def standing(self) -> Standing:
        return self.attendance.standing

    @property
    def unit_standing(self) -> UnitStanding:
        return next(found for found in self.standing.units if found.key == self.unit.key)

    @property
    def language(self) -> str:
        """That of the course's texts, which need not be the page's."""
        return courseware.course_of(self.run).language

    @property
    def is_open(self) -> bool:
        return self.enrolment.is_open_on(today())

    @property
    def previous(self) -> RunUnit | None:
        return self.run.units[self.unit.position - 1] if self.unit.position else None

    @property
    def following(self) -> RunUnit | None:
        place = self.unit.position + 1
        return self.run.units[place] if place < len(self.run.units) else None


def load_attendance(run_uid: UUID) -> Attendance:
    """The viewer's own. Raises NotFoundError."""
    enrolment = enrolments.load_own(session, access.viewer(), run_uid)
    return Attendance(enrolment, enrolments.standing_of(session, enrolment))


def load_place(run_uid: UUID, key: str) -> Place:
    """Raises NotFoundError."""
    attendance = load_attendance(run_uid)
    return Place(attendance, enrolments.load_unit(attendance.enrolment, key))
