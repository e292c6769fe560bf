"""Who may see what: each view declares one of the rules below, and a view that declares none answers nobody.

These open the door to a route. Which rows are behind it is decided where rows are loaded (`learning.enrolments.visible_to`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import current_app, g, request

from lms.errors import ForbiddenError, LMSError
from lms.people.viewers import Viewer

View = TypeVar("View", bound=Callable)
_ATTRIBUTE = "lms_access"


class SignInNeededError(LMSError):
    """Nobody is signed in, or no longer."""

    reason = "sign_in_needed"
    sentence = "Sign in first."


class PasswordChangeNeededError(LMSError):
    """The person signed in with a password that somebody else knows, and has to choose an own one first."""

    reason = "password_change_needed"
    sentence = "Choose a password of your own first."


class ConsentNeededError(LMSError):
    """The person has not answered to a text that is required of those who learn here."""

    reason = "consent_needed"
    sentence = "Read what is asked of you first, and agree to it."


class Rule:
    """A named condition on the viewer. `allows_anyone` lets those in who are not signed in, `before_password` those who have
    a password to change, `before_consent` those who have a consent to give."""

    def __init__(
        self,
        name: str,
        test: Callable[[Viewer], bool],
        *,
        allows_anyone: bool = False,
        before_password: bool = False,
        before_consent: bool = False,
    ) -> None:
        self.name = name
        self.test = test
        self.allows_anyone = allows_anyone
        self.before_password = before_password
        self.before_consent = before_consent or before_password

    def __call__(self, view: View) -> View:
        """Used as a decorator, below the route."""
        setattr(view, _ATTRIBUTE, self)
        return view

    def check(self, viewer: Viewer | None) -> None:
        """Raises SignInNeededError, PasswordChangeNeededError, ForbiddenError or ConsentNeededError."""
        if self.allows_anyone:
            return
        if viewer is None:
            raise SignInNeededError()
        if viewer.must_change_password and not self.before_password:
            raise PasswordChangeNeededError()
        if not self.test(viewer):
            raise ForbiddenError()
        if not self.before_consent and owes_consent(viewer):
            raise ConsentNeededError()


def owes_consent(viewer: Viewer) -> bool:
    """Whether somebody has to agree to something before she goes on. Staff are not held up: see `lms.people.consents`."""
    wanted = g.lms.texts.fingerprint
    return bool(wanted and viewer.consents != wanted and not viewer.is_staff)


anyone = Rule("anyone", lambda viewer: True, allows_anyone=True)
signed_in = Rule("signed in", lambda viewer: True)
account = Rule("signed in, also with a password to change", lambda viewer: True, before_password=True)
newcomer = Rule("signed in, also with a consent to give", lambda viewer: True, before_consent=True)
staff = Rule("staff", lambda viewer: viewer.is_staff)
operator = Rule("operator", lambda viewer: viewer.is_operator)
officer = Rule("officer", lambda viewer: bool(viewer.officer_centres))
instructor = Rule("instructor", lambda viewer: bool(viewer.instructor_centres))
class_reader = Rule("instructor or officer", lambda viewer: bool(viewer.instructor_centres or viewer.officer_centres))
desk = Rule(
    "officer, instructor or programme office",
    lambda viewer: bool(viewer.officer_centres or viewer.instructor_centres or viewer.is_programme_office),
)
figures = Rule(
    "officer, instructor, programme office or company manager",
    lambda viewer: desk.test(viewer) or bool(viewer.managed_companies),
)
company_manager = Rule("company manager", lambda viewer: bool(viewer.managed_companies))
writers = Rule(
    "officer, instructor or company manager",
    lambda viewer: bool(viewer.officer_centres or viewer.instructor_centres or viewer.managed_companies),
)
slips = Rule(
    "officer, company manager or operator",
    lambda viewer: bool(viewer.officer_centres or viewer.managed_companies or viewer.is_operator),
)
organisers = Rule("officer or operator", lambda viewer: bool(viewer.officer_centres or viewer.is_operator))
organisations = Rule(
    "officer, operator or programme office",
    lambda viewer: bool(viewer.officer_centres or viewer.is_operator or viewer.is_programme_office),
)
statements = Rule(
    "officer or programme office", lambda viewer: bool(viewer.officer_centres or viewer.is_programme_office)
)
programme_office = Rule("programme office", lambda viewer: viewer.is_programme_office)


# Where staff look first: the endpoint, by the first of these that somebody is.
_DESKS = (
    (programme_office, "office.home"),
    (officer, "desk.home"),
    (company_manager, "company.home"),
    (instructor, "classroom.home"),
    (operator, "operations.page"),
)


def desk_of(viewer: Viewer) -> str | None:
    """The endpoint of what a member of staff answers for, None for learners."""
    return next((endpoint for rule, endpoint in _DESKS if rule.test(viewer)), None)


def rule_of(view: Callable) -> Rule | None:
    return getattr(view, _ATTRIBUTE, None)


def current_viewer() -> Viewer | None:
    """Who asks, found once a request."""
    if "lms_viewer" not in g:
        g.lms_viewer = g.lms.find_viewer()
    return g.lms_viewer


def viewer() -> Viewer:
    """Who asks, on a route that only lets signed-in people in."""
    found = current_viewer()
    if found is None:
        raise SignInNeededError()
    return found


def check_request() -> None:
    """Before each of our views: hold the view's rule against who asks."""
    assert request.endpoint is not None
    rule = rule_of(current_app.view_functions[request.endpoint])
    if rule is None:
        raise RuntimeError(f"{request.endpoint} declares no rule of lms.web.access")
    if not rule.allows_anyone:
        rule.check(current_viewer())
