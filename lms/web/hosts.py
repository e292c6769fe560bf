"""What is special where another site mounts us: it says who is there, its configuration may hold our settings, and what it
sets app-wide must not change our pages."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from wsgiref.types import WSGIEnvironment

from flask import Flask, Response
from flask.sansio.blueprints import Blueprint
from flask_wtf import CSRFProtect
from sqlalchemy import select
from werkzeug.datastructures import Headers

from lms.errors import ForbiddenError
from lms.models import ExternalIdentity, Person
from lms.people import accounts
from lms.people.accounts import AccountError
from lms.people.viewers import Viewer, viewer_of, with_viewer
from lms.settings import ENVIRONMENT_PREFIX, FILE_NAME, Settings, SettingsError, load_settings

from . import database


@dataclass(frozen=True)
class Identity:
    """Who a host says is there. `subject` is the host's id of the person, which never becomes another's.

    An `email` is given only where the host has made sure that it is the person's: it opens the account of that address.
    `language` counts until the person chooses one here.
    """

    subject: str
    name: str
    email: str | None = None
    language: str | None = None


IdentityFunction = Callable[[], Identity | None]


# Settings


def load_host_settings(app: Flask, instance: Path) -> Settings:
    """Our settings in a host: `LMS_…` of its configuration, over `instance/lms.toml`, under the environment.

    Without a secret of our own one is derived from the host's, so that a host has nothing to configure.

    Raises:
        SettingsError
    """
    given = {name: value for name, value in app.config.items() if name.startswith(ENVIRONMENT_PREFIX)}
    if not app.secret_key:
        raise SettingsError(where="SECRET_KEY", problem="the site has none yet. Set it before LMS(app, …) is called.")
    if not (instance / FILE_NAME).exists():
        given.setdefault(f"{ENVIRONMENT_PREFIX}SECRET_KEY", _derived(app.secret_key))
    return load_settings(instance, given | os.environ)


def _derived(secret: str | bytes) -> str:
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, b"baeum form tokens", hashlib.sha256).hexdigest()


# Who is there


def find_viewer(issuer: str, identity: Identity | None) -> Viewer | None:
    """The person whom the host names, with an account made at the first visit.

    A password to be changed is one of ours, with which nobody signs in there.

    Raises:
        ForbiddenError: the account was closed here.
    """
    if identity is None:
        return None
    person = _known(issuer, identity.subject)
    if person is None:
        _welcome(issuer, identity)
        person = _known(issuer, identity.subject)
    if person is None or not person.is_active:
        raise ForbiddenError()
    viewer = viewer_of(person)
    return replace(viewer, must_change_password=False, language=viewer.language or identity.language)


def _known(issuer: str, subject: str) -> Person | None:
    found = database.session.scalars(
        select(Person)
        .join(ExternalIdentity, ExternalIdentity.person_id == Person.id)
        .where(ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
        .options(*with_viewer())
    )
    return found.unique().one_or_none()


def _welcome(issuer: str, identity: Identity) -> None:
    """Make or link the account. An address that we would refuse from anyone else (kim@localhost) is taken as none."""
    try:
        _link(issuer, identity, identity.email)
    except AccountError:
        _link(issuer, identity, None)


def _link(issuer: str, identity: Identity, email: str | None) -> None:
    name = identity.name.strip() or identity.subject
    with database.transaction() as writing:
        accounts.person_of_identity(writing, issuer=issuer, subject=identity.subject, name=name, email=email)


# What a host sets app-wide


def exempt_from_csrf(app: Flask, blueprints: Iterable[Blueprint]) -> None:
    """Our routes check tokens of their own; a host's CSRFProtect would refuse them all."""
    protection = app.extensions.get("csrf")
    if isinstance(protection, CSRFProtect):
        for blueprint in blueprints:
            protection.exempt(blueprint)


class KeptResponse(Response):
    """Goes out with the headers that we gave it. Hooks of the host's run after ours and would else replace the policy
    under which a learner's notebook is shown."""

    kept: dict[str, str]

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers.update(self.kept)
        return headers


def keep_headers(response: Response, names: Iterable[str]) -> Response:
    """The response, with the named headers as they are now whatever happens to them later."""
    kept = KeptResponse.force_type(response)
    assert isinstance(kept, KeptResponse)
    kept.kept = {name: response.headers[name] for name in names if name in response.headers}
    return kept
