"""Paper from plain data: whatever a name holds is text, and no document goes out to the network."""

from __future__ import annotations

import io
import re
import socket
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest

from lms.documents import DocumentError, qr_svg, render, render_many
from lms.documents.places import FONTS, ROOT

WORDS = {
    "number": "사번",
    "code": "일회용 코드",
    "address": "주소",
    "qr": "QR 코드",
    "steps": ["①", "②"],
    "afterwards": "그다음부터는",
    "other": "",
}


def slips(*names: str) -> bytes:
    one = {"company": "한빛정밀", "department": "", "number": "H-1", "code": "ABCD", "sign_in": "x", "qr": qr_svg("x")}
    data = {
        "title": "쪽지",
        "language": "ko",
        "address": "x",
        "words": WORDS,
        "slips": [one | {"name": n} for n in names],
    }
    return render("slips", data)


def test_a_document_is_tagged_titled_and_in_its_language() -> None:
    with pikepdf.open(io.BytesIO(slips("김하나"))) as pdf:
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.Root.Lang) == "ko"
        assert "쪽지" in str(pdf.docinfo["/Title"])


def test_slips_keep_no_time_of_their_making() -> None:
    """The same data are the same bytes, in whatever second they were made."""
    made = slips("김하나")
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert not {"/CreationDate", "/ModDate"} & set(pdf.docinfo)
    assert b"CreateDate" not in made


def test_eight_slips_stand_on_a_page() -> None:
    for count, pages in ((1, 1), (8, 1), (9, 2), (17, 3)):
        with pikepdf.open(io.BytesIO(slips(*["김하나"] * count))) as pdf:
            assert len(pdf.pages) == pages, count


def _embedded(document: bytes) -> set[str]:
    with pikepdf.open(io.BytesIO(document)) as pdf:
        fonts = pdf.pages[0].Resources.Font
        return {str(font.BaseFont).partition("+")[2] for font in fonts.values()}


def test_rare_syllables_have_their_letters() -> None:
    """Of NanumGothic alone: with another font in it some letter would be a box or of another face."""
    assert {name.partition("-")[0] for name in _embedded(slips("뷁쀍뜕 힣갂궳"))} <= {"NanumGothic", "NanumGothicBold"}


@pytest.mark.parametrize(
    "name",
    [
        "#panic()",
        "$x$ *bold* _it_",
        "\\ ] ) }",
        '#import "@preview/cetz:0.3.0"',
        '#read("/etc/passwd")',
        "<a> @b",
        "//",
    ],
)
def test_a_name_is_text_whatever_it_holds(name: str) -> None:
    with pikepdf.open(io.BytesIO(slips(name))) as pdf:
        assert len(pdf.pages) == 1


def test_what_goes_wrong_is_told_without_the_data() -> None:
    with pytest.raises(DocumentError) as caught:
        render("slips", {"title": "홍길동"})
    assert caught.value.reason == "failed"
    assert "홍길동" not in str(caught.value)
    with pytest.raises(DocumentError, match="no template"):
        render("../fonts/OFL", {})


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch) -> object:
    """Writes a template beside ours, and takes it away."""
    made: list[Path] = []

    def write(text: str) -> str:
        file = ROOT / f"of-the-tests-{len(made)}.typ"
        file.write_text(text, "utf-8")
        made.append(file)
        return file.stem

    yield write
    for file in made:
        file.unlink()


def test_several_are_made_by_one_process_until_one_fails() -> None:
    data = {"title": "쪽지", "language": "ko", "address": "x", "words": WORDS, "slips": []}
    made = render_many("slips", [data, data, {"title": "홍길동"}, data])
    assert next(made) == next(made) == render("slips", data)
    with pytest.raises(DocumentError) as caught:
        next(made)
    assert caught.value.reason == "failed"


def test_one_that_never_ends_is_ended(template) -> None:  # type: ignore[no-untyped-def]
    endless = template("#let n = 0\n#while true { n = n + int(sys.inputs.data.len() / 100) - 1\n if n > 3 { n = 0 } }")
    with pytest.raises(DocumentError) as caught:
        render(endless, {}, seconds=2)
    assert caught.value.reason in ("timeout", "failed")


def test_a_template_reads_nothing_outside_its_folder(template) -> None:  # type: ignore[no-untyped-def]
    for text in ('#read("/../fonts/OFL.txt")', '#read("../../settings.py")', '#read("/etc/passwd")'):
        with pytest.raises(DocumentError):
            render(template(text), {})


def test_a_template_reaches_no_network(template, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(DocumentError):
            render(template('#import "@preview/cetz:0.3.0"'), {})
        with pytest.raises(TimeoutError):
            server.accept()


def test_our_templates_use_our_fonts_and_no_packages() -> None:
    for file in ROOT.glob("*.typ"):
        text = file.read_text("utf-8")
        assert "@preview" not in text
        assert set(re.findall(r'font: "([^"]+)"', text)) <= {"NanumGothic"}
        assert set(re.findall(r'name: "([^"]+)"', text)) <= {"Liberation Sans"}
    faces = {"NanumGothic.ttf", "NanumGothicBold.ttf", "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"}
    assert {file.name for file in FONTS.iterdir()} == {*faces, "OFL.txt", "OFL-Liberation.txt"}


def test_a_process_that_asks_for_paper_carries_no_compiler() -> None:
    script = "import lms.documents, sys; print('typst' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
