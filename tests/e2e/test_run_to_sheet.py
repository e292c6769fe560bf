"""From an empty run to the sheet that is signed: fourteen people of three companies for twelve seats, one transferred, one with
more time, one whose completion is revoked."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pikepdf
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lms.clock import today, utcnow
from lms.learning import ledger
from lms.models import (
    Company,
    CompanyStatus,
    Employment,
    Enrolment,
    Extension,
    LedgerEntry,
    Person,
    Region,
    Run,
    RunUnit,
)

from .looking import look_at
from .site import Site
from .steps import sign_in
from .visits import Visit

COURSE = "예지보전 입문"
COMPANIES = (("120-81-47521", "새론금속", 5), ("105-81-13713", "다온기어", 5), ("214-81-37726", "한울베어링", 4))
SEATS = 12
COMPLETED = 8  # of those who are in at the end


def _found_companies(site: Site) -> None:
    """Three companies of Busan with fourteen people, as a roster would have brought them."""
    now, since = utcnow(), today() - timedelta(days=200)
    with site.database.writing() as session:
        busan = session.scalars(select(Region.id).where(Region.slug == "busan")).one()
        for number, name, people in COMPANIES:
            company = Company(business_number=number.replace("-", ""), name=name, created_at=now)
            company.statuses = [
                CompanyStatus(
                    from_on=since, region_id=busan, size_class="small", factory_level="basic", recorded_at=now
                )
            ]
            session.add(company)
            session.flush()
            for place in range(1, people + 1):
                person = Person(name=f"{name[:2]} {place}", is_active=True, created_at=now)
                session.add(person)
                session.flush()
                session.add(
                    Employment(person_id=person.id, company_id=company.id, employee_number=f"N-{place}", from_on=since)
                )
        session.commit()


def _make_run(page: Page, site: Site) -> str:
    """A draft from the course, mended until nothing stands against it, and opened. Gives the run's address."""
    page.click("nav >> text=차수")
    look_at(page)
    page.click("text=새 차수")
    page.click(f"main ul a:text-is('{COURSE}')")
    page.fill("[name=seats]", str(SEATS))
    page.fill("[name=hours]", "0")
    look_at(page)
    page.click("main form button[type=submit]")
    ready = page.locator("section[aria-labelledby=ready]")
    expect(ready).to_contain_text("인정 시간이 0입니다.")
    expect(page.locator("form[action$='/open']")).to_have_count(0)
    look_at(page)
    run = page.url
    ready.locator("li:has-text('인정 시간이 0입니다.') a").click()
    page.fill("[name=hours]", "8")
    page.click("main form button[type=submit]")
    page.click("text=수료 기준 변경")
    page.fill("[name=score]", "0")
    page.click("button[value=preview]")
    look_at(page)
    page.click("button[value=change]")
    page.click("form[action$='/open'] button")
    expect(page.locator(".flash")).to_contain_text("차수를 개설했습니다")
    return run


def _copy_run(page: Page, run: str) -> None:
    """The next run, for whoever is transferred; open too."""
    page.goto(run)
    page.click("form[action$='/copy'] button")
    expect(page.locator("h1")).not_to_contain_text("1차수")
    page.click("form[action$='/open'] button")
    expect(page.locator(".flash")).to_contain_text("차수를 개설했습니다")


def _enrol(page: Page, run: str, company: str) -> None:
    """All of a company, which is found by its name."""
    page.goto(f"{run}people/enrol")
    page.fill("main [name=q]", company)
    page.click("main form[role=search] button")
    page.click("button[value=everybody]")
    page.click("button[value=enrol]")
    expect(page.locator("#learners")).to_be_visible()


def _change(page: Page, run: str, name: str, deed: str) -> None:
    """Tick somebody in the list and begin a deed; its page is open then."""
    page.goto(f"{run}people")
    page.locator(f"tr:has-text('{name}') input[type=checkbox]").check()
    page.click(f"button[value={deed}]")
    page.fill("[name=reason]", "교대 근무")


def _id_of(session: Session, run: str) -> int:
    return session.scalars(select(Run.id).where(Run.uid == UUID(run.rstrip("/").rpartition("/")[2]))).one()


