"""Companies: find, see, add, correct, move, merge; who works there since when; who looks after them. Each with its history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, g, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import Form

from lms.clock import today
from lms.errors import LMSError, NotFoundError
from lms.models import Cluster, Company, Industry, Region
from lms.people import changes, invitations, undo
from lms.people.organisations import companies, employments, grants, mergers, ties
from lms.people.organisations.business_numbers import display
from lms.people.organisations.companies import CompanyError, Facts
from lms.people.organisations.employments import Employee, Place
from lms.people.viewers import Viewer

from .. import access, deeds, flashes, organisation_forms, seen
from ..database import session, transaction
from ..errors import explain
from ..i18n import current_language, format_day, lazy_gettext
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render, url

bp = Blueprint("companies", __name__, url_prefix="/companies")
PAGE = 50
LAST_PAGE = 400  # who looks further types a longer beginning

Answer = str | Response | tuple[str, int]


def _page() -> int:
    given = request.args.get("page", "1")
    return min(max(1, int(given)), LAST_PAGE) if given.isascii() and given.isdigit() and len(given) < 9 else 1


# Finding


@bp.get("/")
@access.organisations
def home() -> str:
    viewer, page = access.viewer(), _page()
    text, region = request.args.get("q", "")[:120], request.args.get("region", "")
    found = companies.find_companies(session, viewer, text, region=region, limit=PAGE + 1, offset=(page - 1) * PAGE)
    return render(
        "lms/companies/home.html",
        rows=found[:PAGE],
        q=text,
        region=region,
        regions=companies.list_regions(session, None if viewer.is_programme_office else viewer),
        name_of=deeds.name_of,
        words=_words,
        display=display,
        previous=url("companies.home", q=text, region=region, page=page - 1) if page > 1 else "",
        next=url("companies.home", q=text, region=region, page=page + 1) if len(found) > PAGE else "",
        may_add=access.organisers.test(viewer),
    )


def _words(vocabulary: str, key: str | None) -> str:
    return organisation_words(vocabulary).get(key or "", "")


def organisation_words(vocabulary: str) -> dict[str, str]:
    place = 0 if current_language() == "ko" else 1
    return {key: words[place] for key, words in deeds.vocabulary_of(vocabulary).items()}


@bp.get("/new")
@access.organisers
def new() -> str:
    form = organisation_forms.NewCompanyForm(data={"from_on": today()})
    return _show_new(_with_choices(session, form))


def _show_new(form: Form) -> str:
    return render("lms/companies/new.html", form=form)


@bp.post("/new")
@access.organisers
def add() -> Answer:
    form: Any = _with_choices(session, organisation_forms.NewCompanyForm(request.form))
    if not form.validate():
        return _show_new(form), 422
    try:
        with transaction() as writing:
            company = companies.add_company(
                writing,
                access.viewer(),
                business_number=form.number.data,
                name=form.name.data,
                facts=_facts(writing, form),
                from_on=form.from_on.data,
                address=request.remote_addr or "",
            )
    except CompanyError as error:
        field = {"number_malformed": form.number, "number_taken": form.number, "future": form.from_on}.get(error.reason)
        (field or form.name).errors = [explain(error)]
        return _show_new(form), 422
    flashes.add(_("The company is added."), "success")
    return to("companies.company", uid=company.uid)


def _with_choices(reading: Session, form: Any, *, anywhere: bool = False) -> Any:
    """Fills the choices of region, size, level and industry. A company may move to a region that its officer doesn't look
    after."""
    nothing = [("", _("Not declared"))]
    regions = companies.list_regions(reading, None if anywhere else access.viewer())
    form.region.choices = [("", _("Choose")), *((row.slug, deeds.name_of(row)) for row in regions)]
    form.size.choices = [*nothing, *organisation_words("size_classes").items()]
    form.level.choices = [*nothing, *organisation_words("factory_levels").items()]
    form.industry.choices = [
        *nothing, *((row.code, f"{row.code} {deeds.name_of(row)}") for row in companies.list_industries(reading))
    ]  # fmt: skip
    return form


def _facts(reading: Session, form: Any) -> Facts:
    """What the form declares. The choices were checked."""
    region = companies.region_with_slug(reading, form.region.data)
    industry = next((row for row in companies.list_industries(reading) if row.code == form.industry.data), None)
    return Facts(
        region.id, form.size.data or None, form.level.data or None, industry.id if industry is not None else None
    )


# One company


@bp.get("/<uuid:uid>")
@access.organisations
def company(uid: UUID) -> str:
    return _show(uid)


def _show(uid: UUID, form: Any = None) -> str:
    viewer = access.viewer()
    found = companies.load_company(session, viewer, uid)
    may_edit = companies.may_edit(session, viewer, found)
    statuses = companies.list_statuses(session, found)
    now = companies.status_on(session, found, today())
    return render(
        "lms/companies/company.html",
        company=found,
        number=display(found.business_number),
        now=next((row for row in statuses if now is not None and row[0].id == now.id), None),
        statuses=statuses,
        counting=_counting(statuses),
        formers=companies.list_former_names(session, found),
        merged=companies.list_merged(session, found),
        into=companies.merged_into(session, found),
        clusters=ties.list_memberships(session, found),
        partners=ties.list_partners(session, found),
        people=employments.count_people(session, found),
        managers=grants.list_holders(session, grants.Scope("company_manager", company=found)),
        history=deeds.tell(session, changes.history_of_company(session, found.id)),
        form=form or organisation_forms.HolderForm(),
        may_edit=may_edit,
        has_slips=access.slips.test(viewer),
        results=access.desk.test(viewer) and not viewer.is_operator,
        name_of=deeds.name_of,
        words=_words,
        display=display,
        today=today(),
        here=url("companies.company", uid=uid),
    )


def _counting(statuses: list[tuple[Any, Region, Industry | None]]) -> set[int]:
    """Of rows of one day the newest counts; it comes first."""
    first: dict[date, int] = {}
    for status, _region, _industry in statuses:
        first.setdefault(status.from_on, status.id)
    return set(first.values())


@bp.post("/<uuid:uid>/undo/<uuid:deed>")
@access.organisers
def undo_deed(uid: UUID, deed: UUID) -> Response:
    viewer = access.viewer()
    found = companies.load_to_edit(session, viewer, uid)
    try:
        with transaction() as writing:
            set_ = changes.load_of_company(writing, found, deed, companies.editable_by(writing, viewer))
            undo.undo(writing, set_, actor_id=viewer.id, address=request.remote_addr or "")
    except undo.UndoRefusedError as error:
        flashes.add(explain(error), "error")
    else:
        flashes.add(_("It is undone. The history keeps both."), "success")
    return to("companies.home") if not _is_there(uid) else to("companies.company", uid=uid)


def _is_there(uid: UUID) -> bool:
    """A company whose adding was undone is gone, and one that was moved may be another centre's."""
    try:
        companies.load_company(session, access.viewer(), uid)
    except NotFoundError:
        return False
    return True


