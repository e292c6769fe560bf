"""한빛정밀 사내 포털: a small Flask site as a plant may have one, with a login, a database, headers and error pages of its own.

It knows nothing of Baeum but the line in `make_portal` that mounts it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import Flask, Response, abort, flash, g, redirect, render_template, request, session, url_for
from flask_login import LoginManager, current_user, login_required, login_user, logout_user
from flask_wtf import CSRFProtect, FlaskForm
from werkzeug.wrappers import Response as AnyResponse
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired

from examples.host_site import learning
from examples.host_site.people import Database, User

INSTANCE = Path(os.environ.get("PORTAL_INSTANCE") or Path(__file__).parent / "instance")
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'"


class SignInForm(FlaskForm):
    number = StringField("사번", validators=[DataRequired()])
    password = PasswordField("비밀번호", validators=[DataRequired()])


class NoticeForm(FlaskForm):
    text = StringField("알림", validators=[DataRequired()])


def make_portal(
    instance: Path | str = INSTANCE, *, with_learning: bool = True, config: Mapping[str, object] | None = None
) -> Flask:
    """The portal. Without `with_learning` it is as it was before Baeum was mounted."""
    folder = Path(instance)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    app = Flask("examples.host_site.portal", instance_path=str(folder.resolve()))
    app.config.update(
        SECRET_KEY=_kept_secret(folder / "secret-key"),
        SESSION_COOKIE_NAME="hanbit_portal",
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=64_000,
    )
    app.config.update(config or {})
    database = Database(folder / "portal.sqlite3")
    database.prepare()
    CSRFProtect(app)
    _set_up_login(app, database)
    _set_up_everywhere(app)
    _add_pages(app, database)
    if with_learning:
        learning.mount(app)
    return app


def _kept_secret(file: Path) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48), "utf-8")
    return file.read_text("utf-8")


def _set_up_login(app: Flask, database: Database) -> None:
    manager = LoginManager(app)
    manager.login_view = "sign_in"
    manager.login_message = "먼저 로그인하십시오."

    @manager.user_loader
    def load(number: str) -> User | None:
        return database.find_user(number)


def _set_up_everywhere(app: Flask) -> None:
    """What the portal wants of all its pages."""

    @app.before_request
    def count_visits() -> None:
        session["visits"] = session.get("visits", 0) + 1
        g.company = "한빛정밀"

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Portal"] = "hanbit"
        return response

    @app.errorhandler(404)
    def missing(_error: Exception) -> tuple[str, int]:
        return render_template("error.html", title="찾는 화면이 없습니다"), 404

    @app.errorhandler(405)
    def wrong_method(_error: Exception) -> tuple[str, int]:
        return render_template("error.html", title="이렇게는 열 수 없습니다"), 405

    @app.errorhandler(500)
    def broken(_error: Exception) -> tuple[str, int]:
        return render_template("error.html", title="포털에 문제가 생겼습니다"), 500

    @app.context_processor
    def add_names() -> dict[str, object]:
        return {"company": g.get("company", ""), "settings": {"telephone": "1234"}}

    @app.template_filter("day")
    def in_quotes(text: str) -> str:
        return f"「{text}」"

    @app.cli.command("hello")
    def hello() -> None:
        """Say hello."""
        click.echo("안녕하십니까, 한빛정밀입니다.")


def _add_pages(app: Flask, database: Database) -> None:
    @app.get("/")
    def home() -> str:
        return render_template("home.html", notices=database.list_notices(), form=NoticeForm())

    @app.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> str | AnyResponse:
        form = SignInForm()
        if form.validate_on_submit():
            if database.is_password(form.number.data or "", form.password.data or ""):
                login_user(database.find_user(form.number.data or ""))
                return redirect(_way_back())
            flash("사번이나 비밀번호가 다릅니다.")
        return render_template("sign_in.html", form=form)

    @app.post("/sign-out")
    def sign_out() -> AnyResponse:
        logout_user()
        flash("로그아웃했습니다.")
        return redirect(url_for("home"))

    @app.post("/notices")
    @login_required
    def add_notice() -> AnyResponse:
        form = NoticeForm()
        if not form.validate_on_submit():
            abort(400)
        database.add_notice(form.text.data or "", current_user.name)
        flash("알림을 올렸습니다.")
        return redirect(url_for("home"))

    @app.get("/broken")
    def broken_page() -> str:
        raise RuntimeError("the portal's own fault")


def _way_back() -> str:
    """The portal's own check of where it sends people; `next` is what Baeum gave to `sign_in_url`."""
    wanted = request.args.get("next", "")
    parts = urlsplit(wanted.replace("\\", "/"))
    return wanted if wanted.startswith("/") and not parts.netloc and not parts.scheme else url_for("home")