def _let_time_pass(site: Site, run: str) -> None:
    """The run ended yesterday, and eight of those who are in it have read all of it."""
    with site.database.writing() as session:
        id_ = _id_of(session, run)
        begin, end = today() - timedelta(days=20), today() - timedelta(days=1)
        session.execute(
            update(Run)
            .where(Run.id == id_)
            .values(learn_from=begin, learn_to=end, apply_from=None, apply_to=None, review_to=None)
        )
        inside = select(Enrolment).where(Enrolment.run_id == id_, Enrolment.state == "enrolled").order_by(Enrolment.id)
        keys = session.scalars(select(RunUnit.key).where(RunUnit.run_id == id_)).all()
        for enrolment in session.scalars(inside.limit(COMPLETED)).all():
            for key in keys:
                ledger.record_unit_done(session, enrolment, key, effective_on=end)
            ledger.settle(session, enrolment)
        session.commit()


def _let_extension_end(site: Site, run: str) -> None:
    with site.database.writing() as session:
        ended = update(Extension).where(Extension.run_id == _id_of(session, run))
        session.execute(ended.values(learn_to=today() - timedelta(days=1)))
        session.commit()


def _first_completed(site: Site, run: str) -> str:
    with site.database.reading() as session:
        found = session.execute(
            select(Enrolment.uid)
            .join(LedgerEntry, LedgerEntry.enrolment_id == Enrolment.id)
            .where(Enrolment.run_id == _id_of(session, run), LedgerEntry.kind == "completed")
            .order_by(LedgerEntry.id)
        ).first()
    assert found is not None
    return f"{site.address}/desk/learners/{found[0]}"


def _counts(site: Site, run: str) -> dict[str, int]:
    with site.database.reading() as session:
        of_run = select(Enrolment.state, func.count()).where(Enrolment.run_id == _id_of(session, run))
        return dict(session.execute(of_run.group_by(Enrolment.state)).all())  # type: ignore[arg-type]


def test_from_an_empty_run_to_a_signed_sheet(site: Site, visit: Callable[..., Visit]) -> None:
    _found_companies(site)
    page = visit().open()
    sign_in(page, site, site.accounts["이서연"])
    run = _make_run(page, site)
    _copy_run(page, run)
    for _number, company, _people in COMPANIES:
        _enrol(page, run, company)
    expect(page.locator("[aria-labelledby=waiting] tbody tr")).to_have_count(2)
    assert _counts(site, run) == {"enrolled": SEATS}

    _change(page, run, "새론 1", "transfer")
    page.click("main button[value='1']")
    expect(page.locator("[aria-labelledby=waiting] tbody tr")).to_have_count(1)
    assert _counts(site, run) == {"enrolled": SEATS, "withdrawn": 1}
    _change(page, run, "새론 2", "extend")
    page.fill("[name=learn_to]", (today() + timedelta(days=400)).isoformat())
    page.click("main button[value='1']")
    expect(page.locator("[aria-labelledby=given]")).to_contain_text("새론 2")

    _let_time_pass(site, run)
    page.goto(f"{run}closing")
    expect(page.locator("[aria-labelledby=close]")).to_contain_text("연장으로 아직 학습 기간이 남은 수강생이 1명")
    look_at(page)
    _let_extension_end(site, run)
    page.goto(_first_completed(site, run))
    _revoke(page)

    page.goto(f"{run}closing")
    page.click("form[action$='/close'] button")
    expect(page.locator(".flash")).to_contain_text("차수를 마감했습니다")
    expect(page.locator(".figures .figure-number")).to_have_text(["7", "5", "1"])
    expect(page.locator("main")).to_contain_text("수료 취소")
    look_at(page)
    papers = [_take_sheet(page) for _ in range(2)]
    assert papers[0] == papers[1]
    with pikepdf.open(io.BytesIO(papers[0])) as pdf:
        assert str(pdf.docinfo["/Title"]) == "차수 결과표"
        assert len(pdf.pages) == 1


def _revoke(page: Page) -> None:
    page.click("summary:has-text('수료 취소')")
    form = page.locator("form[action$='/revoke']")
    form.locator("[name=reason]").fill("대리 학습 확인")
    form.locator("button").click()
    expect(page.locator(".flash")).to_contain_text("결정")


def _take_sheet(page: Page) -> bytes:
    page.reload()  # a second press within seconds sends nothing
    page.fill("form[action$='/sheet'] [name=reason]", "센터장 서명")
    with page.expect_download() as download:
        page.click("form[action$='/sheet'] button")
    return Path(download.value.path()).read_bytes()
