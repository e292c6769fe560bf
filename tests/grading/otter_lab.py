"""An assignment as its author would have it in Otter Assign's format, outputs of her run included."""

from __future__ import annotations

from typing import Any

from . import build


def raw(text: str) -> dict[str, Any]:
    return build.cell(text, kind="raw")


def shown(source: str, text: str) -> dict[str, Any]:
    """A cell whose last line showed a value."""
    made = build.cell(source)
    data = {"text/plain": text.splitlines(keepends=True)}
    made["outputs"] = [{"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}]
    return made


def printed(source: str, text: str) -> dict[str, Any]:
    made = build.cell(source)
    made["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}]
    return made


def fenced(text: str) -> dict[str, Any]:
    return build.cell(f"```otter\n{text}\n```", kind="markdown")


LAB = build.notebook(
    raw(
        "# ASSIGNMENT CONFIG\n"
        "name: press-lab  # checked by the grader\n"
        "init_cell: false\n"
        "export_cell:\n  instructions: 'Submit #1 on time.'\n  pdf: false\n"
        "generate:\n  seed: 42\n  show_hidden: false\n"
        "seed:\n  variable: rng_seed\n  autograder_value: 42\n  student_value: 713"
    ),
    build.cell("# The press line\nHow often does it stop?", kind="markdown"),
    build.cell("# IGNORE\nprint('for the staff only')"),
    build.cell("import numpy as np\nnp.set_printoptions(legacy='1.25')  # IGNORE\nshots = np.array([12, 18, 30])"),
    raw("# BEGIN QUESTION\nname: q1\npoints: 4"),
    build.cell("**Question 1.** Write `rate`, and use it for the third press.", kind="markdown"),
    raw("# BEGIN SOLUTION"),
    build.cell(
        "def rate(good, total):\n"
        '    """The share of good parts."""\n'
        "    # BEGIN SOLUTION NO PROMPT\n"
        "    share = good / total\n"
        "    return share\n"
        "    # END SOLUTION\n"
        '    """ # BEGIN PROMPT\n'
        "    # the share of good parts, from 0 to 1\n"
        '    """; # END PROMPT\n'
        "\n"
        "third = rate(27, shots[2]) # SOLUTION\n"
        "checked = True # SOLUTION NO PROMPT"
    ),
    raw("# END SOLUTION"),
    raw("# BEGIN TESTS"),
    shown("rate(1, 2)", "0.5"),
    shown("# Hidden test\n[rate(np.float64(9), 10), checked]", "[np.float64(0.9), True]"),
    shown(
        '_ = """ # BEGIN TEST CONFIG\n'
        "hidden: true\n"
        "points: 2\n"
        "success_message: The third press is right.\n"
        'failure_message: "Count the third press: its place is 2, not 3."\n'
        '""" # END TEST CONFIG\n'
        "limit = 0.9\n"
        "third == limit",
        "np.True_",
    ),
    raw("# END TESTS"),
    raw("# END QUESTION"),
    raw("# begin question\nname: q2\nall_or_nothing: true\npoints:\n  each: 1.5"),
    build.cell("**Question 2.** Print each press.", kind="markdown"),
    raw("# begin prompt"),
    build.cell("def report(shots):\n    ..."),
    raw("# end prompt"),
    raw("# begin solution"),
    build.cell(
        "def report(shots):\n    for number, made in enumerate(shots, 1):\n        print(f'press {number}: {made}')"
    ),
    raw("# end solution"),
    raw("# begin tests"),
    printed("report([7])", "press 1: 7\n"),
    printed("# HIDDEN\nreport([1, 2])\nprint('end')", "press 1: 1\npress 2: 2\nend\n"),
    raw("# end tests"),
    raw("# end question"),
    fenced("# BEGIN QUESTION\nname: q3\nmanual: true\npoints: 3"),
    build.cell("**Question 3.** Why does it stop at night?\n\n```otter\n# BEGIN PROMPT\n```", kind="markdown"),
    build.cell("_Begin with the press that you saw._", kind="markdown"),
    fenced("# END PROMPT"),
    fenced("# BEGIN SOLUTION"),
    build.cell("The oil is cold.", kind="markdown"),
    fenced("# END SOLUTION"),
    fenced("# END QUESTION"),
    raw("# BEGIN QUESTION\nname: q 4\npoints: [0.5, 1]"),
    raw("# BEGIN SOLUTION"),
    build.cell("rng_seed = 42\nnp.random.seed(rng_seed) # SEED\nsample = np.random.choice(shots, 2) # SOLUTION"),
    raw("# END SOLUTION"),
    raw("# BEGIN TESTS"),
    shown("len(sample)", "2"),
    shown("# HIDDEN\nset(sample) <= set(shots)", "True"),
    raw("# END TESTS"),
    raw("# END QUESTION"),
    kernelspec={"name": "otter-env", "display_name": "Otter", "language": "python"},
)
ANSWERS = {
    "q1": "def rate(good, total):\n    return good / total\n\nthird = rate(27, shots[2])\nchecked = True",
    "q2": "def report(shots):\n    for i in range(len(shots)):\n        print('press', str(i + 1) + ':', shots[i])",
    "q3": "Because the oil is cold.",
    "q-4": "sample = shots[:2]",
}
