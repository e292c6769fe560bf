"""Who may open what: every rule of the URL map, alone and in a host, tried as every role.

A route that the table doesn't name fails, and so does a view that declares no rule of `lms.web.access`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from lms import messages
from lms.clock import today, utcnow
from lms.credentials import issuing
from lms.messages import way_out
from lms.models import Certificate, Enrolment, Message, Person, Programme, SlipBatch, Submission
from lms.people import sign_ins
from lms.people.privacy import sealing
from lms.rosters import storage
from lms.settings import KEYS_NAME
from lms.web import access
from lms.web.extension import LMS, Identity
from tests.credentials.conftest import PRESS, finish
from tests.sittings import a_sitting
from tests.world import LONG_AGO, World

from . import small_course
from .browser import Browser
from .site import Site, open_site, settings_of, standalone

# All ids in the addresses are 김하나's: her run, her submission, her device, her enrolment. So 404 is "not yours".
#   in    asked to sign in          pw    asked for a password of one's own
#   200 … what a page answers, 303 to another page of ours after something was done
# learner: 김하나; other: a learner of another run; manager: of her company; officer, instructor: of the centre of her
# region; far officer: of another centre; office: the programme's; changing: 김하나 with a password that somebody else knows.
TABLE = """
                                   nobody learner other manager officer far_officer instructor office operator changing
