"""All tables, one file a topic. Importing this imports every one, so that `Base.metadata` is whole."""

from .applications import Admission, Application, Extension, RunLink, Transfer
from .audit import AuditEntry, AuditSeal
from .base import Base, UTCDateTime, new_uid
from .certificates import (
    CentrePaper,
    Certificate,
    CertificateBasis,
    CertificateBatch,
    Track,
    TrackCourse,
    TrackVersion,
)
from .changes import Change, ChangeSet
from .codes import Code, SlipBatch, SlipSheet
from .companies import (
    Cluster,
    ClusterMember,
    Company,
    CompanyStatus,
    Employment,
    FormerName,
    Industry,
    Sponsorship,
)
from .consents import Consent, ConsentState, ConsentText
from .content import Course, CourseVersion, Exercise, ExerciseVersion, StoredFile
from .database import Database, make_engine
from .demonstration import DemoRow
from .downloads import Download
from .drafts import Draft
from .exports import Export
from .jobs import Job
from .ledger import LedgerEntry
from .messages import Delivery, Message, MessageChoice
from .people import ExternalIdentity, Person, Role, SignIn, Throttle
from .privacy import AccessEntry, Destruction
from .programmes import Programme, Target
from .regions import Centre, CentreRegion, Region, RegionCode, RegionSuccession, Zone
from .reminders import Bulletin, BulletinRecipient, Unreachable
from .rollups import (
    Rollup,
    RollupCompanyMonth,
    RollupDue,
    RollupMonth,
    RollupRegion,
    RollupRunDay,
    RollupRunMonth,
    RollupStep,
)
from .rosters import Roster, RosterCompany, RosterEnrolment, RosterMapping, RosterPart, RosterRow, RosterStep
from .runs import CompletionRule, Enrolment, Run, RunClosing, RunInstructor, RunQuota, RunResult, RunUnit
from .schedules import Schedule, ScheduleRecipient, ScheduleTurn
from .sittings import Attendance, Sitting, SittingSeat
from .statements import Statement
from .submissions import Grade, QuizAttempt, Submission
from .tokens import ApiToken
from .workers import WorkerBeat

__all__ = [
    "AccessEntry",
    "Admission",
    "ApiToken",
    "Application",
    "Attendance",
    "AuditEntry",
    "AuditSeal",
    "Base",
    "Bulletin",
    "BulletinRecipient",
    "Centre",
    "CentrePaper",
    "CentreRegion",
    "Certificate",
    "CertificateBasis",
    "CertificateBatch",
    "Change",
    "ChangeSet",
    "Cluster",
    "ClusterMember",
    "Code",
    "Company",
    "CompanyStatus",
    "CompletionRule",
    "Consent",
    "ConsentState",
    "ConsentText",
    "Course",
    "CourseVersion",
    "Database",
    "Delivery",
    "DemoRow",
    "Destruction",
    "Download",
    "Draft",
    "Employment",
    "Enrolment",
    "Exercise",
    "ExerciseVersion",
    "Export",
    "Extension",
    "ExternalIdentity",
    "FormerName",
    "Grade",
    "Industry",
    "Job",
    "LedgerEntry",
    "Message",
    "MessageChoice",
    "Person",
    "Programme",
    "QuizAttempt",
    "Region",
    "RegionCode",
    "RegionSuccession",
    "Role",
    "Rollup",
    "RollupCompanyMonth",
    "RollupDue",
    "RollupMonth",
    "RollupRegion",
    "RollupRunDay",
    "RollupRunMonth",
    "RollupStep",
    "Roster",
    "RosterCompany",
    "RosterEnrolment",
    "RosterMapping",
    "RosterPart",
    "RosterRow",
    "RosterStep",
    "Run",
    "RunClosing",
    "RunInstructor",
    "RunLink",
    "RunQuota",
    "RunResult",
    "RunUnit",
    "Schedule",
    "ScheduleRecipient",
    "ScheduleTurn",
    "SignIn",
    "Sitting",
    "SittingSeat",
    "SlipBatch",
    "SlipSheet",
    "Sponsorship",
    "Statement",
    "StoredFile",
    "Submission",
    "Target",
    "Throttle",
    "Track",
    "TrackCourse",
    "TrackVersion",
    "Transfer",
    "UTCDateTime",
    "Unreachable",
    "WorkerBeat",
    "Zone",
    "make_engine",
    "new_uid",
]  # fmt: skip
