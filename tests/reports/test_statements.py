"""Statements: kept as issued, the same for ever, and honest about what would be counted otherwise today."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from lms.errors import NotFoundError
from lms.models import AuditEntry, Centre, CentreRegion, Region, RegionSuccession, Statement
from lms.models.append_only import release
from lms.people.viewers import Viewer
from lms.reports.catalogue import REPORTS
from lms.reports.question import Question
from lms.reports.statements import answering, cells, issuing, printing, reading
from lms.reports.statements.cells import FileError
from lms.reports.statements.errors import StatementError
from lms.reports.statements.issuing import Draft, Press
from lms.reports.statements.reading import VerifyError
from lms.reports.tables import Column, Sheet
from tests.world import at

from .country import Country

DAY = date(2026, 3, 20)
ASKED = Question(as_of=DAY, by=("company",))


def words(draft: Draft, number: str, _moment: datetime) -> Mapping[str, Any]:
    return {"title": draft.report, "number": number, "facts": []}


PRESS = Press(words, "https://learn.example/verify/statements/")


@pytest.fixture
def busan(country: Country) -> Country:
    """Two companies of Busan with three people, one of whom completed, and one company of Gwangju."""
    country.company("한빛정밀", "busan")
    country.company("=cmd()", "busan")
    country.company("빛고을전자", "gwangju")
    country.run("oee", country.course("oee", "설비종합효율"), "busan", "2026-03-02", "2026-06-30")
    for person, company in (
        ("김하나", "한빛정밀"),
        ("이준호", "한빛정밀"),
        ("박서준", "=cmd()"),
        ("오지훈", "빛고을전자"),
    ):
        country.enrol(person, company, "oee", "2026-03-01")
    country.do("김하나", "oee", "2026-03-03", "2026-03-04", "2026-03-05")
    return country


def issue(country: Country, viewer: Viewer, question: Question = ASKED, report: str = "completions") -> Statement:
    draft = issuing.draft(country.session, viewer, report, question, "ko", today=date(2026, 4, 1))
    made = issuing.issue(country.session, viewer, draft, PRESS, now=at("2026-04-01"))
    country.session.commit()
    return made


def refusal(country: Country, viewer: Viewer, question: Question, report: str = "completions", **more: Any) -> str:
    with pytest.raises(StatementError) as caught:
        issuing.draft(country.session, viewer, report, question, "ko", **{"today": date(2026, 4, 1), **more})
    return caught.value.reason


def test_what_is_issued(busan: Country) -> None:
    officer = busan.officer("busan")
    first, second = issue(busan, officer), issue(busan, officer)
    assert (first.number, second.number) == ("2026-0001", "2026-0002")
    assert first.token != second.token
    kept = reading.cells_of(first)
    assert [row[0] for row in kept.rows] == ["'=cmd()", "한빛정밀"]
    assert kept.rows[1][2:] == ("2", "2", "0", "1", "0.5000")
    assert kept.total == ("", "", "3", "3", "0", "1", "0.3333")
    assert (first.definition, first.version) == (answering.DEFINITIONS["completions"], "0.1.0")
    entry = busan.session.query(AuditEntry).filter_by(subject=f"statement:{first.uid}").one()
    assert entry.action == "statement_issued"
    assert entry.actor_id == officer.id


def test_a_form_that_is_sent_twice_issues_once(busan: Country) -> None:
    officer, now = busan.officer("busan"), at("2026-04-01")

    def press(question: Question, later: int = 0, language: str = "ko") -> str:
        draft = issuing.draft(busan.session, officer, "completions", question, language, today=date(2026, 4, 1))
        moment = now + timedelta(seconds=later)
        return issuing.issue_once(busan.session, officer, draft, PRESS, now=moment).number

    narrowed = ASKED.but(region=("busan",))
    presses = press(ASKED), press(ASKED, 5), press(narrowed), press(ASKED, 5, "en"), press(ASKED, 70)
    assert [number[-1] for number in presses] == ["1", "1", "2", "3", "4"]


def test_the_digest_is_what_anybody_makes_of_the_csv(busan: Country) -> None:
    made = issue(busan, busan.officer("busan"))
    file = printing.to_csv(made)
    lines = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    plain = json.dumps(lines, ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(plain.encode()).hexdigest() == made.digest
    assert reading.find_by_csv(busan.session, file) == [made]
    assert reading.find_by_csv(busan.session, file.replace(b"\r\n", b"\n")) == [made]
    assert reading.find_by_csv(busan.session, file.replace(b"0.5000", b"0.5001")) == []
    with pytest.raises(FileError):
        reading.find_by_csv(busan.session, b"a,b\r\n1\r\n")
    with pytest.raises(FileError):
        reading.find_by_csv(busan.session, b"\xff\xfe")


def _is_refused(file: bytes) -> bool:
    try:
        cells.digest_of_csv(file)
    except FileError:
        return True
    return False


def test_a_file_that_is_no_csv_of_a_statement_is_refused() -> None:
    bad = (b"", b"\r\n\r\n", b'a,b\r\n"1', b"a,b\n1,2,3\n", b"," * (cells.LONGEST_LINE + 1), b"a\x00b\n1,2\n")
    assert [file[:9] for file in bad if not _is_refused(file)] == []
    assert not _is_refused(b'"a\nb",c\n\n1,2')


def test_a_condition_names_no_company_of_others(busan: Country) -> None:
    numbers = tuple(busan.companies[name].business_number for name in ("한빛정밀", "빛고을전자"))
    only = ASKED.but(company=numbers)
    office, officer, manager = busan.office(), busan.officer("busan"), busan.manager("한빛정밀")
    told = [
        dict(issuing.draft(busan.session, viewer, "completions", only, "ko", today=date(2026, 4, 1)).filters)["company"]
        for viewer in (office, officer, manager)
    ]
    assert told == [("한빛정밀", "빛고을전자"), ("한빛정밀", numbers[1]), ("한빛정밀", numbers[1])]


def test_a_file_of_more_rows_than_a_statement_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_ROWS", 2)
    assert list(cells.read_csv(b"a\n1\n2\n")) == [("a",), ("1",), ("2",)]
    assert _is_refused(b"a\n1\n2\n3\n")


def test_a_long_one_is_kept_whole_and_printed_in_part(busan: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, totals and digest are of all; the paper says how many it leaves out."""
    monkeypatch.setattr(issuing, "PRINTED_ROWS", 1)
    monkeypatch.setattr(printing, "PRINTED_ROWS", 1)
    viewer = busan.officer("busan")
    draft = issuing.draft(busan.session, viewer, "completions", ASKED, "ko", today=date(2026, 4, 1))
    assert draft.left_out == 1
    press = Press(lambda draft, number, moment: {**words(draft, number, moment), "left_out": "1 of 2"}, PRESS.address)
    made = issuing.issue(busan.session, viewer, draft, press, now=at("2026-04-01"))
    printed = printing.data_of(made)
    assert [row[0] for row in printed["rows"]] == ["'=cmd()"]
    assert printed["left_out"] == "1 of 2"
    assert printed["total"][2] == "3"
    assert reading.find_by_csv(busan.session, printing.to_csv(made)) == [made]
    assert len(reading.cells_of(made).rows) == 2


