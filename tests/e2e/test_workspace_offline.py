"""The workspace when the network is gone: a reload still gives her page and Python, and nobody else's."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Error, Page, expect

from lms.workspace.runtime import Runtime

from . import steps, working
from .site import Account, Site
from .visits import Visit

EXERCISE = "read-machine-log"
FIRST = "q1"
ANSWER = 'log = pd.read_csv("data/machine_log.csv")\nrow_count = len(log)\nprint("행", row_count)'
_KEPT = """async () => {
  const kept = {};
  for (const name of await caches.keys()) kept[name] = (await (await caches.open(name)).keys()).map((one) => one.url);
  return kept;
}"""


def _kept(page: Page) -> dict[str, list[str]]:
    return page.evaluate(_KEPT)


def _of_people(page: Page) -> list[str]:
    return [name for name in _kept(page) if ":person:" in name]


def _open(site: Site, window: Visit, learner: Account) -> Page:
    """The exercise, until its page is kept."""
    page = window.open()
    steps.sign_in(page, site, learner)
    page.goto(site.unit_address(EXERCISE))
    _wait(page, lambda: bool(_of_people(page)) and any(url == page.url for url in _kept(page)[_of_people(page)[0]]))
    return page


def _wait(page: Page, is_so: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, _kept(page)
        page.wait_for_timeout(200)


def _has_files(page: Page, runtime: Runtime) -> bool:
    names = {url.rsplit("/", 1)[-1] for urls in _kept(page).values() for url in urls}
    return {file.name for file in runtime.files_for(["pandas"])} <= names


def _runs(page: Page) -> None:
    working.wait_for_python(page)
    working.write(page, FIRST, ANSWER)
    working.run(page, FIRST)
    expect(working.output(page, FIRST)).to_contain_text("행 ")


def test_the_exercise_goes_on_without_network(site: Site, visit: Callable[..., Visit], runtime: Runtime) -> None:
    window = visit(with_python=True)
    learner = site.add_learner("오하늘")
    page = _open(site, window, learner)
    working.wait_for_python(page)
    _wait(page, lambda: _has_files(page, runtime))
    kept = _kept(page)
    (person,) = _of_people(page)
    pages = [url for urls in kept.values() for url in urls if "/runs/" in url]
    assert page.url in kept[person]
    assert all("/units/read-machine-log" in url or "/runs/python/" in url or url.endswith("kept.json") for url in pages)
    assert not [
        url for urls in kept.values() for url in urls if url.endswith(("/draft", "/attempts", "/account/state"))
    ]
    window.context.set_offline(True)
    page.reload()
    expect(page.locator(".cm-content").first).to_be_visible()
    page.close()
    other = window.open()  # a new tab, and the browser's own store of files is empty
    window.context.new_cdp_session(other).send("Network.clearBrowserCache")
    other.goto(site.unit_address(EXERCISE))
    _runs(other)
    with pytest.raises(Error):
        other.goto(site.unit_address("what-is-data"))  # no other page is kept
    window.context.set_offline(False)
    window.faults.clear()  # the browser complains of each address that it could not reach


def test_nothing_is_left_for_the_next_person(site: Site, visit: Callable[..., Visit]) -> None:
    """On a shared tablet: after sign-out there is no page of hers, with or without network."""
    window = visit()
    page = _open(site, window, site.add_learner("배서우"))
    assert len(_of_people(page)) == 1
    steps.sign_out(page)
    _expect_nobody(page)
    window.context.set_offline(True)
    with pytest.raises(Error):
        page.goto(site.unit_address(EXERCISE))
    window.context.set_offline(False)
    steps.sign_in(page, site, site.add_learner("임도현"))
    _expect_nobody(page)
    window.faults.clear()


def test_a_page_is_kept_no_longer_than_a_sign_in(site: Site, visit: Callable[..., Visit]) -> None:
    window = visit()
    learner = site.add_learner("천유나")
    page = _open(site, window, learner)
    other = window.open()
    other.goto(site.run_address)
    page.close()  # it would say that somebody is there
    other.evaluate(
        """async () => {
          const name = (await caches.keys()).find((one) => one.includes(":person:"));
          const cache = await caches.open(name);
          const [request] = (await cache.keys()).filter((one) => one.url.endsWith("kept.json"));
          const notes = await (await cache.match(request)).json();
          notes.touched -= notes.idleMinutes * 60_000;
          await cache.put(request, new Response(JSON.stringify(notes)));
        }"""
    )
    window.context.set_offline(True)
    with pytest.raises(Error):
        other.goto(site.unit_address(EXERCISE))
    window.context.set_offline(False)
    site.end_sign_ins(learner)
    other.goto(site.unit_address(EXERCISE))  # asked to sign in
    expect(other).to_have_url(steps.SIGN_IN)
    _expect_nobody(other)
    window.faults.clear()


def _expect_nobody(page: Page) -> None:
    _wait(page, lambda: not _of_people(page))
