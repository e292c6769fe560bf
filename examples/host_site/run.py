"""Start the portal with Baeum in it: `python -m examples.host_site.run`. Ctrl-C stops everything.

The first start prepares the portal's database, Baeum's database and content, and a few people; later ones change nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

import click
from waitress.server import create_server

from examples.host_site.people import Database, User
from examples.host_site.portal import INSTANCE, make_portal
from lms.web.supervisor import die_with_parent

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
PORT = int(os.environ.get("PORTAL_PORT", "8010"))
FLASK = [sys.executable, "-m", "flask", "--app", "examples.host_site.portal:make_portal", "lms"]

# 김하나 is in a run already, by the e-mail that the portal vouches for; 이준호 is new to Baeum.
PEOPLE = (
    User("HB-1024", "김하나", "hana@hanbit.example", True),
    User("HB-1077", "이준호", "junho@hanbit.example", False),
)


def prepare() -> list[tuple[User, str]]:
    """Make what is missing. Returns the portal's people with their passwords."""
    make_portal()
    for command in ("init", "demo"):
        done = subprocess.run([*FLASK, command], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"flask lms {command} failed:\n{done.stdout}{done.stderr}")
    return [(user, _password_of(user)) for user in PEOPLE]


def _password_of(user: User) -> str:
    """Made at the first start, and kept in the instance folder for those who come later."""
    file = INSTANCE / "accounts.json"
    kept: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    if user.number not in kept:
        kept[user.number] = secrets.token_urlsafe(9)
        file.touch(mode=0o600)
        file.write_text(json.dumps(kept, indent=1), "utf-8")
    Database(INSTANCE / "portal.sqlite3").add_user(user, kept[user.number])
    return kept[user.number]


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    people = prepare()
    signal.signal(signal.SIGTERM, _stop)
    server = create_server(make_portal(), host=HOST, port=PORT, threads=8)
    worker = subprocess.Popen([*FLASK, "worker"], cwd=ROOT, preexec_fn=die_with_parent, start_new_session=True)
    click.echo(f"The portal is ready: http://{HOST}:{PORT}   (Ctrl-C stops it)")
    for user, password in people:
        click.echo(f"  {user.name}: 사번 {user.number}, 비밀번호 {password}")
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
        worker.terminate()
        worker.wait()
    click.echo("stopped")


if __name__ == "__main__":
    main()
