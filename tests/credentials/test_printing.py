"""The PDF: whole, tagged, of our fonts, and the same byte for byte in whichever process it is made."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import zipfile

import pikepdf
import pytest

from lms.credentials import batches, issuing, papers, printing, reading, work
from lms.credentials.batches import BatchError
from lms.credentials.papers import PaperError
from lms.files import FileStore
from lms.jobs import queue
from lms.jobs.worker import Worker
from lms.models import Certificate, CertificateBatch, Company, Database, Job, Person, Run
from lms.people.privacy import retention
from tests import world as people
from tests.documents.test_pictures import png
from tests.world import World

from .conftest import PRESS

NOW = people.at("2026-04-20")
LONG_TITLE = (
    "설비 이상 탐지를 위한 시계열 데이터 분석과 머신러닝 모델 운영 실무 심화 과정 (스마트공장 고도화 단계 재직자 대상)"
)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What databases differ in is tried in test_issuing."""
    return sqlite_url


def issued(session, enrolment_id: int) -> Certificate:  # type: ignore[no-untyped-def]
    return issuing.issue(session, enrolment_id, PRESS, now=NOW)


def text_of(pdf: bytes) -> str:
    """What a reader copies out: the letters behind the glyphs (ToUnicode), in the order of drawing."""
    found = []
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            maps = {name: _letters(font) for name, font in page.Resources.Font.items()}
            letters: dict[int, str] = {}
            for instruction in pikepdf.parse_content_stream(page):
                operands, operator = instruction.operands, instruction.operator
                if str(operator) == "Tf":
                    letters = maps[str(operands[0])]
                elif str(operator) in ("Tj", "TJ"):
                    shown = operands[0] if str(operator) == "TJ" else operands
                    raw = b"".join(bytes(part) for part in shown if isinstance(part, pikepdf.String))
                    codes = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
                    found.append("".join(letters[code] for code in codes))
    return "".join(found)


def _letters(font: pikepdf.Object) -> dict[int, str]:
    found = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", font.ToUnicode.read_bytes().decode(), re.S):
        for code, meant in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(meant).decode("utf-16-be")
    return found


@pytest.mark.parametrize("name", ["가", "김하나", "남궁" * 20, "Nguyễn Thị Ánh Đào", "金美善", "뷁쀍 힣"])
def test_every_name_reads_back(database: Database, world: World, files: FileStore, hana: int, name: str) -> None:
    with database.writing() as session:
        session.get_one(Person, world.hana.id).name = name
        row = issued(session, hana)
        pdf = next(printing.make([row], files))
    text = text_of(pdf).replace(" ", "")
    for wanted in (name, "한빛정밀", "제조데이터 첫걸음", row.number, row.facts["code"], "2026-04-20"):
        assert wanted.replace(" ", "") in text
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert len(document.pages) == 1
        assert bool(document.Root.MarkInfo.Marked)
        assert str(document.Root.Lang) == "ko"
        assert str(document.docinfo["/Title"]) == f"수료증 {row.number}"
        assert document.open_metadata().get("pdfuaid:part") == "1"
        fonts = list(document.pages[0].Resources.Font.values())
        assert fonts
        for font in fonts:
            descriptor = font.DescendantFonts[0].FontDescriptor
            assert re.match(r"/[A-Z]{6}\+(NanumGothic|Liberation)", str(font.BaseFont))  # a subset
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor


def test_long_words_stay_on_one_page(database: Database, world: World, files: FileStore, hana: int) -> None:
    with database.writing() as session:
        session.get_one(Person, world.hana.id).name = "남궁" * 20
        session.get_one(Company, world.hanbit.id).name = "주식회사 " + "한빛" * 40
        row = issued(session, hana)
        row.facts = row.facts | {"course": LONG_TITLE * 2}
        row.words = dict(PRESS.words("ko", row.facts))
        pdf = next(printing.make([row], files))
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert len(document.pages) == 1
    assert (LONG_TITLE * 2).replace(" ", "") in text_of(pdf).replace(" ", "")


