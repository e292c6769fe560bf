"""Headers of the pages on which Python runs in the browser."""

from __future__ import annotations

from flask import Response

from lms.people.viewers import Viewer

KEEP_PAGE = "LMS-Keep-Page"  # the service worker knows it


def isolate(response: Response) -> Response:
    """So that Python can be stopped without losing its variables, browsers ask for a page that shares nothing with pages of
    others: no window that opened it, nothing from other sites in it. For the workspace's page alone."""
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return embeddable(response)


def embeddable(response: Response) -> Response:
    """What an isolated page, and the frame in it, takes from us."""
    response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def keep_offline(response: Response, viewer: Viewer) -> Response:
    """The service worker keeps no page but those that say so here, and for nobody but this person."""
    response.headers[KEEP_PAGE] = str(viewer.uid)
    return response
