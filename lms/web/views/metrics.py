"""`/metrics` for Prometheus, to this machine alone or to who has the token."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from flask import Blueprint, Response, g, request

from lms.errors import NotFoundError

from .. import access, metrics

bp = Blueprint("metrics", __name__)
# Set by each proxy: without trusted_proxies the address that we see is the proxy's, and says nothing of who asks.
_BY_PROXY = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


@bp.get("/metrics")
@access.anyone
def page() -> Response:
    if not _may_see():
        raise NotFoundError()
    return Response(metrics.collect(g.lms.database), content_type=metrics.CONTENT_TYPE)


def _may_see() -> bool:
    token = g.lms.settings.metrics_token
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    try:
        is_here = ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
    return is_here and not any(name in request.headers for name in _BY_PROXY)
