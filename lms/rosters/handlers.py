"""What a worker does for rosters, by kind of job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from lms.errors import LMSError
from lms.jobs import queue
from lms.jobs.queue import Claim
from lms.jobs.worker import Handler
from lms.models import Database
from lms.people.privacy.sealing import Sealer

from . import applying, checking, storage
from .checking import Fence, LostError, Plan
from .storage import APPLY_KIND, CHECK_KIND, FORGET_KIND

_LEASE = timedelta(minutes=5)
_Deed = Callable[..., Plan]


def handlers(sealer: Sealer) -> Mapping[str, Handler]:
    return {
        CHECK_KIND: partial(_handle, checking.check, sealer),
        APPLY_KIND: partial(_handle, applying.apply, sealer),
        FORGET_KIND: _forget,
    }


def _handle(deed: _Deed, sealer: Sealer, database: Database, claim: Claim) -> str | None:
    """A fault of the roster is told on its page; one of the machine has the job tried again, and told after the last try."""
    holds: Fence = lambda session: queue.extend(session, claim, _LEASE)  # noqa: E731
    finish: Fence = lambda session: queue.finish(session, claim)  # noqa: E731
    roster_id = claim.payload["roster"]
    try:
        deed(database, roster_id, sealer, holds, finish=finish)
    except LostError:
        with database.writing() as session:
            queue.finish(session, claim)
            session.commit()
        return "lost"
    except LMSError as error:
        _fail(database, roster_id, getattr(error, "reason", ""), finish)
        return "refused"
    except queue.NotNowError:
        raise
    except Exception:
        if claim.last_try:
            _fail(database, roster_id, "fault", lambda session: True)
        raise
    return None


def _fail(database: Database, roster_id: int, problem: str, finish: Callable[[Session], bool]) -> None:
    with database.writing() as session:
        roster = storage.lock(session, roster_id)
        roster.state, roster.problem = "failed", problem
        if finish(session):
            session.commit()


def _forget(database: Database, claim: Claim) -> str | None:
    with database.writing() as session:
        storage.forget_old(session)
        if queue.finish(session, claim):
            session.commit()
    return None
