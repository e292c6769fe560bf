"""동의: which texts are to be agreed to, what a person answered, and whether she owes an answer.

The texts lie as files, a folder each: `text.toml` (version, required, position) and one Markdown file a language, whose first
line is the title. A folder of the operator's own with the same name replaces ours, and one with another name adds to them.
What somebody answered to is copied into a row, word for word. A new version is asked for anew.

Learners are asked before anything else. Staff are not held up: their names are known by their duty; who of them also learns
answers on the page of consents.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ScalarSelect, delete, func, select
from sqlalchemy.orm import Session

from lms import audit
from lms.clock import utcnow
from lms.errors import ContentError, LMSError
from lms.models import Consent, ConsentState, ConsentText, Person
from lms.models.database import insert_into
from lms.models.people import LANGUAGES

SHIPPED = Path(__file__).parent / "consent_texts"
_KEYS = {"version": int, "required": bool, "position": int}


class ConsentError(LMSError):
    """`reason`: missing (a required text was not agreed to; nothing was kept)."""

    sentence = "The consent was not taken: {reason}."


@dataclass(frozen=True)
class Wording:
    """A text in one language; `body` is Markdown."""

    language: str
    title: str
    body: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.title}\n{self.body}".encode()).hexdigest()


@dataclass(frozen=True)
class Text:
    slug: str
    version: int
    is_required: bool
    position: int
    wordings: Mapping[str, Wording]

    def in_language(self, language: str) -> Wording:
        """Korean where there is none of that language: it is always there."""
        return self.wordings.get(language) or self.wordings["ko"]


@dataclass(frozen=True)
class Texts:
    """What a site asks for, in order. `fingerprint` changes with the versions of the required ones; empty: none is."""

    texts: tuple[Text, ...]
    fingerprint: str

    def find(self, slug: str) -> Text | None:
        return next((text for text in self.texts if text.slug == slug), None)


# From the disk


def load(own: Path) -> Texts:
    """The program's texts, with the operator's in `own` over them.

    Raises:
        ContentError: naming the file, what is wrong and what to do.
    """
    folders = {folder.name: folder for root in (SHIPPED, own) if root.is_dir() for folder in _folders(root)}
    texts = [_read(folder) for folder in folders.values()]
    found = tuple(sorted((text for text in texts if text), key=lambda text: (text.position, text.slug)))
    required = [f"{text.slug} {text.version}" for text in found if text.is_required]
    print_of = hashlib.sha256("\n".join(sorted(required)).encode()).hexdigest() if required else ""
    return Texts(found, print_of)


def _folders(root: Path) -> list[Path]:
    return sorted(folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith("."))


def _read(folder: Path) -> Text | None:
    """None where the folder holds an empty text.toml: by that an operator takes away one of ours."""
    facts = _facts(folder)
    if not facts:
        return None
    wordings = {language: _wording(folder, language) for language in LANGUAGES if (folder / f"{language}.md").exists()}
    if "ko" not in wordings:
        raise ContentError(f"{folder.name}/ko.md", "", "the text is not there in Korean", "Write it.")
    return Text(folder.name, int(facts["version"]), bool(facts["required"]), int(facts["position"]), wordings)


def _facts(folder: Path) -> dict[str, Any]:
    name = f"{folder.name}/text.toml"
    try:
        facts = tomllib.loads((folder / "text.toml").read_text("utf-8"))
    except FileNotFoundError:
        raise ContentError(name, "", "it is missing", "Write version, required and position into it.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError(name, "", f"this is not TOML in UTF-8: {error}") from None
    if not facts:
        return {}
    for key, kind in _KEYS.items():
        if type(facts.get(key)) is not kind:
            raise ContentError(name, key, f"is missing or no {kind.__name__}", "See the texts of the program.")
    return facts


def _wording(folder: Path, language: str) -> Wording:
    name = f"{folder.name}/{language}.md"
    try:
        first, _, rest = (folder / f"{language}.md").read_text("utf-8").strip().partition("\n")
    except UnicodeDecodeError as error:
        raise ContentError(name, "", f"this is not UTF-8: {error}") from None
    title = first.removeprefix("# ").strip()
    if not first.startswith("# ") or not title or len(title) > 120 or not rest.strip():
        raise ContentError(name, "", "it begins with no title", "Begin with a line such as '# 개인정보 수집·이용'.")
    return Wording(language, title, rest.strip())


# Answers


@dataclass(frozen=True)
class Answer:
    """The newest of a person's answers to a text; `version` and `title` are those that she answered to."""

    slug: str
    version: int
    title: str
    answer: str
    at: datetime

    @property
    def is_given(self) -> bool:
        return self.answer == "given"