GET    learn.home                  in     200     200   303     303     303         303        303    303      pw
GET    learn.outline               in     200     404   404     404     404         404        404    404      pw
GET    learn.unit                  in     200     404   404     404     404         404        404    404      pw
POST   learn.done                  in     303     404   404     404     404         404        404    404      pw
POST   learn.take_quiz             in     303     404   404     404     404         404        404    404      pw
POST   learn.submit                in     303     404   404     404     404         404        404    404      pw
GET    learn.starter               in     200     404   404     404     404         404        404    404      pw
GET    learn.data_file             in     200     404   404     404     404         404        404    404      pw
GET    workspace.draft             in     200     404   404     404     404         404        404    404      pw
PUT    workspace.save              in     422     404   404     404     404         404        404    404      pw
POST   workspace.hand_in           in     303     404   404     404     404         404        404    404      pw
GET    workspace.work              in     200     404   404     404     404         404        404    404      pw
POST   workspace.read_notebook     in     200     404   404     404     404         404        404    404      pw
GET    workspace.attempts          in     200     404   404     404     404         404        404    404      pw
GET    workspace.result            in     200     404   200     200     404         200        200    404      pw
GET    workspace.cells             in     200     404   404     404     404         404        404    404      pw
GET    kernel.frame                404    404     404   404     404     404         404        404    404      404
GET    kernel.bundle               404    404     404   404     404     404         404        404    404      404
GET    kernel.service_worker       200    200     200   200     200     200         200        200    200      200
GET    learn.media                 in     200     404   404     404     404         404        404    404      pw
GET    learn.submission            in     200     404   200     200     404         200        200    404      pw
GET    learn.feedback              in     200     404   200     200     404         200        200    404      pw
GET    learn.notebook              in     200     404   200     200     404         200        200    404      pw
GET    account.page                in     200     200   200     200     200         200        200    200      pw
GET    api.openapi                 200    200     200   200     200     200         200        200    200      200
GET    api.reports                 401    401     401   401     401     401         401        401    401      401
GET    api.report                  401    401     401   401     401     401         401        401    401      401
GET    api.missing                 404    404     404   404     404     404         404        404    404      404
POST   api.missing                 405    405     405   405     405     405         405        405    405      405
PUT    api.missing                 405    405     405   405     405     405         405        405    405      405
PATCH  api.missing                 405    405     405   405     405     405         405        405    405      405
DELETE api.missing                 405    405     405   405     405     405         405        405    405      405
GET    tokens.page                 in     403     403   200     200     200         200        200    403      pw
POST   tokens.make                 in     403     403   422     422     422         422        422    403      pw
POST   tokens.revoke               in     403     403   404     404     404         404        404    403      pw
GET    account.password            in     200     200   200     200     200         200        200    200      200
POST   account.change_password     in     422     422   422     422     422         422        422    422      422
POST   account.end_device          in     303     404   404     404     404         404        404    404      pw
POST   account.end_other_devices   in     303     303   303     303     303         303        303    303      pw
POST   account.language            303    303     303   303     303     303         303        303    303      303
GET    account.state               200    200     200   200     200     200         200        200    200      200
POST   account.stay                in     204     204   204     204     204         204        204    204      204
GET    desk.home                   in     403     403   303     200     200         200        200    200      pw
GET    desk.export                 in     403     403   403     200     200         200        200    403      pw
GET    questions.page              in     403     403   403     200     200         200        200    403      pw
GET    questions.export            in     403     403   403     200     200         200        200    403      pw
GET    questions.people_behind     in     403     403   403     200     200         200        200    403      pw
GET    desk.company                in     403     403   403     200     404         200        200    403      pw
POST   desk.export_people          in     403     403   403     200     404         200        200    403      pw
GET    desk.learner                in     403     403   403     200     404         200        200    403      pw
POST   desk.record                 in     403     403   403     200     404         200        200    403      pw
GET    desk.waiting                in     403     403   200     200     200         200        200    200      pw
GET    decisions.page              in     403     403   403     200     404         403        403    403      pw
POST   decisions.decide            in     403     403   403     422     404         403        403    403      pw
GET    exports.home                in     403     403   403     200     200         200        200    403      pw
POST   exports.ask                 in     403     403   403     200     200         200        200    403      pw
GET    exports.page                in     403     403   403     404     404         404        404    403      pw
POST   exports.take                in     403     403   403     404     404         404        404    403      pw
POST   exports.drop                in     403     403   403     404     404         404        404    403      pw
GET    company.home                in     403     403   200     403     403         403        403    403      pw
POST   company.export_people       in     403     403   200     403     403         403        403    403      pw
GET    companies.home              in     403     403   403     200     200         403        200    200      pw
GET    companies.new               in     403     403   403     200     200         403        403    200      pw
POST   companies.add               in     403     403   403     422     422         403        403    422      pw
GET    companies.company           in     403     403   403     200     404         403        200    200      pw
POST   companies.undo_deed         in     403     403   403     404     404         403        403    404      pw
GET    companies.ask               in     403     403   403     200     404         403        403    200      pw
POST   companies.do                in     403     403   403     422     404         403        403    422      pw
GET    companies.people            in     403     403   403     200     404         403        200    200      pw
GET    companies.new_person        in     403     403   403     200     404         403        403    200      pw
POST   companies.add_person        in     403     403   403     422     404         403        403    422      pw
GET    companies.employee          in     403     403   403     200     404         403        403    200      pw
GET    companies.ask_employment    in     403     403   403     200     404         403        403    200      pw
POST   companies.do_employment     in     403     403   403     422     404         403        403    422      pw
POST   companies.give_manager      in     403     403   403     422     404         403        403    422      pw
POST   companies.end_manager       in     403     403   403     404     404         403        403    404      pw
GET    runs.home                   in     403     403   403     200     200         200        403    403      pw
GET    runs.new                    in     403     403   403     200     200         403        403    403      pw
GET    runs.new_of                 in     403     403   403     200     200         403        403    403      pw
POST   runs.make                   in     403     403   403     422     422         403        403    403      pw
POST   runs.copy                   in     403     403   403     404     404         403        403    403      pw
GET    runs.page                   in     403     403   403     200     404         404        403    403      pw
GET    runs.edit                   in     403     403   403     200     404         403        403    403      pw
POST   runs.change                 in     403     403   403     422     404         403        403    403      pw
POST   runs.set_quota              in     403     403   403     422     404         403        403    403      pw
POST   runs.remove_quota           in     403     403   403     404     404         403        403    403      pw
POST   runs.open_run               in     403     403   403     303     404         403        403    403      pw
POST   runs.withdraw               in     403     403   403     303     404         403        403    403      pw
POST   runs.pin                    in     403     403   403     303     404         403        403    403      pw
POST   runs.discard                in     403     403   403     303     404         403        403    403      pw
GET    runs.rule                   in     403     403   403     200     404         403        403    403      pw
POST   runs.change_rule            in     403     403   403     422     404         403        403    403      pw
GET    runs.closing                in     403     403   403     200     404         403        403    403      pw
POST   runs.close                  in     403     403   403     303     404         403        403    403      pw
POST   runs.reopen                 in     403     403   403     303     404         403        403    403      pw
POST   runs.sheet                  in     403     403   403     404     404         403        403    403      pw
POST   runs.records                in     403     403   403     404     404         403        403    403      pw
GET    rosters.home                in     403     403   403     200     200         403        403    200      pw
POST   rosters.upload              in     403     403   403     422     422         403        403    422      pw
GET    rosters.roster              in     403     403   403     200     404         403        403    200      pw
POST   rosters.map_columns         in     403     403   403     303     404         403        403    303      pw
POST   rosters.apply               in     403     403   403     303     404         403        403    303      pw
POST   rosters.undo                in     403     403   403     303     404         403        403    303      pw
POST   rosters.findings            in     403     403   403     200     404         403        403    200      pw
POST   rosters.export              in     403     403   403     200     200         403        403    200      pw
GET    organisations.home          in     403     403   403     200     200         403        200    200      pw
POST   organisations.add_cluster   in     403     403   403     403     403         403        403    422      pw
GET    organisations.centre        in     403     403   403     200     200         403        200    200      pw
POST   organisations.change_service in    403     403   403     403     403         403        403    422      pw
POST   organisations.give          in     403     403   403     403     403         403        403    422      pw
POST   organisations.end           in     403     403   403     403     403         403        403    404      pw
POST   organisations.undo_deed     in     403     403   403     403     403         403        403    404      pw
GET    office.home                 in     403     403   403     403     403         403        200    403      pw
GET    office.export               in     403     403   403     403     403         403        200    403      pw
GET    office.set_page             in     403     403   403     403     403         403        200    403      pw
GET    public.page                 200    200     200   200     200     200         200        200    200      200
GET    public.export               404    404     404   404     404     404         404        404    404      404
POST   office.set_goals            in     403     403   403     403     403         403        303    403      pw
POST   desk.uphold                 in     403     403   403     303     404         403        403    403      pw
GET    sittings.tab                in     403     403   403     200     404         404        403    403      pw
GET    sittings.new                in     403     403   403     200     404         403        403    403      pw
POST   sittings.add                in     403     403   403     422     404         403        403    403      pw
GET    sittings.edit               in     403     403   403     200     404         403        403    403      pw
POST   sittings.change             in     403     403   403     422     404         403        403    403      pw
POST   sittings.cancel             in     403     403   403     422     404         403        403    403      pw
GET    sittings.roll               in     403     403   403     200     404         404        403    403      pw
POST   sittings.mark               in     403     403   403     422     404         404        403    403      pw
POST   sittings.mark_rest          in     403     403   403     422     404         404        403    403      pw
POST   sittings.confirm_leaving    in     403     403   403     422     404         404        403    403      pw
POST   sittings.give_seat          in     403     403   403     422     404         404        403    403      pw
POST   sittings.sheet              in     403     403   403     422     404         404        403    403      pw
GET    sittings.screen             in     403     403   403     200     404         404        403    403      pw
GET    sittings.code_now           in     403     403   403     200     404         404        403    403      pw
GET    sittings.attend             in     200     404   404     404     404         404        404    404      pw
POST   sittings.enter              in     422     404   404     404     404         404        404    404      pw
POST   sittings.choose             in     303     404   404     404     404         404        404    404      pw
GET    sittings.calendar           in     200     404   404     404     404         404        404    404      pw
GET    catalogue.home              in     200     200   200     200     200         200        200    200      pw
POST   catalogue.apply             in     404     404   404     404     404         404        404    404      pw
POST   catalogue.withdraw          in     404     404   404     404     404         404        404    404      pw
POST   catalogue.leave             in     303     404   404     404     404         404        404    404      pw
GET    catalogue.join              in     404     404   404     404     404         404        404    404      pw
POST   catalogue.follow            in     404     404   404     404     404         404        404    404      pw
GET    company_applications.home   in     403     403   200     403     403         403        403    403      pw
POST   company_applications.decide in     403     403   303     403     403         403        403    403      pw
GET    company_applications.choose in     403     403   404     403     403         403        403    403      pw
POST   company_applications.enrol  in     403     403   404     403     403         403        403    403      pw
POST   company_applications.undo   in     403     403   404     403     403         403        403    403      pw
GET    applications.tab            in     403     403   403     200     404         403        403    403      pw
POST   applications.decide         in     403     403   403     303     404         403        403    403      pw
POST   applications.change_admission in   403     403   403     303     404         403        403    403      pw
GET    applications.enrol          in     403     403   403     200     404         403        403    403      pw
POST   applications.enrol_people   in     403     403   403     404     404         403        403    403      pw
POST   applications.undo           in     403     403   403     404     404         403        403    403      pw
POST   applications.change         in     403     403   403     303     404         403        403    403      pw
POST   applications.take_back      in     403     403   403     404     404         403        403    403      pw
POST   applications.make_link      in     403     403   403     303     404         403        403    403      pw
POST   applications.revoke_link    in     403     403   403     404     404         403        403    403      pw
GET    classroom.home              in     403    403   403     200     200         200        403    403      pw
GET    classroom.run               in     403    403   403     200     404         200        403    403      pw
GET    classroom.learner           in     403    403   403     200     404         200        403    403      pw
GET    classroom.submission        in     403    403   403     200     404         200        403    403      pw
GET    classroom.feedback          in     403    403   403     200     404         200        403    403      pw
GET    classroom.notebook          in     403    403   403     200     404         200        403    403      pw
GET    classroom.regrade_page      in     403    403   403     403     403         200        403    403      pw
POST   classroom.start_regrade     in     403    403   403     403     403         303        403    403      pw
POST   classroom.apply_regrade     in     403    403   403     403     403         303        403    403      pw
POST   desk.revoke                 in     403     403   403     303     404         403        403    403      pw
GET    certificates.own            in     200     200   200     200     200         200        200    200      pw
POST   certificates.take           in     303     404   404     404     404         404        404    404      pw
GET    certificates.pdf_of_run     in     303     404   404     404     404         404        404    404      pw
GET    certificates.mine           in     200     404   404     404     404         404        404    404      pw
GET    certificates.my_pdf         in     200     404   404     404     404         404        404    404      pw
GET    certificates.tab            in     403     403   403     200     404         403        403    403      pw
POST   certificates.issue          in     403     403   403     303     404         403        403    403      pw
GET    certificates.one            in     403     403   403     200     404         403        403    403      pw
POST   certificates.pdf            in     403     403   403     422     404         403        403    403      pw
POST   certificates.replace        in     403     403   403     422     404         403        403    403      pw
POST   certificates.revoke         in     403     403   403     422     404         403        403    403      pw
POST   certificates.ask_file       in     403     403   403     422     404         403        403    403      pw
GET    certificates.batch          in     403     403   403     404     404         403        403    403      pw
POST   certificates.take_file      in     403     403   403     404     404         403        403    403      pw
POST   certificates.cancel_file    in     403     403   403     404     404         403        403    403      pw
GET    certificates.paper_home     in     403     403   403     303     303         403        403    200      pw
GET    certificates.paper          in     403     403   403     200     404         403        403    200      pw
POST   certificates.set_paper      in     403     403   403     422     404         403        403    422      pw
GET    certificates.specimen       in     403     403   403     200     404         403        403    200      pw
GET    certificates.track_list     in     403     403   403     200     200         403        403    403      pw
POST   certificates.add_track      in     403     403   403     404     404         403        403    403      pw
GET    certificates.track          in     403     403   403     404     404         403        403    403      pw
POST   certificates.change_track   in     403     403   403     404     404         403        403    403      pw
GET    statements.home             in     403     403   403     200     200         403        200    403      pw
GET    statements.new              in     403     403   403     200     200         403        200    403      pw
POST   statements.issue            in     403     403   403     303     303         403        303    403      pw
GET    statements.page             in     403     403   403     404     404         403        404    403      pw
GET    statements.file             in     403     403   403     404     404         403        404    403      pw
GET    statements.again            in     403     403   403     404     404         403        404    403      pw
GET    schedules.home              in     403     403   403     200     200         403        200    403      pw
GET    schedules.new               in     403     403   403     200     200         403        200    403      pw
POST   schedules.add               in     403     403   403     422     422         403        422    403      pw
GET    schedules.page              in     403     403   403     404     404         403        404    403      pw
GET    schedules.edit              in     403     403   403     404     404         403        404    403      pw
POST   schedules.change            in     403     403   403     404     404         403        404    403      pw
POST   schedules.do                in     403     403   403     404     404         403        404    403      pw
POST   schedules.again             in     403     403   403     404     404         403        404    403      pw
GET    statements.verify           200    200     200   200     200     200         200        200    200      200
POST   statements.find             404    404     404   404     404     404         404        404    404      404
GET    statements.shown            404    404     404   404     404     404         404        404    404      404
GET    certificates.verify         200    200     200   200     200     200         200        200    200      200
POST   certificates.find           404    404     404   404     404     404         404        404    404      404
GET    certificates.shown          404    404     404   404     404     404         404        404    404      404
GET    operations.page             in     403     403   403     403     403         403        403    200      pw
GET    operations.state            in     403     403   403     403     403         403        403    200      pw
GET    audit.page                  in     403     403   403     403     403         403        403    200      pw
POST   audit.verify                in     403     403   403     403     403         403        403    303      pw
GET    audit.looks                 in     403     403   403     403     403         403        403    200      pw
GET    audit.kept                  in     403     403   403     403     403         403        403    200      pw
POST   audit.destroy               in     403     403   403     403     403         403        403    422      pw
GET    privacy.mine                in     200     200   200     200     200         200        200    200      pw
POST   privacy.set_contact         in     303     303   303     303     303         303        303    303      pw
GET    privacy.looks               in     200     200   200     200     200         200        200    200      pw
POST   privacy.export              in     200     200   200     200     200         200        200    200      pw
GET    privacy.person              in     403     403   200     200     404         404        200    200      pw
POST   privacy.reveal              in     403     403   422     422     404         404        403    422      pw
GET    consents.page               in      200    200   200     200     200         200        200    200      pw
POST   consents.answer             in      422    422   422     422     422         422        422    422      pw
POST   consents.change             in      303    303   303     303     303         303        303    303      pw
GET    messages.page               in      200    200   200     200     200         200        200    200      pw
GET    messages.show               in      200    404   404     404     404         404        404    404      pw
POST   messages.mark_read          in      303    303   303     303     303         303        303    303      pw
POST   messages.choose             in      303    303   303     303     303         303        303    303      pw
POST   messages.address_works      in      303    303   303     303     303         303        303    303      pw
GET    messages.leave              200     200    200   200     200     200         200        200    200      200
POST   messages.turn               200     200    200   200     200     200         200        200    200      200
GET    reminders.run_page          in      403    403   403     200     404         404        403    403      pw
GET    reminders.compose           in      403    403   404     200     404         200        403    403      pw
POST   reminders.send              in      403    403   404     422     404         422        403    403      pw
GET    reminders.bulletin          in      403    403   404     404     404         404        403    403      pw
POST   reminders.undo              in      403    403   404     404     404         404        403    403      pw
GET    mail.state                  in      403    403   403     403     403         403        403    200      pw
POST   mail.send_again             in      403    403   403     403     403         403        403    303      pw
GET    first.page                  200     200    200   200     200     200         200        200    200      200
POST   first.look_up               422     422    422   422     422     422         422        422    422      422
POST   first.choose                422     422    422   422     422     422         422        422    422      422
GET    first.forgotten             200     200    200   200     200     200         200        200    200      200
POST   first.ask                   404     404    404   404     404     404         404        404    404      404
GET    slips.home                  in      403    403   200     200     200         403        403    200      pw
POST   slips.ask                   in      403    403   422     422     422         403        403    422      pw
POST   slips.invite_companies      in      403    403   422     422     422         403        403    422      pw
GET    slips.batch                 in      403    403   404     200     404         403        403    404      pw
POST   slips.sheet                 in      403    403   404     404     404         403        403    404      pw
POST   slips.discard               in      403    403   404     303     404         403        403    404      pw
GET    slips.company               in      403    403   200     200     404         403        403    200      pw
POST   slips.give_code             in      403    403   200     200     404         403        403    200      pw
POST   slips.invite                in      403    403   303     303     404         403        403    303      pw
GET    health.alive                200    200     200   200     200     200         200        200    200      200
GET    health.ready                200    200     200   200     200     200         200        200    200      200
GET    metrics.page                200    200     200   200     200     200         200        200    200      200
GET    sign_in.page                200    303     303   303     303     303         303        303    303      303
POST   sign_in.begin               422    422     422   422     422     422         422        422    422      422
POST   sign_in.end                 in     303     303   303     303     303         303        303    303      303
GET    setup.page                  404    404     404   404     404     404         404        404    404      404
POST   setup.begin                 404    404     404   404     404     404         404        404    404      404
GET    static                      200    200     200   200     200     200         200        200    200      200
GET    runtime.file                404    404     404   404     404     404         404        404    404      404
GET    missing                     404    404     404   404     404     404         404        404    404      404
POST   missing                     404    404     404   404     404     404         404        404    404      404
PUT    missing                     404    404     404   404     404     404         404        404    404      404
PATCH  missing                     404    404     404   404     404     404         404        404    404      404
DELETE missing                     404    404     404   404     404     404         404        404    404      404
"""
# In a host: these don't exist, because the host signs people in and keeps their passwords; the rest is as above, and
# nobody is ever asked for another password.
HOST_LACKS = ("sign_in.", "first.", "slips.", "setup.", "metrics.")
HOST_HAS_NO = ("account.password", "account.change_password", "account.end_device", "account.end_other_devices")

_HEAD, *_LINES = TABLE.strip().splitlines()
ROLES = tuple(_HEAD.split())
EXPECTED: dict[tuple[str, str], dict[str, str]] = {
    (method, endpoint): dict(zip(ROLES, cells, strict=True))
    for method, endpoint, *cells in (line.split() for line in _LINES)
}


def _routes(app: Flask) -> set[tuple[str, str]]:
    """(method, endpoint) of all that is ours."""
    return {
        (method, rule.endpoint.removeprefix("lms."))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("lms.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


@dataclass
class Case:
    """A site, and how each role comes to it."""

    site: Site
    people: dict[str, Person | None]
    here: dict[str, Person]
    submission: UUID
    programme: UUID
    message: UUID
    batch: UUID
    roster: UUID
    sitting: UUID

    def browser(self, role: str) -> Browser:
        """A fresh browser in which the role's person is."""
        browser = self.site.browser()
        person = self.people[role]
        self.here.clear()
        if person is not None:
            self.here["person"] = person
            if self.site.lms.is_standalone:
                self._sign_in(browser, person)
        browser.see(f"{self.site.prefix}/no-such-page", 404)  # for a form's token
        return browser

    def _sign_in(self, browser: Browser, person: Person) -> None:
        with self.site.lms.database.writing() as session:
            token = sign_ins.start(session, person, device="test", address="127.0.0.1")
            row = session.get_one(Person, person.id)
            row.must_change_password = person is self.people["changing"]
            session.commit()
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = token

    def ask(self, browser: Browser, method: str, endpoint: str) -> str:
        """What the route answers, in the table's words."""
        with self.site.app.test_request_context():
            address = self.site.app.url_for(f"lms.{endpoint}", **self._values(endpoint))
        form = {"csrf_token": browser.token, **self._form(endpoint)} if method != "GET" else None
        answer = browser.open(address, method=method, data=form)
        if answer.status_code != 303:
            return str(answer.status_code)
        where = answer.headers["Location"]
        if "/sign-in?next=" in where or "portal.example" in where:
            return "in"
        return "pw" if where.endswith("/account/password") and not endpoint.startswith("sign_in.") else "303"

    def _values(self, endpoint: str) -> dict[str, Any]:
        unit = {
            "learn.take_quiz": small_course.QUIZ,
            "learn.unit": small_course.QUIZ,
            "learn.done": small_course.FIRST_PAGE,
        }
        run = {"run": self.site.run.uid, "key": unit.get(endpoint, small_course.EXERCISE)}
        submission = {"uid": self.submission}
        decision = {"enrolment": self.site.enrolled[self.site.world.hana.id].uid}
        company, kind = {"uid": self.site.world.hanbit.uid}, {"kind": "csv"}
        person = {"uid": self.site.world.hana.uid}
        batch = {"uid": self.batch}
        roster = {"uid": self.roster}
        nothing = UUID(int=1)
        work = company | {"person": person["uid"], "day": LONG_AGO.isoformat()}
        centre = {"slug": self.site.world.busan_centre.slug}
        values: dict[str, dict[str, Any]] = {
            **dict.fromkeys(
                (f"companies.{name}" for name in ("company", "people", "new_person", "add_person")), company
            ),
            **dict.fromkeys(("companies.ask", "companies.do"), company | {"deed": "declare"}),
            "companies.undo_deed": company | {"deed": nothing},
            "companies.employee": work,
            **dict.fromkeys(("companies.ask_employment", "companies.do_employment"), work | {"deed": "correct"}),
            "companies.give_manager": company,
            "companies.end_manager": company | {"person": person["uid"]},
            **dict.fromkeys(
                (f"rosters.{name}" for name in ("roster", "map_columns", "apply", "undo", "findings")), roster
            ),
            "organisations.centre": centre,
            "organisations.change_service": centre | {"what": "serve"},
            "organisations.give": centre | {"kind": "officer"},
            "organisations.end": centre | {"kind": "officer", "person": person["uid"]},
            "organisations.undo_deed": centre | {"deed": nothing},
            "learn.outline": {"run": run["run"]},
            "learn.media": {"run": run["run"], "name": "bars.svg"},
            "learn.data_file": run | {"name": "data/parts.csv"},
            **dict.fromkeys(("learn.unit", "learn.done", "learn.take_quiz", "learn.submit", "learn.starter"), run),
            **dict.fromkeys(("learn.submission", "learn.feedback", "learn.notebook"), submission),
            **dict.fromkeys((f"workspace.{name}" for name in ("draft", "save", "hand_in", "work", "attempts")), run),
            "workspace.read_notebook": run,
            **dict.fromkeys(("workspace.result", "workspace.cells"), submission),
            **dict.fromkeys(("desk.uphold", "desk.revoke", "desk.learner", "desk.record"), decision),
            **dict.fromkeys(("desk.company", "desk.export_people"), company),
            **{key: {"uid": nothing} for key in ("exports.page", "exports.take", "exports.drop")},
            **dict.fromkeys(("desk.export", "office.export"), kind),
            "questions.page": {"name": "funnel"},
            "questions.export": {"name": "stops"} | kind,
            **dict.fromkeys(("privacy.person", "privacy.reveal"), person),
            "office.set_goals": {"uid": self.programme},
            "public.export": {"year": today().year},
            **{f"statements.{name}": {"uid": nothing} for name in ("page", "again")},
            "statements.file": {"uid": nothing, "kind": "pdf"},
            **{f"schedules.{name}": {"uid": nothing} for name in ("page", "edit", "change", "again")},
            "schedules.do": {"uid": nothing, "deed": "pause"},
            "statements.shown": {"code": "A" * 16},
            **{endpoint: {"uid": run["run"]} for _method, endpoint in EXPECTED if endpoint.startswith("runs.")},
            **{endpoint: {"uid": run["run"]} for endpoint in ("decisions.page", "decisions.decide")},
            **{endpoint: {} for endpoint in ("runs.home", "runs.new", "runs.copy")},
            **{endpoint: {"slug": small_course.COURSE} for endpoint in ("runs.new_of", "runs.make")},
            "runs.remove_quota": {"uid": run["run"], "quota": 1},
            **{
                endpoint: {"uid": run["run"], "sitting": self.sitting}
                for _method, endpoint in EXPECTED
                if endpoint.startswith("sittings.")
            },
            **{endpoint: {"uid": self.sitting} for endpoint in _OWN_SITTING},
            **{endpoint: {"uid": run["run"]} for _method, endpoint in EXPECTED if endpoint.startswith("applications.")},
            "applications.undo": {"uid": run["run"], "set_uid": nothing},
            "applications.take_back": {"uid": run["run"], "enrolment": nothing},
            "applications.revoke_link": {"uid": run["run"], "link": nothing},
            **{key: {"run": run["run"]} for key in ("catalogue.apply", "catalogue.leave")},
            **{key: {"uid": nothing} for key in ("catalogue.withdraw", "catalogue.join", "catalogue.follow")},
            **{
                key: {"company": company["uid"], "run": run["run"]}
                for key in ("company_applications.choose", "company_applications.enrol")
            },
            "company_applications.undo": {"set_uid": nothing},
            "classroom.run": {"run": run["run"]},
            "classroom.learner": decision,
            **dict.fromkeys(("classroom.submission", "classroom.feedback", "classroom.notebook"), submission),
            **dict.fromkeys(("classroom.regrade_page", "classroom.start_regrade", "classroom.apply_regrade"), run),
            **self._values_of_certificates(run["run"]),
            "api.report": {"name": "funnel"},
            "api.missing": {"_anything": "nothing/here"},
            "tokens.revoke": {"uid": nothing},
            "account.end_device": {"uid": self._device()},
            "consents.change": {"slug": "news"},
            "messages.show": {"uid": self.message},
            **{key: {"token": self._way_out()} for key in ("messages.leave", "messages.turn")},
            "reminders.run_page": {"uid": run["run"]},
            **{key: {"run": run["run"]} for key in ("reminders.compose", "reminders.send")},
            **{key: {"uid": nothing} for key in ("reminders.bulletin", "reminders.undo")},
            **dict.fromkeys(("slips.batch", "slips.discard"), batch),
            "slips.sheet": batch | {"part": 1},
            **dict.fromkeys(("slips.company", "slips.invite"), company),
            "slips.give_code": company | {"person": self.site.world.hana.uid},
            "kernel.frame": {"digest": "of-no-version-of-ours"},
            "kernel.bundle": {"digest": "of-no-version-of-ours"},
            "static": {"filename": "css/base.css"},
            "runtime.file": {"release": "of another day", "name": "pyodide.mjs"},
            "missing": {"_anything": "nothing/here"},
        }
        return values.get(endpoint, {})

    def _way_out(self) -> str:
        key = way_out.key_of(self.site.lms.settings.secret_key)
        return way_out.token_of(self.site.world.hana.uid, "reminders", key)

    def _values_of_certificates(self, run: UUID) -> dict[str, dict[str, Any]]:
        """김하나's certificate of the run, made when it is first asked for."""
        uid, nothing = {"uid": self._certificate()}, UUID(int=1)
        of_run = {"uid": run}
        one, batch = of_run | {"certificate": uid["uid"]}, of_run | {"batch": nothing}
        paper, track = {"uid": self.site.world.busan_centre.uid}, {"uid": nothing}
        return {
            "certificates.take": {"run": run},
            "certificates.pdf_of_run": {"run": run},
            "certificates.shown": {"code": "A" * 16},
            **{
                f"certificates.{name}": values
                for names, values in (
                    ("mine my_pdf", uid),
                    ("tab issue ask_file", of_run),
                    ("one pdf replace revoke", one),
                    ("batch take_file cancel_file", batch),
                    ("paper set_paper specimen", paper),
                    ("track change_track", track),
                )
                for name in names.split()
            },
        }

    def _certificate(self) -> UUID:
        with self.site.lms.database.writing() as session:
            found = session.scalar(select(Certificate.uid))
            if found is None:
                enrolment = session.get_one(Enrolment, self.site.enrolled[self.site.world.hana.id].id)
                finish(session, enrolment)
                found = issuing.issue(session, enrolment.id, PRESS).uid
                session.commit()
            return found

    def _device(self) -> UUID:
        """A device of 김하나's, on which somebody may try to sign her out."""
        with self.site.lms.database.writing() as session:
            sign_ins.start(session, self.site.world.hana, device="her phone", address="127.0.0.1")
            session.commit()
        with self.site.lms.database.reading() as session:
            return sign_ins.list_current(session, self.site.world.hana.id, idle=self.site.lms.idle)[0].uid

    def _form(self, endpoint: str) -> dict[str, Any]:
        if endpoint in ("learn.submit", "workspace.read_notebook"):
            return {"notebook": (io.BytesIO(self.site.notebook()), "n.ipynb")}
        if endpoint in ("sittings.mark", "sittings.give_seat"):
            return {"enrolment": str(self.site.enrolled[self.site.world.hana.id].uid)}
        if endpoint == "classroom.apply_regrade":
            return {"version": self.site.exercise_version().digest}
        return (
            {"reason": "확인했습니다.", "form": "csv"}
            if endpoint.startswith(("desk.", "exports.", "office.", "company.", "slips.", "rosters."))
            else {}
        )