def test_the_spreadsheet_has_the_same_rows(busan: Country) -> None:
    made = issue(busan, busan.officer("busan"))
    with printing.to_xlsx(made) as file:
        sheet = openpyxl.load_workbook(file).active
    assert sheet is not None
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[0][-1] == "수료율"
    assert rows[2][2:] == [2, 2, 0, 1, 0.5]


def test_asked_again_it_is_the_same_whatever_was_appended(busan: Country) -> None:
    made = issue(busan, busan.officer("busan"))
    busan.revoke("김하나", "oee", "2026-04-02")
    busan.do("이준호", "oee", "2026-04-02", "2026-04-02", "2026-04-02")
    busan.enrol("정민수", "한빛정밀", "oee", "2026-04-02")
    outcome = reading.again(busan.session, made)
    assert outcome.is_same
    assert outcome.differences == []


def test_asked_again_it_says_what_was_renamed(busan: Country) -> None:
    """By the names of then it is the same digest; another name comes to another place in the order, too."""
    made = issue(busan, busan.officer("busan"))
    busan.companies["한빛정밀"].name = "가온테크"
    busan.session.flush()
    outcome = reading.again(busan.session, made)
    assert outcome.is_same
    assert outcome.after.digest == made.digest
    assert [(each.heading, each.before, each.after) for each in outcome.renamed] == [("기업", "한빛정밀", "가온테크")]
    busan.enrol("정민수", "한빛정밀", "oee", "2026-03-01")
    outcome = reading.again(busan.session, made)
    assert not outcome.is_same
    (found,) = outcome.differences
    assert found.before is not None
    assert found.after is not None
    assert (found.before[0], found.after[0], found.after[2]) == ("한빛정밀", "한빛정밀", "3")


