"""Tracks (과정 묶음): courses of which a centre certifies that somebody completed all, or so many of them, across runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from lms import audit
from lms.clock import seoul_day, today, utcnow
from lms.errors import LMSError, NotFoundError
from lms.models import (
    Centre,
    Certificate,
    Company,
    Course,
    CourseVersion,
    Enrolment,
    LedgerEntry,
    Person,
    Run,
    Track,
    TrackCourse,
    TrackVersion,
)
from lms.people.viewers import Viewer

from . import reading
from .issuing import CertificateError, Press, draw, hand_out

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
MOST_COURSES = 20


class TrackError(LMSError):
    """`reason`: title_missing, slug (not of a-z, 0-9 and hyphens, up to 40), slug_taken, courses (fewer than two, or too
    many), unknown_course, needs (not between one and the number of courses), past."""

    sentence = "The track was not kept: {reason}."


# Define


def list_tracks(session: Session, viewer: Viewer) -> Sequence[Track]:
    """Those of the viewer's centres, with versions and their courses."""
    return session.scalars(_whole().where(Track.centre_id.in_(viewer.officer_centres)).order_by(Track.slug)).all()


def load(session: Session, viewer: Viewer, uid: UUID) -> Track:
    """Raises NotFoundError."""
    found = session.scalar(_whole().where(Track.uid == uid, Track.centre_id.in_(viewer.officer_centres)))
    if found is None:
        raise NotFoundError()
    return found


def _whole() -> Any:
    return select(Track).options(selectinload(Track.versions).selectinload(TrackVersion.courses))


def list_courses(session: Session) -> Sequence[tuple[int, str, str]]:
    """Published courses: id, slug, title, by title."""
    rows = session.execute(
        select(Course.id, Course.slug, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.current_version_id)
        .order_by(CourseVersion.title)
    )
    return [(id_, slug, title) for id_, slug, title in rows]


def add(
    session: Session,
    viewer: Viewer,
    centre: Centre,
    *,
    slug: str,
    title: str,
    courses: Sequence[int],
    needs: int,
    from_on: date | None = None,
    now: datetime | None = None,
) -> Track:
    """A track with its first version. Raises TrackError."""
    if len(slug) > 40 or not _SLUG.match(slug):
        raise TrackError("slug")
    now = now or utcnow()
    track = Track(slug=slug, centre_id=centre.id, created_at=now)
    try:
        with session.begin_nested():
            session.add(track)
    except IntegrityError as error:
        raise TrackError("slug_taken") from error
    _add_version(session, viewer, track, 1, title, courses, needs, from_on or seoul_day(now), True, now)
    audit.record(session, "track_added", actor_id=viewer.id, subject=f"track:{track.uid}")
    return track


def change(
    session: Session,
    viewer: Viewer,
    track: Track,
    *,
    title: str,
    courses: Sequence[int],
    needs: int,
    from_on: date,
    is_open: bool = True,
    now: datetime | None = None,
) -> TrackVersion:
    """What it asks for from a day on. Who was certified stays so. Raises TrackError."""
    now = now or utcnow()
    if from_on < seoul_day(now):
        raise TrackError("past")
    session.scalar(select(Track.id).where(Track.id == track.id).with_for_update())
    last = session.scalar(select(func.max(TrackVersion.number)).where(TrackVersion.track_id == track.id)) or 0
    version = _add_version(session, viewer, track, last + 1, title, courses, needs, from_on, is_open, now)
    audit.record(session, "track_changed", actor_id=viewer.id, subject=f"track:{track.uid}")
    return version


def _add_version(
    session: Session,
    viewer: Viewer,
    track: Track,
    number: int,
    title: str,
    courses: Sequence[int],
    needs: int,
    from_on: date,
    is_open: bool,
    now: datetime,
) -> TrackVersion:
    title, chosen = " ".join(title.split()), list(dict.fromkeys(courses))
    if not title or len(title) > 120:
        raise TrackError("title_missing")
    if not 2 <= len(chosen) <= MOST_COURSES:
        raise TrackError("courses")
    if not 1 <= needs <= len(chosen):
        raise TrackError("needs")
    known = set(session.scalars(select(Course.id).where(Course.id.in_(chosen))))
    if known != set(chosen):
        raise TrackError("unknown_course")
    version = TrackVersion(
        track_id=track.id,
        number=number,
        title=title,
        needs=needs,
        from_on=from_on,
        is_open=is_open,
        recorded_at=now,
        recorded_by=viewer.id,
        courses=[TrackCourse(course_id=course, position=place) for place, course in enumerate(chosen)],
    )
    session.add(version)
    session.flush()
    return version


def version_on(track: Track, day: date) -> TrackVersion | None:
    """The newest of those that count on a day."""
    found = [version for version in track.versions if version.from_on <= day]
    return max(found, key=lambda version: (version.from_on, version.number), default=None)


# How far somebody is


@dataclass(frozen=True)
class Done:
    """A course of a track: `title` is that of the run in which it was completed, else the newest."""

    course_id: int
    title: str
    entry: LedgerEntry | None
    hours: float = 0


@dataclass(frozen=True)
class Way:
    """A track and how far somebody is in it. `certificate`: hers, that nothing replaced."""

    track: Track
    version: TrackVersion
    courses: Sequence[Done]
    certificate: reading.Issued | None

    @property
    def done(self) -> int:
        return sum(course.entry is not None for course in self.courses)

    @property
    def is_met(self) -> bool:
        return self.done >= self.version.needs


