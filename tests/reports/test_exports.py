"""Files of any length: the rows behind a figure, whole after any number of kills, for whoever may have them."""

from __future__ import annotations

import csv
import errno
import io
from collections.abc import Generator
from datetime import date, timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.clock import today, utcnow
from lms.errors import NotFoundError
from lms.files import FileStore
from lms.jobs import chores, queue
from lms.jobs.worker import Handler, Worker
from lms.learning import enrolments, ledger
from lms.models import Database, Export, Job, Message
from lms.people.viewers import Viewer
from lms.reports import tables
from lms.reports.completions import count_completions
from lms.reports.downloads import ReasonMissingError
from lms.reports.exports import asking, lists, making
from lms.reports.exports.lists import Asked
from lms.reports.exports.making import ExportForgetter, ExportMaker
from lms.reports.learners import list_learners
from lms.reports.question import Question
from tests.world import EXERCISE, PAGES, QUIZ, World, at

ASKED = Question(as_of=date(2026, 3, 20), by=("region",))
REASON = "감사 자료"


class Desk:
    """An officer with a worker of her own."""

    def __init__(self, database: Database, world: World, files: FileStore) -> None:
        self.database, self.world, self.files = database, world, files
        self.viewer = world.viewer(world.seoyeon)
        self.folder = making.folder_of(files)

    def ask(self, report: str = "enrolments", form: str = "csv", viewer: Viewer | None = None) -> UUID:
        viewer = viewer or self.viewer
        with self.database.writing() as session:
            asked = Asked(report, ASKED, viewer, today())
            made = asking.ask(session, viewer, asked, form, REASON, lists.count(session, asked))
            session.commit()
            return made.uid

    def work(self, name: str = "worker") -> bool:
        handlers: dict[str, Handler] = {
            asking.JOB_KIND: ExportMaker(self.files, kept_days=7),
            making.FORGET: ExportForgetter(self.files),
        }
        return Worker(self.database, handlers).run_one(name)

    def load(self, uid: UUID) -> asking.Progress:
        with self.database.reading() as session:
            return asking.load(session, self.viewer, uid)

    def file(self, uid: UUID) -> bytes:
        return asking.take(self.viewer, self.load(uid).export, self.folder).read_bytes()

    def at_once(self, report: str = "enrolments") -> bytes:
        with self.database.reading() as session:
            return "".join(tables.to_csv(lists.at_once(session, Asked(report, ASKED, self.viewer, today())))).encode()

    def forget(self) -> None:
        with self.database.writing() as session:
            session.execute(
                update(Job).where(Job.kind == making.FORGET).values(finished_at=utcnow() - timedelta(days=1))
            )
            session.commit()
        assert chores.put_in(self.database, [making.CHORE]) == [making.FORGET]
        assert self.work()


