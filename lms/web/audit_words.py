"""Words for what was done, for what was looked at, and for what is kept, by the names that the rooms give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import deeds
from .i18n import gettext as _
from .i18n import lazy_gettext

ACTIONS: Mapping[str, Any] = {
    **deeds.KINDS,
    "signed_in": lazy_gettext("Signed in"),
    "signed_out": lazy_gettext("Signed out"),
    "api_token_made": lazy_gettext("Token for a program made"),
    "api_token_revoked": lazy_gettext("Token for a program taken back"),
    "password_changed": lazy_gettext("Password changed"),
    "password_forgotten": lazy_gettext("Asked for another password"),
    "password_set": lazy_gettext("Password set"),
    "codes_made": lazy_gettext("One-time codes made"),
    "code_made": lazy_gettext("One-time code made"),
    "slips_asked": lazy_gettext("Slips asked for"),
    "slips_taken": lazy_gettext("Slips taken"),
    "slips_discarded": lazy_gettext("Slips thrown away"),
    "invited": lazy_gettext("Invited by e-mail"),
    "bulletin_written": lazy_gettext("Message to learners written"),
    "bulletin_undone": lazy_gettext("Message to learners taken back"),
    "consent_given": lazy_gettext("Consent given"),
    "consent_refused": lazy_gettext("Consent not given"),
    "consent_withdrawn": lazy_gettext("Consent withdrawn"),
    "roster_uploaded": lazy_gettext("Roster uploaded"),
    "regraded": lazy_gettext("Regraded"),
    "completions_decided": lazy_gettext("Completions in question decided"),
    "run_discarded": lazy_gettext("Draft of a run thrown away"),
    "run_closed": lazy_gettext("Run closed"),
    "run_reopened": lazy_gettext("Run opened again after closing"),
    "admission_changed": lazy_gettext("Approval and waiting list of a run changed"),
    "period_extended": lazy_gettext("Period made longer"),
    "withdrawn": lazy_gettext("Learners withdrawn"),
    "withdrawal_undone": lazy_gettext("Withdrawal taken back"),
    "transferred": lazy_gettext("Learner transferred"),
    "applications_approved": lazy_gettext("Applications agreed to"),
    "applications_accepted": lazy_gettext("Applications accepted"),
    "applications_refused": lazy_gettext("Applications refused"),
    "run_link_made": lazy_gettext("Link to a run made"),
    "run_link_revoked": lazy_gettext("Link to a run revoked"),
    "statement_issued": lazy_gettext("Statement issued"),
    "schedule_made": lazy_gettext("Schedule of statements made"),
    "schedule_changed": lazy_gettext("Schedule of statements changed"),
    "schedule_paused": lazy_gettext("Schedule of statements paused"),
    "schedule_resumed": lazy_gettext("Schedule of statements goes on"),
    "schedule_taken_over": lazy_gettext("Schedule of statements taken over"),
    "schedule_deleted": lazy_gettext("Schedule of statements deleted"),
    "target_set": lazy_gettext("Target set"),
    "target_reason": lazy_gettext("Target set"),
    "downloaded": lazy_gettext("File with people taken"),
    "exported_own": lazy_gettext("Own data taken"),
    "contact_changed": lazy_gettext("Birth date or telephone changed"),
    "revealed": lazy_gettext("Hidden data shown"),
    "destroyed": lazy_gettext("Data destroyed"),
    "sitting_added": lazy_gettext("Sitting planned"),
    "sitting_changed": lazy_gettext("Sitting changed"),
    "sitting_cancelled": lazy_gettext("Sitting cancelled"),
    "sitting_seat_given": lazy_gettext("Seat at a sitting given"),
    "destruction_asked": lazy_gettext("Destruction asked for"),
    "certificate_issued": lazy_gettext("Certificate issued"),
    "certificate_replaced": lazy_gettext("Certificate replaced"),
    "certificate_revoked": lazy_gettext("Certificate revoked"),
    "certificates_asked": lazy_gettext("File of certificates asked for"),
    "paper_changed": lazy_gettext("Seal or signature changed"),
    "track_added": lazy_gettext("Track added"),
    "track_changed": lazy_gettext("Track changed"),
    "audit_verified": lazy_gettext("Audit verified"),
    "keys_changed": lazy_gettext("Keys changed"),
}

LOOKS: Mapping[str, Any] = {
    "learner_page": lazy_gettext("Page of a learner"),
    "submission": lazy_gettext("A notebook handed in"),
    "company_people": lazy_gettext("Learners of a company"),
    "employee_list": lazy_gettext("People of a company"),
    "employee_page": lazy_gettext("An employee's page"),
    "certificate_list": lazy_gettext("Certificates of a run"),
    "certificate": lazy_gettext("A certificate"),
    "run_people": lazy_gettext("Applications and learners"),
    "company_applications": lazy_gettext("Applications of our people"),
    "class_list": lazy_gettext("Learners of a class"),
    "waiting_list": lazy_gettext("What waits for a decision"),
    "attendance_list": lazy_gettext("Attendance list of a sitting"),
    "person_page": lazy_gettext("Page of a person"),
    "roster_rows": lazy_gettext("Rows of another's roster"),
    "revealed": lazy_gettext("Hidden data shown"),
    "downloaded": lazy_gettext("File with people taken"),
    "audit_list": lazy_gettext("The audit"),
    "looks_list": lazy_gettext("Who looked at whom"),
}

KEPT: Mapping[str, Any] = {
    "attendance": lazy_gettext("Presence at sittings"),
    "sitting_seat": lazy_gettext("Seats at sittings"),
    "person": lazy_gettext("Account"),
    "employment": lazy_gettext("Employments"),
    "role": lazy_gettext("Roles"),
    "sign_in": lazy_gettext("Devices where signed in"),
    "external_identity": lazy_gettext("Accounts elsewhere"),
    "code": lazy_gettext("One-time codes"),
    "message": lazy_gettext("Messages"),
    "message_choice": lazy_gettext("Choice of messages"),
    "unreachable": lazy_gettext("An address that refuses mail"),
    "consent": lazy_gettext("Consents"),
    "draft": lazy_gettext("What was typed and not handed in"),
    "grade": lazy_gettext("Grades"),
    "submission": lazy_gettext("Notebooks handed in"),
    "quiz_attempt": lazy_gettext("Tries at quizzes"),
    "enrolment": lazy_gettext("Enrolments"),
    "application": lazy_gettext("Applications"),
    "extension": lazy_gettext("Time that was given"),
    "transfer": lazy_gettext("Transfers"),
    "ledger_entry": lazy_gettext("Entries of the learning record"),
    "run_result": lazy_gettext("Results of closed runs"),
    "run_instructor": lazy_gettext("Runs that are taught"),
    "access_entry": lazy_gettext("Looks at these data"),
    "audit_entry": lazy_gettext("Deeds"),
    "download": lazy_gettext("Files taken"),
}


def action(name: str) -> str:
    return str(ACTIONS.get(name, name))


def look(name: str) -> str:
    return str(LOOKS.get(name, name))


def kept(table: str) -> str:
    return str(KEPT.get(table, table))


def kind(name: str) -> str:
    """A kind of data that has a period."""
    return {
        "access_log": _("Log of who looked at whom"),
        "sign_ins": _("Devices where signed in"),
        "messages": _("Messages"),
        "people": _("People who left"),
        "person": _("A person who asked for it"),
    }.get(name, name)


def problem(name: str) -> str:
    """What verifying the audit found."""
    return {
        "changed": _("an entry was changed, or stands in another place"),
        "deleted": _("an entry was deleted"),
        "seal_deleted": _("a link of the chain was deleted"),
        "inserted": _("an entry was put among others afterwards"),
        "head": _("the chain does not hold the head that was given"),
    }[name]
