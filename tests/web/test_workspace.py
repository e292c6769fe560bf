"""The workspace: an exercise as a page, what its scripts ask for, and the way of browsers without scripts."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import brotli
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from lms.clock import today
from lms.models import Draft, Submission
from lms.people import sign_ins

from . import small_course
from .browser import Browser
from .site import Site
from .small_course import EXERCISE, HALF, RIGHT

DATA = {"Accept": "application/json"}


def island_of(site: Site, browser: Browser) -> dict[str, Any]:
    script = browser.see(site.address(EXERCISE)).select_one("#workspace-data")
    assert script is not None
    return json.loads(script.string or "")


def ask(browser: Browser, method: str, address: str, body: Any = None, **more: Any) -> TestResponse:
    """As the page's script asks."""
    headers = DATA | ({"X-CSRFToken": browser.token} if method != "GET" else {})
    sent = {"json": body} if method != "GET" and not more else more
    return browser.open(address, method=method, headers=headers, **sent)


def save(site: Site, browser: Browser, answers: dict[str, str], base: int = 0, **more: Any) -> dict[str, Any]:
    body = {"base": base, "answers": answers} | more
    answer = ask(browser, "PUT", f"{site.address(EXERCISE)}/draft", body)
    assert answer.status_code == 200, answer.text
    return answer.json  # type: ignore[return-value]


# The page


def test_the_page_has_every_cell_in_reading_order(site: Site, hana: Browser) -> None:
    page = hana.see(site.address(EXERCISE))
    cells = page.select("#ws-form .cell")
    assert [(cell["data-cell"], cell["data-kind"]) for cell in cells] == [
        ("intro", "given"),
        ("cell:cell-2", "text"),
        ("q1", "answer"),
        ("q1-test", "check"),
        ("q2", "answer"),
        ("q2-test", "check"),
    ]
    assert "양품을 세어 봅시다." in cells[1].get_text()
    field = cells[2].select_one("textarea")
    assert field is not None
    assert field["name"] == "cell:q1"
    assert field.get_text().lstrip("\n").startswith("def good(total, bad):\n    # 여기에")
    assert "4점" in cells[3].get_text()


def test_neither_solution_nor_hidden_check_is_anywhere_on_the_page(site: Site, hana: Browser) -> None:
    text = hana.get(site.address(EXERCISE)).text
    for secret in ("return total - bad", "rate(200, 50)", "수율이 다릅니다", "HIDDEN", "SOLUTION"):
        assert secret not in text


def test_the_island_tells_the_scripts_all_they_need(site: Site, hana: Browser) -> None:
    island = island_of(site, hana)
    assert (island["exercise"], island["language"], island["imports"]) == (EXERCISE, "ko", ["csv"])
    assert island["draft"]["revision"] == 0
    assert [cell["for"] for cell in island["cells"] if cell["kind"] == "check"] == [["q1"], ["q2"]]
    (file,) = island["files"]
    assert (file["path"], file["bytes"]) == ("data/parts.csv", len(small_course.DATA))
    assert hana.get(file["url"]).data == small_course.DATA
    for name in ("page", "draft", "work", "starter", "attempts", "outline"):
        assert hana.get(island["urls"][name]).status_code == 200, name


def test_what_is_typed_can_not_end_the_island(site: Site, hana: Browser) -> None:
    evil = "</script><script>alert(1)</script><!-- \u2028 ]]>"
    hana.see(site.address(EXERCISE))
    save(site, hana, {"q1": evil, "q2": "</textarea><img src=x onerror=alert(1)>"})
    island = island_of(site, hana)  # and the browser has looked for scripts and handlers on the page
    assert island["draft"]["answers"]["q1"] == evil
    page = hana.see(site.address(EXERCISE))
    fields = [field.get_text().lstrip("\n") for field in page.select("textarea.cell-editor[name]")]
    assert fields[1] == "</textarea><img src=x onerror=alert(1)>"


def test_the_page_is_isolated_and_may_be_kept_for_its_person_alone(site: Site, hana: Browser) -> None:
    headers = hana.get(site.address(EXERCISE)).headers
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["LMS-Keep-Page"] == str(site.world.hana.uid)
    other = hana.get(site.address(small_course.QUIZ)).headers
    assert "LMS-Keep-Page" not in other
    assert "Cross-Origin-Opener-Policy" not in other


