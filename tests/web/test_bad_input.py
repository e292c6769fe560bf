"""Wrong files, wrong moments and a full disk: each gets a clear answer, and nothing is lost or half written."""

from __future__ import annotations

import io
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lms.clock import today, utcnow
from lms.models import Grade, Job, LedgerEntry, Submission
from lms.web.i18n import format_day
from tests.grading.build import notebook, packed

from . import small_course
from .browser import Browser
from .site import Site
from .small_course import EXERCISE, FIRST_PAGE, QUIZ


def _changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[Site], bytes]:
    """A good notebook, changed."""

    def make(site: Site) -> bytes:
        made = json.loads(site.notebook())
        change(made)
        return json.dumps(made).encode()

    return make


def _without_answers(made: dict[str, Any]) -> None:
    made["cells"] = [cell for cell in made["cells"] if not cell["metadata"].get("nbgrader", {}).get("solution")]


def _bytes(content: bytes) -> Callable[[Site], bytes]:
    return lambda site: content


WRONG_FILES: dict[str, tuple[Callable[[Site], bytes], int, str]] = {
    "empty": (_bytes(b""), 422, "파일이 비어 있"),
    "blanks": (_bytes(b" \n\n"), 422, "파일이 비어 있"),
    "a picture": (_bytes(b"\x89PNG\r\n\x1a\n\x00\x00"), 422, "노트북 파일이 아닙니다"),
    "a program": (_bytes(b"import pandas as pd\n"), 422, "노트북 파일이 아닙니다"),
    "cut off": (lambda site: site.notebook()[:-40], 422, "노트북 파일이 아닙니다"),
    "not in UTF-8": (lambda site: site.notebook().decode().encode("utf-16"), 422, "노트북 파일이 아닙니다"),
    "too deep": (_bytes(b"[" * 100_000), 422, "노트북 파일이 아닙니다"),
    "another JSON": (_bytes(b'{"a": 1}'), 422, "노트북 파일이 아닙니다"),
    "a list": (_bytes(b"[1]"), 422, "노트북 파일이 아닙니다"),
    "nbformat 3": (_changed(lambda made: made.update(nbformat=3)), 422, "옛 형식"),
    "nbformat 5": (_changed(lambda made: made.update(nbformat=5)), 422, "nbformat 4"),
    "no cells": (_changed(lambda made: made.pop("cells")), 422, "손상"),
    "empty cells": (_changed(lambda made: made.update(cells=[])), 422, "비어 있"),
    "cells that are none": (_changed(lambda made: made.update(cells=["x"])), 422, "손상"),
    "another exercise": (_changed(lambda made: made["metadata"].update(baeum={"exercise": "oee"})), 422, "다른 실습"),
    "a stranger": (_bytes(packed(notebook(dict(cell_type="code", metadata={}, source="1")))), 422, "다른 실습"),
    "no answer cells": (_changed(_without_answers), 422, "답"),
    "11 MB": (lambda site: site.notebook() + b" " * 11_000_000, 422, "너무 큽니다"),
}


@pytest.mark.parametrize("what", WRONG_FILES)
def test_a_wrong_file_is_refused_in_words_and_nothing_is_kept(site: Site, hana: Browser, what: str) -> None:
    make, status, words = WRONG_FILES[what]
    content, before = make(site), site.snapshot()
    answer = site.hand_in(hana, content)
    assert answer.status_code == status
    assert words in answer.text
    page = hana.page
    assert page is not None
    assert page.select_one("form[action$=submissions] input[type=file]") is not None
    assert site.snapshot() == before


def test_no_file_at_all(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    for form in ({}, {"notebook": "no file but text"}):
        assert hana.send(f"{site.address(EXERCISE)}/submissions", form).status_code == 422
    assert site.count(Submission) == 0


class _Endless(io.RawIOBase):
    """An upload of 50 MB, of which nobody should read more than a little."""

    SIZE = 50_000_000
    place = 0
    taken = 0

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.SIZE}[whence]
        return self.place

    def tell(self) -> int:
        return self.place

    def readinto(self, buffer: Any) -> int:
        self.taken += len(buffer)
        buffer[:] = b"x" * len(buffer)
        return len(buffer)


def test_fifty_megabytes_are_refused_before_they_are_read(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    body, kind = _Endless(), "multipart/form-data; boundary=x"
    where = f"{site.address(EXERCISE)}/submissions"
    answer = hana.post(where, input_stream=body, content_type=kind, headers={"X-CSRFToken": hana.token})
    assert answer.status_code == 413
    assert "너무 큽니다" in answer.text
    assert body.taken < 1_000_000
    assert site.count(Submission) == 0


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda made: made["cells"].pop(2), id="an answer cell deleted"),
        pytest.param(lambda made: made["cells"].insert(2, dict(made["cells"][2])), id="an answer cell doubled"),
        pytest.param(lambda made: made["cells"].pop(3), id="a check deleted"),
        pytest.param(lambda made: made["cells"][3].update(source="assert True"), id="a check rewritten"),
        pytest.param(lambda made: made["cells"][2].update(cell_type="markdown"), id="an answer cell made text"),
        pytest.param(lambda made: made["cells"].reverse(), id="the wrong way round"),
    ],
)
def test_a_damaged_notebook_is_mended_and_that_is_told(site: Site, hana: Browser, change: Callable) -> None:
    where = site.hand_in(hana, _changed(change)(site)).headers["Location"]
    assert site.grade_all() == 1
    with site.lms.database.reading() as session:
        repairs = session.scalars(select(Grade.repairs)).one()
    assert repairs
    text = hana.see(where).get_text()
    assert all(repair["message"] in text for repair in repairs)


