"""What a worker of a site does: the kinds of jobs, and what comes round."""

from __future__ import annotations

from collections.abc import Mapping

from lms.audit import chain
from lms.credentials import batches
from lms.credentials import work as certificates
from lms.credentials.issuing import Press
from lms.jobs.chores import Chore
from lms.jobs.worker import Handler
from lms.learning.reminders import bulletins, digests
from lms.learning.reminders import sending as reminders
from lms.messages import box
from lms.messages.post import Postman
from lms.messages.smtp import MailServer
from lms.people import recovery, slip_jobs
from lms.people.invitations import InvitationCode
from lms.people.privacy import retention
from lms.people.recovery import ResetCode
from lms.people.slip_jobs import SlipMaker
from lms.people.slips import FORGET_KIND, JOB_KIND
from lms.reports.exports import asking, making
from lms.reports.rollups import work as rollups
from lms.reports.schedules import making as schedules
from lms.rosters import handlers as rosters
from lms.rosters import storage
from lms.submissions import hand_in, regrade
from lms.submissions.handlers import handlers

from . import letters, paper
from .extension import LMS
from .schedule_words import ScheduledPress

# What learners wait for; it never waits behind a roster or a sheet of slips.
GRADING = (hand_in.JOB_KIND, regrade.GRADE_KIND, regrade.APPLY_KIND)
CHORES: tuple[Chore, ...] = (
    chain.CHORE,
    storage.CHORE,
    *rollups.CHORES,
    making.CHORE,
    schedules.CHORE,
    *reminders.CHORES,
    digests.CHORE,
)


def chores_of(site: LMS) -> tuple[Chore, ...]:
    """Without an address of the site no certificate is issued by itself: where it is verified is printed on it."""
    of_certificates = (certificates.CHORE,) if site.settings.site_url else ()
    return (*CHORES, *of_certificates, retention.chore(site.settings))


def handlers_of(site: LMS) -> Mapping[str, Handler]:
    """By kind. Each gets what it needs of the site when it is made."""
    slips = paper.SlipWords(site.app)
    press = _press(site)
    return {
        **handlers(site.files, site.exercises, required_level=site.settings.grading_isolation),
        chain.SEAL: chain.handle,
        box.POST: _postman(site),
        reminders.NEWS: reminders.handle,
        reminders.BY_DAY: reminders.handle,
        digests.JOB: digests.handle,
        bulletins.SEND: bulletins.handle,
        recovery.JOB_KIND: recovery.answer,
        JOB_KIND: SlipMaker(
            site.sealer,
            site.code_key,
            site.code_lifetime,
            slips.on_slip,
            slips.of_sign_in,
            site.settings.language,
        ),
        FORGET_KIND: slip_jobs.forget,
        certificates.DUE: certificates.DueIssuer(press),
        certificates.RUN: certificates.RunIssuer(press),
        batches.JOB_KIND: batches.BatchPrinter(site.files),
        asking.JOB_KIND: making.ExportMaker(site.files, site.settings.keep_exports_days),
        making.FORGET: making.ExportForgetter(site.files),
        **rosters.handlers(site.sealer),
        **rollups.HANDLERS,
        schedules.JOB: schedules.ScheduledIssuer(ScheduledPress(site.app, site.settings.site_url)),
        retention.LOGS: retention.LogDestroyer(site.settings),
        retention.PEOPLE: retention.PeopleDestroyer(site.files),
    }


def _press(site: LMS) -> Press:
    address = f"{site.settings.site_url.rstrip('/')}/verify"
    return Press(paper.CertificateWords(site.app), address, site.settings.language)


def _postman(site: LMS) -> Postman:
    settings = site.settings
    server = MailServer(
        settings.mail_host,
        settings.mail_port,
        settings.mail_security,
        settings.mail_from,
        settings.mail_user,
        settings.mail_password,
    )
    return Postman(
        server if settings.mail_host else None,
        letters.composer(site.app, settings.site_url),
        letters.footer(site.app, settings.site_url),
        {
            "invitation": InvitationCode(site.code_key),
            "password_reset": ResetCode(site.code_key),
            **reminders.PREPARE,
            **digests.PREPARE,
            **schedules.PREPARE,
        },
        settings.language,
        letters.ways_out(settings.secret_key, settings.site_url),
    )
