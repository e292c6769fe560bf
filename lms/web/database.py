"""Sessions of a request: one that reads, for everything that is shown or checked, and short ones that write.

The write lock is taken when a view has read all that it needs, also the body of an upload, and given back at once: a slow
phone or a costly password hash must not keep everybody else's work waiting.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g
from sqlalchemy.orm import Session
from werkzeug.local import LocalProxy

_KEY = "lms_session"


def _current() -> Session:
    session = g.get(_KEY)
    if session is None:
        session = g.lms.database.reading()
        setattr(g, _KEY, session)
    return session


session: Session = LocalProxy(_current)  # type: ignore[assignment]


@contextmanager
def transaction() -> Iterator[Session]:
    """A transaction that writes, committed at its end, or rolled back where something was raised.

    What the request reads afterwards sees it.
    """
    with g.lms.database.writing() as writing:
        yield writing
        writing.commit()
    close()


def close(_error: BaseException | None = None) -> None:
    """End the reading session; the next look at the database opens another."""
    opened = g.pop(_KEY, None)
    if opened is not None:
        opened.close()
