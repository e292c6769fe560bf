"""The pages of a class: what they say, what they keep from learners, and a regrade from its preview to its grades."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bs4 import Tag
from sqlalchemy import event, select

from lms import grading
from lms.clock import today, utcnow
from lms.models import Enrolment, Grade, Job, LedgerEntry, Person, RunUnit, Submission
from lms.submissions import hand_in
from lms.submissions.take_result import write_grade
from lms.web import courseware
from lms.web.views import classroom as pages
from tests.classroom import a_grade, publish_small_course
from tests.world import employ, load, unit

from . import small_course
from .browser import Browser
from .site import Site
from .small_course import EXERCISE, FIRST_PAGE

MOST = 12
CHECKS = (("q1-test", 4.0), ("q2-test", 6.0))


@pytest.fixture
def jihun(site: Site) -> Browser:
    """정지훈's browser, who teaches at the centre of the run."""
    return site.browser_of(site.world.jihun)


@pytest.fixture(scope="session")
def small_content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of our own: these tests publish new versions."""
    return small_course.write(tmp_path_factory.mktemp("content"))


def submitted(
    site: Site,
    enrolment_id: int,
    *outcomes: str,
    source: str = "",
    message: str = "",
    flags: tuple[grading.Flag, ...] = (),
) -> Submission:
    """Handed in and graded with these outcomes of the two checks; the second is hidden."""
    with site.lms.database.reading() as session:
        enrolment = load(session, enrolment_id)
    with site.lms.database.writing() as session:
        number = len(session.scalars(select(Submission.id)).all())
        notebook = site.notebook({"q1": source or f"# {number}"})
        made = hand_in.submit(
            session,
            site.lms.files,
            site.lms.exercises,
            enrolment,
            unit(enrolment, EXERCISE),
            notebook,
            file_name="실습.ipynb",
            max_bytes=1_000_000,
        ).submission
        checks = tuple(
            grading.CheckResult(name, outcome, worth * (outcome == "passed"), worth, name == "q2-test", message, "")
            for (name, worth), outcome in zip(CHECKS, outcomes, strict=True)
        )
        points = sum(check.points or 0 for check in checks)
        grade = a_grade(points, checks=checks, flags=flags)
        write_grade(session, site.lms.files, made.id, made.exercise_version_id, grade, "<p>채점한 노트북</p>")
        session.commit()
    return made


def colleagues(site: Site, number: int) -> list[int]:
    """So many more people of 한빛정밀 in the run; ids of their enrolments."""
    made = []
    with site.lms.database.writing() as session:
        for place in range(number):
            person = Person(name=f"수강생 {place:03}", created_at=utcnow())
            session.add(person)
            session.flush()
            employ(session, person, site.world.hanbit, f"C-{place}")
            enrolment = Enrolment(
                run_id=site.run.id,
                person_id=person.id,
                company_id=site.world.hanbit.id,
                region_id=site.world.busan.id,
                enrolled_at=utcnow(),
            )
            session.add(enrolment)
            session.flush()
            made.append(enrolment.id)
        session.commit()
    return made


def hana_of(site: Site) -> Enrolment:
    return site.enrolled[site.world.hana.id]


def class_address(site: Site) -> str:
    return f"/classes/{site.run.uid}"


def names(page: Tag) -> list[str]:
    return [link.get_text() for link in page.select(".class-matrix tbody th a")]


@contextmanager
def asked(site: Site) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(site.lms.database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(site.lms.database.engine, "before_cursor_execute", note)


def test_home_lists_the_centres_runs_with_who_is_stuck(site: Site, jihun: Browser) -> None:
    for _ in range(3):
        submitted(site, hana_of(site).id, "failed", "failed")
    card = jihun.see("/classes/").select(".run-card")[0]
    assert "양품 세기" in card.get_text()
    figures = {row.dt.get_text(): row.dd.get_text(strip=True) for row in card.select(".run-figures > div")}  # type: ignore[union-attr]
    assert (figures["수강"], figures["수료"]) == ("1", "0")
    assert figures["막힘"].startswith("1")
    assert names(jihun.see(f"{class_address(site)}?show=stuck")) == ["김하나"]
    assert jihun.see("/?own=1").select_one("nav a[href='/classes/']") is not None


def test_a_centre_without_runs_is_told_so(site: Site) -> None:
    page = site.browser_of(site.world.minjun).see("/classes/")
    assert "아직 차수가 없습니다" in page.get_text()


def test_a_run_without_people_is_told_so(site: Site, jihun: Browser) -> None:
    empty = site.open_run(today(), today())
    assert "아직 수강생이 없습니다" in jihun.see(f"/classes/{empty.uid}").get_text()


def test_the_check_where_most_stop_is_named_and_leads_to_who(site: Site, jihun: Browser) -> None:
    first, second = colleagues(site, 2)
    submitted(site, hana_of(site).id, "passed", "failed")
    submitted(site, first, "passed", "failed")
    submitted(site, second, "passed", "passed")
    page = jihun.see(class_address(site))
    told = page.select_one(".callout").get_text()  # type: ignore[union-attr]
    assert "수율" in told
    assert "시도한 3명 중 2명" in told
    who = jihun.see(str(page.select_one(".callout a")["href"]))  # type: ignore[index]
    assert set(names(who)) == {"김하나", "수강생 000"}


def test_states_choose_sort_and_page(site: Site, jihun: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE_SIZE", 2)
    ids = colleagues(site, 4)
    submitted(site, ids[3], "passed", "passed")
    everybody = jihun.see(f"{class_address(site)}?sort=name")
    assert names(everybody) == ["김하나", "수강생 000"]
    assert names(jihun.see(f"{class_address(site)}?sort=name&page=3")) == ["수강생 003"]
    assert names(jihun.see(f"{class_address(site)}?sort=name&page=99")) == ["수강생 003"]
    assert names(jihun.see(f"{class_address(site)}?sort=score")) == ["수강생 003", "김하나"]
    assert names(jihun.see(f"{class_address(site)}?show=going")) == ["수강생 003"]
    assert len(names(jihun.see(f"{class_address(site)}?show=not_begun&page=2"))) == 2
    assert names(jihun.see(f"{class_address(site)}?show=completed")) == []


@pytest.mark.parametrize(
    "words", ["show=%01", "sort=drop", "check=a", "check=/", "page=-3", "page=x", "check=oee/x&show=1"]
)
def test_what_an_address_can_not_mean_is_no_fault(site: Site, jihun: Browser, words: str) -> None:
    assert names(jihun.see(f"{class_address(site)}?{words}")) == ["김하나"]


def test_people_of_one_name_are_told_apart(site: Site, jihun: Browser) -> None:
    cell = jihun.see(class_address(site)).select_one(".class-matrix tbody th")
    assert cell is not None
    assert cell.get_text(" ", strip=True) == "김하나 한빛정밀 · H-001"


def test_marks_say_their_state_in_words(site: Site, jihun: Browser) -> None:
    hana = site.browser_of(site.world.hana)
    hana.see(site.address(FIRST_PAGE))
    hana.send(f"{site.address(FIRST_PAGE)}/done")
    submitted(site, hana_of(site).id, "passed", "failed")
    page = jihun.see(class_address(site))
    labels = [str(mark["aria-label"]) for mark in page.select(".class-matrix .mark")]
    assert labels[0] == "완료"
    assert labels[-1] == "실습: 양품 세기: 일부 점수 40 %, 1회 시도"


def test_a_learners_page_says_what_is_missing_and_lists_every_try(site: Site, jihun: Browser) -> None:
    submitted(site, hana_of(site).id, "failed", "failed")
    submitted(site, hana_of(site).id, "passed", "failed")
    page = jihun.see(f"/classes/learners/{hana_of(site).uid}")
    text = page.get_text()
    assert "수료까지 남은 것" in text
    assert "점수가 36점 더 필요합니다." in text
    tries = [row.get_text(" ", strip=True) for row in page.select(".unit-row tbody tr")]
    assert len(tries) == 2
    assert "4 / 10" in tries[0]
    assert "검사 항목 2개 중 1개 통과" in tries[0]


def test_an_instructor_reads_hidden_checks_and_a_learner_never(site: Site, jihun: Browser) -> None:
    made = submitted(site, hana_of(site).id, "passed", "failed")
    page = jihun.see(f"/classes/submissions/{made.uid}")
    assert "rate(200, 50)" in page.get_text()
    hana = site.browser_of(site.world.hana)
    assert "rate(200, 50)" not in hana.see(f"/submissions/{made.uid}").get_text()
    hana.see(f"/classes/submissions/{made.uid}", 403)


def test_what_a_learner_wrote_is_shown_as_text(site: Site, jihun: Browser) -> None:
    """Her file's name, her answers and what a check says of her values: nothing of it is alive."""
    evil = "<script>alert(1)</script>"
    first = submitted(site, hana_of(site).id, "failed", "failed", source=f"# {evil}", message=evil)
    second = submitted(site, hana_of(site).id, "failed", "failed", source="# anders", message=evil)
    page = jihun.see(f"/classes/submissions/{second.uid}?with={first.number}")
    assert evil in page.select_one(".diff-old").get_text()  # type: ignore[union-attr]
    assert "anders" in page.select_one(".diff-new").get_text()  # type: ignore[union-attr]
    assert page.find_all("script", src=False) == []
    answer = jihun.get(f"/classes/submissions/{first.uid}/feedback")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    kept = jihun.get(f"/classes/submissions/{first.uid}/notebook")
    assert kept.headers["Content-Disposition"].startswith("attachment;")
    assert kept.headers["X-Content-Type-Options"] == "nosniff"
    assert kept.data == site.lms.files.read(first.notebook)


