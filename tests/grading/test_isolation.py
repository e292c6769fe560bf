"""What `doctor` says: the level, whence the required one comes, and the line that gives the next."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lms.errors import GradingUnavailableError
from lms.grading import __main__, pool
from lms.grading.sandbox import cgroups, isolation


class Hierarchy:
    """Control groups of version 2 as folders. A group with processes can't switch controllers on for those below."""

    def __init__(self, root, monkeypatch):
        self.root = root
        self.delegated: set[Path] = set()
        monkeypatch.setattr(cgroups, "_ROOT", root)
        monkeypatch.setattr(cgroups, "_is_delegated", lambda folder: folder in self.delegated)

    def group(self, path, *, processes="", controllers="", delegated=False):
        folder = self.root / path
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cgroup.procs").write_text(processes)
        (folder / "cgroup.subtree_control").write_text(controllers)
        if delegated:
            self.delegated.add(folder)
        return folder


@pytest.fixture
def hierarchy(tmp_path, monkeypatch):
    return Hierarchy(tmp_path, monkeypatch)


def found(path):
    return cgroups._version_2({"": f"/{path}"})


def test_a_group_whose_controllers_are_on_is_used(hierarchy):
    assert found("job") == []
    folder = hierarchy.group("job", controllers="cpu memory pids")
    assert found("job") == [folder]


def test_a_service_does_not_touch_what_nobody_gave_it(hierarchy):
    slice = hierarchy.group("system.slice", controllers="memory pids")
    own = hierarchy.group("system.slice/baeum.service", processes="12")
    assert found("system.slice/baeum.service") == []
    assert (own / "cgroup.subtree_control").read_text() == ""
    assert list(slice.glob("service")) == []


def test_a_service_in_a_delegated_group_steps_aside(hierarchy, monkeypatch):
    own = hierarchy.group("system.slice/baeum.service", processes="12\n13\n", delegated=True)
    hierarchy.group("system.slice/baeum.service/service")
    moved = []

    def write(path, value):
        moved.append((path, value))
        (own / "cgroup.procs").write_text("")

    monkeypatch.setattr(cgroups, "_write", write)
    plain = cgroups._gives
    monkeypatch.setattr(cgroups, "_gives", lambda folder: bool(moved) and plain(folder))
    assert found("system.slice/baeum.service") == [own]
    assert moved == [(f"{own}/service/cgroup.procs", 12), (f"{own}/service/cgroup.procs", 13)]
    assert found("system.slice/baeum.service/service") == [own]


def test_who_asks_for_the_level_is_told(monkeypatch, capsys):
    monkeypatch.delenv("LMS_GRADING_ISOLATION", raising=False)
    assert pool.requirement()[0] == "user"
    assert pool.requirement("none") == ("none", "as asked for")
    monkeypatch.setenv("LMS_GRADING_ISOLATION", "none")
    assert __main__.main(["doctor"]) == 0
    assert "required:  none (by LMS_GRADING_ISOLATION)" in capsys.readouterr().out
    assert __main__.main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["by"] == "by LMS_GRADING_ISOLATION"
    monkeypatch.setenv("LMS_GRADING_ISOLATION", "strong")
    with pytest.raises(GradingUnavailableError, match="'strong' \\(by LMS_GRADING_ISOLATION\\) is no level"):
        pool.requirement()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives children other uids")
def test_landlock_under_root_needs_a_python_that_all_can_read(tmp_path, monkeypatch):
    closed = tmp_path / "home"
    (closed / "python").mkdir(parents=True)
    closed.chmod(0o700)
    for parent in tmp_path.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    monkeypatch.setattr(isolation, "readable_paths", lambda *, moved: {str(closed / "python"): ""})
    assert isolation.closed_folder() == str(closed)
    monkeypatch.setattr(isolation, "_can_unshare", lambda: False)
    monkeypatch.setattr(isolation.system, "landlock_version", lambda: 5)
    report = isolation.isolation.__wrapped__()
    assert report.level == "none"
    assert any(str(closed) in what for what, _ in report.missing)
    closed.chmod(0o755)
    assert isolation.isolation.__wrapped__().level == "landlock"
