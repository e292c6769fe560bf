"""Take the demonstration away: exactly its rows, and nothing of a site's own. What its people did stays told in the audit,
from which nothing is ever taken.

The ledger and its kin are append-only; the demonstration's entries are the one exception, since none of it ever happened.
What hangs on the marked rows goes with them. If anything else refers to what would go, nothing goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, String, Table, and_, cast, delete, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from lms.credentials.papers import PICTURE_TYPE
from lms.credentials.printing import PDF_TYPE
from lms.files import FileStore
from lms.models import (
    AccessEntry,
    Admission,
    Application,
    Attendance,
    Base,
    Bulletin,
    BulletinRecipient,
    CentrePaper,
    Certificate,
    CertificateBasis,
    CertificateBatch,
    Change,
    ChangeSet,
    Cluster,
    ClusterMember,
    Code,
    Company,
    CompanyStatus,
    CompletionRule,
    Consent,
    ConsentState,
    ConsentText,
    Delivery,
    DemoRow,
    Download,
    Draft,
    Employment,
    Enrolment,
    ExerciseVersion,
    Export,
    Extension,
    ExternalIdentity,
    FormerName,
    Grade,
    Job,
    LedgerEntry,
    Message,
    MessageChoice,
    Person,
    Programme,
    QuizAttempt,
    Role,
    Roster,
    RosterCompany,
    RosterEnrolment,
    RosterMapping,
    RosterPart,
    RosterRow,
    RosterStep,
    Run,
    RunClosing,
    RunInstructor,
    RunLink,
    RunQuota,
    RunResult,
    RunUnit,
    Schedule,
    ScheduleRecipient,
    ScheduleTurn,
    SignIn,
    Sitting,
    SittingSeat,
    SlipBatch,
    SlipSheet,
    Sponsorship,
    Statement,
    StoredFile,
    Submission,
    Target,
    Throttle,
    Track,
    TrackCourse,
    TrackVersion,
    Transfer,
    Unreachable,
    append_only,
)
from lms.submissions.hand_in import NOTEBOOK_TYPE
from lms.submissions.take_result import FEEDBACK_TYPE

from .certificates import TRACK_PREFIX
from .errors import DemoError
from .marks import marked

_PICTURES = (CentrePaper.seal, CentrePaper.signature)


@dataclass(frozen=True)
class Removed:
    """How many rows went, by table; `files` are digests of files that nothing names any more."""

    rows: dict[str, int]
    files: tuple[str, ...]


def remove(session: Session) -> Removed:
    """Take away what the demonstration made and what was done in it since. Without one nothing changes.

    The caller commits, and then calls `discard` with the files.

    Raises:
        DemoError: `used`, naming the tables whose rows hang on it.
    """
    owned = _owned()
    hanging = sorted(set(_hanging(session, owned)))
    if hanging:
        raise DemoError("used", tables=", ".join(hanging))
    files = _files(session)
    rows = {}
    append_only.release(session.connection(), Statement.__tablename__)
    for table, condition in owned:
        rows[table.__tablename__] = session.execute(
            delete(table).where(condition).execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]
    append_only.guard(session.connection(), Statement.__tablename__)
    session.execute(delete(DemoRow))
    orphans = _orphans(session, files)
    session.execute(delete(StoredFile).where(StoredFile.digest.in_(orphans)))
    rows[StoredFile.__tablename__] = len(orphans)
    session.expire_all()
    return Removed({table: count for table, count in rows.items() if count}, tuple(orphans))


def discard(session: Session, files: FileStore, digests: Sequence[str]) -> None:
    """Take files off the disk which nobody has handed in again since. In a transaction that writes."""
    there = set(session.scalars(select(StoredFile.digest).where(StoredFile.digest.in_(digests))))
    for digest in digests:
        if digest not in there:
            files.path(digest).unlink(missing_ok=True)


def _owned() -> list[tuple[type[Base], ColumnElement[bool]]]:
    """The tables from what hangs most to what is hung on, each with which rows of it are the demonstration's.

    A row is its own only if all that it stands between is: a real person in a demonstration's run is not.
    """
    people, companies, runs = marked(Person), marked(Company), marked(Run)
    enrolment = and_(Enrolment.run_id.in_(runs), Enrolment.person_id.in_(people))
    enrolments = select(Enrolment.id).where(enrolment)
    submissions = select(Submission.id).where(Submission.enrolment_id.in_(enrolments))
    rosters = select(Roster.id).where(Roster.actor_id.in_(people))
    bulletins = select(Bulletin.id).where(or_(Bulletin.sender_id.in_(people), Bulletin.run_id.in_(runs)))
    schedules = select(Schedule.id).where(Schedule.maker_id.in_(people))
    certificates = or_(
        Certificate.run_id.in_(runs), and_(Certificate.kind == "track", Certificate.person_id.in_(people))
    )
    tracks = Track.slug.startswith(TRACK_PREFIX)
    versions = TrackVersion.track_id.in_(select(Track.id).where(tracks))
    of_person = select(literal("person:").concat(cast(Person.id, String))).where(Person.id.in_(people))
    return [
        *(
            (table, table.roster_id.in_(rosters))
            for table in (RosterPart, RosterRow, RosterStep, RosterCompany, RosterEnrolment)
        ),
        (RosterMapping, RosterMapping.person_id.in_(people)),
        (Roster, Roster.id.in_(rosters)),
        (BulletinRecipient, BulletinRecipient.bulletin_id.in_(bulletins)),
        (Bulletin, Bulletin.id.in_(bulletins)),
        (ScheduleTurn, ScheduleTurn.schedule_id.in_(schedules)),
        (ScheduleRecipient, or_(ScheduleRecipient.schedule_id.in_(schedules), ScheduleRecipient.person_id.in_(people))),
        (Schedule, Schedule.id.in_(schedules)),
        (Statement, Statement.issued_by.in_(select(Person.uid).where(Person.id.in_(people)))),
        (Application, and_(Application.run_id.in_(runs), Application.person_id.in_(people))),
        (RunLink, RunLink.run_id.in_(runs)),
        (Admission, Admission.run_id.in_(runs)),
        (Extension, Extension.run_id.in_(runs)),
        (Transfer, Transfer.from_id.in_(enrolments)),
        (CertificateBasis, CertificateBasis.certificate_id.in_(select(Certificate.id).where(certificates))),
        (Certificate, certificates),
        (CertificateBatch, CertificateBatch.run_id.in_(runs)),
        (CentrePaper, CentrePaper.recorded_by.in_(people)),
        (TrackCourse, TrackCourse.version_id.in_(select(TrackVersion.id).where(versions))),
        (TrackVersion, versions),
        (Track, tracks),
        (LedgerEntry, LedgerEntry.enrolment_id.in_(enrolments)),
        (Attendance, Attendance.enrolment_id.in_(enrolments)),
        (SittingSeat, SittingSeat.enrolment_id.in_(enrolments)),
        (Sitting, Sitting.run_id.in_(runs)),
        (Grade, Grade.submission_id.in_(submissions)),
        (Job, _is_job()),
        (Submission, Submission.enrolment_id.in_(enrolments)),
        (QuizAttempt, QuizAttempt.enrolment_id.in_(enrolments)),
        (Draft, Draft.enrolment_id.in_(enrolments)),
        (RunResult, RunResult.enrolment_id.in_(enrolments)),
        (RunClosing, RunClosing.run_id.in_(runs)),
        (RunInstructor, or_(RunInstructor.run_id.in_(runs), RunInstructor.person_id.in_(people))),
        (RunQuota, or_(RunQuota.run_id.in_(runs), RunQuota.company_id.in_(companies))),
        (Enrolment, enrolment),
        (CompletionRule, CompletionRule.run_id.in_(runs)),
        (RunUnit, RunUnit.run_id.in_(runs)),
        (Run, Run.id.in_(runs)),
        (Target, Target.programme_id.in_(marked(Programme))),
        (Programme, Programme.id.in_(marked(Programme))),
        (Change, Change.set_id.in_(_deeds(people))),
        (ChangeSet, ChangeSet.id.in_(_deeds(people))),
        (Sponsorship, Sponsorship.company_id.in_(companies)),
        (FormerName, FormerName.company_id.in_(companies)),
        (ClusterMember, ClusterMember.company_id.in_(companies)),
        (Cluster, Cluster.id.in_(marked(Cluster))),
        (Employment, Employment.person_id.in_(people)),
        (Role, Role.person_id.in_(people)),
        (SignIn, SignIn.person_id.in_(people)),
        (Code, Code.person_id.in_(people)),
        (SlipSheet, SlipSheet.batch_id.in_(select(SlipBatch.id).where(SlipBatch.requested_by.in_(people)))),
        (SlipBatch, SlipBatch.requested_by.in_(people)),
        (Consent, Consent.person_id.in_(people)),
        (ConsentText, ConsentText.id.not_in(select(Consent.text_id).where(Consent.person_id.not_in(people)))),
        (ConsentState, ConsentState.person_id.in_(people)),
        (Delivery, Delivery.message_id.in_(select(Message.id).where(Message.person_id.in_(people)))),
        (Message, Message.person_id.in_(people)),
        (Unreachable, Unreachable.person_id.in_(people)),
        (MessageChoice, MessageChoice.person_id.in_(people)),
        (ExternalIdentity, ExternalIdentity.person_id.in_(people)),
        (Download, Download.actor_id.in_(people)),
        (Export, Export.person_id.in_(people)),
        (AccessEntry, or_(AccessEntry.actor_id.in_(people), AccessEntry.person_id.in_(people))),
        (Throttle, Throttle.key.in_(of_person)),
        (CompanyStatus, CompanyStatus.company_id.in_(companies)),
        (Company, Company.id.in_(companies)),
        (Person, Person.id.in_(people)),
    ]


def _deeds(people: Select[int]) -> Select[int]:
    """What these people did to companies and others, and what undid it."""
    theirs = aliased(ChangeSet)
    of_theirs = select(theirs.id).where(theirs.actor_id.in_(people))
    return select(ChangeSet.id).where(or_(ChangeSet.actor_id.in_(people), ChangeSet.undoes_id.in_(of_theirs)))


def _is_job() -> ColumnElement[bool]:
    """Work on what was handed in by these people, or on their class; jobs name it in their payload."""
    runs = marked(Run)
    enrolments = select(Enrolment.id).where(Enrolment.run_id.in_(runs))
    submission = Job.payload["submission"].as_integer()
    return or_(
        submission.in_(select(Submission.id).where(Submission.enrolment_id.in_(enrolments))),
        Job.payload["enrolment"].as_integer().in_(enrolments),
    )


def _hanging(session: Session, owned: list[tuple[type[Base], ColumnElement[bool]]]) -> Iterator[str]:
    """Tables with rows that are not the demonstration's and refer to one that is, by whichever foreign key."""
    tables: dict[str, Table] = {table.__tablename__: table.__table__ for table, _ in owned}  # type: ignore[misc]
    conditions = {table.__tablename__: condition for table, condition in owned}
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            target = key.column.table.name
            if target not in tables or target == StoredFile.__tablename__:
                continue
            goes = select(key.column).where(conditions[target])
            stays: ColumnElement[bool] = key.parent.in_(goes)
            if table.name in conditions:
                row = next(iter(table.primary_key))
                own = select(row).where(conditions[table.name])
                stays = and_(stays, row.not_in(own))
            if session.scalar(select(func.count()).select_from(table).where(stays)):
                yield table.name


