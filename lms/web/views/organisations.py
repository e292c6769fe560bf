"""Regions with what they became, centres with the regions that they serve, clusters; and who answers for a centre."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response

from lms.clock import today
from lms.errors import LMSError
from lms.models import Centre
from lms.people import changes, undo
from lms.people.organisations import centres, companies, grants, ties

from .. import access, deeds, flashes, organisation_forms
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..redirects import to
from ..templating import render, url
from .companies import given, invite

bp = Blueprint("organisations", __name__, url_prefix="/organisations")

Answer = str | Response | tuple[str, int]


@bp.get("/")
@access.organisations
def home() -> str:
    return _show_home(organisation_forms.NewClusterForm())


def _show_home(form: Any) -> str:
    return render(
        "lms/organisations/home.html",
        places=centres.list_places(session, today()),
        centres=centres.list_centres(session, today()),
        clusters=ties.count_members(session, today()),
        form=form,
        name_of=deeds.name_of,
        may_edit=access.viewer().is_operator,
        here=url("organisations.home"),
    )


@bp.post("/clusters")
@access.operator
def add_cluster() -> Answer:
    form = organisation_forms.NewClusterForm(request.form)
    if not form.validate():
        return _show_home(form), 422
    try:
        with transaction() as writing:
            ties.add_cluster(writing, access.viewer(), form.name.data or "", address=request.remote_addr or "")
    except LMSError as error:
        form.name.errors = [explain(error)]
        return _show_home(form), 422
    flashes.add(_("The cluster is added."), "success")
    return to("organisations.home")


@bp.get("/centres/<slug>")
@access.organisations
def centre(slug: str) -> str:
    return _show(centres.load_centre(session, slug))


def _show(centre: Centre, holder: Any = None, kind: str = "officer", service: Any = None, stop: Any = None) -> str:
    services = centres.list_services(session, centre)
    service = service or organisation_forms.ServiceForm(data={"day": today()}, prefix="serve")
    stop = stop or organisation_forms.StopForm(data={"day": today()}, prefix="stop")
    _fill(service, stop, services)
    return render(
        "lms/organisations/centre.html",
        centre=centre,
        services=services,
        holders=[
            (kind_, str(deeds.ROLES[kind_]), grants.list_holders(session, grants.Scope(kind_, centre=centre)))
            for kind_ in grants.OF_CENTRES
        ],
        history=deeds.tell(session, changes.history_of(session, f"centre:{centre.id}")),
        forms={
            kind_: holder if holder is not None and kind_ == kind else organisation_forms.HolderForm(prefix=kind_)
            for kind_ in grants.OF_CENTRES
        },
        service=service,
        stop=stop,
        name_of=deeds.name_of,
        may_edit=access.viewer().is_operator,
        here=url("organisations.centre", slug=centre.slug),
    )


def _fill(service: Any, stop: Any, services: list[tuple[Any, Any]]) -> None:
    choose = ("", _("Choose"))
    service.region.choices = [
        choose,
        *((row.slug, deeds.name_of(row)) for row in centres.list_regions_on(session, today())),
    ]
    stop.region.choices = [
        choose,
        *((region.slug, deeds.name_of(region)) for row, region in services if row.to_on is None or row.to_on > today()),
    ]


@bp.post("/centres/<slug>/<any(serve, stop):what>")
@access.operator
def change_service(slug: str, what: str) -> Answer:
    found = centres.load_centre(session, slug)
    is_new = what == "serve"
    form: Any = (organisation_forms.ServiceForm if is_new else organisation_forms.StopForm)(request.form, prefix=what)
    other: Any = (organisation_forms.StopForm if is_new else organisation_forms.ServiceForm)(
        data={"day": today()}, prefix="stop" if is_new else "serve"
    )
    service, stop = (form, other) if is_new else (other, form)
    _fill(service, stop, centres.list_services(session, found))
    if not form.validate():
        return _show(found, service=service, stop=stop), 422
    try:
        with transaction() as writing:
            region = companies.region_with_slug(writing, form.region.data)
            if is_new:
                centres.serve(writing, access.viewer(), found, region, from_on=form.day.data, address=_address())
            else:
                centres.stop_serving(writing, access.viewer(), found, region, to_on=form.day.data, address=_address())
    except LMSError as error:
        form.form_errors.append(explain(error))
        return _show(found, service=service, stop=stop), 422
    flashes.add(_("It is changed. The history below keeps what it was, and can undo it."), "success")
    return to("organisations.centre", slug=slug)


@bp.post("/centres/<slug>/<any(officer, instructor):kind>")
@access.operator
def give(slug: str, kind: str) -> Answer:
    found = centres.load_centre(session, slug)
    form = organisation_forms.HolderForm(request.form, prefix=kind)
    if not form.validate():
        return _show(found, form, kind), 422
    try:
        with transaction() as writing:
            person = grants.give(
                writing,
                access.viewer(),
                grants.Scope(kind, centre=found),
                name=form.name.data or "",
                email=form.email.data or "",
                address=_address(),
            )
            invited = invite(writing, person.id, f"centre:{found.id}")
    except LMSError as error:
        form.form_errors.append(explain(error))
        return _show(found, form, kind), 422
    flashes.add(given(person.name, invited), "success")
    return to("organisations.centre", slug=slug)


@bp.post("/centres/<slug>/<any(officer, instructor):kind>/<uuid:person>/end")
@access.operator
def end(slug: str, kind: str, person: UUID) -> Response:
    found = centres.load_centre(session, slug)
    with transaction() as writing:
        grants.end(writing, access.viewer(), grants.Scope(kind, centre=found), person, address=_address())
    flashes.add(_("The role has ended."), "success")
    return to("organisations.centre", slug=slug)


@bp.post("/centres/<slug>/undo/<uuid:deed>")
@access.operator
def undo_deed(slug: str, deed: UUID) -> Response:
    found = centres.load_centre(session, slug)
    try:
        with transaction() as writing:
            set_ = changes.load_of(writing, f"centre:{found.id}", deed)
            undo.undo(writing, set_, actor_id=access.viewer().id, address=_address())
    except undo.UndoRefusedError as error:
        flashes.add(explain(error), "error")
    else:
        flashes.add(_("It is undone. The history keeps both."), "success")
    return to("organisations.centre", slug=slug)


def _address() -> str:
    return request.remote_addr or ""