def test_flags_are_told_with_their_reason(site: Site, jihun: Browser) -> None:
    flag = grading.Flag("tampered", "q1-test", "replaced before the check: len")
    made = submitted(site, hana_of(site).id, "failed", "failed", flags=(flag,))
    text = jihun.see(f"/classes/submissions/{made.uid}").get_text()
    assert "노트북이 바꿔치기했습니다" in text
    assert "replaced before the check: len" in text
    assert names(jihun.see(f"{class_address(site)}?show=flagged")) == ["김하나"]


def test_a_comparison_with_a_try_that_is_not_there_is_none(site: Site, jihun: Browser) -> None:
    made = submitted(site, hana_of(site).id, "failed", "failed")
    for word in ("1", "7", "x", "-1"):
        assert jihun.see(f"/classes/submissions/{made.uid}?with={word}").select(".diff") == []


def test_pages_ask_few_questions_whatever_the_size(site: Site, jihun: Browser) -> None:
    counts: dict[str, list[int]] = {}
    for turn in range(2):
        if turn:
            for enrolment_id in colleagues(site, 12):
                submitted(site, enrolment_id, "passed", "failed")
        made = submitted(site, hana_of(site).id, "passed", "failed")
        for page in (
            "/classes/",
            class_address(site),
            f"/classes/learners/{hana_of(site).uid}",
            f"/classes/submissions/{made.uid}",
            f"{class_address(site)}/units/{EXERCISE}/regrade",
        ):
            courseware._parsed.cache_clear()  # as in a process that has just begun
            with asked(site) as statements:
                jihun.see(page)
            counts.setdefault(page.replace(str(made.uid), "of"), []).append(len(statements))
    assert {page: found for page, found in counts.items() if found[0] != found[-1] or max(found) > MOST} == {}


