"""Texts that people are asked to agree to, and what they answered, word for word."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.errors import ContentError
from lms.models import Consent, ConsentState, ConsentText
from lms.models.people import LANGUAGES
from lms.people import consents
from lms.people.consents import ConsentError, Texts
from tests.world import World, at

NOW = at("2026-03-10")
REQUIRED = ("personal-data", "third-parties")


@pytest.fixture
def texts(tmp_path: Path) -> Texts:
    return consents.load(tmp_path / "none")


def answer(session: Session, world: World, texts: Texts, *given: str) -> None:
    consents.answer(session, texts, world.hana.id, given, language="ko", address="10.0.0.1", now=NOW)


def state(session: Session, world: World) -> str | None:
    return session.scalar(select(ConsentState.given).where(ConsentState.person_id == world.hana.id))


def test_ours_are_there_in_each_language(texts: Texts) -> None:
    assert [text.slug for text in texts.texts if text.is_required] == list(REQUIRED)
    for text in texts.texts:
        assert set(text.wordings) == set(LANGUAGES)


def test_who_agrees_to_what_is_required_may_go_on(session: Session, world: World, texts: Texts) -> None:
    answer(session, world, texts, *REQUIRED)
    assert state(session, world) == texts.fingerprint
    answers = consents.answers_of(session, world.hana.id)
    assert {slug: one.answer for slug, one in answers.items()} == {
        "personal-data": "given",
        "third-parties": "given",
        "news": "refused",
    }
    assert consents.owed(texts, answers) == []


def test_the_very_words_are_kept(session: Session, world: World, texts: Texts) -> None:
    answer(session, world, texts, *REQUIRED)
    row = session.scalars(select(ConsentText).where(ConsentText.slug == "third-parties")).one()
    assert row.body == texts.texts[1].in_language("ko").body
    assert session.scalars(select(Consent.address)).all() == ["10.0.0.1"] * 3


def test_without_what_is_required_nothing_is_kept(session: Session, world: World, texts: Texts) -> None:
    with pytest.raises(ConsentError):
        answer(session, world, texts, "personal-data", "news")
    assert session.scalars(select(Consent)).all() == []


def own(folder: Path, slug: str, text: str | None = None, **files: str) -> Path:
    """A text of the operator's, as ours is or otherwise."""
    folder = folder / "own"
    if (consents.SHIPPED / slug).exists():
        shutil.copytree(consents.SHIPPED / slug, folder / slug)
    else:
        (folder / slug).mkdir(parents=True)
    if text is not None:
        (folder / slug / "text.toml").write_text(text)
    for name, content in files.items():
        (folder / slug / f"{name}.md").write_text(content)
    return folder


def test_a_newer_version_is_asked_for_anew(session: Session, world: World, texts: Texts, tmp_path: Path) -> None:
    answer(session, world, texts, *REQUIRED)
    newer = consents.load(own(tmp_path, "personal-data", "version = 2\nrequired = true\nposition = 1\n"))
    assert newer.fingerprint != texts.fingerprint
    assert [text.slug for text in consents.owed(newer, consents.answers_of(session, world.hana.id))] == [
        "personal-data"
    ]
    answer(session, world, newer, "personal-data")
    assert state(session, world) == newer.fingerprint


def test_an_optional_text_that_changes_holds_nobody_up(texts: Texts, tmp_path: Path) -> None:
    newer = consents.load(own(tmp_path, "news", "version = 2\nrequired = false\nposition = 3\n"))
    assert newer.fingerprint == texts.fingerprint


def test_an_operator_replaces_adds_and_takes_away(tmp_path: Path) -> None:
    own(tmp_path, "news", "")
    own(tmp_path, "photos", "version = 1\nrequired = true\nposition = 9\n", ko="# 사진 촬영\n\n찍습니다.\n")
    folder = own(tmp_path, "personal-data", ko="# 우리 동의서\n\n본문\n")
    found = consents.load(folder)
    assert [text.slug for text in found.texts] == ["personal-data", "third-parties", "photos"]
    assert found.texts[0].in_language("ko").title == "우리 동의서"
    assert found.texts[2].in_language("en").title == "사진 촬영"


@pytest.mark.parametrize(
    ("text", "files", "said"),
    [
        ("version = 1\nrequired = true\n", {"ko": "# A\n\nB"}, "position"),
        ("version = '1'\nrequired = true\nposition = 1\n", {"ko": "# A\n\nB"}, "version"),
        ("version = \n", {"ko": "# A\n\nB"}, "TOML"),
        ("version = 1\nrequired = true\nposition = 1\n", {}, "ko.md"),
        ("version = 1\nrequired = true\nposition = 1\n", {"ko": "no title"}, "title"),
        ("version = 1\nrequired = true\nposition = 1\n", {"ko": "# only a title"}, "title"),
    ],
)
def test_a_wrong_text_stops_the_start(tmp_path: Path, text: str, files: dict[str, str], said: str) -> None:
    with pytest.raises(ContentError, match=said):
        consents.load(own(tmp_path, "photos", text, **files))


def test_withdrawing_is_kept_and_a_required_one_is_asked_for_again(
    session: Session, world: World, texts: Texts
) -> None:
    answer(session, world, texts, *REQUIRED, "news")
    news, required = texts.find("news"), texts.find("personal-data")
    assert news is not None
    assert required is not None
    for text in (news, required):
        consents.change(session, texts, world.hana.id, text, agree=False, language="ko", now=NOW)
    assert state(session, world) is None
    assert [text.slug for text in consents.owed(texts, consents.answers_of(session, world.hana.id))] == [
        "personal-data"
    ]
    consents.change(session, texts, world.hana.id, required, agree=True, language="ko", now=NOW)
    assert state(session, world) == texts.fingerprint
    words = [one.answer for one in consents.list_answers(session, world.hana.id)]
    assert words == ["given", "withdrawn", "withdrawn", "given", "given", "given"]


def test_agreeing_twice_is_once(session: Session, world: World, texts: Texts) -> None:
    answer(session, world, texts, *REQUIRED, "news")
    news = texts.find("news")
    assert news is not None
    consents.change(session, texts, world.hana.id, news, agree=True, language="ko", now=NOW)
    answer(session, world, texts)
    assert len(session.scalars(select(Consent)).all()) == 3
