"""Two addresses for machines: is the process alive, and may it be sent visitors."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lms import migrations
from lms.jobs import heartbeat, queue
from lms.operations.doctor import TOO_LONG_WAIT_SECONDS

from .. import access
from ..database import session

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@access.anyone
def alive() -> Response:
    return jsonify(status="ok")


@bp.get("/readyz")
@access.anyone
def ready() -> tuple[Response, int]:
    """Whether the database answers and is at this code's revision, without which no visitor can be served.

    Pages are served without a worker, so one that is missing, or a queue that stands, is told and leaves the status 200.
    """
    try:
        session.execute(text("SELECT 1"))
        migrated = migrations.current(g.lms.database.engine) == migrations.head()
        if not migrated:
            return jsonify(status="unavailable", database=True, migrated=False), 503
        worker = bool(heartbeat.list_living(session))
        oldest = max((kind.oldest_seconds for kind in queue.backlog(session)), default=0.0)
    except SQLAlchemyError:
        return jsonify(status="unavailable", database=False, migrated=False), 503
    well = worker and oldest <= TOO_LONG_WAIT_SECONDS
    return jsonify(
        status="ok" if well else "degraded",
        database=True,
        migrated=True,
        worker=worker,
        queue_seconds=round(oldest),
    ), 200
