"""Mount Baeum in a Flask app.

    LMS(app, url_prefix="/learn", identity=who)

Everything of ours hangs on one blueprint: pages, access rules, form tokens, headers, error pages, static files. Nothing is
set up app-wide, so a host's pages, cookies and headers stay as they are. The one thing of the host's that we change: if it
uses Flask-WTF's CSRFProtect, our routes are exempt from it, because they check tokens of their own. What a host sets
app-wide (hooks, error pages, headers) doesn't change ours either.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, g, request, session
from flask_login import LoginManager, current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from lms.clock import utcnow
from lms.files import FileStore
from lms.models import Database, make_engine
from lms.people import codes, consents, sign_ins
from lms.people.privacy.sealing import Sealer
from lms.people.viewers import Viewer, viewer_of
from lms.settings import KEYS_NAME, Settings, load_settings
from lms.submissions.exercise_cache import ExerciseCache

from . import access, csrf, database, errors, guard, hosts, i18n, observation, seen, static_files
from .hosts import Identity, IdentityFunction
from .sign_in import SignedIn
from .views import ALL_VIEWS, STANDALONE_VIEWS

__all__ = ("LMS", "Identity")

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


# What of ours no hook of a host's may change.
KEPT_HEADERS = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Permissions-Policy",
    "Cache-Control",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Embedder-Policy",
    "Cross-Origin-Resource-Policy",
)
_PERSON_KEY = "lms_person"
# The same for everybody: who asks isn't even looked up.
FILES = ("lms.static", "lms.runtime.file", "lms.kernel.frame", "lms.kernel.bundle")
# Asked for by pages that renew themselves; nobody needs to sit before them.
UNTOUCHED = ("lms.account.state", "lms.operations.state")


class LMS:
    """Baeum in a Flask app.

    Args:
        app: the app; or call `init_app` later.
        url_prefix: where our pages lie, "" for the whole site.
        identity: tells who is there, None for nobody. Without it Baeum signs people in by itself.
        issuer: a name for the host's people, in case a second host shares the database.
        sign_in_url: where somebody goes who is not signed in to the host; called with the address to come back to.
        instance: the folder of our configuration and data; `lms` in a host's instance folder where None.
        settings: read from `instance` and, in a host, from `LMS_…` of its configuration where None.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        url_prefix: str = "",
        identity: IdentityFunction | None = None,
        issuer: str = "host",
        sign_in_url: Callable[[str], str] | None = None,
        instance: Path | str | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.url_prefix = url_prefix
        self.identity = identity
        self.issuer = issuer
        self.sign_in_url = sign_in_url
        self._instance = Path(instance) if instance else None
        self._settings = settings
        if app is not None:
            self.init_app(app)

    @property
    def is_standalone(self) -> bool:
        """Whether Baeum signs people in by itself."""
        return self.identity is None

    def init_app(self, app: Flask) -> None:
        """Raises SettingsError for a wrong setting, before anything is served."""
        if not self.is_standalone and not self.url_prefix.strip("/"):
            raise ValueError("in a site of somebody else's Baeum needs a url_prefix, such as '/learn'")
        own = Path(app.instance_path) if self.is_standalone else Path(app.instance_path) / "lms"
        self.instance = self._instance or own
        self.settings = self._settings or self._load_settings(app)
        self.database = Database(make_engine(self.settings.database_url))
        self.files = FileStore(self.settings.files_dir)
        self.sealer = Sealer(self.settings.personal_keys or self.instance / KEYS_NAME)
        self.texts = consents.load(Path(self.settings.consents_dir or self.instance / "consents"))
        self.code_key = codes.key_of(self.settings.secret_key)
        self.code_lifetime = timedelta(days=self.settings.code_days)
        self.app = app
        self.exercises = ExerciseCache(self.files, self.instance / "exercise-cache")
        app.extensions["lms"] = self
        if self.is_standalone:
            self.identity_of_sign_in = _sign_in_with_flask_login(app, self)
        self.blueprint = self._blueprint()
        app.register_blueprint(self.blueprint)

    def _load_settings(self, app: Flask) -> Settings:
        return load_settings(self.instance) if self.is_standalone else hosts.load_host_settings(app, self.instance)

    def _blueprint(self) -> Blueprint:
        blueprint = Blueprint("lms", __name__, url_prefix=self.url_prefix or None)
        for rule in ("/static/<path:filename>", "/static/t-<tree>/<path:filename>"):
            blueprint.add_url_rule(rule, "static", static_files.send)
        blueprint.url_value_preprocessor(self._arrive)
        blueprint.before_request(self._begin)
        blueprint.after_request(_add_headers)
        blueprint.after_request(_note_looks)  # Flask takes the last first
        blueprint.teardown_request(database.close)
        blueprint.teardown_request(observation.end)
        errors.register(blueprint)
        for view in (*ALL_VIEWS, *(STANDALONE_VIEWS if self.is_standalone else ())):
            blueprint.register_blueprint(view)
        # Whatever else lies below our prefix is a page of ours that does not exist, not one of the host's.
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        blueprint.add_url_rule("/<path:_anything>", "missing", _missing, methods=methods)
        blueprint.add_url_rule("/", "missing", _missing, methods=methods[1:])
        return blueprint

    def _arrive(self, _endpoint: str | None, _values: dict | None) -> None:
        """Before every hook of the request, also the host's, which may abort it and so ask for an error page of ours."""
        g.lms = self
        observation.begin()
        g.lms_language = i18n.choose_language(None, self.settings.language)
        # A little more than a notebook, for the form around it; the host's own limit stays as it is.
        request.max_content_length = self.settings.notebook_mb * 1_000_000 + 2_000_000
        hosts.exempt_from_csrf(current_app, (self.blueprint, *ALL_VIEWS, *STANDALONE_VIEWS))

    def _begin(self) -> None:
        guard.check_address()
        if request.endpoint in FILES:
            return
        viewer = access.current_viewer()
        if viewer is not None:
            _forget_others(viewer)
            g.lms_language = i18n.choose_language(viewer.language, self.settings.language)
        access.check_request()
        csrf.check()
        guard.check_body()
        _refuse_zeros()

    def find_viewer(self) -> Viewer | None:
        """Who is there. Raises ForbiddenError for somebody whose account here was closed."""
        if self.identity is None:
            return self.identity_of_sign_in()
        return hosts.find_viewer(self.issuer, self.identity())

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.settings.idle_minutes)

    @property
    def longest_sign_in(self) -> timedelta:
        return timedelta(days=self.settings.sign_in_days)


