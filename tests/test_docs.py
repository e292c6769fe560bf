"""The documentation is true: links lead somewhere, commands exist, settings and libraries are all told, programs in it run."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

from lms.settings import ENVIRONMENT_PREFIX, TEST_PREFIX, Settings, load_settings
from lms.web.cli import lms as command_line
from tools import settings_table

ROOT = Path(__file__).resolve().parent.parent
OUR_FOLDERS = ("lms", "tests", "tools", "benchmarks", "examples", "courses", "exercises", "docs", ".ci")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
OPERATOR = ROOT / "docs/operator.md"
DEPENDENCIES = ROOT / "docs/design/dependencies.md"

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"(?ms)^```.*?^```|`[^`\n]+`")
IMAGE = re.compile(r'<img src="([^"]+)" alt="[^"]+"')
OUTSIDE = re.compile(r"[a-z]+:")
PATH = re.compile(rf"`((?:{'|'.join(map(re.escape, OUR_FOLDERS))})/[\w./-]*)`")
MAKE = re.compile(r"(?:^|`|[A-Z]=\S* )make((?: [a-z][a-z0-9-]*(?![\w=]))+)", re.MULTILINE)
FLASK = re.compile(r"flask lms((?: [^\n`#|>]+)?)")
MODULE = re.compile(r"python -m ((?:lms|tools|benchmarks|examples)[\w.]*)")
VARIABLE = re.compile(rf"\b{ENVIRONMENT_PREFIX}[A-Z_]+\b")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))


def code_of(document: Path) -> str:
    """What stands in fences and between backticks, one piece a line."""
    return "\n".join(CODE.findall(document.read_text("utf-8")))


def anchors(document: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    prose = re.sub(r"(?ms)^```.*?^```", "", document.read_text("utf-8"))
    headings = re.findall(r"(?m)^#+ (.+)$", prose)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    text = CODE.sub("", document.read_text("utf-8"))
    wrong = []
    for link in [*LINK.findall(text), *IMAGE.findall(text)]:
        if OUTSIDE.match(link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    assert not wrong


@each_document
def test_each_picture_says_what_it_shows(document: Path) -> None:
    text = document.read_text("utf-8")
    assert text.count("<img") == len(IMAGE.findall(text))
    assert "![](" not in text


def test_each_picture_is_shown() -> None:
    told = "\n".join(document.read_text("utf-8") for document in DOCUMENTS)
    assert not [file.name for file in (ROOT / "docs/images").iterdir() if f"images/{file.name}" not in told]


@each_document
def test_files_that_are_named_are_there(document: Path) -> None:
    named = (Path(path) for path in PATH.findall(document.read_text("utf-8")))
    # What a site makes for itself is not there before its first start.
    assert not [path for path in named if "instance" not in path.parts and not (ROOT / path).exists()]


def test_code_names_no_document_that_is_not_there() -> None:
    named = {
        name for file in ROOT.glob("lms/**/*.py") for name in re.findall(r"docs/[\w/.-]+\.md", file.read_text("utf-8"))
    }
    assert named
    assert not {name for name in named if not (ROOT / name).exists()}


# Commands


def make_targets() -> set[str]:
    return set(re.findall(r"(?m)^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text("utf-8")))


@each_document
def test_each_make_target_exists(document: Path) -> None:
    named = {word for words in MAKE.findall(code_of(document)) for word in words.split()}
    assert named <= make_targets()


def find_command(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words lead to, and the words that are left for it."""
    command: click.Command = command_line
    while words and isinstance(command, click.Group) and words[0] in command.commands:
        command = command.commands[words[0]]
        words = words[1:]
    return command, words


def complaint(line: str) -> str | None:
    """What is wrong with `flask lms …`: a word that is no command, an option that isn't there."""
    command, left = find_command(line.split())
    if isinstance(command, click.Group):
        return f"{line}: {left[0]} is no command" if left and re.fullmatch(r"[a-z]+", left[0]) else None
    options = {name for parameter in command.params for name in parameter.opts}
    unknown = [word for word in left if word.startswith("--") and word not in options]
    return f"{line}: {unknown}" if unknown else None


@each_document
def test_each_command_exists(document: Path) -> None:
    code = code_of(document).replace("\\\n", " ")
    assert not [wrong for line in FLASK.findall(code) if (wrong := complaint(line))]
    assert not [name for name in MODULE.findall(code) if importlib.util.find_spec(name) is None]