@pytest.mark.parametrize(("accepted", "sent"), [("gzip, br", "br"), ("gzip", "gzip"), ("", ""), ("br;q=0", "")])
def test_the_page_is_small_on_the_line(site: Site, hana: Browser, accepted: str, sent: str) -> None:
    plain = hana.get(site.address(EXERCISE)).data
    answer = FlaskClient.open(hana, site.address(EXERCISE), headers={"Accept-Encoding": accepted})  # not to be read
    assert answer.headers.get("Content-Encoding", "") == sent
    assert "Accept-Encoding" in answer.headers["Vary"]
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[sent]
    assert len(unpack(answer.data)) == len(plain)
    assert len(answer.data) < len(plain) / (3 if sent else 0.9)


def test_hints_open_one_after_the_other(site: Site, hana: Browser) -> None:
    page = hana.see(site.address(EXERCISE))
    first = page.select_one("[data-cell=q1] > details.hint")
    assert first is not None
    second = first.select_one("details.hint")
    assert second is not None
    assert "불량을 빼면" in first.get_text()
    assert "불량을 빼면" not in second.get_text()
    assert page.select_one("[data-cell=q2] details.hint") is None


def test_a_data_file_is_kept_by_the_browser_while_it_is_the_same(site: Site, hana: Browser) -> None:
    named = island_of(site, hana)["files"][0]["url"]
    assert "immutable" in hana.get(named).headers["Cache-Control"]
    plain = f"{site.address(EXERCISE)}/data/parts.csv"
    answer = hana.get(plain)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    again = hana.get(plain, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


# What is typed


def test_what_is_typed_is_there_on_the_next_visit(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    kept = save(site, hana, HALF, own=[{"after": "q1", "source": "good(3, 1)"}])
    assert (kept["revision"], kept["is_conflict"], kept["other"], kept["problems"]) == (1, False, None, [])
    elsewhere = site.browser_of(site.world.hana)
    draft = island_of(site, elsewhere)["draft"]
    assert (draft["answers"], draft["own"]) == (HALF, [{"after": "q1", "source": "good(3, 1)"}])
    assert draft["saved_at"] == kept["saved_at"]
    told = ask(elsewhere, "GET", f"{site.address(EXERCISE)}/draft").json
    assert told is not None
    assert (told["revision"], told["answers"], told["person"]) == (1, HALF, str(site.world.hana.uid))


def test_another_tab_is_told_what_it_replaced(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    save(site, hana, HALF)
    second = save(site, hana, RIGHT, base=0)
    assert second["is_conflict"]
    assert second["other"]["answers"] == HALF
    assert island_of(site, hana)["draft"]["other"]["answers"] == HALF
    assert save(site, hana, RIGHT, base=second["revision"], settled=True)["other"] is None


def test_syntax_that_grading_can_not_read_is_said_when_it_is_saved(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    kept = save(site, hana, {"q2": "def rate(total, bad)\n    return 1"}, own=[{"after": "", "source": "x ="}])
    assert [(found["cell"], found["line"]) for found in kept["problems"]] == [("q2", 1), ("own:0", 1)]
    page = hana.see(site.address(EXERCISE))
    problem = page.select_one("[data-cell=q2] .problem")
    assert problem is not None
    assert "SyntaxError" in problem.get_text()


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("no JSON", 422, "malformed"),
        ([], 422, "malformed"),
        ({"answers": {"q1": 3}}, 422, "malformed"),
        ({"answers": {"q9": "x"}}, 422, "unknown_cells"),
        ({"answers": {"q1-test": "pass"}}, 422, "unknown_cells"),
        ({"answers": {"q1": "x" * 100_001}}, 413, "too_large"),
        ({"answers": {"q1": "가" * 400_000}}, 413, "too_large"),
        ({"answers": {"q1": "# 900101-1234568"}}, 422, "resident_number"),
    ],
)
def test_what_can_not_be_kept_is_refused_in_words(
    site: Site, hana: Browser, body: Any, status: int, reason: str
) -> None:
    hana.see(site.address(EXERCISE))
    before = site.count(Draft)
    if body == "no JSON":
        answer = ask(hana, "PUT", f"{site.address(EXERCISE)}/draft", data="{", content_type="application/json")
    else:
        answer = ask(hana, "PUT", f"{site.address(EXERCISE)}/draft", body)
    assert (answer.status_code, answer.json and answer.json["reason"]) == (status, reason)
    assert answer.json
    assert len(answer.json["message"]) > 10
    assert site.count(Draft) == before


def test_a_deep_body_is_refused(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    deep = "[" * 90_000
    answer = ask(hana, "PUT", f"{site.address(EXERCISE)}/draft", data=deep, content_type="application/json")
    assert (answer.status_code, answer.is_json) == (422, True)


def test_without_its_token_nothing_is_saved(site: Site, hana: Browser) -> None:
    answer = hana.put(f"{site.address(EXERCISE)}/draft", json={"answers": RIGHT}, headers=DATA)
    assert (answer.status_code, answer.json and answer.json["reason"]) == (400, "form_expired")
    assert site.count(Draft) == 0


def test_who_is_signed_out_is_told_as_data_and_goes_on_after_signing_in(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    where = f"{site.address(EXERCISE)}/draft"
    with site.lms.database.writing() as session:
        for device in sign_ins.list_current(session, site.world.hana.id, idle=site.lms.idle):
            sign_ins.end(session, site.world.hana.id, device.uid)
        session.commit()
    answer = ask(hana, "PUT", where, {"base": 0, "answers": RIGHT})
    assert (answer.status_code, answer.json and answer.json["reason"]) == (401, "sign_in_needed")
    hana.sign_in("hana@hanbit.example", "낮에는-선반-밤에는-배움")
    fresh = hana.get(where, headers=DATA).json
    assert fresh is not None
    answer = hana.put(where, json={"base": 0, "answers": RIGHT}, headers=DATA | {"X-CSRFToken": fresh["csrf"]})
    assert answer.status_code == 200


def _over(site: Site) -> None:
    site.change(site.run, learn_to=today() - timedelta(days=1))


def test_after_the_run_it_is_read_and_nothing_is_kept(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    save(site, hana, HALF)
    _over(site)
    island = island_of(site, hana)
    assert (island["is_open"], island["draft"]["answers"]) == (False, HALF)
    assert island["closed"]
    for method, end in (("PUT", "draft"), ("POST", "hand-in")):
        answer = ask(hana, method, f"{site.address(EXERCISE)}/{end}", {"base": 1, "answers": RIGHT})
        assert (answer.status_code, answer.json and answer.json["reason"]) == (409, "over")
    assert not hana.page.select("#ws-hand-in button, #ws-elsewhere form")
    assert site.count(Submission) == 0


# Handing in


def test_handing_in_from_the_page_to_the_result_in_it(site: Site, hana: Browser) -> None:
    island = island_of(site, hana)
    handed_in = ask(hana, "POST", island["urls"]["hand_in"], {"base": 0, "answers": HALF})
    assert handed_in.status_code == 201
    told = handed_in.json
    assert told is not None
    assert (told["number"], told["revision"], told["problems"]) == (1, 1, [])
    address = island["urls"]["result"].replace("00000000-0000-0000-0000-000000000000", told["submission"])
    waiting = ask(hana, "GET", address).json
    assert waiting is not None
    assert (waiting["state"], waiting["checks"], waiting["standing"]) == ("waiting", [], None)
    site.grade_all()
    result = ask(hana, "GET", address).json
    assert result is not None
    assert (result["state"], result["points"], result["max_points"]) == ("graded", 4, 10)
    assert [(check["name"], check["title"], check["outcome"]) for check in result["checks"]] == [
        ("q1-test", "양품 수", "passed"),
        ("q2-test", "수율", "failed"),
    ]
    assert "수율이 다릅니다" in result["checks"][1]["message"]
    assert result["standing"]["line"].startswith("진도 25 %")
    assert hana.get(result["feedback"]).status_code == 200
    (attempt,) = ask(hana, "GET", island["urls"]["attempts"]).json  # type: ignore[misc]
    assert (attempt["number"], attempt["points"], attempt["state"]) == (1, 4, "graded")
    listed = hana.see(site.address(EXERCISE)).select_one(f"[data-attempt='{attempt['uid']}']")
    assert listed is not None
    assert "4 / 10점" in listed.get_text()


def test_an_earlier_try_can_be_brought_back(site: Site, hana: Browser) -> None:
    island = island_of(site, hana)
    first = ask(hana, "POST", island["urls"]["hand_in"], {"base": 0, "answers": HALF}).json
    assert first is not None
    ask(hana, "POST", island["urls"]["hand_in"], {"base": 1, "answers": RIGHT})
    told = ask(hana, "GET", f"/submissions/{first['submission']}/cells").json
    assert told is not None
    assert (told["answers"], told["own"], told["number"], told["repairs"]) == (HALF, [], 1, [])


def test_without_scripts_the_form_hands_in(site: Site, hana: Browser) -> None:
    page = hana.see(site.address(EXERCISE))
    form = page.select_one("#ws-form")
    assert form is not None
    fields = {field["name"]: field.get_text().lstrip("\n") for field in form.select("textarea")}
    assert set(fields) == {"cell:q1", "cell:q2"}
    typed = {f"cell:{name}": source.replace("\n", "\r\n") for name, source in RIGHT.items()}
    answer = hana.send(str(form["action"]), {"base": "0"} | typed)
    assert answer.status_code == 303
    site.grade_all()
    assert "모든 항목을 통과" in hana.see(answer.headers["Location"]).get_text()
    assert island_of(site, hana)["draft"]["answers"] == RIGHT


def test_a_form_of_an_older_page_is_told_and_loses_nothing(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    answer = hana.send(f"{site.address(EXERCISE)}/hand-in", {"base": "x", "cell:q7": "x = 1"})
    assert answer.status_code == 422
    assert site.count(Submission) == 0


# Notebooks


def test_her_work_goes_to_jupyter_and_comes_back(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    save(site, hana, HALF, own=[{"after": "q1", "source": "good(3, 1)"}])
    notebook = hana.get(f"{site.address(EXERCISE)}/work.ipynb")
    assert notebook.mimetype == "application/x-ipynb+json"
    there = small_course.filled(notebook.data, {"q2": RIGHT["q2"]})
    told = _read(site, hana, there).json
    assert told is not None
    assert told["answers"] == RIGHT
    assert told["own"] == [{"after": "q1", "source": "good(3, 1)"}]
    assert (told["repairs"], told["problems"]) == ([], [])
    assert island_of(site, hana)["draft"]["answers"] == HALF  # the page saves it, or not


def _read(site: Site, browser: Browser, notebook: bytes) -> TestResponse:
    upload = {"notebook": FileStorage(io.BytesIO(notebook), "n.ipynb")}
    return ask(
        browser, "POST", f"{site.address(EXERCISE)}/read-notebook", data=upload, content_type="multipart/form-data"
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda site: b"", "empty"),
        (lambda site: b"PK\x03\x04", "not_json"),
        (lambda site: b'{"nbformat": 4, "cells": []}', "empty"),
        (lambda site: site.notebook().replace(b'"good-parts"', b'"other"'), "other_exercise"),
        (lambda site: site.notebook({"q1": "# 900101-1234568"}), "resident_number"),
    ],
)
def test_another_file_is_refused_in_words(
    site: Site, hana: Browser, make: Callable[[Site], bytes], reason: str
) -> None:
    hana.see(site.address(EXERCISE))
    answer = _read(site, hana, make(site))
    assert (answer.status_code, answer.json and answer.json["reason"]) == (422, reason)


# Others


def test_nobody_else_reads_or_writes_what_she_types(site: Site, hana: Browser) -> None:
    hana.see(site.address(EXERCISE))
    save(site, hana, HALF)
    handed_in = ask(hana, "POST", f"{site.address(EXERCISE)}/hand-in", {"base": 1, "answers": HALF}).json
    assert handed_in is not None
    site.enrol(site.world.junho)
    junho = site.browser()
    with site.lms.database.writing() as session:
        token = sign_ins.start(session, site.world.junho, device="test", address="127.0.0.1")
        session.commit()
    with junho.session_transaction() as cookie:
        cookie["_user_id"] = token
    assert island_of(site, junho)["draft"]["revision"] == 0
    save(site, junho, RIGHT)
    for end in ("result", "cells"):
        assert ask(junho, "GET", f"/submissions/{handed_in['submission']}/{end}").status_code == 404
    assert island_of(site, hana)["draft"]["answers"] == HALF
    with site.lms.database.reading() as session:
        assert len(session.scalars(select(Draft)).all()) == 2
