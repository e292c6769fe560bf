"""What a cell shows: each value once, in its richest form, and figures as pictures that hold all that was drawn."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from lms.grading import grade

from . import build

pytestmark = pytest.mark.sandbox


def shown(tmp_path, source):
    exercise = build.bare(
        tmp_path, build.answer("q", "x = 1"), build.check("q-test", "assert x == 1"), build.locked("end", "x")
    )
    told = grade(exercise, build.packed(build.handed_in(exercise, q=source)))
    cell = next(cell for cell in told.feedback["cells"] if cell["source"] == source)
    return [output for output in cell["outputs"] if "data" in output]


def pictures(tmp_path, source):
    made = []
    for output in (one for one in shown(tmp_path, source) if "image/png" in one["data"]):
        image = Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"])))
        image.load()
        made.append(image)
    return made


def ink(image):
    """Rows and columns at the edges that hold something."""
    white = Image.new("RGB", image.size, "white")
    box = Image.composite(
        Image.new("L", image.size, 255), Image.new("L", image.size, 0), difference(image, white)
    ).getbbox()
    return box, image.size


def difference(image, other):
    from PIL import ImageChops  # noqa: PLC0415

    return ImageChops.difference(image.convert("RGB"), other).convert("L").point(lambda value: 255 if value else 0)


def test_a_table_is_html_and_a_number_is_text(tmp_path):
    (table,) = shown(tmp_path, "import pandas as pd\npd.DataFrame({'a': [1]})")
    assert set(table["data"]) == {"text/html"}
    assert "<table" in table["data"]["text/html"]
    (number,) = shown(tmp_path, "x = 1\n41 + x")
    assert number["data"] == {"text/plain": "42"}


def test_a_model_is_its_text(tmp_path):
    (model,) = shown(tmp_path, "from sklearn.linear_model import LinearRegression\nLinearRegression()")
    assert model["data"] == {"text/plain": "LinearRegression()"}


def test_what_shows_itself_shows_itself_once(tmp_path):
    source = "class Loud:\n    def _ipython_display_(self):\n        display('heard')\nLoud()"
    assert [output["data"]["text/plain"] for output in shown(tmp_path, source)] == ["'heard'"]


def test_a_figure_is_cut_to_what_is_drawn(tmp_path):
    source = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(6, 4))\nax.plot([1, 2]);"
    (image,) = pictures(tmp_path, source)
    box, (width, height) = ink(image)
    assert (width, height) < (600, 400)
    assert [box[0], box[1], width - box[2], height - box[3]] == pytest.approx([10] * 4, abs=4)


def test_what_sticks_out_of_the_canvas_is_in_the_picture(tmp_path):
    source = (
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(4, 3))\n"
        "ax.barh(['a very long name of a machine in the plant', 'b'], [1, 2]);"
    )
    (image,) = pictures(tmp_path, source)
    box, (width, _) = ink(image)
    assert width > 500
    assert box[0] > 2


def test_each_figure_is_shown_once_and_an_empty_one_not(tmp_path):
    source = (
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.figure()\nplt.plot([2, 1])\nplt.figure()\nplt.show()"
    )
    assert len(pictures(tmp_path, source)) == 2
