"""Files as companies send them, and files that are none: each is read, or refused with its reason."""

from __future__ import annotations

import datetime
import io
import struct
import zipfile

import openpyxl
import pytest

from lms.rosters import columns, reading
from lms.rosters.reading import RESIDENT_NUMBER, UnreadableError

NUMBER = "900101-1234567"  # the form of a resident registration number


def _book(*rows: tuple, merge: str = "") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in rows:
        sheet.append(cells)
    if merge:
        sheet.merge_cells(merge)
    return _saved(book)


def _saved(book: openpyxl.Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _reason(content: bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        columns.find_table(reading.read(content))
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_a_csv_of_each_encoding(encoding: str) -> None:
    book = reading.read("사업자등록번호,성명\r\n124-81-00998,똠방각하\r\n".encode(encoding))
    assert [line.cells for line in book.sheets[0].rows] == [["사업자등록번호", "성명"], ["124-81-00998", "똠방각하"]]


@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_a_csv_with_each_delimiter(mark: str) -> None:
    book = reading.read(f"성명{mark}사번\n김하나{mark}1\n".encode())
    assert book.sheets[0].rows[1].cells == ["김하나", "1"]


def test_rows_are_counted_as_the_spreadsheet_counts_them() -> None:
    book = reading.read('성명,사번\n\n"김\n하나",1\n이준호,2\n'.encode())
    assert [line.row for line in book.sheets[0].rows] == [1, 3, 4]


def test_an_encoding_that_changes_half_way_is_refused_with_the_line() -> None:
    error = _reason("성명,사번\n김하나,1\n".encode() + "이준호,2\n".encode("cp949"))
    assert (error.reason, error.line, error.before, error.after) == ("two_encodings", 3, "UTF-8", "CP949")
    error = _reason("성명,사번\n".encode("cp949") + "김하나,1\n".encode())
    assert (error.reason, error.line, error.before, error.after) == ("two_encodings", 2, "CP949", "UTF-8")


def test_short_korean_words_are_no_change_of_encoding() -> None:
    """천 in CP949 is two bytes that UTF-8 takes for a Latin letter."""
    text = "".join(f"{name},1\n" for name in ("성명", "천", "최", "징"))
    assert [line.cells[0] for line in reading.read(text.encode("cp949")).sheets[0].rows] == ["성명", "천", "최", "징"]


def test_cells_of_a_workbook_are_what_people_see() -> None:
    rows = ("성명", "사번", "생년월일"), ("김하나", 1234.0, datetime.date(1990, 2, 15)), ("이준호", 7.5, True)
    book = reading.read(_book(*rows))
    assert [line.cells for line in book.sheets[0].rows[1:]] == [
        ["김하나", "1234", "1990-02-15"],
        ["이준호", "7.5", "TRUE"],
    ]


def test_formulas_without_results_and_errors_are_told_from_empty_cells() -> None:
    book = reading.read(_book(("성명", "사번"), ("=A1", 1), ("이준호", "#N/A")))
    assert book.sheets[0].rows[1].cells[0] == reading.NOT_COMPUTED
    assert book.sheets[0].rows[2].cells[1] == reading.ERROR_VALUE


def test_a_hidden_sheet_is_not_read() -> None:
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.append(("성명", "사번"))
    first.append(("가려진 사람", 1))
    shown = book.create_sheet("명단")
    shown.append(("성명", "사번"))
    shown.append(("김하나", 1))
    first.sheet_state = "hidden"
    table = columns.find_table(reading.read(_saved(book)))
    assert (table.sheet, table.lines[0].cells[0]) == ("명단", "김하나")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n  ", "empty"),
        (b"PK\x03\x04 not an archive", "damaged"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "not_a_table"),
        (b"\x89\xff\xfe\n", "no_encoding"),
        ('성명,사번\n"김하나,1\n'.encode(), "quotes"),
        ("성명,사번,부서\n김하나,1,생산\n이준".encode(), "cut_off"),
        ("가나다,라마바\n1,2\n".encode(), "no_headings"),
        ("사업자등록번호,성명\n".encode(), "no_people"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
    ],
)
def test_what_is_no_roster_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    assert _reason(content).reason == reason


def test_a_workbook_that_was_cut_off_is_damaged() -> None:
    whole = _book(("성명", "사번"), *[(f"사람{n}", n) for n in range(200)])
    assert _reason(whole[: len(whole) // 2]).reason == "damaged"


def test_a_picture_that_calls_itself_a_workbook() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("picture.png", b"\x89PNG")
    assert _reason(content.getvalue()).reason == "not_a_workbook"


def test_an_archive_that_says_how_large_it_gets_is_not_opened() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        for number in range(4):
            archive.writestr(f"xl/media/{number}.bin", b"\0" * 100_000_000)
    assert len(content.getvalue()) < 1_000_000
    error = _reason(content.getvalue())
    assert (error.reason, error.megabytes) == ("bomb", 400)


def test_an_archive_that_lies_about_its_size_meets_the_limit_of_memory() -> None:
    """A sheet of 1.2 GB whose directory says 1 kB: nothing is believed, the child may not grow."""
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    content = io.BytesIO()
    book = openpyxl.load_workbook(io.BytesIO(_book(("성명", "사번"))))
    book.save(content)
    content.seek(0)
    made = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for part in old.infolist():
            if part.filename != "xl/worksheets/sheet1.xml":
                new.writestr(part, old.read(part))
        with new.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as target:
            target.write(sheet + b"<!--")
            for _ in range(1_200):
                target.write(b" " * 1_000_000)
            target.write(b"--></sheetData></worksheet>")
    lying = bytearray(made.getvalue())
    place = lying.rfind(b"PK\x01\x02")
    lying[place + 24 : place + 28] = struct.pack("<I", 1_000)
    assert _reason(bytes(lying)).reason in ("too_large", "damaged", "empty", "no_headings")


def test_a_cell_far_from_the_table_takes_no_gigabytes() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(("성명", "사번"))
    sheet.cell(row=1_000_000, column=16_000, value="x")
    assert _reason(_saved(book)).reason in ("too_large", "too_many_rows", "too_many_columns")


def test_resident_numbers_go_no_further() -> None:
    half = "900101", "1234567"
    rows = (
        ("성명", "생년월일", "메모"),
        ("김하나", NUMBER, ""),
        ("이준호", *half),
        ("정지훈", "９００１０１－１２３４５６７", "ok"),
    )
    book = reading.read(_book(*rows))
    assert [line.cells[1:] for line in book.sheets[0].rows[1:]] == [
        [RESIDENT_NUMBER, ""],
        [RESIDENT_NUMBER, RESIDENT_NUMBER],
        [RESIDENT_NUMBER, "ok"],
    ]


# Headings


def _table(*rows: tuple, merge: str = "") -> columns.Table:
    return columns.find_table(reading.read(_book(*rows, merge=merge)))


def test_headings_in_any_order_and_language() -> None:
    table = _table(("Employee No.", "부서", "E-mail", "성명*", "사업자 등록번호", "생년월일\n(YYYY-MM-DD)"), ("1",))
    assert table.columns == {
        "business_number": 4, "name": 3, "employee_number": 0, "birth_date": 5, "email": 2, "department": 1,
    }  # fmt: skip


def test_a_title_above_and_empty_columns_between() -> None:
    table = _table(
        ("2026년 재직자 명단",), (), (None, "사업자등록번호", None, "성명"), (None, "124-81-00998", None, "김하나")
    )
    assert (table.head, table.columns) == ((3,), {"business_number": 1, "name": 3})
    assert [line.row for line in table.lines] == [4]


def test_two_rows_of_headings_with_merged_groups() -> None:
    rows = (
        ("기업", None, "수강생", None),
        ("사업자등록번호", "회사명", "성명", "사번"),
        ("124-81-00998", "한빛정밀", "김하나", "1"),
    )
    table = _table(*rows, merge="A1:B1")
    assert (table.columns["business_number"], table.columns["employee_number"], table.lines[0].row) == (0, 3, 3)


def test_two_rows_that_say_it_together() -> None:
    table = _table(("사업자", "사원", None), ("등록번호", "번호", "이름"), ("124-81-00998", "1", "김하나"))
    assert table.columns == {"business_number": 0, "name": 2, "employee_number": 1}
    assert table.headings[0] == "사업자 등록번호"


def test_a_company_merged_over_its_people_stands_in_each_row() -> None:
    table = _table(("사업자등록번호", "성명"), ("124-81-00998", "김하나"), (None, "이준호"), merge="A2:A3")
    assert [line.cells[0] for line in table.lines] == ["124-81-00998", "124-81-00998"]


def test_of_two_telephone_columns_the_mobile_one_is_read() -> None:
    assert _table(("성명", "연락처", "휴대전화"), ("김하나", "1", "2")).columns["phone"] == 2