def test_asked_again_it_is_the_same_whatever_merged_since(busan: Country) -> None:
    """Regions, companies, and what the officer's centre serves, each by the question of then and of today."""
    officer, office, session = busan.officer("busan"), busan.office(), busan.session
    asked = [ASKED.but(by=by, regions=regions) for by in (("region",), ("company",)) for regions in ("then", "today")]  # type: ignore[arg-type]
    made = [issue(busan, viewer, question) for viewer in (officer, office) for question in asked]
    merged = busan.companies["한빛정밀"]
    merged.merged_into_id, merged.merged_at = busan.companies["=cmd()"].id, at("2026-05-04")
    regions = {region.slug: region for region in session.scalars(select(Region))}
    session.add(
        RegionSuccession(region_id=regions["gwangju"].id, successor_id=regions["busan"].id, on=date(2026, 5, 4))
    )
    centre = session.scalars(select(Centre).where(Centre.slug == "busan")).one()
    session.add(CentreRegion(centre_id=centre.id, region_id=regions["gwangju"].id, from_on=date(2026, 5, 4)))
    session.commit()
    assert [statement.number for statement in made if not reading.again(session, statement).is_same] == []
    now = [issuing.draft(session, office, "completions", question, "ko", today=date(2026, 6, 1)) for question in asked]
    changed = [draft.cells.digest != old.digest for draft, old in zip(now, made[4:], strict=True)]
    assert changed == [False, True, False, True]


def test_asked_again_it_says_what_was_slipped_in(busan: Country) -> None:
    """An enrolment that was written by hand into the past, beside all rules."""
    made = issue(busan, busan.officer("busan"))
    busan.enrol("정민수", "한빛정밀", "oee", "2026-03-01")
    (found,) = reading.again(busan.session, made).differences
    assert found.before is not None
    assert found.after is not None
    assert (found.before[2:4], found.after[2:4]) == (("2", "2"), ("3", "3"))


def test_it_is_asked_again_for_whoever_answered_then(busan: Country) -> None:
    """The officer went to another centre; the programme office asks."""
    made = issue(busan, busan.officer("busan"))
    assert reading.load(busan.session, busan.office(), made.uid) is made
    assert len(reading.again(busan.session, made).after.rows) == 2


def test_each_question_can_be_issued_and_is_the_same_again(busan: Country) -> None:
    """Nobody handed a notebook in, so there is no check to sign."""
    issued = set()
    for report in answering.DEFINITIONS:
        by = REPORTS[report].by or ("region",)
        try:
            made = issue(busan, busan.office(), ASKED.but(by=by), report)
        except StatementError as error:
            assert error.reason == "empty"  # noqa: PT017
            continue
        assert reading.again(busan.session, made).is_same
        issued.add(report)
    assert issued == set(answering.DEFINITIONS) - {"checks"}
    assert {report.name for report in REPORTS.values() if not report.has_persons} == set(answering.DEFINITIONS)


