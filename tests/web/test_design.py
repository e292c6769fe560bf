"""The design system as a whole: what templates and styles may hold, and that vendored files are what was fetched."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "lms/web/static"
TEMPLATES = ROOT / "lms/web/templates"
OWN_STYLES = sorted((STATIC / "css").glob("*.css"))
OTHER_STYLES = [style for style in OWN_STYLES if style.name != "tokens.css"]
OWN_SCRIPTS = sorted((STATIC / "js").glob("*.js"))
PAGES = sorted(TEMPLATES.rglob("*.html"))


def names(files: list[Path]) -> list[str]:
    return [file.name for file in files]


def test_vendored_files_are_as_they_were_fetched() -> None:
    command = [sys.executable, str(ROOT / "tools/vendor_assets.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_each_vendored_package_has_its_licence() -> None:
    for folder in (STATIC / "vendor").iterdir():
        assert not folder.is_dir() or list(folder.glob("LICENSE*")), folder.name


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_template_keeps_the_content_security_policy(page: Path) -> None:
    source = page.read_text("utf-8")
    assert not re.findall(r"""\sstyle\s*=\s*["']""", source), "no inline style"
    assert not re.findall(r"""\son[a-z]+\s*=\s*["']""", source), "no inline handler"
    assert not re.findall(r"""<script(?![^>]*(?:\bsrc=|type="application/json"))""", source), "no inline script"
    assert not re.findall(r"<style\b", source), "no style element"
    assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", source), "nothing from outside"


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_template_names_static_files_that_exist(page: Path) -> None:
    for path in re.findall(r"""static\("([^"]+)"\)""", page.read_text("utf-8")):
        assert (STATIC / path).is_file(), path


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_template_names_icons_that_exist(page: Path) -> None:
    table = (TEMPLATES / "lms/_icons.html").read_text("utf-8")
    known = set(re.findall(r"^  '([a-z-]+)':", table, re.MULTILINE))
    used = set(re.findall(r"""\bicon\("([a-z-]+)\"""", page.read_text("utf-8")))
    assert used <= known


@pytest.mark.parametrize("style", OTHER_STYLES, ids=names(OTHER_STYLES))
def test_style_takes_its_colours_from_the_tokens(style: Path) -> None:
    colours = re.findall(r"#[0-9a-f]{3,8}\b", style.read_text("utf-8"))
    assert set(colours) <= {"#ffffff"}, "white paper under figures and in print is the only fixed colour"


@pytest.mark.parametrize("style", OWN_STYLES, ids=names(OWN_STYLES))
def test_style_names_tokens_that_exist(style: Path) -> None:
    known = set(re.findall(r"(--[a-z0-9-]+):", (STATIC / "css/tokens.css").read_text("utf-8")))
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", style.read_text("utf-8"))) <= known


@pytest.mark.parametrize("script", OWN_SCRIPTS, ids=names(OWN_SCRIPTS))
def test_script_stands_alone(script: Path) -> None:
    """An import would name a file without its hash, which browsers may keep for ever."""
    assert not re.findall(r"^\s*(?:import|export)\b", script.read_text("utf-8"), re.MULTILINE)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def scheme(dark: bool) -> dict[str, str]:
    light_part, dark_part = (STATIC / "css/tokens.css").read_text("utf-8").split("@media (prefers-color-scheme: dark)")
    tokens = dict(re.findall(r"(--[a-z0-9-]+): (#[0-9a-f]{6});", light_part))
    return tokens | (dict(re.findall(r"(--[a-z0-9-]+): (#[0-9a-f]{6});", dark_part)) if dark else {})


PAIRS = [
    ("ink", "paper", 7.0),
    ("ink", "surface", 7.0),
    ("ink", "sunken", 7.0),
    ("ink", "brand-soft", 7.0),
    ("ink-soft", "paper", 4.5),
    ("ink-soft", "surface", 4.5),
    ("ink-soft", "sunken", 4.5),
    ("ink-soft", "brand-soft", 4.5),
    ("brand", "surface", 4.5),
    ("brand", "paper", 4.5),
    ("brand-strong", "brand-soft", 7.0),
    ("on-brand", "brand", 7.0),
    ("bad", "surface", 4.5),
    ("code-keyword", "sunken", 4.5),
    ("code-string", "sunken", 4.5),
    ("code-number", "sunken", 4.5),
    ("code-name", "sunken", 4.5),
    ("code-comment", "sunken", 4.5),
    ("edge", "surface", 3.0),
    ("edge", "paper", 3.0),
    ("focus", "focus-gap", 4.5),
    *((tone, f"{tone}-soft", 4.5) for tone in ("good", "bad", "warn", "calm")),
    *(("ink", f"{tone}-soft", 7.0) for tone in ("good", "bad", "warn", "calm")),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS, ids=lambda value: str(value))
def test_contrast(front: str, back: str, least: float, dark: bool) -> None:
    tokens = scheme(dark)
    assert contrast(tokens[f"--{front}"], tokens[f"--{back}"]) >= least
