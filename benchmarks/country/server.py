"""A PostgreSQL cluster as a sensible small server has it: durable, and with memory for its work. May be kept and used again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.postgres import SERVER_USER, Cluster, NoPostgresError, _die_with_parent, _server_user, find_binaries

_READY_SECONDS = 120  # after a crash it reads its log again


def settings(large: bool) -> Mapping[str, str]:
    """Of a machine with two cores and, for a large database, 16 GiB or more. Everything is durable; there is no standby, so
    the log holds what a crash needs and no more."""
    memory = (
        {"shared_buffers": "4GB", "effective_cache_size": "12GB", "max_wal_size": "8GB"}
        if large
        else {"shared_buffers": "512MB", "effective_cache_size": "2GB", "max_wal_size": "2GB"}
    )
    return {
        "listen_addresses": "",
        "max_connections": "40",
        "work_mem": "64MB",
        "maintenance_work_mem": "512MB",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        **memory,
    }


@contextmanager
def running(keep: Path | None, options: Mapping[str, str]) -> Iterator[Cluster]:
    """The cluster in the folder `keep`, made where there is none; without one in a temporary folder, gone at the end. One that
    runs already is taken as it is, and goes on.

    Raises:
        NoPostgresError
    """
    user = _server_user()
    folder = keep or Path(tempfile.mkdtemp(prefix="lms-country-"))
    if _answers(folder):
        yield Cluster(folder)
        return
    folder.mkdir(parents=True, exist_ok=True)
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    ids = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    binaries, data, log = find_binaries(), folder / "data", folder / "log"
    try:
        if not (data / "PG_VERSION").exists():
            words = ["-D", str(data), "-U", SERVER_USER, "--auth=trust", "-E", "UTF8", "--locale=C"]
            subprocess.run([binaries / "initdb", *words], check=True, stdout=subprocess.DEVNULL, cwd=folder, **ids)  # type: ignore[call-overload]
        given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with log.open("ab") as output:
            server = subprocess.Popen(  # type: ignore[call-overload]
                [binaries / "postgres", "-D", data, "-k", folder, *given],
                stdout=output, stderr=subprocess.STDOUT, cwd=folder, preexec_fn=_die_with_parent, **ids,
            )  # fmt: skip
        try:
            _wait(server, folder, log)
            yield Cluster(folder)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _wait(server: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until and server.poll() is None:
        if _answers(folder):
            return
        time.sleep(0.05)
    raise NoPostgresError(f"it did not start: {log.read_text(errors='replace')[-2000:]}")


def _answers(folder: Path) -> bool:
    try:
        psycopg.connect(host=str(folder), user=SERVER_USER, dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def has_database(cluster: Cluster, name: str) -> bool:
    with psycopg.connect(host=str(cluster.folder), user=SERVER_USER, dbname="postgres") as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    return found is not None
