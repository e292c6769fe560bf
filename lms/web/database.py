"""One session a request: one that only reads for GET, one that holds the write lock for the rest. Views commit, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g, request
from sqlalchemy.orm import Session
from werkzeug.local import LocalProxy

_KEY = "lms_session"


def _current() -> Session:
    session = g.get(_KEY)
    if session is None:
        database = g.lms.database
        session = database.reading() if request.method in ("GET", "HEAD", "OPTIONS") else database.writing()
        setattr(g, _KEY, session)
    return session


session: Session = LocalProxy(_current)  # type: ignore[assignment]


@contextmanager
def writing_now() -> Iterator[Session]:
    """A short transaction of its own beside a request that reads, committed at its end."""
    with g.lms.database.writing() as own:
        yield own
        own.commit()


def close(_error: BaseException | None = None) -> None:
    """At the request's end: what was not committed is rolled back."""
    opened = g.pop(_KEY, None)
    if opened is not None:
        opened.close()