def _case(site: Site, here: dict[str, Person]) -> Case:
    """With a submission of 김하나's that is graded, and 윤수진 in a run of her own."""
    world = site.world
    site.enrol(world.sujin, site.open_run(today(), today()))
    people = {role: world.everybody.get(role) for role in ROLES} | {
        "nobody": None,
        "other": world.sujin,
        "manager": world.doyun,
        "far_officer": world.minjun,
        "office": world.jimin,
    }
    # The same row, told apart by the object.
    with site.lms.database.reading() as session:
        people["changing"] = session.get_one(Person, world.hana.id)
    case = Case(
        site,
        people,
        here,
        UUID(int=0),
        _add_programme(site),
        *_add_message_and_slips(site),
        _add_roster(site),
        _add_sitting(site),
    )
    site.hand_in(case.browser("learner"), site.notebook())
    with site.lms.database.reading() as session:
        case.submission = session.scalars(select(Submission.uid)).one()
    site.grade_by_hand(case.submission)
    return case


# A learner's own: named by the sitting alone.
_OWN_SITTING = ("sittings.attend", "sittings.enter", "sittings.choose", "sittings.calendar")


def _add_message_and_slips(site: Site) -> tuple[UUID, UUID]:
    """A message to 김하나, and slips that 이서연 asked for."""
    world = site.world
    with site.lms.database.writing() as session:
        messages.send(session, world.hana.id, "code_given", {"by": "박도윤", "company": "한빛정밀"})
        batch = SlipBatch(
            requested_by=world.seoyeon.id, companies=[], title="한빛정밀", reason="", address="", created_at=utcnow()
        )
        session.add(batch)
        session.commit()
        return session.scalars(select(Message.uid)).one(), batch.uid