def given_of_person() -> ScalarSelect[str]:
    """The fingerprint of what a person has agreed to, to be asked for together with the person."""
    return select(ConsentState.given).where(ConsentState.person_id == Person.id).correlate(Person).scalar_subquery()


def answers_of(session: Session, person_id: int) -> dict[str, Answer]:
    """By slug."""
    newest = (
        select(func.max(Consent.id))
        .join(ConsentText, ConsentText.id == Consent.text_id)
        .where(Consent.person_id == person_id)
        .group_by(ConsentText.slug)
    )
    rows = session.execute(
        select(ConsentText.slug, ConsentText.version, ConsentText.title, Consent.answer, Consent.at)
        .join(ConsentText, ConsentText.id == Consent.text_id)
        .where(Consent.id.in_(newest))
    )
    return {row.slug: Answer(*row) for row in rows}


def list_answers(session: Session, person_id: int) -> Sequence[Answer]:
    """All of a person's, the newest first."""
    rows = session.execute(
        select(ConsentText.slug, ConsentText.version, ConsentText.title, Consent.answer, Consent.at)
        .join(ConsentText, ConsentText.id == Consent.text_id)
        .where(Consent.person_id == person_id)
        .order_by(Consent.id.desc())
    )
    return [Answer(*row) for row in rows]


def owed(texts: Texts, answers: Mapping[str, Answer]) -> list[Text]:
    """What a person is to be asked: required texts that she has not agreed to in this version, and others that she has not
    answered to in it."""
    return [text for text in texts.texts if not _is_answered(text, answers.get(text.slug))]


def _is_answered(text: Text, answer: Answer | None) -> bool:
    if answer is None or answer.version != text.version:
        return False
    return answer.is_given or not text.is_required


def answer(
    session: Session,
    texts: Texts,
    person_id: int,
    given: Collection[str],
    *,
    language: str,
    address: str = "",
    now: datetime | None = None,
) -> None:
    """Keep what a person answered to what she owed; `given` are the slugs that she agreed to.

    Raises:
        ConsentError
    """
    asked = owed(texts, answers_of(session, person_id))
    if any(text.is_required and text.slug not in given for text in asked):
        raise ConsentError("missing")
    for text in asked:
        _write(session, text, person_id, "given" if text.slug in given else "refused", language, address, now)
    _settle(session, texts, person_id)


def change(
    session: Session,
    texts: Texts,
    person_id: int,
    text: Text,
    *,
    agree: bool,
    language: str,
    address: str = "",
    now: datetime | None = None,
) -> None:
    """Agree to a text later, or withdraw; who withdraws a required one is asked for it again before she goes on."""
    before = answers_of(session, person_id).get(text.slug)
    if (before is not None and before.is_given and before.version == text.version) == agree:
        return
    _write(session, text, person_id, "given" if agree else "withdrawn", language, address, now)
    _settle(session, texts, person_id)


def _write(
    session: Session, text: Text, person_id: int, word: str, language: str, address: str, now: datetime | None
) -> None:
    now = now or utcnow()
    row = Consent(
        person_id=person_id,
        text_id=_keep_text(session, text, language, now),
        answer=word,
        at=now,
        address=address[:45],
    )
    session.add(row)
    audit.record(
        session, f"consent_{word}", actor_id=person_id, subject=f"person:{person_id}", address=address,
        reason=f"{text.slug} {text.version}",
    )  # fmt: skip


def _keep_text(session: Session, text: Text, language: str, now: datetime) -> int:
    """The row of the very words that were shown."""
    wording = text.in_language(language)
    key = {"slug": text.slug, "version": text.version, "language": wording.language, "digest": wording.digest}
    rest = {"is_required": text.is_required, "title": wording.title, "body": wording.body, "first_shown_at": now}
    session.execute(insert_into(session, ConsentText).values(key | rest).on_conflict_do_nothing())
    return session.scalars(select(ConsentText.id).filter_by(**key)).one()


def _settle(session: Session, texts: Texts, person_id: int) -> None:
    """Note whether all that is required is given."""
    session.flush()
    answers = answers_of(session, person_id)
    if any(text.is_required for text in owed(texts, answers)):
        session.execute(delete(ConsentState).where(ConsentState.person_id == person_id))
        return
    note_given(session, texts, [person_id])


def note_given(session: Session, texts: Texts, person_ids: Collection[int]) -> None:
    """Let people go on as if they had agreed to what is required now."""
    if not texts.fingerprint or not person_ids:
        return
    rows = [{"person_id": person, "given": texts.fingerprint} for person in person_ids]
    statement = insert_into(session, ConsentState).values(rows)
    session.execute(
        statement.on_conflict_do_update(index_elements=["person_id"], set_={"given": statement.excluded.given})
    )