# What may be done to a company: a form each


@dataclass(frozen=True)
class _Deed:
    """`form` reads what was typed, `do` writes it; `fill` are the form's first values."""

    title: Any
    lead: Any
    button: Any
    form: type[Form]
    do: Callable[[Session, Viewer, Company, Any], object]
    fill: Callable[[Company], dict[str, Any]] = lambda company: {}
    done: Any = None


def _address() -> str:
    return request.remote_addr or ""


def _of_now(company: Company) -> dict[str, Any]:
    status = companies.status_on(session, company, today())
    if status is None:
        return {"from_on": today()}
    rows = {held.id: (region, industry) for held, region, industry in companies.list_statuses(session, company)}
    region, industry = rows[status.id]
    return {
        "region": region.slug,
        "size": status.size_class or "",
        "level": status.factory_level or "",
        "industry": industry.code if industry else "",
        "from_on": today(),
    }


def _set_partner(writing: Session, viewer: Viewer, company: Company, form: Any) -> None:
    partner = companies.resolve(writing, form.number.data) if form.number.data else None
    if form.number.data and partner is None:
        raise CompanyError("no_such_number")
    ties.set_partner(writing, viewer, company, partner, from_on=form.from_on.data, address=_address())


def _cluster(writing: Session, form: Any) -> Cluster:
    return next(row for row in ties.list_clusters(writing) if row.slug == form.cluster.data)


