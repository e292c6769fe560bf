"""Logs: one line each on stderr, for people or as JSON for a collector."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from lms import log_context
from lms.people.privacy.resident_numbers import scrub


class _Text(logging.Formatter):
    """A traceback or a sentence may quote what somebody typed; a resident registration number is never logged."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


class _JSON(logging.Formatter):
    """Every line also tells which request or job it belongs to, and a worker's which request caused the job."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in log_context.fields().items() if value is not None}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return scrub(json.dumps(line, ensure_ascii=False, default=str))


def set_up(form: str) -> None:
    """Our loggers alone; the root logger is the host's, or nobody's.

    A line for each request is for a collector; people who watch a terminal want what is out of the ordinary.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JSON() if form == "json" else _Text("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("lms")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.getLogger("lms.request").setLevel(logging.INFO if form == "json" else logging.WARNING)