def _files(session: Session) -> list[str]:
    """What the demonstration's submissions and grades name."""
    enrolments = select(Enrolment.id).where(Enrolment.run_id.in_(marked(Run)))
    mine = Submission.enrolment_id.in_(enrolments)
    notebooks = select(Submission.notebook).where(mine)
    feedback = (
        select(Grade.feedback)
        .join(Submission, Submission.id == Grade.submission_id)
        .where(mine, Grade.feedback.is_not(None))
    )
    people = marked(Person)
    papers = (
        select(Certificate.pdf).where(Certificate.person_id.in_(people), Certificate.pdf.is_not(None)),
        *(select(file).where(CentrePaper.recorded_by.in_(people), file.is_not(None)) for file in _PICTURES),
    )
    return list(session.scalars(notebooks.union(feedback, *papers)))


def _orphans(session: Session, digests: Sequence[str]) -> list[str]:
    """Those that no row names now. A blank that somebody handed in is the exercise's starter too, and stays."""
    named = (
        select(Submission.notebook)
        .union(
            select(Grade.feedback).where(Grade.feedback.is_not(None)),
            select(ExerciseVersion.starter),
            select(ExerciseVersion.digest),
            select(Certificate.pdf).where(Certificate.pdf.is_not(None)),
            *(select(file).where(file.is_not(None)) for file in _PICTURES),
        )
        .subquery()
    )
    return list(
        session.scalars(
            select(StoredFile.digest)
            .where(
                StoredFile.digest.in_(digests),
                StoredFile.media_type.in_((NOTEBOOK_TYPE, FEEDBACK_TYPE, PDF_TYPE, PICTURE_TYPE)),
                StoredFile.digest.not_in(select(named)),
            )
            .order_by(StoredFile.digest)
        )
    )