@pytest.fixture
def desk(database: Database, world: World, files: FileStore, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Two learn in the officer's region: one completed, one has a name like a formula. A third learns elsewhere."""
    monkeypatch.setattr(lists, "PART", 1)
    monkeypatch.setattr(lists, "SPAN", 1)
    with database.writing() as session:
        for person in (world.hana, world.junho, world.sujin):
            enrolments.enrol(session, world.run, person.id, now=at("2026-03-01"))
        _fill(session, world)
        session.commit()
    return Desk(database, world, files)


def _fill(session: Session, world: World) -> None:
    hana, junho, _ = list(session.scalars(select(enrolments.Enrolment).order_by(enrolments.Enrolment.id)))
    session.merge(world.junho).name = "=준호()"
    for number, page in enumerate([*PAGES, QUIZ, EXERCISE]):
        day = date(2026, 3, 4 + number)
        ledger.record_unit_done(session, hana, page, effective_on=day, now=at(day.isoformat()))
    for unit, points in ((QUIZ, 50), (EXERCISE, 100)):
        ledger.append(
            session, hana, "scored", effective_on=date(2026, 3, 10), recorded_at=at("2026-03-10"), unit_key=unit,
            points=points, max_points=100,
        )  # fmt: skip
    ledger.settle(session, hana, now=at("2026-03-12"))
    ledger.record_unit_done(session, junho, PAGES[0], effective_on=date(2026, 3, 19), now=at("2026-03-19"))


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_rows_add_up_to_the_figures(desk: Desk) -> None:
    rows = rows_of(desk.at_once())
    with desk.database.reading() as session:
        total = count_completions(session, desk.viewer, ASKED).total
    assert total.applied == len(rows) == 2
    assert total.completed == 1
    for name, header in (("enrolled", "수강"), ("active", "활동"), ("completed", "수료")):
        assert sum(int(row[header]) for row in rows) == getattr(total, name), name
    assert rows[0]["수료일"] == "2026-03-10"
    assert rows[0]["사번"] == "H-001"
    assert rows[1]["이름"] == "'=준호()"


def test_the_long_list_of_learners_is_that_of_the_pages(desk: Desk) -> None:
    with desk.database.reading() as session:
        page = list_learners(session, desk.viewer, ASKED)
        rows = sorted(page.rows, key=lambda row: row.enrolment_id)
        expected = "".join(tables.to_csv(tables.learner_sheet(ASKED, rows))).encode()
    assert desk.at_once("learners") == expected


@pytest.mark.parametrize("report", lists.LISTS)
def test_a_worker_makes_the_same_file_as_is_sent_at_once(desk: Desk, report: str) -> None:
    uid = desk.ask(report)
    with pytest.raises(asking.ExportError):
        desk.file(uid)
    assert desk.work()
    made = desk.load(uid)
    assert (made.state, made.export.rows, made.share) == ("done", 2, 1.0)
    assert made.export.bytes == len(desk.file(uid))
    with desk.database.reading() as session:
        told = session.scalars(select(Message)).one()
        assert (told.kind, told.person_id, told.facts) == (
            "export_made",
            desk.viewer.id,
            {"rows": 2, "export": str(uid)},
        )
    assert desk.file(uid) == desk.at_once(report)
    assert not list(asking.leavings(desk.folder, made.export))


class KilledError(BaseException):
    """As a kill: nothing is caught, noted or given back."""


@pytest.mark.parametrize("report", lists.LISTS)
@pytest.mark.parametrize("is_written", [True, False])
def test_a_killed_worker_is_followed_by_one_that_goes_on(
    desk: Desk, report: str, is_written: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = desk.ask(report)
    note = making._Making._note
    looked: list[int] = []
    parts = lists.parts

    def die(making_: making._Making, **values: object) -> None:
        if is_written:
            note(making_, **values)
        raise KilledError()

    def watched(sessions: lists.Sessions, asked: Asked, after: int = 0) -> Generator[lists.Part, None, None]:
        looked.append(after)
        return parts(sessions, asked, after)

    monkeypatch.setattr(making.lists, "parts", watched)
    monkeypatch.setattr(making._Making, "_note", die)
    with pytest.raises(KilledError):
        desk.work()
    monkeypatch.setattr(making._Making, "_note", note)
    with desk.database.writing() as session:
        queue.release_worker(session, "worker")
        session.commit()
    assert desk.work()
    assert desk.file(uid) == desk.at_once(report)
    assert (looked[1] > 0) is is_written


def test_a_worker_that_only_slept_writes_where_nobody_reads(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease ends after the first part; another makes the whole file before it goes on with its second."""
    uid, note = desk.ask(), making._Making._note
    slept: list[Path] = []

    def sleep(making_: making._Making, **values: object) -> None:
        note(making_, **values)
        if not slept:
            slept.extend(asking.leavings(desk.folder, making_.export))
            with desk.database.writing() as session:
                queue.release_worker(session, "worker")
                session.commit()
            assert desk.work("another")

    monkeypatch.setattr(making._Making, "_note", sleep)
    assert desk.work()
    assert slept
    assert desk.file(uid) == desk.at_once()
    assert desk.load(uid).export.rows == 2


@pytest.mark.parametrize("form", asking.FORMS)
def test_a_full_disk_is_told_and_left_as_it_was(desk: Desk, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    uid, settle = desk.ask(form=form), making._settle

    def full(file: IO[bytes]) -> None:
        settle(file)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(making, "_settle", full)
    assert desk.work()
    told = desk.load(uid)
    assert (told.state, told.export.problem, told.export.rows) == ("failed", "disk", 0)
    assert not list(desk.folder.iterdir())
    assert not desk.work()


def test_a_part_that_lies_on_another_disk_is_begun_again(desk: Desk) -> None:
    uid = desk.ask()
    with desk.database.writing() as session:
        session.execute(update(Export).values(rows=2, bytes=400, reached=10**6))
        session.commit()
    assert desk.work()
    assert desk.file(uid) == desk.at_once()


def test_a_spreadsheet_has_the_same_cells(desk: Desk) -> None:
    uid = desk.ask(form="xlsx")
    assert desk.work()
    sheet = openpyxl.load_workbook(io.BytesIO(desk.file(uid))).active
    assert sheet is not None
    cells = list(sheet.iter_rows(values_only=True))
    assert [str(cell) for cell in cells[0]] == list(rows_of(desk.at_once())[0])
    assert len(cells) == 3
    assert cells[1][10].date() == date(2026, 3, 1)  # type: ignore[union-attr]


def test_it_can_be_stopped_and_done_without(desk: Desk) -> None:
    stopped, made = desk.ask(), desk.ask()
    with desk.database.writing() as session:
        asking.drop(session, asking.load(session, desk.viewer, stopped).export)
        session.commit()
    while desk.work():
        pass
    assert desk.load(stopped).state == "cancelled"
    file = asking.file_of(desk.folder, desk.load(made).export)
    assert file.exists()
    with desk.database.writing() as session:
        asking.drop(session, asking.load(session, desk.viewer, made).export)
        session.commit()
    with pytest.raises(asking.ExportError):
        desk.file(made)
    desk.forget()
    assert not file.exists()


def test_one_that_is_being_made_stops_when_it_is_cancelled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = desk.ask()
    rows = tables.csv_rows

    def cancelled(*words: object) -> str:
        with desk.database.writing() as session:
            asking.drop(session, asking.load(session, desk.viewer, uid).export)
            session.commit()
        return rows(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(tables, "csv_rows", cancelled)
    assert desk.work()
    assert not desk.work()
    assert list(asking.leavings(desk.folder, desk.load(uid).export))
    desk.forget()
    assert not list(desk.folder.iterdir())


def test_a_file_is_kept_for_a_week(desk: Desk) -> None:
    uid = desk.ask()
    assert desk.work()
    assert chores.put_in(desk.database, [making.CHORE]) == []
    with desk.database.writing() as session:
        export = session.scalars(select(Export)).one()
        assert export.forget_at is not None
        export.forget_at -= timedelta(days=7)
        session.commit()
    file = asking.file_of(desk.folder, desk.load(uid).export)
    nobodys = desk.folder / f"{uid.hex[::-1]}.csv"
    nobodys.touch()
    desk.forget()
    assert desk.load(uid).state == "removed"
    assert not file.exists()
    assert not nobodys.exists()


def test_it_holds_what_she_answered_for_and_no_more(desk: Desk) -> None:
    other = desk.world.viewer(desk.world.minjun)
    theirs = desk.ask(viewer=other)
    with pytest.raises(NotFoundError):
        desk.load(theirs)
    uid = desk.ask()
    while desk.work():
        pass
    with desk.database.reading() as session:
        mine = asking.load(session, other, theirs).export
    assert [row["이름"] for row in rows_of(asking.take(other, mine, desk.folder).read_bytes())] == ["윤수진"]
    retired = Viewer(desk.viewer.id, desk.viewer.uid, desk.viewer.name)
    with pytest.raises(NotFoundError):
        asking.take(retired, desk.load(uid).export, desk.folder)


def test_what_is_refused(desk: Desk) -> None:
    asked = Asked("enrolments", ASKED, desk.viewer, today())
    with desk.database.writing() as session:
        with pytest.raises(ReasonMissingError):
            asking.ask(session, desk.viewer, asked, "csv", "ㅇ", 1)
        with pytest.raises(NotFoundError):
            asking.ask(session, desk.viewer, asked, "pdf", REASON, 1)
        with pytest.raises(NotFoundError):
            asking.ask(session, desk.viewer, Asked("grades", ASKED, desk.viewer, today()), "csv", REASON, 1)
        with pytest.raises(tables.TooLongError):
            asking.ask(session, desk.viewer, asked, "xlsx", REASON, tables.MOST_ROWS + 1)
        for _ in range(asking.MOST_AT_A_TIME):
            asking.ask(session, desk.viewer, asked, "csv", REASON, 1)
        with pytest.raises(asking.ExportError):
            asking.ask(session, desk.viewer, asked, "csv", REASON, 1)


def test_nobody_fills_the_disk_with_files_that_she_has_taken(desk: Desk) -> None:
    desk.ask()
    with desk.database.writing() as session:
        session.execute(update(Export).values(state="done"))
        one = session.scalars(select(Export)).one()
        copied = {column.key: getattr(one, column.key) for column in Export.__table__.columns}
        for _ in range(asking.MOST_KEPT - 1):
            session.add(Export(**{key: value for key, value in copied.items() if key not in ("id", "uid")}))
        session.commit()
    with pytest.raises(asking.ExportError, match="kept"):
        desk.ask()


def test_one_that_could_not_be_made_says_so(desk: Desk) -> None:
    uid = desk.ask()
    with desk.database.writing() as session:
        session.execute(update(Job).values(state="failed"))
        session.commit()
    assert desk.load(uid).state == "failed"
    with desk.database.reading() as session:
        assert [one.state for one in asking.list_own(session, desk.viewer)] == ["failed"]
        left = asking.part_of(desk.folder, asking.load(session, desk.viewer, uid).export, 3)
    left.parent.mkdir(parents=True)
    left.touch()
    desk.forget()
    assert not left.exists()
    assert desk.load(uid).export.problem == "fault"


def test_the_files_are_for_the_site_alone(desk: Desk) -> None:
    uid = desk.ask()
    assert desk.work()
    file: Path = asking.file_of(desk.folder, desk.load(uid).export)
    assert file.stat().st_mode & 0o077 == 0
