"""Certificates of one run of Busan's centre: issued, one replaced and one revoked, with the centre's seal, and a track."""

from __future__ import annotations

import struct
import zlib
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.clock import today
from lms.credentials import issuing, papers, reading, tracks
from lms.credentials.issuing import Press
from lms.files import FileStore
from lms.models import Centre, CentrePaper, Certificate, Course, LedgerEntry, Person, Run
from lms.people.viewers import Viewer

from .cast import COURSE, OFFICERS
from .days import at
from .marks import marked
from .rounds import SECOND_COURSE

MOST = 12
TRACK_PREFIX = "demo-"  # of what is taken away with the demonstration
_SIDE = 240  # pixels of the seal


def issue(session: Session, files: FileStore, press: Press, *, day: date | None = None) -> None:
    """Once: a second time changes nothing."""
    if session.scalar(select(Certificate.id).where(Certificate.run_id.in_(marked(Run))).limit(1)) is not None:
        return
    officer = _officer(session)
    centre = session.scalars(select(Centre).where(Centre.slug == "busan")).one()
    run_id = _busiest(session, centre)
    _add_paper(session, files, centre, officer)
    _add_track(session, officer, centre)
    if run_id is None:
        return
    now = at((day or today()) - timedelta(days=1), 11 * 60)
    made = [
        issuing.issue(session, row.enrolment_id, press, actor_id=officer.id, now=now)
        for row in session.execute(reading.waiting(run_id).limit(MOST))
    ]
    if len(made) > 2:
        _mend(session, officer, press, made)


def _officer(session: Session) -> Viewer:
    person = session.scalars(select(Person).where(Person.email == OFFICERS["busan"])).one()
    return Viewer(id=person.id, uid=person.uid, name=person.name)


def _busiest(session: Session, centre: Centre) -> int | None:
    """Of the centre's runs that which most people completed, the newest of these."""
    return session.scalar(
        select(LedgerEntry.run_id)
        .join(Run, Run.id == LedgerEntry.run_id)
        .where(Run.centre_id == centre.id, Run.id.in_(marked(Run)), LedgerEntry.kind == "completed")
        .group_by(LedgerEntry.run_id)
        .order_by(func.count().desc(), LedgerEntry.run_id.desc())
        .limit(1)
    )


def _mend(session: Session, officer: Viewer, press: Press, made: list[Certificate]) -> None:
    """One has lost its ground, and one was issued before the company's name was written rightly."""
    wrong, revoked = (
        reading.all_of(session, reading.issued(Certificate.id == one.id))[0] for one in (made[0], made[1])
    )
    issuing.replace(session, officer, wrong, press, reason="기업 이름을 잘못 적음", now=made[0].issued_at)
    issuing.revoke(session, officer, revoked, reason="재직 확인 서류가 제출되지 않음", now=made[1].issued_at)


def _add_paper(session: Session, files: FileStore, centre: Centre, officer: Viewer) -> None:
    session.add(
        CentrePaper(
            centre_id=centre.id,
            from_on=date(2020, 1, 1),
            policy="completion",
            signer_title="원장",
            signer_name="정하늘",
            seal=papers.keep_picture(session, files, seal()),
            recorded_at=at(today() - timedelta(days=30), 9 * 60),
            recorded_by=officer.id,
        )
    )
    session.flush()


def _add_track(session: Session, officer: Viewer, centre: Centre) -> None:
    rows = session.execute(select(Course.slug, Course.id).where(Course.slug.in_((COURSE, SECOND_COURSE))))
    courses = {slug: course for slug, course in rows}
    if len(courses) == 2:
        both = [courses[COURSE], courses[SECOND_COURSE]]
        title = "제조데이터 분석 입문"
        tracks.add(session, officer, centre, slug=f"{TRACK_PREFIX}data-basics", title=title, courses=both, needs=2)


def seal() -> bytes:
    """A red ring with a cross in it, on a transparent ground."""
    rows = []
    middle = (_SIDE - 1) / 2
    for y in range(_SIDE):
        row = bytearray(b"\0")
        for x in range(_SIDE):
            far = ((x - middle) ** 2 + (y - middle) ** 2) ** 0.5
            is_ring = 100 < far < 114
            is_cross = far < 72 and (abs(x - middle) < 7 or abs(y - middle) < 7)
            row += bytes((190, 38, 38, 225 if is_ring or is_cross else 0))
        rows.append(bytes(row))
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )
