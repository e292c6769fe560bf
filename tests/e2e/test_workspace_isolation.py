"""What a cell can't reach: the site, the person's cookie, other pages, the network. Tried in a real browser, from the worker that
runs cells and from the frame around it, as if Python's own refusals had been got round."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Frame, Page

from lms.workspace.runtime import Runtime

from .kernels import Kernel, open_exercise
from .site import Site
from .visits import begin_visit

MARK = "stolen-by-a-cell"
# Each line tries one way out, in JavaScript, and gives what it got; `wait` calls its function with what ends the wait well, and
# what ends it badly.
_FROM_WORKER = """
fetch              | fetch(at("/account")).then((answer) => answer.text())
browser's fetch    | WorkerGlobalScope.prototype.fetch.call(self, at("/account"), own).then((answer) => answer.text())
blind post         | WorkerGlobalScope.prototype.fetch.call(self, at("/sign-out"), { ...own, ...blind })
XMLHttpRequest     | wait((ok, no) => ask(new XMLHttpRequest(), ok, no))
WebSocket          | wait((ok, no) => hear(new WebSocket(at("/").replace("http", "ws")), ok, no))
EventSource        | wait((ok, no) => hear(new EventSource(at("/")), ok, no))
importScripts      | (importScripts(at("/static/js/page.js")), "imported")
import             | import(at("/static/js/page.js"))
caches             | caches.keys().then((names) => `names: ${names}`)
IndexedDB          | wait((ok, no) => opened(indexedDB.open("baeum"), ok, no))
folders            | navigator.storage.getDirectory()
eval               | later(() => eval("'evaluated'"))
Function           | later(() => new Function("return 'evaluated'")())
another worker     | wait((ok, no) => (new Worker(URL.createObjectURL(new Blob([inner]))).onmessage = ({ data }) => ok(data)))
"""
_FROM_FRAME = """
fetch              | fetch(at("/account"), own).then((answer) => answer.text())
beacon             | (navigator.sendBeacon(at("/account")), wait((ok, no) => setTimeout(no, 200)))
parent             | parent.document.body.innerHTML
top                | top.location.href
top's address      | ((top.location = at("/")), "sent away")
cookie             | document.cookie
localStorage       | localStorage.length
IndexedDB          | wait((ok, no) => opened(indexedDB.open("baeum"), ok, no))
caches             | caches.keys().then((names) => `names: ${names}`)
service worker     | navigator.serviceWorker.register(at("/runs/sw.js"))
window             | window.open(at("/")) ? "opened" : refused
image              | wait((ok, no) => loaded(new Image(), ok, no, "/static/img/mark-32.png"))
script             | wait((ok, no) => loaded(document.createElement("script"), ok, no, "/static/js/page.js"))
inline script      | (document.body.append(inline("self.ran = 'ran'")), self.ran ?? refused)
form               | (form("/sign-out").submit(), wait((ok, no) => setTimeout(no, 300)))
frame              | (loaded(inner_frame, Boolean, Boolean, "/account"), wait((ok, no) => setTimeout(no, 300)))
eval               | later(() => eval("'evaluated'"))
"""
_TRY = """async ([site, mark]) => {
  const refused = "refused";
  const at = (path) => `${site}${path}?${mark}`;
  const own = { credentials: "include" };
  const blind = { method: "POST", mode: "no-cors" };
  const inner = `fetch("${at("/account")}").then((answer) => answer.text()).then(postMessage, () => postMessage("refused"))`;
  const wait = (act) => new Promise(act);
  // The browser's tools may evaluate as long as their own call lasts.
  const later = (act) => new Promise((ok) => setTimeout(ok)).then(act);
  const hear = (source, ok, no) => Object.assign(source, { onopen: () => ok("open"), onerror: no });
  const opened = (asked, ok, no) => Object.assign(asked, { onsuccess: () => ok("open"), onerror: no });
  const ask = (asked, ok, no) => {
    asked.open("GET", at("/account"));
    Object.assign(asked, { onload: () => ok(asked.responseText), onerror: no }).send();
  };
  const loaded = (element, ok, no, path) => {
    document.body.append(Object.assign(element, { onload: () => ok("loaded"), onerror: no, src: at(path) }));
  };
  const inner_frame = self.document?.createElement("iframe");
  const inline = (text) => Object.assign(document.createElement("script"), { textContent: text });
  const form = (path) => {
    const made = Object.assign(document.createElement("form"), { action: at(path), method: "post" });
    document.body.append(made);
    return made;
  };
  try {
    return String(await (%s));
  } catch {
    return refused;
  }
}"""
# From Python: whatever of the browser still lies about in the process.
_DIG = """
import gc, sys
found = [one for one in gc.get_objects() if type(one).__name__ in ("JsProxy", "JsCallable", "JsCallableDoubleProxy")]
got = []
for one in found:
    try:
        got.append(one.constructor.constructor("return 'run'")())
    except BaseException as error:
        pass
for name in ("js", "pyodide_js"):
    try:
        got.append(__import__(name))
    except ImportError:
        pass