def _other(writing: Session, viewer: Viewer, number: str) -> Company:
    """Another company that the viewer may edit. A number of somebody else's is as unknown as none."""
    try:
        return companies.load_by_number(writing, viewer, number)
    except NotFoundError:
        raise CompanyError("no_such_number") from None


_DEEDS: dict[str, _Deed] = {
    "declare": _Deed(
        lazy_gettext("Change from a day on"),
        lazy_gettext("The company moved, grew, or raised its factory from this day on. Before it, everything stays as it was."),
        lazy_gettext("Keep the change"),
        organisation_forms.DeclareForm,
        lambda writing, viewer, company, form: companies.declare(
            writing, viewer, company, _facts(writing, form), from_on=form.from_on.data, reason=form.reason.data or "",
            address=_address(),
        ),
        _of_now,
    ),
    "correct-declaration": _Deed(
        lazy_gettext("Correct what was declared"),
        lazy_gettext("What we had of that day was wrong all along. Enrolments that were counted with it stay counted so."),
        lazy_gettext("Keep the correction"),
        organisation_forms.CorrectFactsForm,
        lambda writing, viewer, company, form: companies.correct_status(
            writing, viewer, company, _facts(writing, form), from_on=date.fromisoformat(form.day.data),
            reason=form.reason.data, address=_address(),
        ),
        _of_now,
    ),
    "rename": _Deed(
        lazy_gettext("Change the name from a day on"),
        lazy_gettext("The company is called otherwise from this day on. It is still found by the name that it had."),
        lazy_gettext("Keep the change"),
        organisation_forms.NameForm,
        lambda writing, viewer, company, form: companies.rename(
            writing, viewer, company, form.name.data, from_on=form.from_on.data, reason=form.reason.data or "",
            address=_address(),
        ),
        lambda company: {"from_on": today()},
    ),
    "correct-name": _Deed(
        lazy_gettext("Correct the name"),
        lazy_gettext("The name was written wrongly. The wrong one is not kept as a former name; the history keeps it."),
        lazy_gettext("Keep the correction"),
        organisation_forms.CorrectNameForm,
        lambda writing, viewer, company, form: companies.correct(
            writing, viewer, company, name=form.name.data, reason=form.reason.data, address=_address()
        ),
        lambda company: {"name": company.name},
    ),
    "correct-number": _Deed(
        lazy_gettext("Correct the business number"),
        lazy_gettext("The number was written wrongly. Its form is checked; that the firm exists is not."),
        lazy_gettext("Keep the correction"),
        organisation_forms.CorrectNumberForm,
        lambda writing, viewer, company, form: companies.correct(
            writing, viewer, company, business_number=form.number.data, reason=form.reason.data, address=_address()
        ),
        lambda company: {"number": display(company.business_number)},
    ),
    "join": _Deed(
        lazy_gettext("Join a cluster"),
        lazy_gettext("The company trains together with those of this digital cluster from this day on."),
        lazy_gettext("Keep the change"),
        organisation_forms.ClusterForm,
        lambda writing, viewer, company, form: ties.join_cluster(
            writing, viewer, company, _cluster(writing, form), from_on=form.day.data, address=_address()
        ),
        lambda company: {"day": today()},
    ),
    "leave": _Deed(
        lazy_gettext("Leave a cluster"),
        lazy_gettext("The company is in the cluster up to this day. What was counted with the cluster stays."),
        lazy_gettext("Keep the change"),
        organisation_forms.LeaveClusterForm,
        lambda writing, viewer, company, form: ties.leave_cluster(
            writing, viewer, company, _cluster(writing, form), to_on=form.day.data, address=_address()
        ),
        lambda company: {"day": today()},
    ),
    "partner": _Deed(
        lazy_gettext("Set the partner"),
        lazy_gettext("The large company that carries a part of the cost, from this day on."),
        lazy_gettext("Keep the change"),
        organisation_forms.PartnerForm,
        _set_partner,
        lambda company: {"from_on": today()},
    ),
    "merge": _Deed(
        lazy_gettext("Merge into another entry"),
        lazy_gettext(
            "This company was entered twice. Its people, managers, clusters and partner go over to the other entry. What was "
            "counted stays as it was counted, and this entry stays findable and points to the other."
        ),
        lazy_gettext("Merge"),
        organisation_forms.MergeForm,
        lambda writing, viewer, company, form: mergers.merge(
            writing, viewer, company, _other(writing, viewer, form.number.data), reason=form.reason.data,
            address=_address(),
        ),
    ),
}  # fmt: skip
_CHANGES = ", ".join(repr(name) for name in _DEEDS)