def test_a_preview_asks_few_questions_too(site: Site, jihun: Browser, small_content: Path) -> None:
    """With results to be written, with what keeps its grade, and with what was handed in since."""
    made = [submitted(site, id_, "passed", "failed") for id_ in (hana_of(site).id, *colleagues(site, 3))]
    source = small_content / "exercises" / EXERCISE / "exercise.toml"
    before = source.read_text("utf-8")
    source.write_text(before.replace("뺐는지 보세요", "뺐는지 다시 보세요"), "utf-8")
    with site.lms.database.writing() as session:
        publish_small_course(session, site.lms.files, small_content)
        session.commit()
    source.write_text(before, "utf-8")
    jihun.see(regrade_address(site))
    jihun.send(regrade_address(site))
    results = ({"outcome": "graded", "points": 10, "max_points": 10, "checks": {}}, {"outcome": "error"})
    with site.lms.database.writing() as session:
        for job in session.scalars(select(Job).where(Job.kind == "regrade")):
            failed = job.payload["submission"] == made[0].id
            job.state, job.payload = "done", job.payload | {"result": results[failed]}
        session.commit()
    submitted(site, hana_of(site).id, "passed", "failed")
    with asked(site) as statements:
        page = jihun.see(regrade_address(site))
    assert page.select_one("#would") is not None
    assert page.select_one("#kept") is not None
    assert 0 < len(statements) <= MOST


# A regrade