print(got)
"""


@pytest.fixture(scope="module")
def kernel(runtime: Runtime, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """One for all: starting Python takes seconds."""
    site: Site = request.getfixturevalue("_demo_site")
    window = begin_visit(chromium, site.address, with_python=True)
    with window.context:
        yield Kernel(open_exercise(site, window, site.add_learner("서지안"))).begin()


def test_nothing_of_the_site_is_reached_from_a_cell(kernel: Kernel, site: Site) -> None:
    page, worker, frame = kernel.page, kernel.worker, _frame_of(kernel.page)
    here = page.url
    for name, way in _ways(_FROM_FRAME):  # what a script of the page itself may do, so that these ways lead somewhere
        if name in ("fetch", "localStorage", "caches", "IndexedDB", "image"):
            assert page.evaluate(_TRY % way, [site.address, MARK]) != "refused"
    answered: list[str] = []
    page.context.on("response", lambda response: answered.append(response.url))
    got: dict[str, str] = {}
    for place, ways in ((worker, _FROM_WORKER), (frame, _FROM_FRAME)):
        for name, way in _ways(ways):
            got[f"{name} from {type(place).__name__}"] = place.evaluate(_TRY % way, [site.address, MARK])
    assert {name: what for name, what in got.items() if what != "refused"} == {}
    assert len(got) == 31
    assert [url for url in answered if MARK in url] == []  # the server never heard of it
    assert worker.evaluate("origin") == frame.evaluate("origin") == "null"
    assert kernel.run(_DIG).text == "[]\n"
    assert page.url == here


def _ways(table: str) -> Iterator[tuple[str, str]]:
    for line in table.strip().splitlines():
        name, _, way = line.partition("|")
        yield name.strip(), way.strip()


def test_messages_that_the_page_did_not_ask_for_change_nothing(kernel: Kernel) -> None:
    """From the frame, the worker and the page's other frames."""
    page = kernel.page
    _frame_of(page).evaluate(
        """() => {
          for (const message of [null, 1, "x", {}, {type: "hello", canInterrupt: false}, {type: "broken", token: "guessed"},
              {type: "done", id: "1", ok: true}, {type: "failed", reason: "memory"}]) parent.postMessage(message, "*");
        }"""
    )
    kernel.worker.evaluate("() => { postMessage({type: 'broken'}); postMessage({type: 'hello'}); }")
    page.evaluate(
        """async () => {
          const frame = document.createElement("iframe");
          document.body.append(frame);
          frame.contentWindow.parent.postMessage({type: "broken"}, "*");
          document.querySelector("iframe[title=Python]").contentWindow.postMessage({type: "start", worker: "throw 1"}, "*");
          document.querySelector("iframe[title=Python]").contentWindow.postMessage({type: "interrupt", token: "guessed"}, "*");
          await new Promise((resolve) => setTimeout(resolve, 200));
          frame.remove();
        }"""
    )
    assert kernel.run("1 + 1").outputs[0]["data"] == {"text/plain": "2"}
    assert page.evaluate("kernel.canInterrupt")


def test_what_a_worker_says_is_read_as_data(kernel: Kernel) -> None:
    read = kernel.page.evaluate(
        """async () => {
          const script = document.querySelector("script[src*='js/workspace/page.js']").src;
          const read = await import(new URL("kernel/messages.js", script));
          const { readCompletions, readDone, readOutput, readSteps, readVerdict } = read;
          const cell = { key: "q1-test", points: 3 };
          return {
            steps: [null, "x", {}, [{ op: "append" }], [{ op: "append", output: { output_type: "script" } }],
              [{ op: "append", output: { output_type: "display_data", data: { "image/svg+xml": "<svg/>", "text/x": "y" } } }],
              [{ op: "append", output: { output_type: "display_data", data: { "image/png": '"><script>' } } }],
              [{ op: "update", output: { data: { "text/plain": "x" } } }]].map(readSteps),
            many: readSteps(Array(10_000).fill({ op: "clear" })).length,
            long: readOutput({ output_type: "stream", name: "<b>", text: "x".repeat(1e6) }),
            verdicts: [undefined, { outcome: "perfect", points: 99 },
              { name: "q2", outcome: "passed", points: 99, max_points: 99 },
              { outcome: "failed", points: -1, message: 7 },
              { outcome: "error", points: 3 }].map((told) => readVerdict(cell, told)),
            done: readDone("q1", { cell: "q2", ok: "yes", ms: "1", error: { ename: 3 } }),
            completions: [null, { from: -1, options: [] }, { from: 2, options: [] },
              { from: 1, options: [{ label: 1 }, { label: "a", run: "x" }] }].map((told) => readCompletions(told, 1)),
          };
        }"""
    )
    assert read["steps"] == [[]] * 8
    assert read["many"] == 5_000
    assert (read["long"]["name"], len(read["long"]["text"])) == ("stdout", 250_000)
    assert [(one["name"], one["outcome"], one["points"], one["max_points"]) for one in read["verdicts"]] == [
        ("q1-test", "not_run", 0, 3),
        ("q1-test", "not_run", 3, 3),
        ("q1-test", "passed", 3, 3),
        ("q1-test", "failed", 0, 3),
        ("q1-test", "error", None, 3),
    ]
    assert read["done"] == {
        "cell": "q1",
        "ok": False,
        "interrupted": False,
        "ms": 0,
        "count": 0,
        "error": {"ename": "", "evalue": "", "explanation": "", "line": 0},
    }
    assert read["completions"] == [None, None, None, {"from": 1, "options": [{"label": "a", "type": ""}]}]


def _frame_of(page: Page) -> Frame:
    (found,) = [frame for frame in page.frames if "/runs/python/" in frame.url]
    return found
