"""Whatever is done to a notebook's cells, outputs and metadata, and whatever a run gives: never an error but the refusals, never
more points than the answers deserve."""

from __future__ import annotations

import contextlib
import copy
import io
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.errors import NotANotebookError
from lms.grading.exercise import Check
from lms.grading.hidden import parts_of
from lms.grading.notebook import read_notebook
from lms.grading.plan import ANSWER, CHECK, SETUP, make_plan
from lms.grading.run import Ran
from lms.grading.verdict import Case, judge
from lms.grading.wire import Reply, Trouble, Value

from . import build

RIGHT = {"q1": "def total(xs):\n    return sum(xs)", "q2": "def mean(xs):\n    return sum(xs) / len(xs)"}
WRONG = [
    "",
    "1/0",
    "def total(xs):\n    return 0",
    "mean = None",
    "def",
    "raise SystemExit",
    "q1 = q2 = 3",
    "total = str",
]
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
roles = st.sampled_from(["q1", "q2", "q1-test", "q2-test", "setup", "q3", ""])
cells = st.builds(
    lambda role, source, kind, outputs: (
        build.cell(source, build.nbgrader(role) if role else {}, kind) | {"outputs": outputs}
    ),
    roles,
    st.sampled_from([*RIGHT.values(), *WRONG]),
    st.sampled_from(["code", "markdown", "raw", "heading", ""]),
    st.lists(json_values, max_size=2),
)


@st.composite
def edits(draw: st.DrawFn, made: dict[str, Any]) -> dict[str, Any]:
    """A notebook after some of what learners, editors and cheats do to one."""
    made = copy.deepcopy(made)
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(len(made["cells"]) - 1, 0)))
        act = draw(
            st.sampled_from(
                ["move", "delete", "double", "retype", "own", "metadata", "outputs", "id", "split", "source"]
            )
        )
        if act == "own" or not made["cells"]:
            made["cells"].insert(place, draw(cells))
            continue
        cell = made["cells"][place]
        if act == "move":
            made["cells"].insert(draw(st.integers(0, len(made["cells"]))), made["cells"].pop(place))
        elif act == "delete":
            made["cells"].pop(place)
        elif act == "double":
            made["cells"].insert(draw(st.integers(0, len(made["cells"]))), copy.deepcopy(cell))
        elif act == "retype":
            cell["cell_type"] = draw(st.sampled_from(["code", "markdown", "raw"]))
        elif act == "metadata":
            cell["metadata"] = draw(json_values)
        elif act == "outputs":
            cell["outputs"] = draw(json_values)
        elif act == "id":
            cell["id"] = draw(json_values)
        elif act == "source":
            cell["source"] = draw(st.sampled_from(WRONG))
        elif act == "split":
            lines = str(cell["source"]).split("\n")
            made["cells"].insert(place + 1, {**copy.deepcopy(cell), "source": "\n".join(lines[1:])})
            cell["source"] = lines[0]
    return made


def earned(steps: Any) -> dict[str, bool]:
    """Which checks pass, by plain exec: nothing in these cells lies."""
    names: dict[str, Any] = {}
    passed = {}
    for step in steps:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(step.source, names)
        except BaseException:
            passed[step.grade_id] = False
        else:
            passed[step.grade_id] = True
    return {name: passed[name] for name in ("q1-test", "q2-test")}


@MANY
@given(st.data())
def test_no_edit_makes_more_points_than_the_answers_deserve(sums, data):
    answers = {name: data.draw(st.sampled_from([RIGHT[name], *WRONG])) for name in RIGHT}
    made = data.draw(edits(build.handed_in(sums, **answers)))
    try:
        submission = read_notebook(json.dumps(made).encode(), sums)
    except NotANotebookError:
        return
    steps = make_plan(sums, submission)
    assert [step.grade_id for step in steps if step.kind in (ANSWER, CHECK)] == ["q1", "q1-test", "q2", "q2-test"]
    originals = {cell.role.grade_id: cell.source for cell in sums.cells if cell.role}
    assert all(
        step.source == originals[step.grade_id] for step in steps if step.kind in (SETUP, CHECK) and step.grade_id
    )
    typed = "\n".join(cell["source"] for cell in made["cells"] if isinstance(cell.get("source"), str))
    for name, passed in earned(steps).items():
        if passed:  # its answer stands somewhere in what she handed in, whole or split
            assert all(line in typed for line in RIGHT[name.removesuffix("-test")].split("\n"))