def mend(site: Site, folder: Path) -> None:
    """Publish the exercise anew: its first check asks for something that HALF doesn't give."""
    source = folder / "exercises" / EXERCISE / "source.ipynb"
    before = source.read_text("utf-8")
    after = before.replace("assert good(120, 3) == 117", "assert good(120, 3) == 117 and rate(200, 50) > 0.7")
    assert after != before
    source.write_text(after, "utf-8")
    with site.lms.database.writing() as session:
        publish_small_course(session, site.lms.files, folder)
        session.commit()


@pytest.fixture
def mended(site: Site, small_content: Path) -> Iterator[Site]:
    """김하나 got half of the points; then a version was published by which she gets none."""
    source = small_content / "exercises" / EXERCISE / "source.ipynb"
    before = source.read_text("utf-8")
    hana = site.browser_of(site.world.hana)
    site.hand_in(hana, site.notebook(small_course.HALF))
    site.grade_all()
    mend(site, small_content)
    yield site
    source.write_text(before, "utf-8")


def regrade_address(site: Site) -> str:
    return f"{class_address(site)}/units/{EXERCISE}/regrade"


def _fields(page: Tag) -> dict[str, str]:
    """What the form that applies a regrade would send."""
    return {str(field["name"]): str(field["value"]) for field in page.select("form[action$=apply] input[name]")}


@pytest.mark.sandbox
def test_a_regrade_from_its_preview_to_its_grades(mended: Site, jihun: Browser) -> None:
    site = mended
    page = jihun.see(class_address(site))
    assert page.select_one(f"a[href='{regrade_address(site)}']") is not None
    where = regrade_address(site)
    assert "미리 보기" in jihun.see(where).get_text()
    assert jihun.send(where).status_code == 303
    assert jihun.see(where).select_one("#regrade[hx-get]") is not None
    assert site.grade_all() == 1
    page = jihun.see(where)
    row = page.select_one("#losses + *, #losses").find_next("tbody").get_text(" ", strip=True)  # type: ignore[union-attr]
    assert "김하나" in row
    assert "4 / 10 0 / 10" in row
    assert "− 양품 수" in row
    assert site.count(Grade) == 1

    form = _fields(page)
    assert jihun.send(f"{where}/apply", form).headers["Location"] == where
    assert "기록하고 있습니다" in jihun.see(where).get_text()
    assert site.grade_all() == 1
    assert "재채점할 것이 없습니다" in jihun.see(where).get_text()
    with site.lms.database.reading() as session:
        assert [row.points for row in session.scalars(select(Grade).order_by(Grade.id))] == [4, 0]
        last = session.scalars(select(LedgerEntry).order_by(LedgerEntry.id.desc())).first()
        assert last is not None
        assert (last.points, last.actor_id, last.reason) == (0, site.world.jihun.id, form["reason"])
        newest = session.scalars(select(Grade.exercise_version_id).order_by(Grade.id.desc())).first()
        pinned = select(RunUnit.exercise_version_id).where(RunUnit.run_id == site.run.id, RunUnit.key == EXERCISE)
        assert session.scalar(pinned) == newest


@pytest.mark.sandbox
@pytest.mark.parametrize("change", [{"version": "x"}, {"shown": "5"}], ids=["version", "shown"])
def test_what_was_not_shown_is_not_applied(mended: Site, jihun: Browser, change: dict[str, str]) -> None:
    where = regrade_address(mended)
    jihun.see(where)
    jihun.send(where)
    mended.grade_all()
    page = jihun.see(where)
    form = _fields(page)
    answer = jihun.send(f"{where}/apply", form | change)
    assert answer.status_code == 409
    assert "내용이 달라졌습니다" in answer.get_data(as_text=True)
    assert mended.count(Grade) == 1


def test_a_closed_run_is_not_regraded(site: Site, jihun: Browser) -> None:
    site.change(site.run, closed_at=utcnow())
    jihun.see(regrade_address(site))
    assert jihun.send(regrade_address(site)).status_code == 409
    answer = jihun.send(f"{regrade_address(site)}/apply", {"version": site.exercise_version().digest})
    assert answer.status_code == 409
    assert "마감된 차수" in answer.get_data(as_text=True)


@pytest.mark.parametrize("key", [FIRST_PAGE, "no-such-unit"])
def test_only_exercises_are_regraded(site: Site, jihun: Browser, key: str) -> None:
    jihun.see(f"{class_address(site)}/units/{key}/regrade", 404)