# At the wrong time


def _try_everything(site: Site, browser: Browser, run: Any) -> dict[str, int]:
    """What a learner can send to a run, with what is answered."""
    answers = {"exercise": site.hand_in(browser, site.notebook(), run=run).status_code}
    quiz, page = site.address(QUIZ, run), site.address(FIRST_PAGE, run)
    answers["quiz"] = browser.send(f"{quiz}/quiz", {"number": "117"}).status_code
    answers["page"] = browser.send(f"{page}/done").status_code
    return answers


@pytest.mark.parametrize(
    ("begin", "end", "words"),
    [(3, 9, "{begin}에 시작합니다"), (-9, -3, "{end}에 끝나")],
    ids=["not begun", "over"],
)
def test_a_run_that_is_not_open_is_read_and_takes_nothing(
    site: Site, hana: Browser, begin: int, end: int, words: str
) -> None:
    first, last = today() + timedelta(days=begin), today() + timedelta(days=end)
    run = site.open_run(first, last)
    site.enrol(site.world.hana, run)
    with site.app.test_request_context():
        words = words.format(begin=format_day(first), end=format_day(last))
    before = site.snapshot()
    assert _try_everything(site, hana, run) == {"exercise": 409, "quiz": 409, "page": 303}
    assert site.snapshot() == before
    hana.send(f"{site.address(QUIZ, run)}/quiz", {"number": "117"})
    assert words in hana.page.get_text()
    for key in (*small_course.UNIT_KEYS, ""):
        hana.see(site.address(key, run))


def test_a_closed_run_takes_nothing(site: Site, hana: Browser) -> None:
    site.change(site.run, closed_at=utcnow())
    before = site.snapshot()
    assert _try_everything(site, hana, site.run) == {"exercise": 409, "quiz": 409, "page": 303}
    assert site.snapshot() == before


# Twice


@pytest.mark.sandbox
def test_the_same_upload_twice_at_once_is_one_submission(site: Site) -> None:
    content = site.notebook()
    browsers = [site.browser_of(site.world.hana) for _ in range(2)]
    for browser in browsers:
        browser.see(site.address(EXERCISE))
    together, answers = threading.Barrier(2), []

    def upload(browser: Browser) -> None:
        form = {"notebook": (io.BytesIO(content), "n.ipynb")}
        together.wait()
        answers.append(browser.send(f"{site.address(EXERCISE)}/submissions", form).headers["Location"])

    threads = [threading.Thread(target=upload, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2
    assert len(set(answers)) == 1
    assert (site.count(Submission), site.count(Job)) == (1, 1)
    assert site.grade_all() == 1


def test_the_same_quiz_page_sent_twice_is_two_tries_and_one_done(site: Site, hana: Browser) -> None:
    hana.see(site.address(QUIZ))
    for _ in range(2):
        hana.send(f"{site.address(QUIZ)}/quiz", {"number": "117"})
    with site.lms.database.reading() as session:
        done = session.scalars(select(LedgerEntry.unit_key).where(LedgerEntry.kind == "unit_done")).all()
    assert done == [QUIZ]


# No room


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system without room; who may not mount one gets a folder that can't be written to."""
    folder = tmp_path / "full"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    (folder / "everything").write_bytes(b"x" * os.statvfs(folder).f_bavail * 4096)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_loses_nothing_that_was_promised(
    site: Site, hana: Browser, full_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, root = site.notebook(), site.lms.files.root
    site.hand_in(hana, site.notebook({"q1": "def good(total, bad):\n    return 0"}))
    before = site.snapshot()
    monkeypatch.setattr(site.lms.files, "root", full_disk)
    # The exercise's package was read before the disk filled.
    answer = site.hand_in(hana, content)
    monkeypatch.setattr(site.lms.files, "root", root)
    assert answer.status_code == 507
    assert "저장하지 못" in answer.text
    assert hana.page.select_one("form[action$=submissions]") is not None  # type: ignore[union-attr]
    assert site.snapshot() == before
    assert site.hand_in(hana, content).status_code == 303
    assert site.count(Submission) == 2


def test_a_text_that_no_database_keeps_is_refused(site: Site) -> None:
    browser = site.browser_of(site.world.seoyeon)
    before = site.snapshot()
    browser.see("/desk/?with=a%00b", 400)
    browser.see("/desk/")
    company = f"/desk/companies/{site.world.hanbit.uid}"
    answer = browser.send(f"{company}/people", {"form": "csv", "reason": "감사 자료 제출\0"})
    assert answer.status_code == 400
    assert site.snapshot() == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/messages/?page={number}", 200),
        ("GET", "/slips/?page={number}", 200),
        ("POST", "/desk/runs/{uid}/limits/{number}/remove", 404),
    ],
)
def test_a_number_that_no_database_keeps_leads_nowhere(site: Site, method: str, path: str, status: int) -> None:
    officer = site.browser_of(site.world.seoyeon)
    officer.see("/desk/")
    address = path.format(uid=site.run.uid, number="9" * 25)
    answer = officer.send(address, {}) if method == "POST" else officer.get(address)
    assert answer.status_code == status
