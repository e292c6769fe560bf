"""Mount Baeum in the portal. This file is all that the portal had to add."""

from flask import Flask, url_for
from flask_login import current_user

from lms.web.extension import LMS, Identity


def who() -> Identity | None:
    """Who is signed in to the portal. An e-mail is passed on only if the portal has made sure of it."""
    if not current_user.is_authenticated:
        return None
    return Identity(current_user.get_id(), current_user.name, email=current_user.verified_email)


def mount(app: Flask) -> LMS:
    return LMS(app, url_prefix="/learn", identity=who, sign_in_url=lambda back: url_for("sign_in", next=back))
