"""Sittings: the officer plans them, the instructor keeps the list and shows the code, the learner chooses and enters it."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

from flask import Blueprint, Response, g, jsonify, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from lms import documents
from lms.clock import seoul_day, utcnow
from lms.learning.runs import reading as runs
from lms.learning.runs.states import RunStateError
from lms.learning.sittings import SittingError, calendars, codes, hours, planning, presence, reading, seats
from lms.models import Run, Sitting
from lms.reports import downloads
from lms.reports.downloads import ReasonMissingError

from .. import access, flashes, run_pages, seen, sign_in, sitting_words
from ..database import session, transaction
from ..errors import explain
from ..i18n import gettext as _
from ..i18n import ngettext
from ..redirects import to
from ..sitting_forms import SittingForm, clock_on, said_of
from ..templating import render, url

bp = Blueprint("sittings", __name__)
_RUN = "/desk/runs/<uuid:uid>/sittings"
_ONE = f"{_RUN}/<uuid:sitting>"


# The officer's tab


@bp.get(_RUN)
@access.class_reader
def tab(uid: UUID) -> str:
    run = runs.load_run(session, access.viewer(), uid)
    return _show_tab(run)


def _show_tab(run: Run, problem: str = "", about: Sitting | None = None, reason: str = "") -> str:
    rows = reading.rows_of(session, planning.list_sittings(session, run.id))
    return run_pages.show(
        "lms/sittings/tab.html",
        "sittings",
        run,
        rows=rows,
        asked=_asked_hours(rows),
        rule=run.rules[-1],
        now=utcnow(),
        problem=problem,
        about=about,
        reason=reason,
    )


def _asked_hours(rows: list[reading.SittingRow]) -> float:
    """The hours that the run asks of each learner."""
    asked = {
        row.sitting.choice: row.sitting for row in rows if not row.sitting.is_cancelled and not row.sitting.is_extra
    }
    return sum(sitting.hours for sitting in asked.values())


@bp.get(f"{_RUN}/new")
@access.officer
def new(uid: UUID) -> str:
    """`like` copies another sitting, `date_of` makes a further date of it."""
    run = runs.load_to_edit(session, access.viewer(), uid)
    others = _held(run)
    wanted = request.args.get("like") or request.args.get("date_of", "")
    model = next((each for each in others if str(each.uid) == wanted), None)
    said = said_of(model) if model else {}
    if model:
        said |= {"day": None, "same_as": str(model.uid) if "date_of" in request.args else ""}
    return _show_form(run, SittingForm(data=said), others)


@bp.post(f"{_RUN}/new")
@access.officer
def add(uid: UUID) -> AnyResponse | tuple[str, int]:
    run = runs.load_to_edit(session, access.viewer(), uid)
    others = _held(run)
    form = _typed(others)
    if not form.validate():
        return _show_form(run, form, others), 422
    try:
        with transaction() as writing:
            locked = runs.load_to_edit(writing, access.viewer(), uid, lock=True)
            held = [each for each in planning.list_sittings(writing, locked.id) if not each.is_cancelled]
            made = planning.add(writing, locked, form.plan(held), actor_id=access.viewer().id)
            is_extra = made.is_extra and not form.is_extra.data
    except (SittingError, RunStateError) as error:
        return _show_form(run, form, others, explain(error)), 422
    flashes.add(
        _("The sitting is planned. The run has begun, so it is extra: its hours count, but nobody is asked for them.")
        if is_extra
        else _("The sitting is planned."),
        "success",
    )
    return to("sittings.tab", uid=uid)


@bp.get(f"{_ONE}/edit")
@access.officer
def edit(uid: UUID, sitting: UUID) -> str:
    found = reading.load_to_edit(session, access.viewer(), uid, sitting)
    run = runs.load_to_edit(session, access.viewer(), uid)
    return _show_form(run, SittingForm(data=said_of(found)), [], sitting=found)


@bp.post(f"{_ONE}/edit")
@access.officer
def change(uid: UUID, sitting: UUID) -> AnyResponse | tuple[str, int]:
    found = reading.load_to_edit(session, access.viewer(), uid, sitting)
    run = runs.load_to_edit(session, access.viewer(), uid)
    form = _typed([])
    if not form.validate():
        return _show_form(run, form, [], sitting=found), 422
    try:
        with transaction() as writing:
            locked = runs.load_to_edit(writing, access.viewer(), uid, lock=True)
            row = reading.load_to_edit(writing, access.viewer(), uid, sitting)
            planning.change(writing, locked, row, form.plan([]), actor_id=access.viewer().id)
    except (SittingError, RunStateError) as error:
        return _show_form(run, form, [], explain(error), found), 422
    flashes.add(_("The change is saved."), "success")
    return to("sittings.tab", uid=uid)


@bp.post(f"{_ONE}/cancel")
@access.officer
def cancel(uid: UUID, sitting: UUID) -> AnyResponse | tuple[str, int]:
    found = reading.load_to_edit(session, access.viewer(), uid, sitting)
    reason = request.form.get("reason", "")
    try:
        with transaction() as writing:
            run = runs.load_to_edit(writing, access.viewer(), uid, lock=True)
            row = reading.load_to_edit(writing, access.viewer(), uid, sitting)
            planning.cancel(writing, run, row, reason, actor_id=access.viewer().id)
    except (SittingError, RunStateError) as error:
        run = runs.load_run(session, access.viewer(), uid)
        return _show_tab(run, explain(error), found, reason), 422
    flashes.add(_("The sitting is cancelled. It stays on the list with its reason."), "success")
    return to("sittings.tab", uid=uid)


def _held(run: Run) -> list[Sitting]:
    return [each for each in planning.list_sittings(session, run.id) if not each.is_cancelled]


def _typed(others: list[Sitting]) -> SittingForm:
    form = SittingForm(request.form)
    form.offer(others)
    return form


def _show_form(
    run: Run, form: SittingForm, others: list[Sitting], problem: str = "", sitting: Sitting | None = None
) -> str:
    form.offer(others)
    if problem:
        form.form_errors.append(problem)
    return run_pages.show(
        "lms/sittings/form.html",
        "sittings",
        run,
        form=form,
        others=others,
        sitting=sitting,
        has_begun=run.opened_at is not None and seoul_day(utcnow()) >= run.learn_from,
    )


# The list


@bp.get(f"{_ONE}/")
@access.class_reader
def roll(uid: UUID, sitting: UUID) -> str:
    return _show_roll(reading.load_sitting(session, access.viewer(), uid, sitting))


def _show_roll(
    found: Sitting, problem: str = "", about: UUID | None = None, wanted: str = "", print_problem: str = ""
) -> str:
    """`problem` stands at the row of the enrolment `about`, whose form opens with `wanted` chosen."""
    listed = reading.roll_of(session, found)
    seen.people("attendance_list", len(listed.people), subject=f"run:{found.run.uid}")
    return render(
        "lms/sittings/roll.html",
        sitting=found,
        run=found.run,
        roll=listed,
        marks=sitting_words.marks(),
        tones=sitting_words.MARK_TONES,
        now=utcnow(),
        tolerance=hours.TOLERANCE.seconds // 60,
        opens_at=presence.opens_at(found),
        problem=problem,
        about=about,
        wanted=wanted,
        typed=request.form,
        print_problem=print_problem,
    )


@bp.post(f"{_ONE}/mark")
@access.class_reader
def mark(uid: UUID, sitting: UUID) -> AnyResponse | tuple[str, int]:
    """One tick. What can't be noted stands at the row, with a form for the time and the reason."""
    viewer = access.viewer()
    found = reading.load_sitting(session, viewer, uid, sitting)
    form = request.form
    learner = reading.load_learner(session, found, _uid_of(form.get("enrolment", "")))
    what = form.get("what", "")
    try:
        arrived, left = (_clock(found, form.get(name, "")) for name in ("arrived", "left"))
        with transaction() as writing:
            row = reading.load_sitting(writing, viewer, uid, sitting)
            presence.mark(
                writing,
                row.run,
                row,
                learner,
                what,
                actor_id=viewer.id,
                arrived_at=arrived,
                left_at=left,
                reason=form.get("reason", ""),
                seen=form.get("seen", type=int),
            )
    except (SittingError, RunStateError) as error:
        session.rollback()  # what others noted meanwhile is to be seen
        found = reading.load_sitting(session, viewer, uid, sitting)
        return _show_roll(found, explain(error), learner.uid, what), 422
    return to("sittings.roll", uid=uid, sitting=sitting, _anchor=f"at-{learner.uid}")