def _form_of(name: str, company: Company, typed: Any = None) -> Any:
    deed = _DEEDS[name]
    form: Any = deed.form(typed, data=deed.fill(company)) if typed is None else deed.form(typed)
    if isinstance(form, organisation_forms.FactsForm):
        _with_choices(session, form, anywhere=True)
    if name == "correct-declaration":
        form.day.choices = [
            (row.from_on.isoformat(), format_day(row.from_on))
            for row, _region, _industry in companies.list_statuses(session, company)
            if row.id in _counting(companies.list_statuses(session, company))
        ]
    if name == "join":
        form.cluster.choices = [("", _("Choose")), *((row.slug, row.name) for row in ties.list_clusters(session))]
    if name == "leave":
        inside = [cluster for member, cluster in ties.list_memberships(session, company) if member.to_on is None]
        form.cluster.choices = [("", _("Choose")), *((row.slug, row.name) for row in inside)]
    return form


@bp.get(f"/<uuid:uid>/<any({_CHANGES}):deed>")
@access.organisers
def ask(uid: UUID, deed: str) -> str:
    found = companies.load_to_edit(session, access.viewer(), uid)
    return _show_deed(found, deed, _form_of(deed, found))


def _show_deed(company: Company, deed: str, form: Any) -> str:
    what = _DEEDS[deed]
    return render(
        "lms/companies/deed.html",
        company=company,
        title=str(what.title),
        lead=str(what.lead),
        button=str(what.button),
        form=form,
        action=url("companies.do", uid=company.uid, deed=deed),
        trail=[(_("Companies"), url("companies.home")), (company.name, url("companies.company", uid=company.uid))],
        here=url("companies.ask", uid=company.uid, deed=deed),
    )


@bp.post(f"/<uuid:uid>/<any({_CHANGES}):deed>")
@access.organisers
def do(uid: UUID, deed: str) -> Answer:
    viewer = access.viewer()
    found = companies.load_to_edit(session, viewer, uid)
    form = _form_of(deed, found, request.form)
    if not form.validate():
        return _show_deed(found, deed, form), 422
    try:
        with transaction() as writing:
            _DEEDS[deed].do(writing, viewer, companies.load_to_edit(writing, viewer, uid), form)
    except CompanyError as error:
        form.form_errors.append(explain(error))
        return _show_deed(found, deed, form), 422
    flashes.add(_("It is changed. The history below keeps what it was, and can undo it."), "success")
    return to("companies.company", uid=uid) if _is_there(uid) else to("companies.home")


# People of a company


@bp.get("/<uuid:uid>/people")
@access.organisations
def people(uid: UUID) -> str:
    viewer, page = access.viewer(), _page()
    found = companies.load_company(session, viewer, uid)
    text = request.args.get("q", "")[:80]
    rows = employments.list_people(session, found, text, limit=PAGE + 1, offset=(page - 1) * PAGE)
    seen.people("employee_list", len(rows[:PAGE]), subject=f"company:{uid}")
    return render(
        "lms/companies/people.html",
        company=found,
        rows=rows[:PAGE],
        q=text,
        today=today(),
        may_edit=companies.may_edit(session, viewer, found),
        previous=url("companies.people", uid=uid, q=text, page=page - 1) if page > 1 else "",
        next=url("companies.people", uid=uid, q=text, page=page + 1) if len(rows) > PAGE else "",
    )


@bp.get("/<uuid:uid>/people/new")
@access.organisers
def new_person(uid: UUID) -> str:
    found = companies.load_to_edit(session, access.viewer(), uid)
    return _show_new_person(found, organisation_forms.NewPersonForm(data={"from_on": today()}))


