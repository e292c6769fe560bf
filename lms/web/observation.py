"""What is kept of a request besides its answer: its number, its line of the log, its time in the metrics. No person in any."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import time
from contextlib import ExitStack
from uuid import uuid4

from flask import Response, g, request

from lms import log_context
from lms.jobs.queue import REQUEST_KEY

from . import metrics

log = logging.getLogger("lms.request")
HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[\w.-]{8,64}\Z", re.ASCII)
# Asked for by machines every few seconds, or by every page a dozen times.
_UNSEEN = ("lms.static", "lms.health.alive", "lms.health.ready", "lms.metrics.page")


def begin() -> None:
    """At the request's arrival. A trusted proxy's number of it is taken over, so that its log and ours tell of the same."""
    given = request.headers.get(HEADER, "") if g.lms.settings.trusted_proxies else ""
    # Eight letters: somebody reads them out over the telephone.
    g.lms_request = given if _GIVEN.match(given) else uuid4().hex[:8]
    g.lms_begun = time.perf_counter()
    g.lms_log = ExitStack()
    g.lms_log.enter_context(log_context.bound(**{REQUEST_KEY: g.lms_request}))


def reference() -> str:
    """The number of this request, by which an operator finds its lines of the log."""
    return str(g.get("lms_request") or uuid4().hex[:8])


def note(response: Response) -> None:
    """After a request of ours was answered."""
    if "lms_begun" not in g or request.endpoint in _UNSEEN:
        return
    seconds = time.perf_counter() - g.lms_begun
    route = request.url_rule.rule if request.url_rule else ""
    metrics.observe_request(request.method, route, response.status_code, seconds)
    about = {"method": request.method, "route": route, "status": response.status_code, "ms": round(seconds * 1000, 1)}
    if viewer := g.get("lms_viewer"):
        about["person"] = _pseudonym(str(viewer.uid))
    with log_context.bound(**about):
        log.info("%s %s %d", request.method, route, response.status_code)
    response.headers.setdefault(HEADER, g.lms_request)


def end(_error: BaseException | None = None) -> None:
    opened = g.pop("lms_log", None)
    if opened is not None:
        opened.close()


def _pseudonym(uid: str) -> str:
    """Tells one person's requests from another's; only who has the secret key can tell whose they are."""
    key = g.lms.settings.secret_key.encode()
    return hmac.new(key, uid.encode(), hashlib.sha256).hexdigest()[:12]
