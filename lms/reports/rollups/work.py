"""The worker's part: fold in what was written, within seconds, and make all sums again where their ground was taken away."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from lms.clock import today
from lms.jobs import queue
from lms.jobs.chores import Chore
from lms.jobs.worker import Handler
from lms.models import Database

from . import folding, rebuilding

FOLD, REBUILD = "fold_rollups", "rebuild_rollups"


def _is_behind(session: Session) -> bool:
    return folding.anything_due(session) or folding.next_month(session, today()) is not None


def _is_unbuilt(session: Session) -> bool:
    return not rebuilding.is_built(session)


def _fold(database: Database, claimed: queue.Claim) -> None:
    folding.fold(database)
    _done(database, claimed)


def _rebuild(database: Database, claimed: queue.Claim) -> None:
    rebuilding.rebuild(database, workers=1)
    _done(database, claimed)


def _done(database: Database, claimed: queue.Claim) -> None:
    with database.writing() as session:
        queue.finish(session, claimed)
        session.commit()


CHORES = (
    Chore(FOLD, timedelta(seconds=2), _is_behind),
    Chore(REBUILD, timedelta(seconds=30), _is_unbuilt),
)
HANDLERS: dict[str, Handler] = {FOLD: _fold, REBUILD: _rebuild}