@MANY
@given(st.data())
def test_what_touches_no_answer_costs_nothing(sums, data):
    """Moved, added, deleted cells of others, any outputs and cell ids: right answers stay right."""
    made = build.handed_in(sums, **RIGHT)
    kept = [build.find(made, name) for name in RIGHT]
    others = [cell for cell in made["cells"] if cell not in kept and data.draw(st.booleans())]
    for cell in others:
        if data.draw(st.booleans()):
            cell["source"] = data.draw(st.sampled_from(["pass", "", "# x"]))
    made["cells"] = data.draw(st.permutations([*kept, *others]))
    for cell in made["cells"]:
        cell["outputs"], cell["execution_count"] = data.draw(json_values), data.draw(json_values)
    steps = make_plan(sums, read_notebook(json.dumps(made).encode(), sums))
    assert earned(steps) == {"q1-test": True, "q2-test": True}


texts = st.text(max_size=40) | st.sampled_from(
    ["AssertionError", "SyntaxError", "WrongKind", "KeyError", "\x1b[2J", "{x}", "%s"]
)
troubles = st.builds(
    Trouble,
    name=texts,
    kinds=st.lists(texts, max_size=4),
    value=texts,
    frames=st.lists(st.tuples(st.sampled_from(["7", "3", "x", "99"]), st.integers(-3, 20)), max_size=4),
    library=st.sampled_from(["", "__main__", "pandas", "numpy", "x"]),
)
values = st.builds(
    Value,
    st.sampled_from(["number", "not_finite", "bool", "text", "other", "passed", "failed"]),
    st.floats(allow_nan=True, allow_infinity=True),
)
replies = st.builds(Reply, st.none() | troubles, st.none() | values, st.just([]), st.floats(0, 10))
rans = st.builds(
    Ran,
    st.none() | replies,
    st.booleans(),
    st.sampled_from(["", "timeout", "died", "memory", "broken", "not_run"]),
    st.booleans(),
)
SOURCES = [
    "assert x == 2, 'two'",
    "assert x, f'{x}'\n### BEGIN HIDDEN TESTS\nassert y == 4242, f'{y} 4242'\n### END HIDDEN TESTS",
    "### BEGIN HIDDEN TESTS\nassert y == 4242\n### END HIDDEN TESTS",
    "%%time\nassert x",
    "assert (",
    "",
]


@settings(max_examples=500, deadline=None)
@given(
    rans,
    st.sampled_from(SOURCES),
    st.floats(0, 100),
    st.booleans(),
    st.sampled_from(["ko", "en"]),
    st.sampled_from(["", "왜"]),
)
def test_no_run_earns_more_than_its_check_has_nor_breaks_the_verdict(ran, source, points, hidden, language, message):
    check = Check("q1-test", "q", points, hidden, False, message)
    case = Case(check, source, "7", 20.0, language, "", lambda key, line: f"cell {key}" if key == "3" else "")
    verdict = judge(case, ran)
    assert verdict.outcome in ("passed", "failed", "error", "not_run")
    assert (verdict.points is None) == (verdict.outcome == "error")
    assert verdict.points is None or 0 <= verdict.points <= points
    ended = ran.reply is not None and not ran.trouble and not ran.late and ran.reply.error is None
    assert not verdict.points or ended
    assert verdict.message
    assert all(char.isprintable() or char == "\n" for char in verdict.message)
    if ran.unseen and ran.reply and ran.reply.error and not ran.trouble and not ran.late:
        value = ran.reply.error.value.strip()
        assert len(value) < 3 or value not in verdict.message or value in source


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["assert a", "if a:\n    pass", "x = (\n  1)", "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS", "!ls", ""]
        )
    )
)
def test_a_check_is_cut_so_that_no_hidden_line_is_in_its_head(lines):
    source = "\n".join(lines)
    try:
        parts = parts_of(source)
    except ValueError:  # delimiters that don't pair: no exercise is loaded with them
        return
    if parts is None:
        assert "BEGIN HIDDEN" not in source
        return
    assert "HIDDEN" not in parts.head
    assert len(parts.rest.split("\n")) == len(source.split("\n"))
