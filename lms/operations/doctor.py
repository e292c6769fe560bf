"""Is all well? What is looked at, what was found, and how grave it is; the words for it are the web's (`lms.web.findings`).

Nothing here names a person, so that the findings may be shown, logged and sent on.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lms import content, migrations
from lms.audit import chain
from lms.clock import utcnow
from lms.errors import LMSError
from lms.files import FileStore
from lms.grading.sandbox.isolation import LEVELS
from lms.jobs import heartbeat, queue
from lms.models import Course, CourseVersion, Database, Exercise, ExerciseVersion, Person, StoredFile
from lms.people.privacy import retention
from lms.people.privacy.sealing import Sealer, SealError
from lms.reports.schedules import reading as schedules
from lms.settings import KEYS_NAME, Settings
from lms.workspace.runtime import find_runtime
from lms.workspace.runtime.prepare import problems

State = Literal["good", "warn", "bad"]

# The oldest job that could be taken waits so long: somebody looks, somebody has to.
LONG_WAIT_SECONDS, TOO_LONG_WAIT_SECONDS = 120, 600
# Free space below which hands are still in time, and below which hand-ins will soon be refused.
LITTLE_SPACE, NO_SPACE = 2_000_000_000, 300_000_000
_PROBE_SECONDS = 60


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `reason` names what was found, `facts` are the figures in its sentence."""

    topic: str
    state: State
    reason: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """What of a site is looked at."""

    database: Database
    files: FileStore
    settings: Settings
    instance: Path


def examine(site: Site, *, thorough: bool = False) -> list[Finding]:
    """Look at everything; `thorough` also reads the whole database, asks for each file and compares the content."""
    found: list[Finding] = []
    try:
        with site.database.reading() as session:
            found += _database(session, thorough)
            found.append(migrated := _migrations(site.database))
            if migrated.state == "good":
                found += _jobs(session, site.settings, thorough)
                found.append(_audit(session, thorough))
                if thorough:
                    found += [_keys(session, site), _retention(session, site.settings)]
                    found += [_files(session, site.files), *_content(session, Path(site.settings.content_dir))]
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        found.append(Finding("database", "bad", "away", {"why": cause if thorough else type(error).__name__}))
    return [*found, _runtime(Path(site.settings.runtime_dir), thorough), *_disk(site), *_settings(site.settings)]


def worst(findings: list[Finding]) -> State:
    states = {finding.state for finding in findings}
    return "bad" if "bad" in states else "warn" if "warn" in states else "good"


# Database


def _database(session: Session, thorough: bool) -> Iterator[Finding]:
    kind = session.get_bind().dialect.name
    session.execute(text("SELECT 1"))
    if kind != "sqlite":
        yield Finding("database", "good", "answers", {"kind": "PostgreSQL"})
        return
    mode = session.scalar(text("PRAGMA journal_mode"))
    if mode != "wal":
        yield Finding("database", "bad", "not_wal", {"mode": mode})
        return
    if thorough:
        damage = session.scalars(text("PRAGMA quick_check(1)")).first()
        if damage != "ok":
            yield Finding("database", "bad", "damaged", {"why": damage})
            return
        lost = session.execute(text("PRAGMA foreign_key_check")).all()
        if lost:
            yield Finding("database", "bad", "orphans", {"n": len(lost), "table": lost[0][0]})
            return
    yield Finding("database", "good", "whole" if thorough else "answers", {"kind": "SQLite"})


def _migrations(database: Database) -> Finding:
    at, head = migrations.current(database.engine), migrations.head()
    if at == head:
        return Finding("migrations", "good", "newest", {"at": at})
    return Finding("migrations", "bad", "behind", {"at": at or "", "head": head})


# Personal data and the audit


def _keys(session: Session, site: Site) -> Finding:
    """Whether what lies under seal can be opened: by the keys of the newest thousand people who have something there."""
    sealer = Sealer(site.settings.personal_keys or site.instance / KEYS_NAME)
    values = session.execute(
        select(Person.phone_sealed, Person.birth_date_sealed)
        .where(Person.phone_sealed.is_not(None) | Person.birth_date_sealed.is_not(None))
        .order_by(Person.id.desc())
        .limit(1000)
    )
    used = {value.partition(".")[0] for row in values for value in row if value}
    try:
        there = set(sealer.key_names)
    except SealError as error:
        if error.reason == "no_keys":
            state: State = "bad" if used else "warn"
            return Finding("keys", state, "no_keys")
        return Finding("keys", "bad", "bad_keys")
    if used - there:
        return Finding("keys", "bad", "unknown_key", {"key": min(used - there)})
    return Finding("keys", "good", "open")


def _audit(session: Session, thorough: bool) -> Finding:
    if thorough:
        verdict = chain.verify(session)
        if verdict.problem:
            return Finding("audit", "bad", "tampered", {"link": verdict.number or 0, "entry": verdict.entry_id or 0})
    since = chain.oldest_unsealed(session)
    if since is not None and utcnow() - since > timedelta(hours=1):
        return Finding("audit", "warn", "behind")
    return Finding("audit", "good", "sealed")


def _retention(session: Session, settings: Settings) -> Finding:
    people = retention.list_due(session, settings)[-1].count
    if people:
        return Finding("retention", "warn", "due", {"n": people})
    return Finding("retention", "good", "nothing")


# Work