def _show_new_person(company: Company, form: Any) -> str:
    return render(
        "lms/companies/deed.html",
        company=company,
        title=_("Add a person"),
        lead=_("She gets an account that nobody can sign in to yet; give her a slip or an invitation next."),
        button=_("Add"),
        form=form,
        order=("name", "employee_number", "department", "job", "email", "from_on"),
        action=url("companies.add_person", uid=company.uid),
        trail=_trail(company),
        here=url("companies.new_person", uid=company.uid),
    )


def _trail(company: Company) -> list[tuple[str, str]]:
    return [
        (_("Companies"), url("companies.home")),
        (company.name, url("companies.company", uid=company.uid)),
        (_("Employees"), url("companies.people", uid=company.uid)),
    ]


@bp.post("/<uuid:uid>/people/new")
@access.organisers
def add_person(uid: UUID) -> Answer:
    viewer = access.viewer()
    found = companies.load_to_edit(session, viewer, uid)
    form = organisation_forms.NewPersonForm(request.form)
    if not form.validate():
        return _show_new_person(found, form), 422
    try:
        with transaction() as writing:
            employments.add_person(
                writing,
                viewer,
                found,
                name=form.name.data or "",
                email=form.email.data,
                place=_place(form),
                from_on=form.from_on.data,  # type: ignore[arg-type]
                address=_address(),
            )
    except LMSError as error:
        form.form_errors.append(explain(error))
        return _show_new_person(found, form), 422
    flashes.add(_("%(name)s is added.", name=form.name.data), "success")
    return to("companies.people", uid=uid)


def _place(form: Any) -> Place:
    return Place(form.employee_number.data or None, form.department.data or "", form.job.data or "")


@bp.get("/<uuid:uid>/people/<uuid:person>/<day>")
@access.organisers
def employee(uid: UUID, person: UUID, day: str) -> str:
    found, row = _load(uid, person, day)
    seen.person(row.person.id, "employee_page")
    return render(
        "lms/companies/employee.html",
        company=found,
        row=row,
        day=day,
        everywhere=employments.of_person(session, row.person.id),
        history=deeds.tell(session, changes.history_of_person(session, row.person.id)),
        name_of=deeds.name_of,
        trail=_trail(found),
        has_slips=access.slips.test(access.viewer()),
    )


def _load(uid: UUID, person: UUID, day: str) -> tuple[Company, Employee]:
    try:
        from_on = date.fromisoformat(day)
    except ValueError:
        raise NotFoundError() from None
    return employments.load_employment(session, access.viewer(), uid, person, from_on)


@dataclass(frozen=True)
class _Change:
    """What may be done to an employment."""

    title: Any
    lead: Any
    form: type[Form]
    order: tuple[str, ...]
    do: Callable[[Session, Viewer, Employee, Any], object]
    fill: Callable[[Employee], dict[str, Any]]


def _of_place(row: Employee) -> dict[str, Any]:
    held = row.employment
    return {
        "employee_number": held.employee_number or "",
        "department": held.department,
        "job": held.job,
        "from_on": held.from_on,
        "to_on": held.to_on,
    }


_EMPLOYMENT: dict[str, _Change] = {
    "end": _Change(
        lazy_gettext("Ended there"),
        lazy_gettext("She works there up to this day. Her courses and completions stay hers."),
        organisation_forms.EndForm,
        ("to_on", "reason"),
        lambda writing, viewer, row, form: employments.end(
            writing, viewer, row.employment, to_on=form.to_on.data, reason=form.reason.data or "", address=_address()
        ),
        lambda row: {"to_on": today()},
    ),
    "move": _Change(
        lazy_gettext("Went to another company"),
        lazy_gettext("She works there up to the day before, and at the other company from this day on."),
        organisation_forms.MoveForm,
        ("number", "from_on", "employee_number", "department", "job", "reason"),
        lambda writing, viewer, row, form: employments.move(
            writing, viewer, row.employment, _other(writing, viewer, form.number.data), place=_place(form),
            from_on=form.from_on.data, reason=form.reason.data or "", address=_address(),
        ),
        lambda row: {"from_on": today()},
    ),
    "correct": _Change(
        lazy_gettext("Correct the employment"),
        lazy_gettext("What we had was wrong all along."),
        organisation_forms.CorrectPlaceForm,
        ("employee_number", "department", "job", "from_on", "to_on", "reason"),
        lambda writing, viewer, row, form: employments.correct(
            writing, viewer, row.employment, place=_place(form), from_on=form.from_on.data, to_on=form.to_on.data,
            reason=form.reason.data, address=_address(),
        ),
        _of_place,
    ),
}  # fmt: skip