def _clock(found: Sitting, typed: str):  # type: ignore[no-untyped-def]
    try:
        return clock_on(found, typed)
    except ValueError:
        raise SittingError("times") from None


def _uid_of(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        return UUID(int=0)


@bp.post(f"{_ONE}/rest")
@access.class_reader
def mark_rest(uid: UUID, sitting: UUID) -> AnyResponse | tuple[str, int]:
    """All of whom there is no word yet: present, or absent."""
    return _for_all(
        uid,
        sitting,
        lambda writing, row, actor_id: presence.mark_rest(
            writing, row.run, row, request.form.get("what", ""), actor_id=actor_id
        ),
    )


@bp.post(f"{_ONE}/stayed")
@access.class_reader
def confirm_leaving(uid: UUID, sitting: UUID) -> AnyResponse | tuple[str, int]:
    """Whose leaving is awaited stayed to the end."""
    return _for_all(
        uid,
        sitting,
        lambda writing, row, actor_id: presence.confirm_leaving(writing, row.run, row, actor_id=actor_id),
    )


def _for_all(uid: UUID, sitting: UUID, deed) -> AnyResponse | tuple[str, int]:  # type: ignore[no-untyped-def]
    viewer = access.viewer()
    found = reading.load_sitting(session, viewer, uid, sitting)
    try:
        with transaction() as writing:
            count = deed(writing, reading.load_sitting(writing, viewer, uid, sitting), viewer.id)
    except (SittingError, RunStateError) as error:
        flashes.add(explain(error), "error")
        return _show_roll(found), 422
    flashes.add(ngettext("Noted of %(num)s person.", "Noted of %(num)s people.", count), "success")
    return to("sittings.roll", uid=uid, sitting=sitting)


@bp.post(f"{_ONE}/seat")
@access.class_reader
def give_seat(uid: UUID, sitting: UUID) -> AnyResponse | tuple[str, int]:
    """To somebody of the run who came without one."""
    viewer = access.viewer()
    found = reading.load_sitting(session, viewer, uid, sitting)
    learner = reading.load_learner(session, found, _uid_of(request.form.get("enrolment", "")))
    try:
        with transaction() as writing:
            row = reading.load_sitting(writing, viewer, uid, sitting)
            seats.assign(writing, row, learner, actor_id=viewer.id)
    except SittingError as error:
        flashes.add(explain(error), "error")
        return _show_roll(found), 422
    return to("sittings.roll", uid=uid, sitting=sitting, _anchor=f"at-{learner.uid}")


@bp.post(f"{_ONE}/sheet")
@access.class_reader
def sheet(uid: UUID, sitting: UUID) -> AnyResponse | tuple[str, int]:
    """The list for signatures. It has names in it: what for is asked and kept."""
    viewer = access.viewer()
    found = reading.load_sitting(session, viewer, uid, sitting)
    reason = request.form.get("reason", "")
    if len(" ".join(reason.split())) < downloads.SHORTEST_REASON:
        return _show_roll(found, print_problem=explain(ReasonMissingError())), 422
    listed = reading.roll_of(session, found)
    made = documents.render("signatures", sitting_words.signatures(listed), accessible=True)
    with transaction() as writing:
        downloads.record(
            writing,
            viewer.id,
            report="signatures",
            question={"sitting": str(found.uid)},
            form="pdf",
            rows=len(listed.people),
            reason=reason,
            has_persons=True,
            address=sign_in.address(),
        )
    name = f"sitting-{found.day:%Y%m%d}.pdf"
    answer = send_file(BytesIO(made), mimetype="application/pdf", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


# The screen


@bp.get(f"{_ONE}/screen")
@access.class_reader
def screen(uid: UUID, sitting: UUID) -> AnyResponse:
    """The code, large, for a projector. It asks for the next one by itself."""
    found = reading.load_sitting(session, access.viewer(), uid, sitting)
    address = url("sittings.attend", uid=found.uid, _external=True)
    page = render(
        "lms/sittings/screen.html",
        sitting=found,
        run=found.run,
        shown=_shown(found),
        address=address,
        qr=documents.qr_svg(address),
    )
    return _not_kept(Response(page))


@bp.get(f"{_ONE}/screen/now")
@access.class_reader
def code_now(uid: UUID, sitting: UUID) -> AnyResponse:
    return _not_kept(jsonify(_shown(reading.load_sitting(session, access.viewer(), uid, sitting))))


def _shown(found: Sitting) -> dict[str, object]:
    """The code of this half minute with how long it stays, and how many have come. No code while the sitting isn't on."""
    now = utcnow()
    there, expected = reading.count_there(session, found)
    is_on = codes.is_shown(found, now)
    state = "cancelled" if found.is_cancelled else "on" if is_on else "early" if now < found.begins_at else "over"
    return {
        "state": state,
        "code": codes.code_at(g.lms.code_key, found.uid, now) if is_on else "",
        "seconds": codes.seconds_left(now),
        "there": there,
        "come": _("%(there)s of %(expected)s have come", there=there, expected=expected),
    }


def _not_kept(answer: AnyResponse) -> AnyResponse:
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


# The learner


@bp.get("/sittings/<uuid:uid>")
@access.signed_in
def attend(uid: UUID) -> str:
    return _show_attend(uid)


def _show_attend(uid: UUID, problem: str = "") -> str:
    found, enrolment = reading.load_own(session, access.viewer(), uid)
    now = utcnow()
    (own,) = reading.list_own(session, enrolment, [found], now)
    return render(
        "lms/sittings/attend.html",
        own=own,
        sitting=found,
        run=found.run,
        is_on=codes.is_shown(found, now) and found.run.closed_at is None,
        is_over=now > found.ends_at,
        marks=sitting_words.marks(),
        tones=sitting_words.MARK_TONES,
        digits=codes.DIGITS,
        problem=problem,
    )


@bp.post("/sittings/<uuid:uid>")
@access.signed_in
def enter(uid: UUID) -> AnyResponse | tuple[str, int]:
    """The code of the screen, for arriving or leaving. A wrong one is counted although nothing else is written."""
    viewer = access.viewer()
    found, _enrolment = reading.load_own(session, viewer, uid)
    is_leaving = request.form.get("what") == "leaving"
    try:
        with transaction() as writing:
            row, mine = reading.load_own(writing, viewer, uid)
            noted = codes.enter(
                writing,
                row.run,
                row,
                mine,
                request.form.get("code", "")[:40],
                is_leaving=is_leaving,
                key=g.lms.code_key,
                now=utcnow(),
            )
        if noted is None:
            raise SittingError("wrong")
    except (SittingError, RunStateError) as error:
        return _show_attend(uid, explain(error)), 429 if error.reason == "throttled" else 422
    what, standing = noted
    flashes.add(
        _("You have arrived. Enter the code once more when you leave.")
        if what == "arrived" and found.asks_leaving
        else _("Your presence is noted.")
        if what == "arrived"
        else _("Your leaving is noted."),
        "success",
    )
    if standing.is_completed:
        flashes.add(_("You have completed the course. Well done!"), "success")
    return to("sittings.attend", uid=uid)


@bp.post("/sittings/<uuid:uid>/seat")
@access.signed_in
def choose(uid: UUID) -> AnyResponse:
    """Take a seat at this date, or give it back."""
    found, _enrolment = reading.load_own(session, access.viewer(), uid)
    deed = seats.give_up if request.form.get("what") == "give_up" else seats.take
    try:
        with transaction() as writing:
            row, mine = reading.load_own(writing, access.viewer(), uid)
            deed(writing, mine, row)
    except SittingError as error:
        flashes.add(explain(error), "error")
    else:
        said = _("Your seat is given back.") if deed is seats.give_up else _("You have a seat at this date.")
        flashes.add(said, "success")
    return to("learn.outline", run=found.run.uid, _anchor="sittings")


@bp.get("/sittings/<uuid:uid>/calendar.ics")
@access.signed_in
def calendar(uid: UUID) -> AnyResponse:
    found, _enrolment = reading.load_own(session, access.viewer(), uid)
    made = calendars.calendar_of([found], name=found.run.course_version.title, host=request.host, now=utcnow())
    name = f"{found.day:%Y%m%d}.ics"
    return _not_kept(send_file(BytesIO(made), mimetype="text/calendar", as_attachment=True, download_name=name))
