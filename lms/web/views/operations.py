"""The operator's page: is all well, and what waits. It names no person."""

from __future__ import annotations

from flask import Blueprint, g

from lms.clock import utcnow
from lms.jobs import heartbeat, queue
from lms.operations import doctor

from .. import access
from ..database import session
from ..findings import tell
from ..templating import render

GRAVEST_FIRST = ("bad", "warn", "good")
bp = Blueprint("operations", __name__, url_prefix="/operations")


@bp.get("/")
@access.operator
def page() -> str:
    return _page()


@bp.get("/state")
@access.operator
def state() -> str:
    """The same for the page that renews itself, which doesn't count as somebody touching the device."""
    return _page()


def _page() -> str:
    site = doctor.Site(g.lms.database, g.lms.files, g.lms.settings, g.lms.instance)
    found = doctor.examine(site)
    return render(
        "lms/operations.html",
        told=[tell(finding) for finding in sorted(found, key=lambda finding: GRAVEST_FIRST.index(finding.state))],
        state=doctor.worst(found),
        now=utcnow(),
        workers=heartbeat.list_living(session),
        backlog=queue.backlog(session),
    )
