"""Figures for Prometheus: requests and jobs, counted where they happen, and the queue, asked for when somebody looks.

With several web processes and a worker the counts lie in files of a shared folder, which prometheus-client takes from
PROMETHEUS_MULTIPROC_DIR when it is imported; `flask lms serve` sets it for all that it starts. Without it a process counts
for itself alone. A route is named by its rule, never by its path, so that no address of a person becomes a label.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from lms import __version__
from lms.clock import utcnow
from lms.jobs import heartbeat, queue
from lms.models import Database

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST
_MEMORY = Path("/dev/shm")  # noqa: S108

_own = CollectorRegistry()
_requests = Histogram(
    "lms_request_seconds",
    "Time until a request was answered.",
    ("method", "route", "status"),
    registry=_own,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_jobs = Histogram(
    "lms_job_seconds",
    "Time from a job's claim to its end. A grading job's outcome is that of its grade.",
    ("kind", "outcome"),
    registry=_own,
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300),
)


def fresh_folder(instance: Path) -> Path:
    """The shared folder of a site, without what processes of an earlier start counted.

    In memory where there is such a place: the counts are mapped files, and a process that writes to one on a full disk is
    ended by the kernel, just when its answer is needed.
    """
    given = os.environ.get(FOLDER_VARIABLE)
    folder = Path(given) if given else _in_memory(instance) or instance / "metrics"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)
    return folder


def _in_memory(instance: Path) -> Path | None:
    """A folder that is ours alone; None where there is no such place, or somebody else has taken the name."""
    folder = _MEMORY / f"baeum-{os.getuid()}-{hashlib.sha256(str(instance.resolve()).encode()).hexdigest()[:12]}"
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        made = folder.lstat()
    except OSError:
        return None
    is_ours = stat.S_ISDIR(made.st_mode) and made.st_uid == os.getuid() and not made.st_mode & 0o077
    return folder if is_ours else None


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    with suppress(OSError):  # what can't be counted is done nevertheless
        _requests.labels(method, route, str(status)).observe(seconds)


def observe_job(kind: str, outcome: str, seconds: float) -> None:
    with suppress(OSError):
        _jobs.labels(kind, outcome).observe(seconds)


def collect(database: Database) -> bytes:
    """All figures in Prometheus' text form."""
    counted = _own
    if folder := os.environ.get(FOLDER_VARIABLE):
        counted = CollectorRegistry()
        counted.register(_Together(Path(folder)))
    asked = CollectorRegistry()
    asked.register(_Asked(database))
    return bytes(generate_latest(counted) + generate_latest(asked))


class _Together(Collector):
    """What all processes of the folder counted; one that was killed while it began leaves an empty file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> list[Metric]:
        files = [str(file) for file in self._folder.glob("*.db") if file.stat().st_size]
        return list(MultiProcessCollector.merge(files, accumulate=True))


class _Asked(Collector):
    """What the database tells at this moment; `lms_database_up` alone where it doesn't answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> list[Metric]:
        return []  # so that registering asks nothing

    def collect(self) -> Iterator[Metric]:
        yield _gauge("lms_build_info", "The program that runs.", ("version",), {(__version__,): 1})
        try:
            with self._database.reading() as session:
                waiting = queue.backlog(session)
                living = heartbeat.list_living(session)
        except SQLAlchemyError:
            yield _gauge("lms_database_up", "Whether the database answers.", (), {(): 0})
            return
        yield _gauge("lms_database_up", "Whether the database answers.", (), {(): 1})
        states = {
            (kind.kind, state): getattr(kind, state)
            for kind in waiting
            for state in ("due", "later", "running", "failed")
        }
        yield _gauge("lms_jobs", "Jobs that are not done, by kind and state.", ("kind", "state"), states)
        ages = {(kind.kind,): kind.oldest_seconds for kind in waiting}
        yield _gauge("lms_job_oldest_seconds", "How long the oldest job that may be taken waits.", ("kind",), ages)
        yield _gauge("lms_workers", "Workers that live.", (), {(): len(living)})
        slots = sum(beat.slots for beat in living)
        yield _gauge("lms_worker_slots", "Jobs that they can do at a time.", (), {(): slots})
        if living:
            heard = min((utcnow() - beat.seen_at).total_seconds() for beat in living)
            yield _gauge("lms_worker_heartbeat_age_seconds", "Since the newest sign of life.", (), {(): heard})


def _gauge(name: str, told: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for label, value in values.items():
        family.add_metric(label, value)
    return family
