"""Two addresses for machines: is the process alive, and may it be sent visitors."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lms import migrations

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
    """Whether the database answers and is at this code's revision."""
    try:
        session.execute(text("SELECT 1"))
        migrated = migrations.current(g.lms.database.engine) == migrations.head()
    except SQLAlchemyError:
        return jsonify(status="unavailable", database=False, migrated=False), 503
    return jsonify(
        status="ok" if migrated else "unavailable", database=True, migrated=migrated
    ), 200 if migrated else 503