def _jobs(session: Session, settings: Settings, thorough: bool) -> Iterator[Finding]:
    living = heartbeat.list_living(session)
    if living:
        facts = {"n": len(living), "slots": sum(beat.slots for beat in living)}
        yield Finding("worker", "good", "alive", facts)
    else:
        yield Finding("worker", "bad", "none")
    levels = [beat.isolation for beat in living if beat.isolation in LEVELS]
    if levels or thorough:
        level = min(levels, key=LEVELS.index) if levels else _probed_level()
        yield _isolation(level, settings.grading_isolation)
    waiting = queue.backlog(session)
    yield _queue(waiting)
    if later := sum(kind.later for kind in waiting):
        yield Finding(
            "retries", "warn", "waiting", {"n": later, "why": queue.last_trouble(session) if thorough else ""}
        )
    yield _schedules(session)
    failed = sum(kind.failed for kind in waiting)
    yield Finding("failed", "bad", "some", {"n": failed}) if failed else Finding("failed", "good", "none")


def _schedules(session: Session) -> Finding:
    found = schedules.troubles(session)
    if found.late or found.failed:
        return Finding("schedules", "warn", "troubles", {"late": found.late, "failed": found.failed})
    return Finding("schedules", "good", "in_time")


def _queue(waiting: list[queue.Backlog]) -> Finding:
    due = sum(kind.due for kind in waiting)
    oldest = max((kind.oldest_seconds for kind in waiting), default=0.0)
    facts = {"n": due, "seconds": round(oldest)}
    if oldest > TOO_LONG_WAIT_SECONDS:
        return Finding("queue", "bad", "waits", facts)
    if oldest > LONG_WAIT_SECONDS:
        return Finding("queue", "warn", "waits", facts)
    return Finding("queue", "good", "flows", facts)


def _isolation(level: str, wanted: str) -> Finding:
    if level not in LEVELS:
        return Finding("isolation", "bad", "unknown")
    facts = {"level": level, "wanted": wanted}
    if LEVELS.index(level) < LEVELS.index(wanted):
        return Finding("isolation", "bad", "below", facts)
    if level == "none":
        return Finding("isolation", "bad", "open", facts)
    return Finding("isolation", "good", "reached", facts)


def _probed_level() -> str:
    """Where no worker tells it: found out by a process of its own, for the probe tries what it asks."""
    command = [sys.executable, "-m", "lms.grading", "doctor", "--json"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PROBE_SECONDS, check=False)
        return str(json.loads(done.stdout)["level"])
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return ""


# Files and content


def _files(session: Session, files: FileStore) -> Finding:
    missing = count = 0
    for digest, size in session.execute(select(StoredFile.digest, StoredFile.size).execution_options(yield_per=1000)):
        count += 1
        try:
            missing += files.path(digest).stat().st_size != size
        except OSError:
            missing += 1
    if missing:
        return Finding("files", "bad", "missing", {"n": missing})
    return Finding("files", "good", "there", {"n": count})


def _content(session: Session, root: Path) -> Iterator[Finding]:
    try:
        catalogue = content.load_all(root / "courses", root / "exercises")
    except LMSError as error:
        yield Finding("content", "bad", "wrong", {"why": str(error).partition("\n")[0]})
        return
    published = {
        **_digests(session, Course, CourseVersion),
        **_digests(session, Exercise, ExerciseVersion),
    }
    on_disk = {f"course {course.slug}": content.digest(content.to_document(course)) for course in catalogue.courses}
    on_disk |= {f"exercise {facts.slug}": facts.digest for facts in catalogue.exercises.values()}
    new = sorted(name for name, digest in on_disk.items() if published.get(name) != digest)
    if new:
        yield Finding("content", "warn", "unpublished", {"n": len(new), "first": new[0]})
    else:
        yield Finding("content", "good", "published", {"n": len(on_disk)})


def _digests(
    session: Session, thing: type[Course] | type[Exercise], version: type[CourseVersion] | type[ExerciseVersion]
) -> dict[str, str]:
    current = select(thing.slug, version.digest).join(version, version.id == thing.current_version_id)
    return {f"{thing.__name__.lower()} {slug}": digest for slug, digest in session.execute(current)}


# The browser's Python


def _runtime(folder: Path, thorough: bool) -> Finding:
    """Without it a site works, by upload alone."""
    runtime = find_runtime(folder)
    if runtime is None:
        return Finding("runtime", "warn", "missing", {"folder": str(folder)})
    wrong = problems(runtime, is_thorough=thorough)
    if wrong:
        return Finding("runtime", "bad", "damaged", {"why": wrong[0]})
    facts = {"version": runtime.lock.version, "mb": round(sum(file.br for file in runtime.files.values()) / 1e6, 1)}
    return Finding("runtime", "good", "ready", facts) if runtime.is_best else Finding("runtime", "good", "large", facts)


# The machine


def _disk(site: Site) -> Iterator[Finding]:
    seen: set[int] = set()
    for folder in (site.instance, site.files.root):
        there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
        try:
            device, usage = there.stat().st_dev, shutil.disk_usage(there)
        except OSError as error:
            yield Finding("disk", "bad", "gone", {"why": error.strerror or ""})
            continue
        if device in seen:
            continue
        seen.add(device)
        state: State = "bad" if usage.free < NO_SPACE else "warn" if usage.free < LITTLE_SPACE else "good"
        facts = {"free": round(usage.free / 1e9, 1), "total": round(usage.total / 1e9, 1)}
        yield Finding("disk", state, "room" if state == "good" else "little", facts)


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.trusted_proxies and not settings.secure_cookies:
        yield Finding("settings", "warn", "open_cookies")
    if not settings.trusted_proxies and settings.host not in ("127.0.0.1", "::1", "localhost"):
        yield Finding("settings", "warn", "open_address", {"host": settings.host})
