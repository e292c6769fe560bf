"""The real site, as `make run` starts it: web server, worker and sandbox, with the demonstration's people in it."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from uuid import UUID

import psutil
from sqlalchemy import select, update

from lms import content
from lms.clock import today, utcnow
from lms.learning import enrolments, runs
from lms.models import Company, Course, Database, Employment, Person, Run, SignIn, make_engine
from lms.people import accounts, consents, passwords

ROOT = Path(__file__).resolve().parent.parent.parent
COURSE = "manufacturing-data-first-steps"
FLASK = (sys.executable, "-m", "flask", "lms")
READY_SECONDS = 60
STOP_SECONDS = 20
SEATS = 1000  # of the demonstration's run, so that each test may bring learners
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Account:
    """How a person signs in: by e-mail, or by company and employee number where there is none."""

    name: str
    password: str
    email: str = ""
    company: str = ""
    employee_number: str = ""


@dataclass(frozen=True)
class Site:
    """A running site. `command` runs its `flask lms …`, in `folder`; `instance` holds its database and files."""

    folder: Path
    instance: Path
    address: str
    process: psutil.Popen
    command: tuple[str, ...] = FLASK
    environment: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def database(self) -> Database:
        return Database(make_engine(f"sqlite:///{self.instance / 'lms.sqlite3'}"))

    @cached_property
    def course(self) -> content.Course:
        """The course that the demonstration's run gives."""
        courses = content.load_all(ROOT / "courses", ROOT / "exercises").courses
        return next(course for course in courses if course.slug == COURSE)

    @cached_property
    def run_address(self) -> str:
        with self.database.reading() as session:
            return f"{self.address}/runs/{session.scalars(select(Run.uid).order_by(Run.id)).first()}"

    def open_run(self, slug: str) -> str:
        """One more run, of another course, with the demonstration's own centre; gives its address."""
        with self.database.writing() as session:
            course = session.scalars(select(Course).where(Course.slug == slug)).one()
            first = session.scalars(select(Run).order_by(Run.id)).first()
            assert first is not None
            period = {"learn_from": first.learn_from, "learn_to": first.learn_to}
            run = runs.open_run(session, course, centre_id=first.centre_id, **period)
            session.commit()
            return f"{self.address}/runs/{run.uid}"

    def enrol(self, account: Account, run_address: str) -> None:
        """Into a run that a test opened."""
        with self.database.writing() as session:
            run = session.scalars(select(Run).where(Run.uid == UUID(run_address.rpartition("/")[2]))).one()
            person = session.scalars(select(Person.id).where(Person.email == account.email)).one()
            enrolments.enrol(session, run, person, now=utcnow())
            session.commit()

    def unit_address(self, key: str) -> str:
        return f"{self.run_address}/units/{key}"

    @cached_property
    def accounts(self) -> dict[str, Account]:
        """The demonstration's people by name."""
        listed = json.loads((self.instance / "demo-accounts.json").read_text("utf-8"))
        return {one["name"]: _account(one) for one in listed}

    def flask(self, *words: str) -> str:
        """What `flask lms …` prints here."""
        return run([*self.command, *words], self.folder, **self.environment)

    def add_learner(self, name: str, *, language: str | None = None, enrolled_days_ago: int = 0) -> Account:
        """One more person of 한빛정밀 in the run, so that a test changes nobody else's standing."""
        password = passwords.new_password()
        with self.database.writing() as session:
            number = f"HB-{2000 + len(session.scalars(select(Person.id)).all())}"
            email = f"{number.lower()}@hanbit.example"
            person = accounts.create_person(session, name=name, email=email, password=password, language=language)
            company = session.scalars(select(Company.id).where(Company.name == "한빛정밀")).one()
            since = today() - timedelta(days=100)
            session.add(Employment(person_id=person.id, company_id=company, employee_number=number, from_on=since))
            session.flush()
            joined = utcnow() - timedelta(days=enrolled_days_ago)
            enrolments.enrol(session, session.scalars(select(Run).order_by(Run.id)).first(), person.id, now=joined)
            consents.note_given(session, consents.load(self.instance / "consents"), [person.id])
            session.commit()
        return Account(name, password, email)

    def let_idle(self, account: Account, minutes: float) -> None:
        """Make each sign-in of a person look as if nobody had touched it for that long."""
        self._change_sign_ins(account, last_seen_at=utcnow() - timedelta(minutes=minutes))

    def end_sign_ins(self, account: Account) -> None:
        """What the person herself does from another device, or the days that a sign-in lasts."""
        self._change_sign_ins(account, revoked_at=utcnow())

    def _change_sign_ins(self, account: Account, **values: datetime) -> None:
        with self.database.writing() as session:
            person = session.scalars(select(Person.id).where(Person.email == account.email)).one()
            session.execute(
                update(SignIn).where(SignIn.person_id == person, SignIn.revoked_at.is_(None)).values(**values)
            )
            session.commit()

    @contextmanager
    def worker_halted(self) -> Iterator[None]:
        """Nothing is graded meanwhile. It is not halted in the middle of writing, where everybody would wait for it."""
        worker = next(child for child in self.process.children() if child.cmdline()[-1] == "worker")
        worker.suspend()
        while not self._may_write():
            worker.resume()
            time.sleep(0.05)
            worker.suspend()
        try:
            yield
        finally:
            worker.resume()

    def _may_write(self) -> bool:
        connection = sqlite3.connect(self.instance / "lms.sqlite3", timeout=0.5, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        else:
            connection.execute("ROLLBACK")
            return True
        finally:
            connection.close()


def _account(listed: dict[str, str]) -> Account:
    company, is_by_number, number = listed["sign_in"].partition(" · ")
    if is_by_number:
        return Account(listed["name"], listed["password"], company=company, employee_number=number)
    return Account(listed["name"], listed["password"], email=listed["sign_in"])


def prepare_demo(folder: Path) -> None:
    """In an empty folder, what a site is that nobody serves yet."""
    shutil.copy(ROOT / "wsgi.py", folder)
    for command in ("init", "demo"):
        run([*FLASK, command], folder)
    database = Database(make_engine(f"sqlite:///{folder / 'instance' / 'lms.sqlite3'}"))
    with database.writing() as session:
        session.execute(update(Run).values(seats=SEATS))
        session.commit()
    database.dispose()


@contextmanager
def running_demo(prepared: Path, folder: Path, **settings: str) -> Iterator[Site]:
    """A copy of what was prepared, in an empty folder, served as `running_site` does."""
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    with _running(folder, settings) as site:
        yield site


@contextmanager
def running_site(folder: Path, *, demo: bool = True, **settings: str) -> Iterator[Site]:
    """Prepare a site in an empty folder and serve it on a port that was free; gone with all its processes afterwards."""
    if demo:
        prepare_demo(folder)
    else:
        shutil.copy(ROOT / "wsgi.py", folder)
        run([*FLASK, "init"], folder)
    with _running(folder, settings) as site:
        yield site


@contextmanager
def _running(folder: Path, settings: Mapping[str, str]) -> Iterator[Site]:
    port = free_port()
    environment = {"LMS_PORT": str(port), **settings}
    with serving([*FLASK, "serve"], folder, port, folder / "serve.log", **environment) as process:
        site = Site(folder, folder / "instance", f"http://127.0.0.1:{port}", process)
        yield site
        site.database.dispose()


@contextmanager
def running_portal(folder: Path) -> Iterator[Site]:
    """The same in somebody else's site: examples/host_site, its data in an empty folder. Baeum lies below /learn."""
    port = free_port()
    environment = {"PORTAL_PORT": str(port), "PORTAL_INSTANCE": str(folder)}
    command = [sys.executable, "-m", "examples.host_site.run"]
    flask = (*FLASK[:-1], "--app", "examples.host_site.portal:make_portal", "lms")
    with serving(command, ROOT, port, folder / "serve.log", **environment) as process:
        site = Site(ROOT, folder / "lms", f"http://127.0.0.1:{port}/learn", process, flask, environment)
        yield site
        site.database.dispose()


@contextmanager
def serving(command: list[str], folder: Path, port: int, log: Path, **more: str) -> Iterator[psutil.Popen]:
    """Run a server until it answers, and end it as Ctrl-C does; it must then end well, with all of its children."""
    with log.open("wb") as output:
        process = psutil.Popen(
            command,
            cwd=folder,
            env=_environment() | more,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{port}/", log)
        yield process
        family = process.children(recursive=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP_SECONDS) == 0, log.read_text()
        _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
        assert not alive, f"left running: {alive}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def run(command: list[str], folder: Path, **more: str) -> str:
    """What a command prints that ends well."""
    done = subprocess.run(command, cwd=folder, env=_environment() | more, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment() -> dict[str, str]:
    """Ours without settings of somebody's own site."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}


def _die_with_parent() -> None:
    """A killed test run leaves no site behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_until_ready(process: psutil.Popen, address: str, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the site did not start:\n{log.read_text(errors='replace')[-4000:]}")