def _add_sitting(site: Site) -> UUID:
    """One that is on now, of 김하나's run."""
    with site.lms.database.writing() as session:
        sitting = a_sitting(site.run.id)
        session.add(sitting)
        session.commit()
        return sitting.uid


def _add_roster(site: Site) -> UUID:
    """Uploaded by 이서연."""
    with site.lms.database.writing() as session:
        content = "사업자등록번호,성명,사번\n124-81-00998,김하나,H-001\n".encode()
        upload = storage.read_upload(content, "명단.csv", site.lms.sealer)
        made = storage.keep(session, upload, actor_id=site.world.seoyeon.id)
        session.commit()
        return made.uid


def _add_programme(site: Site) -> UUID:
    with site.lms.database.writing() as session:
        year = today().year
        days = {"from_on": date(year, 1, 1), "to_on": date(year, 12, 31)}
        programme = Programme(slug="this-year", name="올해의 사업", fiscal_year=year, **days)
        session.add(programme)
        session.commit()
        return programme.uid


@pytest.fixture
def alone(sqlite_url: str, world: World, small_content: Path, tmp_path: Path) -> Iterator[Case]:
    app = standalone(sqlite_url, tmp_path, small_content)
    yield _case(open_site(app, world, small_content), {})
    app.extensions["lms"].database.dispose()


