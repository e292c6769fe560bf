"""For operators: who did what to whom, who looked at whom, what is kept how long and what was destroyed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, g, request
from sqlalchemy import or_, select
from werkzeug.wrappers import Response

from lms import audit
from lms.audit import chain, reading
from lms.clock import end_of_day
from lms.models import Person
from lms.people.accounts import normalise_email
from lms.people.privacy import access_log, retention
from lms.people.privacy.retention import RetentionError

from .. import access, audit_words, flashes, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import format_number
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render, url

bp = Blueprint("audit", __name__, url_prefix="/operations")

PAGE_SIZE = 50
FURTHEST_PAGE = 10_000


@dataclass(frozen=True)
class Asked:
    """What the address asks for. Words that mean nothing are left aside."""

    endpoint: str
    action: str
    who: str
    whom: str
    since: date | None
    until: date | None
    page: int

    def url(self, page: int) -> str:
        given: dict[str, Any] = {
            "action": self.action,
            "who": self.who,
            "whom": self.whom,
            "since": self.since,
            "until": self.until,
            "page": page if page > 1 else None,
        }
        return url(self.endpoint, **{name: value for name, value in given.items() if value})

    @property
    def moments(self) -> dict[str, datetime | None]:
        return {
            "since": end_of_day(self.since - timedelta(days=1)) if self.since else None,
            "until": end_of_day(self.until) if self.until else None,
        }


def _asked(endpoint: str, actions: Any) -> Asked:
    given = request.args
    action = given.get("action", "")
    return Asked(
        endpoint,
        action if action in actions else "",
        given.get("who", "").strip()[:200],
        given.get("whom", "").strip()[:200],
        _day(given.get("since", "")),
        _day(given.get("until", "")),
        min(max(1, given.get("page", 1, type=int)), FURTHEST_PAGE),
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None


def _ids(text: str) -> tuple[int, ...] | None:
    """Of the people with that name or e-mail; None where nobody is asked for."""
    if not text:
        return None
    known = or_(Person.email == normalise_email(text), Person.name == text)
    return tuple(session.scalars(select(Person.id).where(known).limit(100)))


# Who did what


@bp.get("/audit")
@access.operator
def page() -> str:
    what = _asked("audit.page", audit_words.ACTIONS)
    subjects = _ids(what.whom)
    rows = reading.list_entries(
        session,
        reading.Filter(
            action=what.action,
            actor_ids=_ids(what.who),
            subjects=tuple(f"person:{id_}" for id_ in subjects) if subjects is not None else None,
            **what.moments,
        ),
        limit=PAGE_SIZE + 1,
        offset=(what.page - 1) * PAGE_SIZE,
    )
    seen.people("audit_list", len(rows[:PAGE_SIZE]))
    return render(
        "lms/audit/list.html",
        asked=what,
        rows=rows[:PAGE_SIZE],
        has_more=len(rows) > PAGE_SIZE,
        actions=_choices(audit_words.ACTIONS),
        word=audit_words.action,
        head=chain.get_head(session),
    )


def _choices(words: Any) -> list[tuple[str, str]]:
    """Names and words, each word once, in the order of the words."""
    found = {str(word): name for name, word in reversed(words.items())}
    return sorted(((name, word) for word, name in found.items()), key=lambda pair: pair[1])


@bp.post("/audit/verify")
@access.operator
def verify() -> Response:
    with g.lms.database.reading() as opened:
        verdict = chain.verify(opened)
    with transaction() as writing:
        told = {"checked": verdict.checked, "problem": verdict.problem}
        address = request.remote_addr or ""
        audit.record(writing, "audit_verified", actor_id=access.viewer().id, address=address, detail=told)
    if verdict.problem:
        flashes.add(
            _(
                "The audit is not as it was sealed: %(problem)s (link %(number)s, entry %(entry)s).",
                problem=audit_words.problem(verdict.problem),
                number=verdict.number or "–",
                entry=verdict.entry_id or "–",
            ),
            "error",
        )
    else:
        flashes.add(_("All %(n)s sealed entries are as they were sealed.", n=format_number(verdict.checked)), "success")
    return to("audit.page")


# Who looked at whom


@bp.get("/looks")
@access.operator
def looks() -> str:
    what = _asked("audit.looks", audit_words.LOOKS)
    rows = access_log.list_looks(
        session,
        actor_ids=_ids(what.who),
        person_ids=_ids(what.whom),
        action=what.action,
        **what.moments,
        limit=PAGE_SIZE + 1,
        offset=(what.page - 1) * PAGE_SIZE,
    )
    seen.people("looks_list", len(rows[:PAGE_SIZE]))
    return render(
        "lms/audit/looks.html",
        asked=what,
        rows=rows[:PAGE_SIZE],
        has_more=len(rows) > PAGE_SIZE,
        actions=_choices(audit_words.LOOKS),
        word=audit_words.look,
        days=retention.days_of(session, g.lms.settings, "access_log"),
    )


# What is kept how long


@bp.get("/kept")
@access.operator
def kept() -> str:
    return _show_kept()


def _show_kept(problem: str = "", reason: str = "") -> str:
    return render(
        "lms/audit/kept.html",
        due=retention.list_due(session, g.lms.settings),
        records=retention.list_records(session),
        names=retention.names_of(session, retention.list_records(session)),
        kind_word=audit_words.kind,
        problem=problem,
        reason=reason,
        here=url("audit.kept"),
    )


@bp.post("/kept/destroy")
@access.operator
def destroy() -> Response | tuple[str, int]:
    """Have the data of the people who are due destroyed by a worker."""
    reason = request.form.get("reason", "")
    viewer = access.viewer()
    try:
        with transaction() as writing:
            retention.ask_for_people(writing, g.lms.settings, actor_id=viewer.id, reason=reason)
            address = request.remote_addr or ""
            audit.record(writing, "destruction_asked", actor_id=viewer.id, address=address, reason=reason)
    except RetentionError as error:
        return _show_kept(explain(error), reason), 422
    flashes.add(_("A worker destroys what is due. The record appears here when it is done."), "success")
    return to("audit.kept")
