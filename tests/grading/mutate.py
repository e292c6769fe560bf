"""Notebooks mutated at random, by a seed: what learners, editors and broken discs may make of one."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, float("nan"), "", "x" * 10_000, "\ud800", "\x00", [], {}, [[]], {"a": {}}, ["x", 1], 10**400,
)  # fmt: skip
_SOURCES = (
    "", " ", "\n\n", "def", "1/0", "raise SystemExit", "x = ", "'", "%%javascript\nx", "!ls", "%matplotlib inline", "é = 'ü'",
    "\ufeffx = 1", "x\x00y", "from __future__ import annotations", "await x", "return 1", "yield", "class", "print(" * 200,
    "lambda: " * 150 + "1", "[" * 90 + "]" * 90, "\t x = 1\n  y = 2", "del __builtins__", "globals().clear()", "%reset -f",
    "import sys; sys.modules.clear()", "__name__ = 'x'", "exit", "quit()", "?print", "%%time\ntotal = sum", "total = sum;",
    "del In, Out, get_ipython", "import os; os.chdir('/')", "import sys; sys.stdout = None", "import sys; sys.stdout.close()",
    "import sys; sys.setrecursionlimit(10**6)\ndef f(): f()\nf()", "import warnings; warnings.simplefilter('error')",
    "import gc; gc.disable()", "import signal; signal.signal(2, lambda *a: 1/0)", "open('/dev/full', 'w').write('x')",
)  # fmt: skip


def mutated(notebook: dict[str, Any], seed: int) -> bytes:
    chance = random.Random(seed)
    made = copy.deepcopy(notebook)
    for _ in range(chance.randrange(1, 6)):
        chance.choice(_MUTATIONS)(made, chance)
    content = json.dumps(made).encode()
    if chance.random() < 0.1:
        return _broken(content, chance)
    return content


def _broken(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return chance.choice(
        [content[:place], content[:place] + b"\xff" + content[place:], content * 2, b"\xef\xbb\xbf" + content]
    )


def _odd(chance: random.Random) -> Any:
    """A value of its own: later mutations may change it."""
    return copy.deepcopy(chance.choice(_ODD))


def _cell(made: dict[str, Any], chance: random.Random) -> Any:
    cells = made.get("cells")
    return chance.choice(cells) if isinstance(cells, list) and cells else {}


def _source(made: dict[str, Any], chance: random.Random) -> None:
    cell = _cell(made, chance)
    if isinstance(cell, dict):
        cell["source"] = chance.choice(_SOURCES)


def _odd_key(made: dict[str, Any], chance: random.Random) -> None:
    cell = _cell(made, chance)
    if isinstance(cell, dict):
        cell[chance.choice(["metadata", "cell_type", "id", "outputs", "execution_count", "source"])] = _odd(chance)


def _odd_role(made: dict[str, Any], chance: random.Random) -> None:
    cell = _cell(made, chance)
    if isinstance(cell, dict):
        cell["metadata"] = {
            "nbgrader": copy.deepcopy(
                chance.choice([*_ODD, {"grade_id": chance.choice([*_ODD, "q1", "q1-test", "setup"])}])
            )
        }


def _odd_top(made: dict[str, Any], chance: random.Random) -> None:
    made[chance.choice(["metadata", "nbformat_minor", "extra"])] = _odd(chance)


def _delete(made: dict[str, Any], chance: random.Random) -> None:
    if isinstance(made.get("cells"), list) and made["cells"]:
        made["cells"].pop(chance.randrange(len(made["cells"])))


def _double(made: dict[str, Any], chance: random.Random) -> None:
    if isinstance(made.get("cells"), list) and made["cells"]:
        made["cells"].insert(chance.randrange(len(made["cells"]) + 1), copy.deepcopy(chance.choice(made["cells"])))


def _shuffle(made: dict[str, Any], chance: random.Random) -> None:
    if isinstance(made.get("cells"), list):
        chance.shuffle(made["cells"])


def _add(made: dict[str, Any], chance: random.Random) -> None:
    if isinstance(made.get("cells"), list):
        cell: dict[str, Any] = {
            "cell_type": "code",
            "metadata": {},
            "source": chance.choice(_SOURCES),
            "outputs": [],
            "execution_count": None,
        }
        made["cells"].insert(chance.randrange(len(made["cells"]) + 1), cell)


def _no_cells(made: dict[str, Any], chance: random.Random) -> None:
    if chance.random() < 0.2:
        made["cells"] = _odd(chance)


_MUTATIONS = (
    _source,
    _source,
    _source,
    _odd_key,
    _odd_role,
    _odd_top,
    _delete,
    _double,
    _shuffle,
    _add,
    _add,
    _no_cells,
)
