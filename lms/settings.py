"""The settings of a site: one table, read from `instance/lms.toml` and from the environment (`LMS_` + name), checked at start.

A wrong type, a misspelt name or a value out of range stops the start with a `SettingsError` that says how to mend it.
No secret has a default.
"""

from __future__ import annotations

import difflib
import os
import secrets
import tomllib
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .errors import LMSError

FILE_NAME = "lms.toml"
KEYS_NAME = "personal.keys"
ENVIRONMENT_PREFIX = "LMS_"
TEST_PREFIX = "LMS_TEST_"  # speaks to our tests, which start sites too

_PROGRAM = Path(__file__).resolve().parent.parent
PositiveInt = Annotated[int, Meta(ge=1)]


class SettingsError(LMSError):
    """A setting is wrong. `where` names the file or the environment variable."""

    reason = "settings"
    sentence = "{where}: {problem}"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each field is a setting; the comment above it is its line in docs/operator.md."""

    # Signs cookies and form tokens. Made by `flask lms init`; whoever knows it can be anyone.
    secret_key: Annotated[str, Meta(min_length=32)]
    # Where rows live. Empty: SQLite in the instance folder. PostgreSQL: postgresql+psycopg://user:password@host/name
    database_url: str = ""
    # Where handed-in notebooks and published packages live, by hash. Empty: `files` in the instance folder.
    files_dir: str = ""
    # Where the keys of the personal data under seal lie. Empty: `personal.keys` in the instance folder. In no backup.
    personal_keys: str = ""
    # Where `courses` and `exercises` lie. Empty: beside the program.
    content_dir: str = ""
    # Where the Python of learners' browsers lies, which `flask lms runtime prepare` makes. Empty: `runtime` beside the program.
    runtime_dir: str = ""
    # The address and port that `flask lms serve` listens on. Put a reverse proxy in front before opening it to others.
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    # The web server: granian, or waitress where granian can't run.
    server: Literal["granian", "waitress"] = "granian"
    # Web processes and threads in each; a process for each core is enough.
    web_processes: PositiveInt = 2
    web_threads: PositiveInt = 4
    # How many reverse proxies stand in front, so that addresses and https are read from their headers; 0: none.
    trusted_proxies: Annotated[int, Meta(ge=0, le=5)] = 0
    # True where users come by https: cookies are then never sent in the clear.
    secure_cookies: bool = False
    # The language of a visitor who has not chosen one.
    language: Literal["ko", "en"] = "ko"
    # A signed-in device that nobody touches is signed out after so many minutes, for shared tablets.
    idle_minutes: Annotated[int, Meta(ge=2, le=24 * 60)] = 60
    # A device has to sign in again after so many days whatever happens.
    sign_in_days: Annotated[int, Meta(ge=1, le=365)] = 30
    # Wrong passwords that one account, or one address times ten, may try in fifteen minutes.
    sign_in_tries: Annotated[int, Meta(ge=3, le=1000)] = 10
    # The largest notebook that is taken, in MB.
    notebook_mb: Annotated[int, Meta(ge=1, le=100)] = 10
    # Submissions that the worker grades at the same time; rosters, mails and the like have a slot of their own besides.
    # Each may take its exercise's memory limit.
    grading_slots: PositiveInt = 1
    # The weakest isolation under which learners' code may run; `python -m lms.grading doctor` tells what this machine has.
    grading_isolation: Literal["full", "user", "landlock", "none"] = "user"
    # Seconds after which a job whose worker fell silent is given to another.
    job_lease_seconds: Annotated[int, Meta(ge=5, le=3600)] = 60
    # Whether everybody may see the programme's figures at /figures, small counts hidden; False: there is no such page.
    public_figures: bool = True
    # Personal data of somebody who works nowhere and learns nothing is due to be destroyed after so many years; 0: never.
    keep_people_years: Annotated[int, Meta(ge=0, le=100)] = 5
    # Days for which the log of who looked at whom is kept; at least 365, or 730 from 50,000 people on, as the law asks.
    keep_access_days: Annotated[int, Meta(ge=0, le=36_500)] = 0
    # Days for which a device's stay is kept after it was last used.
    keep_sign_ins_days: Annotated[int, Meta(ge=30, le=36_500)] = 180
    # Days for which messages in the site are kept.
    keep_messages_days: Annotated[int, Meta(ge=30, le=36_500)] = 730
    # Days for which a file of people that somebody had made lies on the server; it holds names.
    keep_exports_days: Annotated[int, Meta(ge=1, le=90)] = 7
    # Public figures: counts from 1 to below this are hidden, with as many others as it takes. Set it before the first is public.
    public_smallest_count: Annotated[int, Meta(ge=3, le=50)] = 5
    # Public figures: no rate of fewer people than this, which would tell about single ones.
    public_rate_from: Annotated[int, Meta(ge=1, le=1000)] = 10
    # Lines of the log: text for people, json for collectors, which then get a line for each request too.
    log_format: Literal["text", "json"] = "text"
    # Who may read /metrics: empty, this machine alone; else who sends it as `Authorization: Bearer …`.
    metrics_token: str = ""
    # Where people reach the site, as in https://learn.example.kr/learn: for the links of mails and printed slips.
    site_url: Annotated[str, Meta(pattern=r"^(https?://[^/\s?#]+[^\s?#]*)?$")] = ""
    # The mail server (SMTP) that takes the site's mails. Empty: no mail is sent, messages stay in the site.
    mail_host: str = ""
    # Its port.
    mail_port: Annotated[int, Meta(ge=1, le=65535)] = 587
    # How the connection is secured: starttls, tls from the first byte (usually port 465), or none, for a server on this machine.
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    # The account at the mail server; empty where it asks for none.
    mail_user: str = ""
    # Its password there. In no backup.
    mail_password: str = ""
    # Whom mails come from, as in "Baeum <learn@example.kr>".
    mail_from: str = ""
    # So many days a printed or handed-over one-time code may be used.
    code_days: Annotated[int, Meta(ge=1, le=180)] = 30
    # Where consent texts lie that replace those of the program, one folder each; empty: `consents` in the instance folder.
    consents_dir: str = ""


def _converted(values: dict[str, Any], where: dict[str, str]) -> Settings:
    known = {field.name for field in msgspec.structs.fields(Settings)}
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "see docs/operator.md for the names."
            raise SettingsError(where=where[name], problem=f"there is no setting '{name}'; {hint}")
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`")
        if "secret_key" in problem and not name:
            raise SettingsError(
                where=FILE_NAME,
                problem="secret_key is missing; `flask lms init` makes a configuration with a fresh one.",
            ) from None
        given = "" if name == "secret_key" else f" (it is {values.get(name)!r})"
        raise SettingsError(
            where=where.get(name, FILE_NAME), problem=f"{name}: {problem}{given}. Mend it and start again."
        ) from None


def _refuse_half_of_mail(settings: Settings, where: dict[str, str]) -> None:
    """A mail without a sender is refused by servers, and one without an address of the site leads nowhere."""
    if not settings.mail_host:
        return
    for name in ("mail_from", "site_url"):
        if not getattr(settings, name):
            raise SettingsError(where=where["mail_host"], problem=f"mail_host is set, so {name} is needed as well.")
    if "@" not in parseaddr(settings.mail_from)[1] or not settings.mail_from.isprintable():
        raise SettingsError(
            where=where["mail_from"], problem="mail_from is not an address as in Baeum <learn@example.kr>."
        )


def load_settings(instance: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read `instance/lms.toml`, let the environment override it, and check the whole.

    Raises:
        SettingsError: naming the file or variable, what is wrong, and what to do.
    """
    environment = os.environ if environment is None else environment
    file = instance / FILE_NAME
    values: dict[str, Any] = {}
    if file.exists():
        try:
            values = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(where=str(file), problem=f"this is not TOML in UTF-8: {error}") from None
    where = dict.fromkeys(values, str(file))
    for variable, value in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX) and not variable.startswith(TEST_PREFIX):
            name = variable[len(ENVIRONMENT_PREFIX) :].lower()
            values[name] = value
            where[name] = variable
    settings = _converted(values, where)
    _refuse_half_of_mail(settings, where)
    return msgspec.structs.replace(
        settings,
        database_url=settings.database_url or f"sqlite:///{(instance / 'lms.sqlite3').resolve()}",
        files_dir=settings.files_dir or str((instance / "files").resolve()),
        personal_keys=settings.personal_keys or str((instance / KEYS_NAME).resolve()),
        consents_dir=settings.consents_dir or str((instance / "consents").resolve()),
        content_dir=settings.content_dir or str(_PROGRAM),
        runtime_dir=settings.runtime_dir or str(_PROGRAM / "runtime"),
    )


def write_fresh(instance: Path) -> bool:
    """Make `instance/lms.toml` with a fresh secret, readable by its owner alone. False if there is one already."""
    instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = (
        "# Settings of this site. All of them, with their reasons: docs/operator.md\n"
        f'secret_key = "{secrets.token_urlsafe(48)}"\n'
    )
    try:
        descriptor = os.open(instance / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return True