def list_ways(session: Session, person_id: int, day: date | None = None) -> list[Way]:
    """The tracks that have a course in which somebody is, or of which she has a certificate."""
    day = day or today()
    mine = (
        select(Run.course_id)
        .join(Enrolment, Enrolment.run_id == Run.id)
        .where(Enrolment.person_id == person_id, Enrolment.state == "enrolled")
    )
    touched = (
        select(TrackVersion.track_id)
        .join(TrackCourse, TrackCourse.version_id == TrackVersion.id)
        .where(TrackCourse.course_id.in_(mine))
    )
    tracks = session.scalars(_whole().where(Track.id.in_(touched)).order_by(Track.slug)).all()
    if not tracks:
        return []
    completed = _completed(session, person_id)
    certificates = _certificates(session, person_id)
    wanted = {course.course_id for track in tracks for version in track.versions for course in version.courses}
    titles = _titles(session, wanted)
    ways = []
    for track in tracks:
        version, certificate = version_on(track, day), certificates.get(track.id)
        if version is not None and (version.is_open or certificate):
            courses = [
                completed.get(one.course_id) or Done(one.course_id, titles.get(one.course_id, ""), None)
                for one in version.courses
            ]
            ways.append(Way(track, version, courses, certificate))
    return ways


def _completed(session: Session, person_id: int) -> dict[int, Done]:
    """Course → the first completion of it that stands and is not questioned."""
    hers = select(Enrolment.id).where(Enrolment.person_id == person_id)
    entries = reading.sound_completions(LedgerEntry.enrolment_id.in_(hers))
    rows = session.execute(
        select(LedgerEntry, Run.course_id, CourseVersion.title, Run.hours)
        .join(Run, Run.id == LedgerEntry.run_id)
        .join(CourseVersion, CourseVersion.id == Run.course_version_id)
        .where(LedgerEntry.id.in_(entries))
        .order_by(LedgerEntry.effective_on.desc(), LedgerEntry.id.desc())
    )
    return {course: Done(course, title, entry, hours) for entry, course, title, hours in rows}


def _certificates(session: Session, person_id: int) -> dict[int, reading.Issued]:
    found = reading.all_of(
        session,
        reading.issued(Certificate.person_id == person_id, Certificate.kind == "track").order_by(Certificate.id),
    )
    return {one.certificate.track_id: one for one in found if one.certificate.track_id is not None}


def _titles(session: Session, courses: Collection[int]) -> Mapping[int, str]:
    rows = session.execute(
        select(Course.id, CourseVersion.title)
        .join(CourseVersion, CourseVersion.id == Course.current_version_id)
        .where(Course.id.in_(courses))
    )
    return {course: title for course, title in rows}


# Issue


def issue_due(
    session: Session, person_id: int, press: Press, *, actor_id: int | None = None, now: datetime | None = None
) -> list[Certificate]:
    """The certificates of all tracks that somebody has met and has none of, or one whose ground is gone. One whose letters
    can't be drawn is left out; one that a person revoked is another person's to give."""
    now = now or utcnow()
    made = []
    for way in list_ways(session, person_id, seoul_day(now)):
        last = way.certificate
        if (
            not way.is_met
            or not way.version.is_open
            or (last and (not last.lost_ground or last.certificate.revoked_at))
        ):
            continue
        try:
            made.append(_issue(session, person_id, way, press, actor_id, now))
        except CertificateError:
            continue
    return made


def _issue(
    session: Session, person_id: int, way: Way, press: Press, actor_id: int | None, now: datetime
) -> Certificate:
    session.scalar(select(Track.id).where(Track.id == way.track.id).with_for_update())
    highest = session.scalar(select(func.max(Certificate.serial)).where(Certificate.track_id == way.track.id)) or 0
    done = [course for course in way.courses if course.entry is not None]
    newest = session.scalars(
        select(Enrolment)
        .where(Enrolment.id.in_([course.entry.enrolment_id for course in done if course.entry]))
        .options(joinedload(Enrolment.person), joinedload(Enrolment.company))
        .order_by(Enrolment.id.desc())
    ).first()
    assert newest is not None
    person: Person = newest.person
    company: Company = newest.company
    facts = {
        "name": person.name,
        "company": company.name,
        "track": way.version.title,
        "hours": sum(course.hours for course in done),
        "courses": [
            {"course": course.title, "completed_on": course.entry.effective_on.isoformat()}
            for course in done
            if course.entry
        ],
        "completed_on": max(course.entry.effective_on for course in done if course.entry).isoformat(),
    }
    number = f"{way.track.slug}-{highest + 1:04d}"
    row = draw(session, press, facts, kind="track", number=number, language="", centre_id=way.track.centre_id, now=now)
    row.person_id, row.track_id, row.track_version_id, row.serial = person_id, way.track.id, way.version.id, highest + 1
    last = way.certificate.certificate if way.certificate else None
    row.replaces_id, row.issued_by = last.id if last else None, actor_id
    row.once = f"replaces:{last.id}" if last else f"track:{way.track.id}:{person_id}"
    basis = {course.entry.enrolment_id: course.entry.id for course in done if course.entry}
    return hand_out(session, row, basis, title=way.version.title)


def count_of(session: Session, track: Track) -> int:
    """How many certificates of a track are valid."""
    valid = select(func.count()).select_from(Certificate).where(Certificate.track_id == track.id, reading.IS_VALID)
    return session.scalar(valid) or 0