def test_what_is_not_issued(busan: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = busan.officer("busan")
    assert refusal(busan, officer, ASKED.but(reading="effective")) == "effective"
    assert refusal(busan, officer, ASKED, today=DAY) == "not_ended"
    assert refusal(busan, officer, ASKED, "learners") == "persons"
    assert refusal(busan, officer, ASKED, "of nothing") == "persons"
    assert refusal(busan, officer, ASKED.but(region=("seoul",))) == "empty"
    monkeypatch.setattr(issuing, "MOST_ROWS", 1)
    assert refusal(busan, officer, ASKED) == "too_many"


def test_who_sees_it(busan: Country) -> None:
    officer, session = busan.officer("busan"), busan.session
    made = issue(busan, officer)
    elsewhere = busan.officer("seoul")
    assert reading.load(session, busan.officer("busan"), made.uid) is made
    with pytest.raises(NotFoundError):
        reading.load(session, elsewhere, made.uid)
    found = [
        reading.list_statements(session, viewer, offset=0, limit=9) for viewer in (officer, elsewhere, busan.office())
    ]
    assert [total for _rows, total in found] == [1, 0, 1]
    assert [len(rows) for rows, _total in found] == [1, 0, 1]


def test_codes_are_not_tried_for_long(busan: Country) -> None:
    made = issue(busan, busan.officer("busan"))
    typed = issuing.shown(made.token).lower()
    assert reading.by_code(busan.session, typed, "192.0.2.1") is made
    for _ in range(reading.TRIES):
        with pytest.raises(VerifyError, match="unknown"):
            reading.by_code(busan.session, "A" * 16, "192.0.2.1")
        reading.note_failure(busan.session, "192.0.2.1")
    with pytest.raises(VerifyError, match="throttled"):
        reading.by_code(busan.session, typed, "192.0.2.1")
    assert reading.by_code(busan.session, typed, "192.0.2.2") is made


def test_by_number_for_the_command_line(busan: Country) -> None:
    made = issue(busan, busan.officer("busan"))
    assert [reading.find_by_number(busan.session, number) for number in ("2026-0001", "2026-1")] == [made] * 2
    assert [reading.find_by_number(busan.session, wrong) for wrong in ("2026-2", "2026", "²-1", "-")] == [None] * 4


@pytest.mark.parametrize("statement", ["UPDATE lms_statement SET digest = 'x'", "DELETE FROM lms_statement"])
def test_the_database_refuses_to_change_it(busan: Country, statement: str) -> None:
    issue(busan, busan.officer("busan"))
    with pytest.raises(DBAPIError, match="append-only"):
        busan.session.execute(text(statement))
    busan.session.rollback()


def test_rows_that_were_changed_beside_it_are_seen(busan: Country) -> None:
    made = issue(busan, busan.officer("busan"))
    assert reading.is_intact(made)
    release(busan.session.connection(), "lms_statement")
    busan.session.execute(text("UPDATE lms_statement SET rows = replace(rows, '0.5000', '1.0000')"))
    busan.session.refresh(made)
    assert not reading.is_intact(made)


def test_a_rate_is_never_signed_too_high() -> None:
    sheet = Sheet("", [Column("rate", "수료율", "rate")], [(2 / 3,), (0.79999,), (1.0,), (None,)])
    assert cells.of_sheet(sheet).rows == (("0.6666",), ("0.7999",), ("1.0000",), ("",))


def test_another_heading_makes_another_digest() -> None:
    """So that no column is told for another."""
    one, other = (Sheet("", [Column("a", header, "count")], [(1,)]) for header in ("신청", "수료"))
    assert cells.of_sheet(one).digest != cells.of_sheet(other).digest
