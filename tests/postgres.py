"""A PostgreSQL cluster of the tests' own: made from Debian's binaries, on a unix socket alone, gone when the tests are."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil
import psycopg

SERVER_USER = "postgres"
READY_SECONDS = 30
_IN_MEMORY = Path("/dev/shm")
_ROOM = 1 << 30
_PREFIX = "lms-postgres-"
_OLD_SECONDS = 3600
_PR_SET_PDEATHSIG = 1
# Nothing of it has to outlive the tests, so nothing waits for the disk.
_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    # Whoever copies or drops a database looks through all of them.
    "shared_buffers": "16MB",
    "max_connections": "60",
    "timezone": "Asia/Tokyo",  # not UTC: a time that is read back right is so because we asked for it
}


class NoPostgresError(Exception):
    """There are no binaries, or the cluster did not start; the text says which."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster, reached through the socket in `folder`."""

    folder: Path

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{SERVER_USER}@/{name}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run one statement on the maintenance database, outside a transaction."""
        self._connection.execute(statement.encode())

    @cached_property
    def _connection(self) -> psycopg.Connection:
        """Kept: to connect costs as much as to copy a database."""
        return psycopg.connect(
            host=str(self.folder), user=SERVER_USER, dbname="postgres", autocommit=True, prepare_threshold=None
        )

    def close(self) -> None:
        if "_connection" in self.__dict__:
            self._connection.close()


def find_binaries() -> Path:
    """The folder of initdb and postgres: Debian's newest, or the one on the path. Raises NoPostgresError."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parent.parent.name), reverse=True
    )
    found = debian[0] if debian else shutil.which("initdb")
    if found is None:
        raise NoPostgresError("its server is not installed; `apt install postgresql` brings it")
    return Path(found).resolve().parent


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Make a cluster, start it, and take both away at the end. PostgreSQL refuses root, so root runs it as `postgres`.

    Raises:
        NoPostgresError
    """
    binaries = find_binaries()
    user = _server_user()
    where = _where()
    _sweep(where or Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=where))
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        made = subprocess.run(
            [
                binaries / "initdb",
                "-D",
                data,
                "-U",
                SERVER_USER,
                "--auth=trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C",
            ],
            capture_output=True,
            text=True,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            cwd=folder,
        )
        if made.returncode:
            raise NoPostgresError(f"initdb: {made.stderr.strip()}")
        with _server(binaries, data, folder, user), closing(Cluster(folder)) as cluster:
            yield cluster
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _where() -> Path | None:
    """In memory where there is room: a database is 300 files, and a disk takes ten times as long to make them."""
    try:
        room = shutil.disk_usage(_IN_MEMORY).free
    except OSError:
        return None
    return _IN_MEMORY if room > _ROOM and os.access(_IN_MEMORY, os.W_OK) else None


def _sweep(where: Path) -> None:
    """Take away what tests left that were killed: memory is not given back by itself."""
    for folder in where.glob(f"{_PREFIX}*"):
        if not _is_running(folder) and _age(folder) > _OLD_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(folder: Path) -> bool:
    try:
        return psutil.pid_exists(int((folder / "data/postmaster.pid").read_text().split()[0]))
    except FileNotFoundError:
        return False


def _age(folder: Path) -> float:
    """In seconds; 0 where somebody took it away meanwhile."""
    try:
        return time.time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0


def _server_user() -> pwd.struct_passwd | None:
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVER_USER)
    except KeyError:
        raise NoPostgresError(f"there is no user {SERVER_USER} to run it as") from None


@contextmanager
def _server(binaries: Path, data: Path, socket: Path, user: pwd.struct_passwd | None) -> Iterator[None]:
    settings = [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
    log = socket / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", socket, *settings],
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            cwd=socket,
            preexec_fn=_die_with_parent,
        )
    try:
        _wait_until_ready(server, socket, log)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # "fast": whoever is still connected is cut off
        server.wait()


def _die_with_parent() -> None:
    """A killed test run leaves no server behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_until_ready(server: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            psycopg.connect(host=str(socket), user=SERVER_USER, dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise NoPostgresError(f"it did not start: {log.read_text(errors='replace')[-2000:]}")