@bp.get("/<uuid:uid>/people/<uuid:person>/<day>/<any(end, move, correct):deed>")
@access.organisers
def ask_employment(uid: UUID, person: UUID, day: str, deed: str) -> str:
    found, row = _load(uid, person, day)
    seen.person(row.person.id, "employee_page")
    what = _EMPLOYMENT[deed]
    return _show_employment(found, row, day, deed, what.form(data=what.fill(row)))


def _show_employment(company: Company, row: Employee, day: str, deed: str, form: Any) -> str:
    what = _EMPLOYMENT[deed]
    values: dict[str, Any] = {"uid": company.uid, "person": row.person.uid, "day": day}
    return render(
        "lms/companies/deed.html",
        company=company,
        title=f"{row.person.name}: {what.title}",
        lead=str(what.lead),
        button=_("Keep the change"),
        form=form,
        order=what.order,
        action=url("companies.do_employment", deed=deed, **values),
        trail=[*_trail(company), (row.person.name, url("companies.employee", **values))],
        here=url("companies.ask_employment", deed=deed, **values),
    )


@bp.post("/<uuid:uid>/people/<uuid:person>/<day>/<any(end, move, correct):deed>")
@access.organisers
def do_employment(uid: UUID, person: UUID, day: str, deed: str) -> Answer:
    found, row = _load(uid, person, day)
    form = _EMPLOYMENT[deed].form(request.form)
    if not form.validate():
        return _show_employment(found, row, day, deed, form), 422
    try:
        with transaction() as writing:
            _company, mine = employments.load_employment(writing, access.viewer(), uid, person, row.employment.from_on)
            _EMPLOYMENT[deed].do(writing, access.viewer(), mine, form)
    except LMSError as error:
        form.form_errors.append(explain(error))
        return _show_employment(found, row, day, deed, form), 422
    flashes.add(_("It is changed. The history keeps what it was."), "success")
    return to("companies.people", uid=uid)


# Managers of a company


@bp.post("/<uuid:uid>/managers")
@access.organisers
def give_manager(uid: UUID) -> Answer:
    viewer = access.viewer()
    form = organisation_forms.HolderForm(request.form)
    found = companies.load_to_edit(session, viewer, uid)
    if not form.validate():
        return _show(uid, form), 422
    try:
        with transaction() as writing:
            person = grants.give(
                writing,
                viewer,
                grants.Scope("company_manager", company=found),
                name=form.name.data or "",
                email=form.email.data or "",
                address=_address(),
            )
            invited = invite(writing, person.id, f"company:{found.id}")
    except LMSError as error:
        form.form_errors.append(explain(error))
        return _show(uid, form), 422
    flashes.add(given(person.name, invited), "success")
    return to("companies.company", uid=uid)


def invite(writing: Session, person_id: int, subject: str) -> int:
    """By e-mail, to choose a password; in a host the host signs people in."""
    if not g.lms.is_standalone:
        return 0
    return invitations.invite(writing, [person_id], actor_id=access.viewer().id, subject=subject, address=_address())


def given(name: str, invited: int) -> str:
    if invited:
        return _("%(name)s has the role, and is invited by e-mail to choose a password.", name=name)
    return _("%(name)s has the role.", name=name)


@bp.post("/<uuid:uid>/managers/<uuid:person>/end")
@access.organisers
def end_manager(uid: UUID, person: UUID) -> Response:
    viewer = access.viewer()
    found = companies.load_to_edit(session, viewer, uid)
    with transaction() as writing:
        grants.end(writing, viewer, grants.Scope("company_manager", company=found), person, address=_address())
    flashes.add(_("The role has ended."), "success")
    return to("companies.company", uid=uid)
