"""An officer's roster on the pages: uploaded, read, applied, undone, given back; and what is refused."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import func, select

from lms.jobs.worker import Worker
from lms.models import AccessEntry, Download, Person, Roster
from lms.web import work
from tests.rosters.conftest import NEW, csv_of, row

from .browser import Browser
from .site import Site
from .test_queries import _asked

NUMBER = "900101-1234567"
SOME = (
    row(number=NEW, company="새기업", region="부산", name="홍길동", employee="1", phone="010-1234-5678"),
    row(number=NEW, name="홍길순", employee="2", birth=NUMBER),
    row(name="이준호", employee="H-002", department="생산2팀"),
    row(name="=1+1", employee="-"),
)


@pytest.fixture
def officer(site: Site) -> Browser:
    return site.browser_of(site.world.seoyeon)


@pytest.fixture
def database_kind() -> str:
    """tests/rosters writes on each database; here it is the pages."""
    return "sqlite"


def _upload(browser: Browser, content: bytes, name: str = "명단.csv") -> str:
    browser.see("/rosters/")
    answer = browser.send("/rosters/", {"file": (io.BytesIO(content), name)})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def _work(site: Site) -> None:
    worker = Worker(site.lms.database, work.handlers_of(site.lms))
    while worker.run_one("w"):
        pass


def test_a_morning_at_the_desk(site: Site, officer: Browser) -> None:
    where = _upload(officer, csv_of(*SOME))
    assert "점검하고 있습니다" in officer.see(where).text
    _work(site)
    page = officer.see(where)
    assert "신규 1" in page.text
    assert "오류 2" in page.text
    assert "주민등록번호가 있습니다" in page.text
    assert NUMBER not in page.text
    assert officer.send(f"{where}/apply", {}).status_code == 303
    _work(site)
    page = officer.see(where)
    assert "접수증" in page.text
    with site.lms.database.reading() as session:
        assert session.scalar(select(Person.id).where(Person.name == "홍길동")) is not None
    assert officer.send(f"{where}/undo", {"reason": "잘못 올림"}).status_code == 303
    assert "되돌림" in officer.see(where).text
    with site.lms.database.reading() as session:
        assert session.scalar(select(Person.id).where(Person.name == "홍길동")) is None


def test_the_file_comes_back_with_findings(site: Site, officer: Browser) -> None:
    where = _upload(officer, csv_of(*SOME))
    _work(site)
    officer.see(where)
    answer = officer.send(f"{where}/findings", {"form": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.get_data())).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][-3:] == ("행", "결과", "점검 내용")
    assert [cells[-3:-1] for cells in rows[1:]] == [("2", "신규"), ("3", "오류"), ("4", "변경"), ("5", "오류")]
    assert "주민등록번호" in str(rows[2][-1])
    assert all(NUMBER not in str(cell) for cells in rows for cell in cells)
    again = _upload(officer, answer.get_data(), "명단.xlsx")
    _work(site)
    assert "신규 1" in officer.see(again).text
    only = officer.send(f"{where}/findings", {"form": "csv", "only": "wrong"}).get_data(as_text=True)
    assert len(only.splitlines()) == 3
    assert "'=1+1" in only
    with site.lms.database.reading() as session:
        assert session.scalar(select(func.count()).where(Download.report == "roster", Download.has_persons)) == 2


def test_a_mapping_is_chosen_and_remembered(site: Site, officer: Browser) -> None:
    content = "사업자등록번호,별칭,사번,성명\n124-81-00998,이준호,H-002,틀림\n".encode()
    where = _upload(officer, content)
    _work(site)
    officer.see(where)
    chosen = {"business_number": "0", "name": "1", "employee_number": "2", "phone": "9" * 5_000}
    assert officer.send(f"{where}/columns", chosen).status_code == 303
    _work(site)
    assert "동일 1" in officer.see(where).text
    again = _upload(officer, content)
    _work(site)
    assert "동일 1" in officer.see(again).text


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "빈 파일"), (b"PK\x03\x04", "손상되었거나"), ("가,나\n1,2\n".encode(), "제목 행을 찾지 못했습니다")],
)
def test_what_is_no_roster_is_told(site: Site, officer: Browser, content: bytes, said: str) -> None:
    officer.see("/rosters/")
    answer = officer.send("/rosters/", {"file": (io.BytesIO(content), "a.xlsx")})
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    with site.lms.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Roster)) == 0


def test_what_is_not_ready_is_told(site: Site, officer: Browser) -> None:
    where = _upload(officer, csv_of(row(name="이준호", employee="H-002")))
    officer.see(where)
    for deed in ("apply", "undo", "columns"):
        officer.send(f"{where}/{deed}", {})
    said = officer.see(where).text
    assert "처리 중입니다" in said
    assert "되돌릴 것이 없습니다" in said
    _work(site)
    officer.send(f"{where}/apply", {})
    assert "바뀌는 행이 없습니다" in officer.see(where).text


def test_people_are_taken_out_with_a_reason(site: Site, officer: Browser) -> None:
    officer.see("/rosters/")
    assert officer.send("/rosters/people", {"form": "csv"}).status_code == 422
    assert (
        officer.send("/rosters/people", {"form": "csv", "reason": "점검", "company": "220-81-62517"}).status_code == 422
    )
    answer = officer.send("/rosters/people", {"form": "csv", "reason": "명단 점검용"})
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert "김하나" in text
    assert "윤수진" not in text
    where = _upload(officer, answer.get_data())
    _work(site)
    assert "동일 2" in officer.see(where).text


def test_another_officers_upload_is_nobodys(site: Site, officer: Browser) -> None:
    where = _upload(officer, csv_of(row(name="이준호", employee="H-002")))
    other = site.browser_of(site.world.minjun)
    assert other.get(where).status_code == 404
    assert site.browser_of(site.world.minseo).get(where).status_code == 200


@pytest.mark.parametrize("number", [1, 400])
def test_a_page_asks_as_often_for_many_rows(site: Site, officer: Browser, number: int) -> None:
    where = _upload(officer, csv_of(*[row(name=f"사람{n}가", employee=f"W-{n}") for n in range(number)]))
    _work(site)
    with _asked(site) as asked:
        officer.see(where)
    assert 0 < len(asked) <= 10


def test_a_resident_number_is_nowhere(
    site: Site, officer: Browser, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the database, nor in a file, nor in the log: in cells, headings, halves and titles."""
    head = f"명단 {NUMBER}\n사업자등록번호,성명,사번,비고 {NUMBER}\n"
    content = f"{head}124-81-00998,이준호,{NUMBER},\n124-81-00998,박,9001011234567,x\n"
    where = _upload(officer, content.encode())
    _work(site)
    officer.see(where)
    officer.send(f"{where}/apply", {})
    _work(site)
    officer.send(f"{where}/findings", {"form": "xlsx"})
    digits = (NUMBER, NUMBER.replace("-", ""))
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert not any(number.encode() in file.read_bytes() for number in digits), file
    assert not any(number in caplog.text for number in digits)


def test_whoever_looks_at_anothers_roster_is_noted(site: Site, officer: Browser) -> None:
    where = _upload(officer, csv_of(*SOME))
    _work(site)
    officer.see(where)
    site.browser_of(site.world.minseo).see(where)
    with site.lms.database.reading() as session:
        looks = session.execute(select(AccessEntry.actor_id, AccessEntry.action, AccessEntry.count)).all()
    assert looks == [(site.world.minseo.id, "roster_rows", 2)]  # the wrong ones come first
