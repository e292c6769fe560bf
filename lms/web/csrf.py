"""Form tokens by Flask-WTF, under a key and secret of ours, checked on our routes alone."""

from __future__ import annotations

from flask import g, request
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms.validators import ValidationError

from lms.errors import LMSError

FIELD = "csrf_token"
HEADER = "X-CSRFToken"
_SESSION_KEY = "lms_csrf_token"
# What a mail program asks for by itself, outside of any session; the seal in the address is the permission. And what there
# is not, at the API too.
WITHOUT = ("lms.missing", "lms.api.missing", "lms.messages.turn")
# A token lives as long as its session: a worker may leave a form open for a night.
_SECONDS = 366 * 24 * 3600


class FormExpiredError(LMSError):
    """The form's token is missing or of another sign-in; nothing was changed."""

    reason = "form_expired"
    sentence = "The form had expired; nothing was changed. Open the page again and send it once more."


def token() -> str:
    return generate_csrf(secret_key=g.lms.settings.secret_key, token_key=_SESSION_KEY)


def check() -> None:
    """Raises FormExpiredError for a request that changes something without our token."""
    if request.method in ("GET", "HEAD", "OPTIONS") or request.endpoint in WITHOUT:
        return
    given = request.headers.get(HEADER) or request.form.get(FIELD)
    try:
        validate_csrf(given, secret_key=g.lms.settings.secret_key, time_limit=_SECONDS, token_key=_SESSION_KEY)
    except ValidationError:
        raise FormExpiredError() from None
