"""The worker's part of the slips: codes and sheets, a few hundred at a time, each part a job, so that who waits for a grade
doesn't wait for paper.

A part's codes and its sealed sheet are committed together, so that no code is lost on a sheet that was never made; a worker
that is killed leaves whole parts, and the next goes on with those who have none.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import documents, messages
from lms.clock import utcnow
from lms.jobs import queue
from lms.jobs.queue import Claim
from lms.models import Database, Person, SlipBatch, SlipSheet

from . import codes, slips
from .privacy.sealing import Sealer
from .slips import SlipOf

COLUMN = "lms_slip_sheet.body"
PATH = "/first"  # of the page that takes a code, below the site's address
_OF_SHEET = 400
_OF_PAGE = 8

# The words on a slip, in a language, for a code that works until a moment; and how she signs in afterwards.
Words = Callable[[str, datetime], Mapping[str, Any]]
SignInWords = Callable[[str, SlipOf], str]


@dataclass
class SlipMaker:
    """The handler of `slips` jobs."""

    sealer: Sealer
    key: bytes
    lifetime: timedelta
    words: Words
    sign_in_words: SignInWords
    language: str = "ko"

    def __call__(self, database: Database, claim: Claim) -> str | None:
        with database.reading() as session:
            batch = session.get_one(SlipBatch, claim.payload["batch"])
            language = session.get_one(Person, batch.requested_by).language or self.language
            people = slips.list_slips(session, batch, _OF_SHEET)
            done = session.scalar(select(func.max(SlipSheet.part)).where(SlipSheet.batch_id == batch.id)) or 0
        if people:
            self._make(database, claim, batch, done + 1, people, language)
        with database.writing() as session:
            if len(people) == _OF_SHEET:
                slips.enqueue_part(session, batch.id, done + 2)
            else:
                self._finish(session, batch.id)
            if queue.finish(session, claim):
                session.commit()
        return None

    def _make(
        self, database: Database, claim: Claim, batch: SlipBatch, part: int, people: Sequence[SlipOf], language: str
    ) -> None:
        """Draw the codes and the paper first, and write both at once."""
        now = utcnow()
        until = now + self.lifetime
        made = codes.draw([one.person_id for one in people])
        document = documents.render("slips", self._data(batch, people, made, until, language))
        body = self.sealer.seal(base64.b64encode(document).decode(), COLUMN)
        with database.writing() as session:
            if not queue.extend(session, claim, timedelta(seconds=60)):
                raise RuntimeError("the job is another worker's by now")
            codes.keep(
                session,
                made,
                "slip",
                key=self.key,
                until=until,
                issued_by=batch.requested_by,
                batch_id=batch.id,
                now=now,
            )
            first = people[0].company
            session.add(SlipSheet(batch_id=batch.id, part=part, people=len(people), first=first, body=body))
            session.get_one(SlipBatch, batch.id).made += len(people)
            session.commit()

    def _data(
        self, batch: SlipBatch, people: Sequence[SlipOf], made: Mapping[int, str], until: datetime, language: str
    ) -> dict[str, Any]:
        where = batch.address.rstrip("/") + PATH
        words = dict(self.words(language, until))
        return {
            "title": words.pop("title"),
            "language": language,
            "address": where.partition("://")[2],
            "words": words,
            "slips": list(self._laid_out(people, made, where, language)),
        }

    def _laid_out(
        self, people: Sequence[SlipOf], made: Mapping[int, str], where: str, language: str
    ) -> Iterator[dict[str, str] | None]:
        """Each company begins on a new page, so that its slips can be put into its envelope; None is an empty place."""
        company, place = people[0].company, 0
        for one in people:
            if one.company != company:
                company = one.company
                yield from [None] * (-place % _OF_PAGE)
                place += -place % _OF_PAGE
            code = made[one.person_id]
            yield {
                "company": one.company,
                "department": one.department,
                "name": one.name,
                "number": one.employee_number,
                "code": codes.shown(code),
                "qr": documents.qr_svg(f"{where}#{code}"),
                "sign_in": self.sign_in_words(language, one),
            }
            place += 1

    def _finish(self, session: Session, batch_id: int) -> None:
        batch = session.get_one(SlipBatch, batch_id)
        batch.state, batch.finished_at, batch.people = "done", utcnow(), batch.made
        facts = {"title": batch.title, "companies": len(batch.companies), "people": batch.made, "batch": str(batch.uid)}
        messages.send(session, batch.requested_by, "slips_made", facts, once=f"slips:{batch.id}")
        job = queue.enqueue(session, slips.FORGET_KIND, {}, once=f"forget_slips:{batch.id}", priority=200)
        job.run_at = batch.created_at + slips.KEPT + timedelta(minutes=1)


def forget(database: Database, claim: Claim) -> str | None:
    """The handler of `forget_slips` jobs."""
    with database.writing() as session:
        slips.forget_old(session)
        if queue.finish(session, claim):
            session.commit()
    return None


def open_sheet(sealer: Sealer, sheet: SlipSheet) -> bytes:
    """The PDF. Raises SealError."""
    assert sheet.body is not None
    return base64.b64decode(sealer.open(sheet.body, COLUMN))