def test_another_process_makes_the_same_bytes(
    database: Database, world: World, files: FileStore, hana: int, junho: int
) -> None:
    """Also after her name is another, and beside others in one process."""
    with database.writing() as session:
        papers.set_paper(
            session, files, world.busan_centre, actor_id=None, from_on=people.at("2099-01-01").date(), policy="by_hand",
            signer_title="", signer_name="", seal=png(),
        )  # fmt: skip
        row, other = issued(session, hana), issued(session, junho)
        digest = row.digest
        first = next(printing.make([row], files))
        session.get_one(Person, world.hana.id).name = "김한나"
        session.get_one(Company, world.hanbit.id).name = "새한빛"
        session.commit()
        url = str(database.engine.url.render_as_string(hide_password=False))
        number, root = row.id, str(files.root)
        assert list(printing.make([other, row], files))[1] == first
    script = (
        "import hashlib, sys\n"
        "from lms.credentials import printing\n"
        "from lms.files import FileStore\n"
        "from lms.models import Certificate, Database, make_engine\n"
        "with Database(make_engine(sys.argv[1])).reading() as session:\n"
        "    row = session.get_one(Certificate, int(sys.argv[2]))\n"
        "    assert row.digest == printing.digest_of(row.template, row.facts, row.words, row.language)\n"
        "    print(row.digest, hashlib.sha256(next(printing.make([row], FileStore(sys.argv[3])))).hexdigest())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, url, str(number), root], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [digest, hashlib.sha256(first).hexdigest()]


def test_a_new_seal_is_on_new_certificates_alone(
    database: Database, world: World, files: FileStore, hana: int, junho: int
) -> None:
    def seal(session, content: bytes) -> None:  # type: ignore[no-untyped-def]
        papers.set_paper(
            session, files, world.busan_centre, actor_id=None, from_on=people.at("2099-01-01").date(),
            policy="by_hand", signer_title="원장", signer_name="김", seal=content,
        )  # fmt: skip

    late = people.at("2099-02-01")
    with database.writing() as session:
        seal(session, png())
        old = issuing.issue(session, hana, PRESS, now=late)
        before = next(printing.make([old], files))
        seal(session, png(size=(90, 90)))
        new = issuing.issue(session, junho, PRESS, now=late)
        assert old.facts["seal"] != new.facts["seal"]
        assert next(printing.make([old], files)) == before


def test_a_signer_whose_name_no_font_has_is_refused_before_anything_is_issued(
    database: Database, world: World, files: FileStore
) -> None:
    with database.writing() as session, pytest.raises(PaperError, match="letters") as caught:
        papers.set_paper(
            session, files, world.busan_centre, actor_id=None, from_on=people.at("2099-01-01").date(),
            policy="by_hand", signer_title="원장", signer_name="김\U0001f600",
        )  # fmt: skip
    assert caught.value.facts["letters"] == "\U0001f600"


def worker(database: Database, files: FileStore) -> Worker:
    return Worker(
        database,
        {
            batches.JOB_KIND: batches.BatchPrinter(files),
            work.RUN: work.RunIssuer(PRESS),
            work.DUE: work.DueIssuer(PRESS),
        },
    )


def ask(database: Database, world: World) -> CertificateBatch:
    with database.writing() as session:
        made = batches.ask(session, world.viewer(world.seoyeon), world.run, reason="수료식 준비", now=NOW)
        session.commit()
        session.refresh(made)
        session.expunge(made)
        return made


def test_what_a_killed_worker_made_is_not_made_again(
    database: Database, world: World, files: FileStore, hana: int, junho: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 1)
    with database.writing() as session:
        kept = {issued(session, one).id: b"" for one in (hana, junho)}
        session.commit()
    batch = ask(database, world)
    work_ = worker(database, files)
    assert work_.run_one("first", [batches.JOB_KIND])  # one PDF, and then it is killed
    with database.reading() as session:
        assert session.get_one(CertificateBatch, batch.id).made == 1
        first = {row.id: row.pdf for row in session.query(Certificate) if row.pdf}
        with pytest.raises(BatchError, match="not_ready"):
            batches.pieces(session, files, session.get_one(CertificateBatch, batch.id))
    while work_.run_one("second", [batches.JOB_KIND]):
        pass
    with database.reading() as session:
        found = session.get_one(CertificateBatch, batch.id)
        assert (found.state, found.made) == ("done", 2)
        pdfs = {row.id: row.pdf for row in session.query(Certificate)}
        assert pdfs.keys() == kept.keys()
        assert first.items() <= pdfs.items()
        found.created_at = NOW
        with pytest.raises(BatchError, match="gone"):
            batches.pieces(session, files, found)


def test_what_is_cancelled_is_made_no_further(database: Database, world: World, files: FileStore, hana: int) -> None:
    with database.writing() as session:
        issued(session, hana)
        session.commit()
    batch = ask(database, world)
    with database.writing() as session:
        batches.cancel(session, world.viewer(world.seoyeon), batch.uid)
        session.commit()
    worker(database, files).run_one("one", [batches.JOB_KIND])
    with database.reading() as session:
        assert session.get_one(Certificate, 1).pdf is None
        assert session.get_one(CertificateBatch, batch.id).state == "cancelled"


@pytest.mark.parametrize(
    ("part", "has_failed"), [("1", True), ("1:2", True), ("12", False), ("2:1", False)], ids=lambda value: str(value)
)
def test_a_portion_that_was_given_up_is_told(
    database: Database, world: World, hana: int, part: str, has_failed: bool
) -> None:
    with database.writing() as session:
        issued(session, hana)
        session.commit()
    batch = ask(database, world)
    with database.writing() as session:
        session.query(Job).delete()
        queue.enqueue(
            session, batches.JOB_KIND, {"batch": batch.id}, once=f"{batches.JOB_KIND}:{part}"
        ).state = "failed"
        session.commit()
        assert (batch.id, batches.has_failed(session, batch)) == (1, has_failed)


def test_a_zip_comes_in_pieces_and_is_the_same_each_time() -> None:
    entries = [(f"{count} 김하나.pdf", bytes([count]) * 1000) for count in range(5)]
    pieces = list(printing.zipped(iter(entries)))
    assert max(map(len, pieces)) < 2000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert [(one, archive.read(one)) for one in archive.namelist()] == entries
    assert list(printing.zipped(iter(entries))) == pieces


def test_a_worker_issues_what_is_due_once_and_by_the_centres_choice(
    database: Database, world: World, files: FileStore, hana: int, junho: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "utcnow", lambda: people.at("2026-04-12"))
    with database.writing() as session:
        assert work.is_due(session)
        row = papers.CentrePaper(
            centre_id=world.busan_centre.id, from_on=people.LONG_AGO, policy="closing", recorded_at=NOW
        )
        session.add(row)
        session.flush()
        assert not work.is_due(session)
        session.get_one(Run, world.run.id).closed_at = people.at("2026-04-11")
        session.flush()
        assert work.is_due(session)
        row.policy = "by_hand"
        session.flush()
        assert not work.is_due(session)
        row.policy = "closing"
        for _ in range(2):
            queue.enqueue(session, work.DUE, {})
        session.commit()
    while worker(database, files).run_one("one", [work.DUE]):
        pass
    with database.reading() as session:
        assert reading.numbers_of(session, world.run.id).keys() == {hana, junho}
        assert not work.is_due(session)


def test_destroyed_data_leave_that_one_was_issued(
    database: Database, world: World, files: FileStore, hana: int
) -> None:
    with database.writing() as session:
        row = issued(session, hana)
        printing.keep(session, files, {row.id: next(printing.make([row], files))})
        session.refresh(row)
        assert row.pdf is not None
        pdf = row.pdf
        _rows, orphans = retention._destroy(session, files, [world.hana.id])
        assert pdf in orphans
        session.expire_all()
        found = reading.find_by_code(session, row.token)
        assert found is not None
        assert (found.is_destroyed, found.state, found.certificate.number) == (True, "valid", "first-steps-01-0001")
        assert found.certificate.facts == found.certificate.words == {}
        printing.keep(session, files, {row.id: b"%PDF-"})
        session.refresh(row)
        assert row.pdf is None