def test_a_wrong_command_would_be_noticed() -> None:
    assert complaint("user add --name 이하늘") is None
    assert complaint("user ad --name 이하늘") is not None
    assert complaint("user add --nam 이하늘") is not None
    assert complaint("reports completion") is not None


def leaves(group: click.Group, prefix: str = "flask lms") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}"


def test_each_command_is_documented() -> None:
    told = "\n".join(code_of(document) for document in DOCUMENTS)
    assert not [command for command in leaves(command_line) if command not in told]


# Settings


def test_the_table_of_settings_is_that_of_the_program() -> None:
    text = OPERATOR.read_text("utf-8")
    assert settings_table.with_table(text) == text, "run: python -m tools.settings_table"
    for field in msgspec.structs.fields(Settings):
        assert f"`{field.name}`" in settings_table.table()


def test_a_setting_without_its_line_is_refused() -> None:
    with pytest.raises(ValueError, match="port has no comment"):
        list(settings_table.groups("class Settings:\n    port: int = 1\n"))


def test_settings_under_one_comment_share_it() -> None:
    source = "class Settings:\n    # Where it listens.\n    host: str\n    port: int\n    # Who may.\n    who: str\n"
    assert list(settings_table.groups(source)) == [(["host", "port"], "Where it listens."), (["who"], "Who may.")]


@each_document
def test_each_variable_is_a_setting(document: Path) -> None:
    known = {f"{ENVIRONMENT_PREFIX}{field.name}".upper() for field in msgspec.structs.fields(Settings)}
    named = {name for name in VARIABLE.findall(document.read_text("utf-8")) if not name.startswith(TEST_PREFIX)}
    assert named <= known


@each_document
def test_configurations_would_be_taken(document: Path, tmp_path: Path) -> None:
    for block in re.findall(r"(?ms)^```toml\n(.*?)^```", document.read_text("utf-8")):
        values = tomllib.loads(block)
        if document == OPERATOR:
            (tmp_path / "lms.toml").write_text(f'secret_key = "{"s" * 40}"\n{block}', "utf-8")
            assert load_settings(tmp_path, {}).secret_key
        assert values


# Libraries


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    given = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return {re.split(r"[\[<>=~! ]", line, maxsplit=1)[0] for line in given}


def test_each_library_has_its_reason() -> None:
    rows = re.findall(r"(?m)^\| (`[^|]+) \| ([^|]+) ?\|", DEPENDENCIES.read_text("utf-8"))
    told = {name for cell, reason in rows for name in re.findall(r"`([\w-]+)`", cell) if len(reason.split()) > 0}
    assert told == declared()


# The programs of the operator's page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site as `make prepare` leaves it."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "wsgi.py", folder)
    run(folder, "-m", "flask", "lms", "init")
    return folder


def run(folder: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment | {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), "FLASK_APP": "wsgi.py"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_backup_and_its_way_back(site: Path) -> None:
    """As the page has it, in a folder of this machine."""
    kept, back = (
        re.search(rf"flask lms {word} /backup/(\S+\.gz)", code_of(OPERATOR)) for word in ("backup", "restore")
    )
    assert kept is not None
    assert back is not None
    run(site, "-m", "flask", "lms", "backup", kept.group(1))
    assert "restored" in run(site, "-m", "flask", "lms", "restore", "--replace", back.group(1))


# What the repository does not say


def our_files() -> Iterator[Path]:
    for folder in OUR_FOLDERS:
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and file.suffix in (
                ".md",
                ".py",
                ".toml",
                ".html",
                ".js",
                ".css",
                ".po",
                ".sh",
                ".ipynb",
            ):
                yield file
    yield from (file for file in ROOT.iterdir() if file.is_file() and file.suffix in (".md", ".py", ".toml"))
    yield ROOT / "Makefile"


def test_no_file_names_a_path_of_one_machine() -> None:
    of_machine = re.compile(r"(?<!\w)/(?:root|home/\w+|Users/\w+)/[\w.]+/")
    ignored = {"__pycache__", "instance", "node_modules"}
    found = {
        str(file.relative_to(ROOT)): of_machine.findall(file.read_text("utf-8"))
        for file in our_files()
        if not ignored & set(file.parts)
    }
    assert not {name: paths for name, paths in found.items() if paths}
