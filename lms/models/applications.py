"""Ways into a run and out of it: applications and the waiting list, links, longer periods, transfers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from .base import Base, IntKey, LongKey, Uid, one_of
from .companies import Company
from .people import Person
from .runs import Enrolment, Run

APPROVALS = ("none", "company", "officer", "both")
APPLICATION_STATES = ("applied", "approved", "waiting", "accepted", "refused", "withdrawn")
LIVE_STATES = ("applied", "approved", "waiting")
WAYS = ("self", "link", "company", "officer", "roster", "transfer")
_LIVE = "state IN ('applied', 'approved', 'waiting')"


class Admission(Base):
    """How learners come into a run. Without a row: the officer decides, and nobody moves up after its first week.

    `approval` says who is asked before a learner who applies gets a seat. `moves_up_days` after the run's first day the
    waiting list stands still: who came later would have too little time.
    """

    __tablename__ = "lms_admission"
    __table_args__ = (
        one_of("approval", APPROVALS),
        CheckConstraint("moves_up_days BETWEEN 0 AND 366", name="moves_up_days"),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"), primary_key=True)
    approval: Mapped[str] = mapped_column(String(8), default="officer")
    moves_up_days: Mapped[int] = mapped_column(default=7)


class RunLink(Base):
    """A link that leads to a run: until a day, for so many people, of one company or of all. `uid` stands in its address.

    Whoever follows one that `is_direct` is asked for no approval.
    """

    __tablename__ = "lms_run_link"
    __table_args__ = (
        CheckConstraint("most_uses BETWEEN 1 AND 10000", name="most_uses"),
        Index(None, "run_id"),
        Index(
            None, "company_id", sqlite_where=text("company_id IS NOT NULL"), postgresql_where=text("company_id IS NOT NULL")
        ),
    )  # fmt: skip

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("lms_company.id"))
    is_direct: Mapped[bool] = mapped_column(default=False)
    most_uses: Mapped[int]
    uses: Mapped[int] = mapped_column(default=0)
    last_day: Mapped[date]
    made_by: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    company: Mapped[Company | None] = relationship(lazy="raise")


class Application(Base):
    """수강 신청: what comes before an enrolment, whoever asked for it.

    applied → approved (by the company) → accepted, waiting (for a seat), refused or withdrawn. Each step keeps its moment, so
    that days and states can be counted. `company_id` and `region_id` are those of the day of applying; who gets the seat is
    enrolled with those of the day on which she gets it. A person has one that is alive for a run.
    """

    __tablename__ = "lms_application"
    __table_args__ = (
        one_of("state", APPLICATION_STATES),
        one_of("way", WAYS),
        Index(
            "uq_lms_application_live",
            "run_id",
            "person_id",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        Index(None, "run_id", "state", "waiting_at"),
        Index(None, "person_id"),
        Index(None, "company_id", "state"),
        Index(None, "applied_at"),
        Index(None, "enrolment_id"),
    )

    id: Mapped[LongKey]
    uid: Mapped[Uid]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("lms_person.id"))
    company_id: Mapped[int] = mapped_column(ForeignKey("lms_company.id"))
    region_id: Mapped[int] = mapped_column(ForeignKey("lms_region.id"))
    state: Mapped[str] = mapped_column(String(10))
    way: Mapped[str] = mapped_column(String(10))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("lms_run_link.id"))
    applied_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))
    waiting_at: Mapped[datetime | None]  # the waiting list's order; kept when she moved up
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))  # None: a seat came free
    reason: Mapped[str] = mapped_column(String(400), default="")
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("lms_enrolment.id"))

    run: Mapped[Run] = relationship(lazy="raise")
    person: Mapped[Person] = relationship(lazy="raise", foreign_keys=person_id)
    company: Mapped[Company] = relationship(lazy="raise")

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES


class Extension(Base):
    """Another last day for a learner in a run, or for a company's people in it. The newest for each counts, and of hers, her
    company's and the run's own day the latest. Never changed; the run's own day takes one back."""

    __tablename__ = "lms_extension"
    __table_args__ = (
        CheckConstraint("(enrolment_id IS NULL) <> (company_id IS NULL)", name="whose"),
        Index(None, "run_id", "company_id", "id"),
        Index(None, "enrolment_id", "id"),
        Index(None, "company_id"),
    )

    id: Mapped[IntKey]
    uid: Mapped[Uid]
    run_id: Mapped[int] = mapped_column(ForeignKey("lms_run.id"))
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("lms_enrolment.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("lms_company.id"))
    learn_to: Mapped[date]
    reason: Mapped[str] = mapped_column(String(400))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))
    at: Mapped[datetime]


class Transfer(Base):
    """From an enrolment, which is withdrawn, to another in a later run of the same course. Nothing that was done goes along."""

    __tablename__ = "lms_transfer"

    id: Mapped[IntKey]
    from_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"), unique=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("lms_enrolment.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(400))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("lms_person.id"))
    at: Mapped[datetime]


# Read with each enrolment, so that no page can forget that somebody has more time than the run.
Enrolment.own_extension = column_property(
    select(Extension.learn_to)
    .where(Extension.enrolment_id == Enrolment.id)
    .order_by(Extension.id.desc())
    .limit(1)
    .correlate(Enrolment.__table__)
    .scalar_subquery()
)
Enrolment.company_extension = column_property(
    select(Extension.learn_to)
    .where(Extension.run_id == Enrolment.run_id, Extension.company_id == Enrolment.company_id)
    .order_by(Extension.id.desc())
    .limit(1)
    .correlate(Enrolment.__table__)
    .scalar_subquery()
)
