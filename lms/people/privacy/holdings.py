"""What is kept about a person, table by table: what she gets of it as her own export, and what is left when it is destroyed.

A test holds that every column which refers to a person is told of here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, or_, select

from lms.models import (
    AccessEntry,
    ApiToken,
    Application,
    Attendance,
    AuditEntry,
    Base,
    Bulletin,
    BulletinRecipient,
    CentrePaper,
    Certificate,
    CertificateBasis,
    CertificateBatch,
    Change,
    ChangeSet,
    Code,
    Consent,
    ConsentState,
    Delivery,
    Download,
    Draft,
    Employment,
    Enrolment,
    Export,
    Extension,
    ExternalIdentity,
    Grade,
    LedgerEntry,
    Message,
    MessageChoice,
    Person,
    QuizAttempt,
    Role,
    Roster,
    RosterEnrolment,
    RosterMapping,
    RunClosing,
    RunInstructor,
    RunLink,
    RunResult,
    Schedule,
    ScheduleRecipient,
    SignIn,
    SittingSeat,
    SlipBatch,
    Submission,
    Throttle,
    TrackVersion,
    Transfer,
    Unreachable,
)

People = Select[Any]  # of ids of persons
NOBODY = "(파기)"  # the name of whoever's data were destroyed, in every language: it stands in old lists and files


@dataclass(frozen=True)
class Holding:
    """Rows of a table that are about people.

    `rest` is what destruction leaves: None, nothing (the rows are deleted); else these columns are set, and the row stays
    for the figures. `hidden` columns are secrets or keys that say nothing to anybody and aren't exported.
    """

    table: type[Base]
    of: Callable[[People], ColumnElement[bool]]
    rest: Mapping[str, Any] | None = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    is_exported: bool = True


def _enrolments(people: People) -> Select[Any]:
    return select(Enrolment.id).where(Enrolment.person_id.in_(people))


def _submissions(people: People) -> Select[Any]:
    return select(Submission.id).where(Submission.enrolment_id.in_(_enrolments(people)))


def _subjects(people: People) -> Select[Any]:
    found = people.subquery()
    return select(literal("person:").concat(cast(found.c[0], String)))


_KEYS = frozenset({"id", "enrolment_id", "person_id", "run_unit_id", "submission_id", "exercise_version_id"})

# From what hangs most to what is hung on.
HOLDINGS: tuple[Holding, ...] = (
    Holding(
        Person,
        lambda people: Person.id.in_(people),
        {
            "name": NOBODY,
            "email": None,
            "password_hash": None,
            "must_change_password": False,
            "is_active": False,
            "language": None,
            "birth_date_sealed": None,
            "birth_date_index": None,
            "phone_sealed": None,
        },
        frozenset({"id", "password_hash", "birth_date_sealed", "birth_date_index", "phone_sealed"}),
    ),
    Holding(
        Employment,
        lambda people: Employment.person_id.in_(people),
        {"employee_number": None, "department": "", "job": ""},
        _KEYS,
    ),
    Holding(Role, lambda people: Role.person_id.in_(people), {}, _KEYS),
    Holding(SignIn, lambda people: SignIn.person_id.in_(people), None, _KEYS | {"token_hash"}),
    Holding(ApiToken, lambda people: ApiToken.person_id.in_(people), None, _KEYS | {"token_hash"}),
    Holding(ExternalIdentity, lambda people: ExternalIdentity.person_id.in_(people), None, _KEYS),
    Holding(Throttle, lambda people: Throttle.key.in_(_subjects(people)), None, is_exported=False),
    Holding(Code, lambda people: Code.person_id.in_(people), None, _KEYS | {"code_hash", "issued_by", "batch_id"}),
    Holding(
        Delivery,
        lambda people: Delivery.message_id.in_(select(Message.id).where(Message.person_id.in_(people))),
        None,
        is_exported=False,
    ),
    Holding(Message, lambda people: Message.person_id.in_(people), None, _KEYS | {"once"}),
    Holding(Unreachable, lambda people: Unreachable.person_id.in_(people), None, _KEYS),
    Holding(BulletinRecipient, lambda people: BulletinRecipient.person_id.in_(people), None, is_exported=False),
    Holding(ScheduleRecipient, lambda people: ScheduleRecipient.person_id.in_(people), None, is_exported=False),
    Holding(MessageChoice, lambda people: MessageChoice.person_id.in_(people), None, _KEYS),
    Holding(Consent, lambda people: Consent.person_id.in_(people), {"address": ""}, _KEYS),  # the proof stays
    Holding(ConsentState, lambda people: ConsentState.person_id.in_(people), None, is_exported=False),
    Holding(RosterMapping, lambda people: RosterMapping.person_id.in_(people), None, is_exported=False),
    Holding(Draft, lambda people: Draft.enrolment_id.in_(_enrolments(people)), None, _KEYS),
    Holding(
        Grade,
        lambda people: Grade.submission_id.in_(_submissions(people)),
        {"feedback": None, "flags": [], "repairs": []},
        _KEYS | {"feedback"},
    ),
    Holding(
        Submission,
        lambda people: Submission.enrolment_id.in_(_enrolments(people)),
        {"file_name": ""},  # its notebook: retention.py
        _KEYS | {"notebook"},
    ),
    Holding(
        Attendance,
        lambda people: Attendance.enrolment_id.in_(_enrolments(people)),
        {"reason": ""},
        _KEYS | {"sitting_id", "actor_id"},
    ),
    Holding(
        SittingSeat, lambda people: SittingSeat.enrolment_id.in_(_enrolments(people)), None, _KEYS | {"sitting_id"}
    ),
    Holding(QuizAttempt, lambda people: QuizAttempt.enrolment_id.in_(_enrolments(people)), {}, _KEYS),
    # That one was issued, its number, day and code: so that a paper can still be verified. Its PDF: retention.py.
    Holding(
        Certificate,
        lambda people: Certificate.person_id.in_(people),
        {"facts": {}, "words": {}, "pdf": None},
        _KEYS | {"words", "pdf", "digest", "once", "issued_by", "revoked_by", "replaces_id"},
    ),
    # On which completions it rests; without them nobody could say whether it holds.
    Holding(
        CertificateBasis,
        lambda people: CertificateBasis.enrolment_id.in_(_enrolments(people)),
        {},
        _KEYS | {"certificate_id", "entry_id"},
        is_exported=False,
    ),
    # That she applied, when and with what outcome stays for the figures; why it was so is hers.
    Holding(
        Application,
        lambda people: Application.person_id.in_(people),
        {"reason": ""},
        _KEYS | {"run_id", "company_id", "region_id", "link_id", "approved_by", "decided_by"},
    ),
    Holding(
        Extension,
        lambda people: Extension.enrolment_id.in_(_enrolments(people)),
        {"reason": ""},
        _KEYS | {"run_id", "company_id", "actor_id"},
    ),
    Holding(
        Transfer,
        lambda people: Transfer.from_id.in_(_enrolments(people)),
        {"reason": ""},
        _KEYS | {"from_id", "to_id", "actor_id"},
    ),
    Holding(RunLink, lambda people: RunLink.made_by.in_(people), {}, is_exported=False),
    Holding(Enrolment, lambda people: Enrolment.person_id.in_(people), {}, _KEYS | {"company_status_id"}),
    Holding(LedgerEntry, lambda people: LedgerEntry.enrolment_id.in_(_enrolments(people)), {}, _KEYS),
    # The results of a closed run; its digest is over what is left.
    Holding(
        RunResult,
        lambda people: RunResult.enrolment_id.in_(_enrolments(people)),
        {"person_name": NOBODY},
        _KEYS | {"closing_id"},
    ),
    Holding(RunInstructor, lambda people: RunInstructor.person_id.in_(people), {}, _KEYS | {"run_id"}),
    Holding(
        RunClosing,
        lambda people: or_(RunClosing.closed_by.in_(people), RunClosing.reopened_by.in_(people)),
        {},
        is_exported=False,
    ),
    Holding(AccessEntry, lambda people: AccessEntry.person_id.in_(people), {}, frozenset({"id", "person_id"})),
    Holding(
        AuditEntry,
        lambda people: or_(AuditEntry.actor_id.in_(people), AuditEntry.subject.in_(_subjects(people))),
        {},
        frozenset({"id"}),
    ),
    Holding(Export, lambda people: Export.person_id.in_(people), {}, is_exported=False),
    Holding(Download, lambda people: Download.actor_id.in_(people), {}, frozenset({"id", "actor_id"})),
    # Rows before and after: retention.py.
    Holding(Change, lambda people: Change.person_id.in_(people), {}, is_exported=False),
    # Deeds of those who answer for others; who did them stays told, by a row that names nobody any more.
    Holding(ChangeSet, lambda people: ChangeSet.actor_id.in_(people), {}, is_exported=False),
    Holding(Bulletin, lambda people: Bulletin.sender_id.in_(people), {}, is_exported=False),
    Holding(Schedule, lambda people: Schedule.maker_id.in_(people), {}, is_exported=False),
    Holding(Roster, lambda people: Roster.actor_id.in_(people), {}, is_exported=False),
    Holding(CentrePaper, lambda people: CentrePaper.recorded_by.in_(people), {}, is_exported=False),
    Holding(CertificateBatch, lambda people: CertificateBatch.requested_by.in_(people), {}, is_exported=False),
    Holding(TrackVersion, lambda people: TrackVersion.recorded_by.in_(people), {}, is_exported=False),
    Holding(SlipBatch, lambda people: SlipBatch.requested_by.in_(people), {"address": ""}, is_exported=False),
    Holding(
        RosterEnrolment, lambda people: RosterEnrolment.enrolment_id.in_(_enrolments(people)), {}, is_exported=False
    ),
)

# What of a person's rows before and after a change is her data.
PERSONAL_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "lms_person": ("name", "email", "language", "birth_date_sealed", "birth_date_index", "phone_sealed"),
    "lms_employment": ("employee_number", "department", "job"),
}


def count_rows(people: People, holding: Holding) -> Select[Any]:
    return select(func.count()).select_from(holding.table).where(holding.of(people))
