"""Plots in a real browser: drawn under the product's policy, and taken away as pictures."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.scripts.stand import Stand, serving

pytestmark = pytest.mark.browser

LINE = """{"kind": "line", "unit": "명", "labels": ["1월", "2월", "3월"], "summary": "올해 44명.", "series": [
  {"name": "2026년", "values": [3, 20, 44], "style": "main"}, {"name": "2025년", "values": [9, none, 33], "style": "soft"},
  {"name": "목표", "values": [60, 60, 60], "style": "goal"}]}"""
BAR = """{"kind": "bar", "unit": "명", "labels": ["서울", "부산"], "summary": "모두 5명.", "series": [
  {"name": "실적", "values": [2, 3], "style": "main"}, {"name": "목표", "values": [4, none], "style": "goal"}]}"""
BODY = """{% import "lms/desk/_parts.html" as parts %}<link rel="stylesheet" href="{{ static("css/desk.css") }}">
{% call parts.plot("completions", "누적 수료 \\"<b>\\"", PLOT, "기준일 2026-11-23") %}
<table id="rows"><tr><td>44</td></tr></table>{% endcall %}"""


@pytest.fixture
def stand() -> Iterator[Stand]:
    with serving() as made:
        made.data["/account.state"] = '{"signed_in": true, "seconds": 600}'
        yield made


def put_up(stand: Stand, plot: str, *, with_library: bool = True) -> str:
    address = stand.add("/plot", BODY.replace("PLOT", plot), "plot")
    if with_library:
        scripts = '{% import "lms/desk/_parts.html" as parts %}{{ parts.plot_scripts() }}'
        stand.pages["/plot"] = stand.pages["/plot"].replace('{{ ui.script("plot") }}', scripts)
    return address


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser complained of: errors of scripts, and what the policy stopped."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


@pytest.mark.parametrize("plot", [LINE, BAR], ids=["line", "bar"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_plot_is_drawn_and_shows_its_numbers(
    stand: Stand, page: Page, complaints: list[str], plot: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(put_up(stand, plot))
    drawing = page.locator("[data-plot-drawing]")
    expect(drawing.locator("svg")).to_be_visible()
    expect(drawing).to_contain_text("목표")
    box = drawing.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.6)
    expect(drawing).to_contain_text("명")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_lines_of_the_same_colour_can_be_told_apart(stand: Stand, page: Page, complaints: list[str]) -> None:
    years = ", ".join(
        f'{{"name": "{year}", "values": [9, 10, {year - 2000}], "style": "soft"}}' for year in (2024, 2025)
    )
    page.goto(put_up(stand, LINE.replace('{"name": "목표"', years + ', {"name": "목표"')))
    lines = page.locator("[data-plot-drawing] path[stroke-dasharray]")
    expect(lines.first).to_be_attached()
    strokes = lines.evaluate_all("paths => paths.map(path => path.getAttribute('stroke-dasharray'))")
    assert len(set(strokes)) == 4  # three years before, and the goal


def test_a_plot_has_words_for_the_ear(stand: Stand, page: Page, complaints: list[str]) -> None:
    page.goto(put_up(stand, LINE))
    expect(page.get_by_role("img", name='누적 수료 "<b>". 올해 44명.')).to_be_visible()


def test_colours_follow_the_scheme(stand: Stand, page: Page, complaints: list[str]) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(put_up(stand, LINE))
    line = page.locator('[data-plot-drawing] path[stroke-width="3"]')
    light = line.get_attribute("stroke")
    assert light is not None
    page.emulate_media(color_scheme="dark")
    expect(line).not_to_have_attribute("stroke", light)


def take(page: Page, kind: str, folder: Path) -> tuple[str, bytes]:
    with page.expect_download() as started:
        page.click(f"[data-plot-download={kind}]")
    file = folder / kind
    started.value.save_as(file)
    return started.value.suggested_filename, file.read_bytes()


@pytest.mark.parametrize("plot", [LINE, BAR], ids=["line", "bar"])
def test_the_picture_stands_alone(stand: Stand, page: Page, complaints: list[str], plot: str, tmp_path: Path) -> None:
    page.goto(put_up(stand, plot))
    name, svg = take(page, "svg", tmp_path)
    assert name == "completions.svg"
    text = svg.decode()
    assert text.startswith("<svg")
    assert "기준일 2026-11-23" in text
    assert "&lt;b&gt;" in text
    assert "목표" in text
    name, png = take(page, "png", tmp_path)
    assert name == "completions.png"
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">I", png[16:20]) == (1920,)


def test_without_the_library_the_table_is_there(stand: Stand, page: Page, complaints: list[str]) -> None:
    page.goto(put_up(stand, LINE, with_library=False))
    page.click(".plot summary")
    expect(page.locator("#rows")).to_be_visible()
    expect(page.locator("[data-plot-downloads]")).to_be_hidden()


def test_without_script_no_room_is_left_for_a_plot(stand: Stand, page: Page) -> None:
    browser = page.context.browser
    assert browser is not None
    plain = browser.new_page(java_script_enabled=False)
    plain.goto(put_up(stand, LINE))
    expect(plain.locator("[data-plot-drawing]")).to_be_hidden()
    plain.click(".plot summary")
    expect(plain.locator("#rows")).to_be_visible()
    plain.close()