def _refuse_zeros() -> None:
    """No browser sends a character of code 0 in a field, and PostgreSQL keeps no text that has one."""
    sent = [request.args]
    if request.method == "POST" and request.endpoint != "lms.missing":
        sent.append(request.form)
    if any("\0" in value for fields in sent for values in fields.listvalues() for value in values):
        abort(400)


def _sign_in_with_flask_login(app: Flask, lms: LMS) -> Callable[[], Viewer | None]:
    """Set up Flask-Login for our own app; its user is a row of ours, found by the token that the cookie holds."""
    manager = LoginManager(app)
    manager.session_protection = None  # addresses of phones change; the row is what counts, and it can be revoked

    @manager.user_loader
    def load(token: str) -> SignedIn | None:
        row = sign_ins.load(database.session, token, idle=lms.idle, longest=lms.longest_sign_in)
        if row is None:
            return None
        if utcnow() - row.last_seen_at > sign_ins.SEEN_EVERY and request.endpoint not in UNTOUCHED:
            with database.transaction() as writing:
                sign_ins.touch(writing, row.id)
        return SignedIn(token, viewer_of(row.person, sign_in_id=row.id))

    def find() -> Viewer | None:
        return current_user.viewer if current_user.is_authenticated else None

    return find


def _forget_others(viewer: Viewer) -> None:
    """Form token, sentences and drafts are one person's; a host may keep its session when another signs in."""
    owner = session.get(_PERSON_KEY)
    if owner == str(viewer.uid):
        return
    if owner is not None:
        for key in [key for key in session if key.startswith("lms_") and key != i18n.SESSION_KEY]:
            del session[key]
    session[_PERSON_KEY] = str(viewer.uid)


@access.anyone
def _missing(_anything: str = "") -> Response:
    """No such page, or one that is asked for by a method that it doesn't know."""
    others = [method for method in ("GET", "POST") if method != request.method and _is_page(method)]
    if others:
        raise MethodNotAllowed(others)
    abort(404)


def _is_page(method: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        endpoint, _ = adapter.match(method=method)
    except HTTPException:
        return False
    return endpoint != "lms.missing"


def _note_looks(response: Response) -> Response:
    """Who is shown on the page that goes out; where that can't be noted, the page doesn't."""
    try:
        seen.write(response)
    except SQLAlchemyError as error:
        return errors.database_away(error)
    return response


def _add_headers(response: Response) -> Response:
    """Strict ones, for our pages alone; a view that needs another policy has set it already."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    is_file = request.endpoint in FILES and response.status_code < 400
    if not is_file and "immutable" not in headers.get("Cache-Control", ""):
        # A shared tablet must not show the last person's pages by its Back button.
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.vary.add("Cookie")
    observation.note(response)
    # Whoever looks into the session says that the answer hangs on the cookie: a file would be fetched anew at each sign-in.
    return hosts.keep_headers(response, (*KEPT_HEADERS, "Vary") if is_file else KEPT_HEADERS)
