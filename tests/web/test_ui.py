"""The parts of the design system, as markup: what a screen reader and a form without script rely on."""

from __future__ import annotations

from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, FileField, Form, PasswordField, RadioField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import InputRequired

from tests.scripts.stand import environment

ENVIRONMENT = environment()


class Elements(HTMLParser):
    """Every element of a piece of HTML, as tag and attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def one(self, tag: str, **wanted: str) -> dict[str, str | None]:
        fits = [attrs for name, attrs in self.found if name == tag and wanted.items() <= attrs.items()]
        assert len(fits) == 1, f"{len(fits)} of <{tag}> {wanted}"
        return fits[0]

    def ids(self) -> list[str | None]:
        return [attrs["id"] for _tag, attrs in self.found if "id" in attrs]


def ui(call: str, **values: Any) -> Elements:
    """What a macro gives; `call` is what stands after `ui.` in a template."""
    return Elements(ENVIRONMENT.from_string('{% import "lms/_ui.html" as ui %}{{ ui.' + call + " }}").render(**values))


class Example(Form):
    name = StringField("Name", [InputRequired("Type your name.")], description="As on the roster.")
    secret = PasswordField("Password")
    agree = BooleanField("I agree")
    way = RadioField(
        "Way", [InputRequired("Choose a way.")], choices=[SelectChoice("a", "One"), SelectChoice("b", "Two")]
    )
    notebook = FileField("Notebook")


@pytest.fixture
def refused() -> Example:
    form = Example(MultiDict({"name": ""}))
    assert not form.validate()
    return form


def test_a_field_has_its_label_hint_and_error_tied_to_it(refused: Example) -> None:
    made = ui('field(form.name, autocomplete="name")', form=refused)
    assert made.one("label")["for"] == "name"
    field = made.one("input", id="name")
    assert (field["aria-invalid"], field["autocomplete"]) == ("true", "name")
    assert str(field["aria-describedby"]).split() == ["name-hint", "name-error"]
    assert {"name-hint", "name-error"} <= set(made.ids())
    assert "Type your name." in made.text


def test_a_field_that_is_in_order_says_nothing_of_errors() -> None:
    field = ui("field(form.secret)", form=Example()).one("input", id="secret")
    assert "aria-invalid" not in field
    assert "aria-describedby" not in field


def test_what_may_be_left_out_is_said() -> None:
    assert "(optional)" in ui("field(form.secret)", form=Example()).text
    assert "(optional)" not in ui("field(form.name)", form=Example()).text


def test_a_page_s_own_label_goes_before_the_form_s() -> None:
    assert "Your name" in ui('field(form.name, "Your name")', form=Example()).text


def test_choices_are_a_group_with_a_legend_and_labels(refused: Example) -> None:
    made = ui("field(form.way)", form=refused)
    assert made.one("fieldset", id="way")["aria-describedby"] == "way-error"
    assert [attrs["for"] for tag, attrs in made.found if tag == "label"] == ["way-0", "way-1"]


def test_a_tick_box_stands_in_its_label() -> None:
    assert ui("field(form.agree)", form=Example()).one("label")["for"] == "agree"


def test_the_summary_of_errors_leads_to_the_fields(refused: Example) -> None:
    made = ui("form_errors(form)", form=refused)
    assert [attrs["href"] for tag, attrs in made.found if tag == "a"] == ["#name", "#way"]
    assert made.one("div", role="alert")["tabindex"] == "-1"


def test_an_error_of_no_field_is_a_sentence() -> None:
    made = ui('error_summary([("", "This is not right.")])')
    assert made.text.strip() == "This is not right."


def test_no_errors_no_summary() -> None:
    assert ui("form_errors(form)", form=Example()).found == []


def test_a_notebook_s_field_knows_the_limit_in_words() -> None:
    field = ui('upload_form("/to", "notebook", "Notebook", "Hand in", max_bytes=10000000)').one("input", type="file")
    assert field["data-max-bytes"] == "10000000"
    assert "larger than 10 MB" in str(field["data-too-large"])


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        ("passed", "Passed"),
        ("failed", "Not passed yet"),
        ("error", "Grading fault"),
        ("not_run", "Did not run"),
        ("waiting", "Being graded"),
    ],
)
def test_an_outcome_is_a_word_and_not_a_colour_alone(outcome: str, word: str) -> None:
    assert ui("outcome_badge(outcome)", outcome=outcome).text == word


def check(**more: Any) -> SimpleNamespace:
    return SimpleNamespace(
        **{"title": "Mean", "outcome": "failed", "points": 0.0, "max_points": 4, "message": "Look."} | more
    )


def test_a_failed_check_says_why() -> None:
    made = ui("checks([check])", check=check())
    assert "0 of 4 points" in made.text
    assert "Look." in made.text


def test_a_fault_of_ours_shows_no_points() -> None:
    assert "– of 4 points" in ui("checks([check])", check=check(outcome="error", points=None)).text


def test_a_passed_check_keeps_its_message_to_itself() -> None:
    assert "Look." not in ui("checks([check])", check=check(outcome="passed", points=4.0)).text


def test_points_have_no_needless_decimals() -> None:
    assert ui("points(2.5, 4.0)").text == "2.5 of 4 points"


def test_a_bar_has_a_name_and_its_figure_beside_it() -> None:
    made = ui('progress(67, label="Progress of the course", text="67 %", mark=80)')
    assert made.one("progress") == {"class": "bar", "value": "67", "max": "100", "aria-label": "Progress of the course"}
    assert made.one("path")["d"] == "M80 0V1"
    assert made.text.split() == ["67", "%"]


def test_a_step_that_is_not_open_is_no_link() -> None:
    step = {"title": "OEE", "url": None, "kind": "page", "state": "locked"}
    made = ui("steps([step])", step=step)
    assert not [tag for tag, _attrs in made.found if tag == "a"]
    assert made.one("svg", role="img")["aria-label"] == "Not open yet"


def test_the_current_step_is_marked_for_everyone() -> None:
    step = {"title": "OEE", "url": "/oee", "kind": "exercise", "state": "current", "minutes": 40}
    assert ui("steps([step])", step=step).one("a")["aria-current"] == "step"


def test_a_table_that_scrolls_can_be_reached_by_key() -> None:
    template = '{% import "lms/_ui.html" as ui %}{% call ui.table("Rows") %}<tbody></tbody>{% endcall %}'
    region = Elements(ENVIRONMENT.from_string(template).render()).one("div", role="region")
    assert (region["tabindex"], region["aria-label"]) == ("0", "Rows")


@pytest.mark.parametrize(("kind", "role"), [("error", "alert"), ("success", "status"), ("note", "status")])
def test_a_message_is_announced_by_its_weight(kind: str, role: str) -> None:
    assert ui("flashes([(kind, text)])", kind=kind, text="Said.").one("div", role=role)


def test_text_of_people_is_never_markup() -> None:
    assert ui("flashes([('note', text)])", text="<img src=x>").text.strip() == "<img src=x>"


def test_a_button_that_changes_something_is_a_form_with_a_token() -> None:
    made = ui('post_button("Sign out", "/out", fields={"next": "/"})')
    assert made.one("form") == {"method": "post", "action": "/out"}
    assert made.one("input", name="csrf_token")["value"] == "the-token"
    assert made.one("input", name="next")["value"] == "/"