@pytest.fixture
def in_host(sqlite_url: str, world: World, small_content: Path, tmp_path: Path) -> Iterator[Case]:
    """Mounted below /learn, in a host that says who is there."""
    here: dict[str, Person] = {}

    def who() -> Identity | None:
        person = here.get("person")
        return Identity(str(person.id), person.name, person.email) if person else None

    app = Flask("host", instance_path=str(tmp_path))
    app.secret_key = "the secret of the host"
    settings = settings_of(sqlite_url, tmp_path, small_content)
    sealing.write_fresh(tmp_path / "lms" / KEYS_NAME)
    LMS(app, url_prefix="/learn", identity=who, sign_in_url=lambda _: "http://portal.example/", settings=settings)
    yield _case(open_site(app, world, small_content, "/learn"), here)
    app.extensions["lms"].database.dispose()


@pytest.fixture
def database_kind() -> str:
    """Who may open what doesn't hang on the database."""
    return "sqlite"


def _expected_in_host(method: str, endpoint: str, role: str) -> str:
    expected = EXPECTED[method, endpoint]
    if expected[role] == "in":
        return "in"
    if endpoint in HOST_HAS_NO:
        return "404"
    return expected["learner" if role == "changing" else role]


def test_the_table_names_every_route(alone: Case) -> None:
    assert _routes(alone.site.app) == set(EXPECTED)


