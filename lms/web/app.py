"""Baeum alone: the same extension that a host mounts, in an app of our own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from lms.settings import Settings, load_settings

from . import guard, logs
from .extension import LMS


def create_app(instance: Path | str | None = None, settings: Settings | None = None) -> Flask:
    """The app of a site whose configuration and data lie in `instance` (the folder `instance` beside wsgi.py).

    Raises:
        SettingsError: a setting is wrong; nothing is served.
    """
    where = Path(instance) if instance else Path.cwd() / "instance"
    app = Flask("lms.site", instance_path=str(where.resolve()), static_folder=None, template_folder=None)
    settings = settings or load_settings(where)
    logs.set_up(settings.log_format)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="lms_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=settings.sign_in_days),
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    guard.watch_redirects(app)
    LMS(app, settings=settings)
    return app
