"""Sign in and out of our own app, by Flask-Login over rows of ours."""

from __future__ import annotations

from flask import request, session
from flask_login import UserMixin, login_user, logout_user
from sqlalchemy.orm import Session

from lms.models import Person
from lms.people import sign_ins
from lms.people.viewers import Viewer


class SignedIn(UserMixin):
    """What Flask-Login calls a user: its id is the token of one device's stay, so that each can be ended alone."""

    def __init__(self, token: str, viewer: Viewer | None = None) -> None:
        self.id = token
        self.viewer = viewer


def begin(database: Session, person: Person) -> None:
    """Sign this browser in as `person`. The caller commits.

    The browser's session starts anew, so that nothing planted in it before counts for the person.
    """
    language = session.get("lms_language")
    session.clear()
    if language:
        session["lms_language"] = language
    token = sign_ins.start(database, person, device=describe_device(), address=address())
    login_user(SignedIn(token))


def end() -> None:
    """Forget who was here; the row is ended by the caller."""
    logout_user()
    language = session.get("lms_language")
    session.clear()
    if language:
        session["lms_language"] = language


def address() -> str:
    return request.remote_addr or ""


def describe_device() -> str:
    """Browser and system in two words, for a list in which people recognise their own."""
    agent = request.user_agent.string
    browsers = [("Edg", "Edge"), ("SamsungBrowser", "Samsung Internet"), ("Whale", "Whale"), ("Firefox", "Firefox")]
    browsers += [("Chrome", "Chrome"), ("Safari", "Safari")]
    systems = [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")]
    systems += [("Mac OS", "macOS"), ("Linux", "Linux")]
    browser = next((name for mark, name in browsers if mark in agent), "")
    system = next((name for mark, name in systems if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part) or agent[:60] or "?"
