"""What an integrator does once: settings, `flask lms init`, and starting it all."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest
from flask import Flask
from flask.cli import ScriptInfo

from examples.host_site.portal import make_portal
from lms import migrations
from lms.settings import Settings, SettingsError, write_fresh
from lms.web.cli import lms as commands
from lms.web.extension import LMS
from lms.web.hosts import load_host_settings

ROOT = Path(__file__).resolve().parents[2]


def _settings(tmp_path: Path, **config: object) -> Settings:
    app = Flask("host", instance_path=str(tmp_path))
    app.config.update({"SECRET_KEY": "the host's"} | config)
    return load_host_settings(app, tmp_path / "lms")


def test_a_host_has_nothing_to_configure(tmp_path: Path) -> None:
    """Our key is made of the host's: the same at each start, and not the host's itself."""
    made = _settings(tmp_path)
    assert made == _settings(tmp_path)
    assert made.secret_key != _settings(tmp_path, SECRET_KEY=b"another").secret_key
    assert "the host's" not in made.secret_key
    assert made.database_url == f"sqlite:///{tmp_path / 'lms/lms.sqlite3'}"


def test_the_environment_goes_before_the_hosts_configuration_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fresh(tmp_path / "lms")
    with (tmp_path / "lms/lms.toml").open("a", encoding="utf-8") as file:
        file.write("notebook_mb = 1\nidle_minutes = 11\ngrading_slots = 3\n")
    monkeypatch.setenv("LMS_IDLE_MINUTES", "33")
    made = _settings(tmp_path, LMS_NOTEBOOK_MB=2, LMS_IDLE_MINUTES=22)
    assert (made.notebook_mb, made.idle_minutes, made.grading_slots) == (2, 33, 3)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"LMS_NOTEBOOK_MBS": 2}, "did you mean 'notebook_mb'"),
        ({"LMS_NOTEBOOK_MB": "much"}, "LMS_NOTEBOOK_MB"),
        ({"SECRET_KEY": None}, "Set it before LMS"),
    ],
)
def test_a_wrong_setting_stops_the_start(tmp_path: Path, config: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        _settings(tmp_path, **config)


@pytest.fixture
def fresh(small_content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """A portal in which nothing was prepared, started in a folder of its own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    app = make_portal(tmp_path / "portal", config={"LMS_CONTENT_DIR": str(small_content)})
    yield app
    app.extensions["lms"].database.dispose()


def test_init_prepares_a_host_and_again_changes_nothing(fresh: Flask, tmp_path: Path) -> None:
    runner = fresh.test_cli_runner()
    first, second = (runner.invoke(commands, ["init"]) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert "published course count-parts" in first.output
    assert second.output == "content is as published (2 courses and exercises)\n"
    site = fresh.extensions["lms"]
    assert migrations.current(site.database.engine) == migrations.head()
    assert (tmp_path / "portal/lms/lms.sqlite3").exists()
    assert list((tmp_path / "here").iterdir()) == []


def test_serving_is_the_hosts(fresh: Flask) -> None:
    done = fresh.test_cli_runner().invoke(commands, ["serve"])
    assert done.exit_code == 1
    assert "flask lms worker" in done.output


def test_an_app_without_baeum_says_so() -> None:
    done = Flask("nothing").test_cli_runner().invoke(commands, ["content", "sync"])
    assert done.exit_code == 1
    assert "LMS(app" in done.output


@pytest.mark.parametrize("prefix", ["", "/"])
def test_a_host_keeps_its_root(tmp_path: Path, prefix: str) -> None:
    """There our page for what is missing would stand before the host's."""
    app = Flask("host", instance_path=str(tmp_path))
    app.secret_key = "the host's"
    with pytest.raises(ValueError, match="url_prefix"):
        LMS(app, url_prefix=prefix, identity=lambda: None)


def test_a_wrong_setting_makes_no_configuration_that_nobody_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def make() -> Flask:
        return make_portal(tmp_path / "portal", config={"LMS_NOTEBOOK_MBS": 2})

    done = Flask("runner").test_cli_runner().invoke(commands, ["init"], obj=ScriptInfo(create_app=make))
    assert done.exit_code == 1
    assert "did you mean 'notebook_mb'" in done.output
    assert not (tmp_path / "instance").exists()


def test_a_folder_of_ones_own_choice(tmp_path: Path) -> None:
    app = Flask("host", instance_path=str(tmp_path))
    app.secret_key = "the host's"
    made = LMS(app, url_prefix="/learn", identity=lambda: None, instance=tmp_path / "elsewhere")
    assert made.settings.files_dir == str(tmp_path / "elsewhere/files")
    made.database.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_one_command_starts_it_all_and_leaves_nothing(tmp_path: Path) -> None:
    """With the repository's own course, over the network's own sockets."""
    port = _free_port()
    variables = os.environ | {"PORTAL_PORT": str(port), "PORTAL_INSTANCE": str(tmp_path / "portal")}
    command = [sys.executable, "-m", "examples.host_site.run"]
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, text=True, stdout=subprocess.PIPE, start_new_session=True
    ) as portal:
        assert portal.stdout is not None
        said = [portal.stdout.readline() for _ in range(3)]
        found = re.search(r"김하나: 사번 (\S+), 비밀번호 (\S+)", said[1])
        home = _open_home(f"http://127.0.0.1:{port}", *found.groups()) if found else ""
        others = psutil.Process(portal.pid).children(recursive=True)
        portal.send_signal(signal.SIGINT)
        rest = portal.stdout.read()
    assert "is ready" in said[0], said
    assert "김하나" in home
    assert "제조데이터 첫걸음" in home
    assert rest == "stopped\n"
    assert portal.returncode == 0
    assert others, "the worker"
    assert psutil.wait_procs(others, timeout=20)[1] == []


def _open_home(site: str, number: str, password: str) -> str:
    """Our home page, by way of the portal's sign-in."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{site}/learn/") as page:
        sign_in, text = page.url, page.read().decode()
    token = text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    form = urlencode({"csrf_token": token, "number": number, "password": password}).encode()
    with browser.open(sign_in, form) as page:
        assert page.url == f"{site}/learn/"
        return str(page.read().decode())
