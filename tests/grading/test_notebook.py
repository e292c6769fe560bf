"""Taking a learner's notebook: what is refused and why, what is mended and how she is told."""

from __future__ import annotations

import copy
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.errors import NotANotebookError
from lms.grading import read_notebook

from . import build


def read(exercise, made):
    return read_notebook(build.packed(made), exercise)


def kinds(submission):
    return sorted({repair.kind for repair in submission.repairs})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b'{"nbformat": 4, "cells": []}', "empty"),
        (b"%PDF-1.7", "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b"[" * 200_000, "not_json"),
        (b'{"a":' * 100_000, "not_json"),
        (b"9" * 10_000, "not_json"),
        (b"[]", "not_a_notebook"),
        (b'{"cells": []}', "not_a_notebook"),
        (b'{"nbformat": "4", "cells": []}', "not_a_notebook"),
        (b'{"nbformat": NaN, "cells": []}', "too_new"),
        (b'{"nbformat": 3, "worksheets": []}', "too_old"),
        (b'{"nbformat": 5, "cells": []}', "too_new"),
        (b'{"nbformat": 4}', "invalid"),
        (b'{"nbformat": 4, "cells": {}}', "invalid"),
        (b'{"nbformat": 4, "cells": [1]}', "invalid"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}', "invalid"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "1"}]}', "other_exercise"),
        (b'{"nbformat": 4, "metadata": [], "cells": [{"source": "1", "metadata": 3}]}', "other_exercise"),
    ],
)
def test_what_is_no_notebook_of_this_exercise_is_refused_with_its_reason(sums, content, reason):
    with pytest.raises(NotANotebookError) as raised:
        read_notebook(content, sums)
    assert raised.value.reason == reason


def test_a_file_above_the_limit_is_refused_unread(sums):
    with pytest.raises(NotANotebookError) as raised:
        read_notebook(b"x" * 1001, sums, max_bytes=1000)
    assert raised.value.reason == "too_large"


def test_another_exercises_notebook_is_told_by_its_mark_though_grade_ids_agree(sums):
    made = build.handed_in(sums)
    made["metadata"]["baeum"]["exercise"] = "weather"
    with pytest.raises(NotANotebookError) as raised:
        read(sums, made)
    assert raised.value.reason == "other_exercise"


def test_a_notebook_without_any_answer_cell_is_refused(sums):
    made = build.handed_in(sums)
    made["cells"] = [c for c in made["cells"] if not c["metadata"].get("nbgrader", {}).get("solution")]
    with pytest.raises(NotANotebookError) as raised:
        read(sums, made)
    assert raised.value.reason == "no_answers"


def test_an_untouched_starter_needs_no_repair_and_is_blank(sums):
    taken = read(sums, build.handed_in(sums))
    assert taken.repairs == ()
    assert all(answer.is_blank for answer in taken.answers.values())


def test_a_deleted_answer_counts_as_empty(sums):
    made = build.handed_in(sums, q1="x")
    made["cells"].remove(build.find(made, "q2"))
    taken = read(sums, made)
    assert kinds(taken) == ["deleted"]
    assert taken.answers["q2"].source == ""


def test_a_split_answer_keeps_both_halves_in_order(sums):
    made = build.handed_in(sums, q1="def total(xs):")
    second = copy.deepcopy(build.find(made, "q1")) | {"source": "    return 6", "id": "other"}
    made["cells"].insert(made["cells"].index(build.find(made, "q1")) + 1, second)
    taken = read(sums, made)
    assert kinds(taken) == ["doubled"]
    assert taken.answers["q1"].source == "def total(xs):\n    return 6"


def test_an_untouched_copy_of_the_stub_does_not_spoil_the_answer(sums):
    made = build.handed_in(sums)
    written = copy.deepcopy(build.find(made, "q1")) | {"source": "total = sum", "id": "other"}
    made["cells"].append(written)
    taken = read(sums, made)
    assert taken.answers["q1"].source == "total = sum"
    assert not taken.answers["q1"].is_blank


def test_an_answer_turned_to_markdown_is_turned_back(sums):
    made = build.handed_in(sums, q1="total = sum")
    cell = build.find(made, "q1")
    cell["cell_type"] = "markdown"
    taken = read(sums, made)
    assert kinds(taken) == ["retyped"]
    assert taken.answers["q1"].source == "total = sum"


def test_an_answer_that_lost_its_metadata_is_known_by_its_id(sums):
    made = build.handed_in(sums, q1="total = sum")
    build.find(made, "q1")["metadata"] = {}
    taken = read(sums, made)
    assert taken.answers["q1"].source == "total = sum"


def test_changed_and_missing_checks_are_the_exercises_again(sums):
    made = build.handed_in(sums)
    build.find(made, "q1-test")["source"] = "assert True"
    made["cells"].remove(build.find(made, "q2-test"))
    assert kinds(read(sums, made)) == ["changed", "restored"]


def test_reordered_cells_are_noticed(sums):
    made = build.handed_in(sums)
    made["cells"].reverse()
    assert "reordered" in kinds(read(sums, made))


def test_cells_of_her_own_stay_where_she_put_them(sums):
    made = build.handed_in(sums)
    made["cells"].insert(0, build.cell("import math", id="a"))
    place = made["cells"].index(build.find(made, "q1"))
    made["cells"].insert(place, build.cell("helper = 1", id="b"))
    taken = read(sums, made)
    assert [cell.source for cell in taken.own[""]] == ["import math"]
    assert {cell.source for cells in taken.own.values() for cell in cells} == {"import math", "helper = 1"}
    assert kinds(taken) == ["own_cells"]


def test_hostile_metadata_decides_nothing(sums):
    made = build.handed_in(sums, q1="total = sum")
    build.find(made, "q1-test")["metadata"] |= {"tags": ["skip-execution"], "x": {"y": [float("nan")] * 1000}}
    build.find(made, "q2")["metadata"]["nbgrader"] |= {"schema_version": 99, "points": 1e308}
    assert read(sums, made).answers["q1"].source == "total = sum"


def test_a_lone_surrogate_in_an_answer_is_replaced(sums):
    made = build.handed_in(sums)
    text = json.dumps(made).replace("raise NotImplementedError()", "'\\ud83d'")
    taken = read_notebook(text.encode(), sums)
    assert taken.answers["q1"].source.encode()


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_shuffling_deleting_or_doubling_of_cells_brings_an_exception_or_a_foreign_answer(sums, seed):
    chance = random.Random(seed)
    made = build.handed_in(sums, q1="total = 1", q2="mean = 2")
    cells = [copy.deepcopy(chance.choice(made["cells"])) for _ in range(chance.randrange(1, 14))]
    for cell in cells:
        if chance.random() < 0.3:
            cell["metadata"] = chance.choice(
                [{}, {"nbgrader": {"grade_id": "q1-test"}}, {"nbgrader": []}, {"nbgrader": None}]
            )
        if chance.random() < 0.3:
            cell["cell_type"] = chance.choice(["raw", "markdown", "code", "other", ""])
        if chance.random() < 0.2:
            cell.pop("id", None)
    made["cells"] = cells
    try:
        taken = read(sums, made)
    except NotANotebookError as error:
        refused = error.reason
    else:
        refused = ""
        assert set(taken.answers) == {"q1", "q2"}
    assert refused in ("", "other_exercise", "no_answers")
