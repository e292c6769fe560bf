"""A site of its own in a temporary folder, with as many learners as a measurement needs, and a small client for it."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from lms.clock import today
from lms.learning import enrolments, runs
from lms.models import Company, Course, Database, Employment, make_engine
from lms.people import accounts, consents, passwords

ROOT = Path(__file__).resolve().parent.parent
COURSE = "manufacturing-data-first-steps"
PASSWORD = "just-for-the-benchmark"
READY_SECONDS = 60


@dataclass
class Site:
    """A site in `folder` that listens on `port`; `process` is the parent of all that runs."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def database_file(self) -> Path:
        return self.folder / "instance" / "lms.sqlite3"

    def environment(self) -> dict[str, str]:
        return os.environ | {"LMS_PORT": str(self.port), "PYTHONPATH": str(ROOT), "LMS_SIGN_IN_TRIES": "1000"}

    def command(self, *words: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "flask", "lms", *words],
            cwd=self.folder,
            env=self.environment(),
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "lms", "serve"],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
        )
        self.wait_ready()

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                if Client(self).get("/healthz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.2)
        raise TimeoutError(f"the site did not answer; see {self.folder / 'log'}")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def database(self) -> Database:
        return Database(make_engine(f"sqlite:///{self.database_file}"))


@contextmanager
def temporary_site(learners: int, *, demo: Sequence[str] = ()) -> Iterator[Site]:
    """A site with the demonstration (`demo` are options of its command), a run, and so many learners of its own.

    Each learner signs in by e-mail, `learner<n>@bench.example`.
    """
    folder = Path(tempfile.mkdtemp(prefix="baeum-bench-"))
    site = Site(folder, _free_port())
    try:
        shutil.copy(ROOT / "wsgi.py", folder / "wsgi.py")
        site.command("init")
        site.command("demo", *demo)
        _add_learners(site, learners)
        site.start()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _add_learners(site: Site, count: int) -> None:
    database = site.database()
    hashed = passwords.hash_password(PASSWORD)
    with database.writing() as session:
        course = session.scalars(select(Course).where(Course.slug == COURSE)).one()
        company = session.scalars(select(Company).limit(1)).one()
        centre_id = session.connection().exec_driver_sql("SELECT id FROM lms_centre LIMIT 1").scalar_one()
        run = runs.open_run(
            session, course, centre_id=centre_id, learn_from=today(), learn_to=today() + timedelta(days=30)
        )
        for number in range(count):
            person = accounts.create_person(session, name=f"학습자 {number}", email=f"learner{number}@bench.example")
            person.password_hash = hashed
            session.add(
                Employment(
                    person_id=person.id,
                    company_id=company.id,
                    employee_number=f"B-{number}",
                    from_on=today() - timedelta(days=1),
                )
            )
            session.flush()
            enrolments.enrol(session, run, person.id)
            consents.note_given(session, consents.load(site.folder / "instance" / "consents"), [person.id])
        session.commit()
    database.dispose()


class Client:
    """A browser's part of a conversation: a cookie, a form token, no more. Raises OSError where nobody answers."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookie = ""

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=30)
        try:
            connection.request(method, path, body, {"Cookie": self.cookie, "Accept-Language": "ko"} | (headers or {}))
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                self.cookie = value.partition(";")[0]
        return response.status, {name.lower(): value for name, value in response.getheaders()}, text

    def get(self, path: str) -> tuple[int, dict[str, str], str]:
        return self.request("GET", path)

    def _token(self, page: str) -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found, "the page has no form token"
        return found.group(1)

    def sign_in(self, number: int) -> None:
        self._sign_in(f"learner{number}@bench.example", PASSWORD)

    def sign_in_as(self, email: str) -> None:
        """As one of the demonstration's people."""
        accounts_made = json.loads((self.site.folder / "instance" / "demo-accounts.json").read_text("utf-8"))
        self._sign_in(email, next(account["password"] for account in accounts_made if account["sign_in"] == email))

    def _sign_in(self, email: str, password: str) -> None:
        token = self._token(self.get("/sign-in")[2])
        fields = {"by": "email", "email": email, "password": password, "csrf_token": token}
        body = urllib.parse.urlencode(fields).encode()
        status, _, text = self.request("POST", "/sign-in", body, {"Content-Type": "application/x-www-form-urlencoded"})
        assert status == 303, (status, text[:500])

    def home(self) -> str:
        return self.get("/")[2]

    def run_path(self) -> str:
        found = re.search(r"/runs/[0-9a-f-]{36}", self.home())
        assert found, "the home page names no run"
        return found.group(0)

    def submit(self, unit_path: str, notebook: bytes) -> str | None:
        """Hand in; the path of the submission once the site has said that it has it, None where it answered otherwise."""
        token = self._token(self.get(unit_path)[2])
        mark = "----baeum-bench"
        body = (
            (
                f'--{mark}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
                f'--{mark}\r\nContent-Disposition: form-data; name="notebook"; filename="a.ipynb"\r\n'
                "Content-Type: application/json\r\n\r\n"
            ).encode()
            + notebook
            + f"\r\n--{mark}--\r\n".encode()
        )
        status, headers, _ = self.request(
            "POST", f"{unit_path}/submissions", body, {"Content-Type": f"multipart/form-data; boundary={mark}"}
        )
        return headers["location"] if status == 303 and "/submissions/" in headers["location"] else None


def solved_notebook(slug: str, number: int) -> bytes:
    """The exercise's own solution as a learner would hand it in; `number` makes its bytes differ."""
    notebook = json.loads((ROOT / "exercises" / slug / "source.ipynb").read_text("utf-8"))
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        source = re.sub(r"(?s)[ \t]*### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS\n?", "", source)
        cell["source"] = re.sub(r"(?m)^\s*### (BEGIN|END) SOLUTION\n?", "", source)
    notebook["metadata"]["number"] = number
    return json.dumps(notebook, ensure_ascii=False).encode()