def test_the_table_names_every_route_in_a_host(in_host: Case) -> None:
    assert _routes(in_host.site.app) == {route for route in EXPECTED if not route[1].startswith(HOST_LACKS)}


@pytest.mark.parametrize("role", ROLES)
def test_alone(alone: Case, role: str) -> None:
    answers = {route: alone.ask(alone.browser(role), *route) for route in EXPECTED}
    assert answers == {route: cells[role] for route, cells in EXPECTED.items()}


# The rules are the same; what a host changes is who somebody is, and the address.
@pytest.mark.parametrize("role", ["nobody", "learner", "officer"])
def test_in_a_host(in_host: Case, role: str) -> None:
    routes = _routes(in_host.site.app)
    answers = {route: in_host.ask(in_host.browser(role), *route) for route in routes}
    assert answers == {route: _expected_in_host(*route, role) for route in routes}


def test_every_view_declares_its_rule(alone: Case) -> None:
    views = alone.site.app.view_functions
    assert [name for name, view in views.items() if access.rule_of(view) is None] == ["lms.static"]


def test_a_view_that_declares_no_rule_answers_nobody(alone: Case) -> None:
    app = alone.site.app
    app.view_functions["lms.learn.home"] = lambda: "secret"
    for role in ("nobody", "learner", "operator"):
        assert alone.ask(alone.browser(role), "GET", "learn.home") == "500"


def test_ids_of_others_and_ids_of_nobody_look_the_same(alone: Case) -> None:
    """So that an id can't be probed: not even the text tells whether there is such a thing."""
    browser = alone.browser("other")
    strange = UUID("0190a000-0000-7000-8000-000000000000")
    run, submission = alone.site.run.uid, alone.submission
    for path in ("/runs/{}", "/runs/{}/units/why-count", "/runs/{}/media/bars.svg"):
        assert _text(browser, path.format(run)) == _text(browser, path.format(strange))
    for path in ("/submissions/{}", "/submissions/{}/feedback", "/submissions/{}/notebook"):
        assert _text(browser, path.format(submission)) == _text(browser, path.format(strange))


def _text(browser: Browser, path: str) -> str:
    return browser.see(path, 404).get_text()
