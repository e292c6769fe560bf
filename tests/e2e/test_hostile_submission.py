"""A notebook that attacks whoever looks at it: opened by an instructor, it runs nothing, reaches nothing and covers nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Dialog, Page, Request, expect

from . import answers, steps
from .site import Site
from .visits import DESKTOP, Visit

EXERCISE = "read-machine-log"
INSTRUCTOR = "한지우"
OUTSIDE = "https://attacker.example"
HTML = f"""<p id="shown">표 아래</p>
<script>document.title = "taken"; fetch("/account")</script>
<img src="{OUTSIDE}/a.png" onerror="document.title='taken'"><img src=x onerror=alert(1)>
<svg onload="document.title='taken'"><foreignObject>
<iframe src="javascript:parent.document.title='taken'"></iframe></foreignObject></svg>
<svg><style><img src=x onerror=alert(1)></style></svg><math><mtext><img src=x onerror=alert(1)></mtext></math>
<meta http-equiv="refresh" content="0;url={OUTSIDE}/">
<form action="/sign-out" method="post" id="leave"><input name="x" autofocus onfocus="alert(1)">
<button formaction="{OUTSIDE}">확인</button></form>
<style>body {{ display: none }} @import url({OUTSIDE}/x.css);</style>
<div style="position:fixed;inset:0;background:url({OUTSIDE}/b.png)" class="dialog" id="main">over all</div>
<a id="js" href="javascript:document.title='taken'">누르십시오</a>
<a id="data" href="data:text/html,<script>alert(1)</script>">data</a>
<a id="out" href="{OUTSIDE}/" target="_top">밖으로</a> <a id="self" href="/sign-out" ping="{OUTSIDE}">안으로</a>
<iframe src="{OUTSIDE}/"></iframe><iframe srcdoc="<script>parent.document.title='taken'</script>"></iframe>
<object data="{OUTSIDE}/x.swf"></object><embed src="{OUTSIDE}/x.swf"><base href="{OUTSIDE}/">
<link rel="stylesheet" href="{OUTSIDE}/x.css"><link rel="prefetch" href="{OUTSIDE}/y">
<video poster="{OUTSIDE}/p.png" src="{OUTSIDE}/v.mp4" autoplay></video><audio src="{OUTSIDE}/a.mp3" autoplay></audio>
<details open ontoggle="alert(1)"><summary>x</summary></details><marquee onstart="alert(1)">x</marquee>
<table background="{OUTSIDE}/t.png"><tr><td onclick="alert(1)">칸</td></tr></table>"""
SVG = f"""<svg xmlns="http://www.w3.org/2000/svg"><script>document.title='taken'</script><image href="{OUTSIDE}/s.png"/></svg>"""
SHOWN = f"""from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
display(HTML({HTML!r}))
display(SVG({SVG!r}))
display(Javascript("document.title = 'taken'"))
display(Markdown("[link](javascript:alert(1)) ![]({OUTSIDE}/m.png) <img src=x onerror=alert(1)>"))
display(Latex(r"$\\href{{javascript:alert(1)}}{{x}}$"))
print("<script>document.title = 'taken'</script>")
"""
RAISED = """
class Nasty(Exception):
    def __str__(self):
        return "<img src=x onerror=\\"document.title='taken'\\"><script>document.title='taken'</script>"
raise Nasty()
"""
STORED = {"output_type": "display_data", "metadata": {}, "data": {"text/html": HTML, "image/svg+xml": SVG}}
NAME = "<img src=x onerror=alert(1)>.ipynb"


def hostile(starter: bytes) -> bytes:
    """Its outputs attack, stored ones and those that its cells give when they are graded; so do an error and its name."""
    right = answers.right_answers(EXERCISE)
    first, second, *_ = right
    made = answers.fill_in(starter, right | {first: f"{right[first]}\n{SHOWN}", second: RAISED})
    notebook = json.loads(made)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [STORED]
        else:
            cell["source"] += f"\n\n{HTML}"
    return json.dumps(notebook, ensure_ascii=False).encode()


@pytest.fixture
def opened(site: Site, visit: Callable[..., Visit]) -> tuple[Page, list[str]]:
    """The page of the submission as its instructor comes to it, and what the browser asked for since."""
    learner = site.add_learner("마적대")
    theirs = visit(viewport=DESKTOP).open()
    steps.sign_in(theirs, site, learner)
    theirs.goto(site.unit_address(EXERCISE))
    notebook = hostile(steps.download_starter(theirs))
    steps.choose_notebook(theirs, notebook, NAME)
    theirs.click("form[data-upload] button[type=submit]")
    theirs.wait_for_url("**/submissions/*")
    expect(theirs.locator(".checks")).to_be_visible(timeout=steps.GRADED_MS)
    page = visit(viewport=DESKTOP).open()
    steps.sign_in(page, site, site.accounts[INSTRUCTOR])
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(_path(request, site)))
    page.goto(theirs.url.replace("/submissions/", "/classes/submissions/"))
    return page, asked


def _path(request: Request, site: Site) -> str:
    return request.url.removeprefix(site.address)


def test_a_hostile_notebook_does_nothing_to_the_instructor_who_looks_at_it(
    site: Site, opened: tuple[Page, list[str]]
) -> None:
    page, asked = opened
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.context.on("dialog", refuse)
    expect(page.locator("h1")).to_contain_text("설비 로그")
    expect(page.locator("main")).to_contain_text("Nasty")
    _is_harmless(page.locator("main").inner_html())
    with page.context.expect_page() as started:
        page.click("a[href$='/feedback']")
    graded = started.value
    graded.wait_for_load_state()
    expect(graded.locator("#shown")).to_have_text("표 아래")
    expect(graded.locator("td", has_text="칸")).to_be_visible()
    _is_harmless(graded.locator("main").inner_html())
    title, where = graded.title(), graded.url
    for link in graded.locator("main a").all():
        link.click(force=True)
    for button in graded.locator("main button, main summary, main td").all():
        button.click(force=True)
    assert "taken" not in (title, graded.title(), page.title())
    assert graded.url.partition("#")[0] == where
    assert [open_page.url for open_page in page.context.pages] == [page.url, graded.url]
    assert dialogs == []
    assert [path for path in asked if not re.match(r"/(classes|static)/", path)] == []
    assert not [path for path in asked if "/runtime/" in path or "/runs/python/" in path]


def _is_harmless(part: str) -> None:
    """Nothing that runs, is fetched or leads away is in what learners fill."""
    soup = BeautifulSoup(part, "html.parser")
    assert soup.select("script, iframe, object, embed, base, link, meta, style, video, audio, marquee") == []
    named = [(name, str(value)) for tag in soup.find_all(True) for name, value in tag.attrs.items()]
    assert [name for name, _ in named if name.startswith("on") or name in ("style", "ping", "background")] == []
    assert [value for name, value in named if name != "class" and value.startswith((OUTSIDE, "javascript:"))] == []
    for tag in soup.find_all(src=True):
        assert str(tag["src"]).startswith(("data:image/png", "data:image/jpeg"))
