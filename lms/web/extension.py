"""Mount Baeum in a Flask app.

    LMS(app, url_prefix="/learn", identity=who)

Everything of ours hangs on one blueprint: pages, access rules, form tokens, headers, error pages, static files. Nothing is
set up app-wide, so a host's pages, cookies and headers stay as they are. The one thing of the host's that we change: if it
uses Flask-WTF's CSRFProtect, our routes are exempt from it, because they check tokens of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, g, request
from flask_login import LoginManager, current_user
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.clock import utcnow
from lms.files import FileStore
from lms.models import Database, ExternalIdentity, Person, make_engine
from lms.people import accounts, sign_ins
from lms.people.viewers import Viewer, viewer_of
from lms.settings import Settings, load_settings
from lms.submissions.exercise_cache import ExerciseCache

from . import access, csrf, database, errors, i18n
from .sign_in import SignedIn
from .views import ALL_VIEWS, STANDALONE_VIEWS


@dataclass(frozen=True)
class Identity:
    """Who a host says is there. `subject` is the host's id of the person, which never becomes another's.

    An `email` is given only where the host has made sure that it is the person's: it opens the account of that address.
    """

    subject: str
    name: str
    email: str | None = None
    language: str | None = None


IdentityFunction = Callable[[], Identity | None]

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)


class LMS:
    """Baeum in a Flask app.

    Args:
        app: the app; or call `init_app` later.
        url_prefix: where our pages lie, "" for the whole site.
        identity: tells who is there, None for nobody. Without it Baeum signs people in by itself.
        issuer: a name for the host's people, in case a second host shares the database.
        sign_in_url: where somebody goes who is not signed in to the host; called with the address to come back to.
        settings: read from the app's instance folder where None.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        url_prefix: str = "",
        identity: IdentityFunction | None = None,
        issuer: str = "host",
        sign_in_url: Callable[[str], str] | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.url_prefix = url_prefix
        self.identity = identity
        self.issuer = issuer
        self.sign_in_url = sign_in_url
        self._settings = settings
        if app is not None:
            self.init_app(app)

    @property
    def is_standalone(self) -> bool:
        """Whether Baeum signs people in by itself."""
        return self.identity is None

    def init_app(self, app: Flask) -> None:
        """Raises SettingsError for a wrong setting, before anything is served."""
        self.settings = self._settings or load_settings(Path(app.instance_path))
        self.instance = Path(app.instance_path)
        self.database = Database(make_engine(self.settings.database_url))
        self.files = FileStore(self.settings.files_dir)
        self.exercises = ExerciseCache(self.files, self.instance / "exercise-cache")
        app.extensions["lms"] = self
        if self.is_standalone:
            self.identity_of_sign_in = _sign_in_with_flask_login(app, self)
        blueprint = self._blueprint()
        app.register_blueprint(blueprint)
        host_csrf = app.extensions.get("csrf")
        if host_csrf is not None:
            for made in [blueprint, *(child for child, _ in blueprint._blueprints)]:
                host_csrf.exempt(made)

    def _blueprint(self) -> Blueprint:
        blueprint = Blueprint(
            "lms", __name__, url_prefix=self.url_prefix or None, static_folder="static", static_url_path="/static"
        )
        blueprint.before_request(self._begin)
        blueprint.after_request(_add_headers)
        blueprint.teardown_request(database.close)
        errors.register(blueprint)
        for view in (*ALL_VIEWS, *(STANDALONE_VIEWS if self.is_standalone else ())):
            blueprint.register_blueprint(view)
        # Whatever else lies below our prefix is a page of ours that does not exist, not one of the host's.
        blueprint.add_url_rule(
            "/<path:_anything>", "missing", _missing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]
        )
        return blueprint

    def _begin(self) -> None:
        g.lms = self
        g.lms_language = self.settings.language
        if request.endpoint == "lms.static":
            return
        # A little more than a notebook, for the form around it; the host's own limit stays as it is.
        request.max_content_length = self.settings.notebook_mb * 1_000_000 + 2_000_000
        viewer = access.current_viewer()
        g.lms_language = i18n.choose_language(viewer.language if viewer else None, self.settings.language)
        csrf.check()
        access.check_request()

    # Who is there

    def find_viewer(self) -> Viewer | None:
        if self.identity is None:
            return self.identity_of_sign_in()
        identity = self.identity()
        return self._viewer_in_host(identity) if identity else None

    def _viewer_in_host(self, identity: Identity) -> Viewer:
        person = self._known(database.session, identity)
        if person is None:
            with database.writing_now() as own:
                accounts.person_of_identity(
                    own, issuer=self.issuer, subject=identity.subject, name=identity.name, email=identity.email
                )
            database.close()  # what was open before doesn't see the new row
            person = self._known(database.session, identity)
            assert person is not None
        viewer = viewer_of(person)
        return viewer

    def _known(self, reading: Session, identity: Identity) -> Person | None:
        return reading.scalar(
            select(Person)
            .join(ExternalIdentity, ExternalIdentity.person_id == Person.id)
            .where(
                ExternalIdentity.issuer == self.issuer, ExternalIdentity.subject == identity.subject, Person.is_active
            )
            .options(selectinload(Person.roles))
        )

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.settings.idle_minutes)

    @property
    def longest_sign_in(self) -> timedelta:
        return timedelta(days=self.settings.sign_in_days)


def _sign_in_with_flask_login(app: Flask, lms: LMS) -> Callable[[], Viewer | None]:
    """Set up Flask-Login for our own app; its user is a row of ours, found by the token that the cookie holds."""
    manager = LoginManager(app)
    manager.session_protection = None  # addresses of phones change; the row is what counts, and it can be revoked

    @manager.user_loader
    def load(token: str) -> SignedIn | None:
        row = sign_ins.load(database.session, token, idle=lms.idle, longest=lms.longest_sign_in)
        if row is None:
            return None
        if utcnow() - row.last_seen_at > sign_ins.SEEN_EVERY and request.endpoint != "lms.account.state":
            with database.writing_now() as own:
                sign_ins.touch(own, row.id)
        return SignedIn(token, row.id, viewer_of(row.person, sign_in_id=row.id))

    def find() -> Viewer | None:
        return current_user.viewer if current_user.is_authenticated else None

    return find


@access.anyone
def _missing(_anything: str) -> Response:
    abort(404)


def _add_headers(response: Response) -> Response:
    """Strict ones, for our pages alone; a view that needs another policy has set it already."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.endpoint == "lms.static":
        if "v" in request.args:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        # A shared tablet must not show the last person's pages by its Back button.
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.vary.add("Cookie")
    return response
