"""An author breaks one thing; the message says in which file and key, what is wrong, and what to do."""

from __future__ import annotations

import hashlib

import pytest

from lms.content import ContentErrors, PageUnit, check_all, load_all, load_course
from lms.content.files import MB

from . import authors

COURSE = "courses/basics/course.toml"
PAGE = "courses/basics/pages/01-why.md"
QUIZ = "courses/basics/quizzes/why.toml"
EXERCISE = "exercises/count-parts/exercise.toml"
PROOF = "exercises/count-parts/proof.toml"
NOTEBOOK = "exercises/count-parts/source.ipynb"


def test_a_right_library_has_nothing_wrong(library):
    assert library.errors() == []
    catalogue = library.load()
    assert [course.slug for course in catalogue.courses] == ["basics"]
    assert list(catalogue.exercises) == ["count-parts"]


# All of the text, which no other change would leave behind.
QUESTIONS, PROOF_TEXT = authors.QUIZ, authors.PROOF

MISTAKES = [
    # course.toml: keys, types, values
    (COURSE, "hours = 2", "hourz = 2", f"{COURSE}: hourz: there is no such key. Did you mean 'hours'?"),
    (COURSE, "hours = 2", "", f"{COURSE}: hours: is missing. Add it."),
    (COURSE, "hours = 2", 'hours = "2"', f"{COURSE}: hours: '2' is not a number. Write it without quotation marks."),
    (COURSE, "hours = 2", "hours = 0", f"{COURSE}: hours: '0' is not a number above 0"),
    (COURSE, "hours = 2", "hours = nan", "hours: 'nan' is not a number that can be used"),
    (COURSE, "hours = 2", "hours = true", f"{COURSE}: hours: True is not a number"),
    (COURSE, "hours = 2", "hours = 9" + "9" * 400, "is not a number that can be used"),
    (COURSE, 'title = "측정의 기초"', 'title = ""', f"{COURSE}: title: is empty."),
    (COURSE, 'title = "측정의 기초"', 'title = "가\\n나"', f"{COURSE}: title: has more than one line."),
    (COURSE, 'title = "측정의 기초"', 'title = "가\\u0000"', "title: holds the control character U+0000. Delete it."),
    (COURSE, 'title = "측정의 기초"', "title = 7", f"{COURSE}: title: 7 is not text. Put it in quotation marks."),
    (COURSE, "minutes = 30", "minutes = 30.5", f"{COURSE}: units[2].minutes: 30.5 is not a whole number"),
    (COURSE, 'kind = "quiz"', 'kind = "quizz"', "units[1].kind: 'quizz' is not known here. Did you mean 'quiz'?"),
    (COURSE, "weight = 3", "weight = -3", "units[2].weight: '-3' is not a number above 0"),
    (COURSE, "weight = 3", "wieght = 3", "units[2].wieght: there is no such key. Did you mean 'weight'?"),
    (COURSE, 'key = "count"', 'key = "why"', "units[2].key: 'why' is already the key of units[0]."),
    (COURSE, 'key = "count"', 'key = "Count Parts"', "units[2].key: 'Count Parts' is not a name of that kind."),
    (COURSE, 'file = "pages/01-why.md"', 'file = "pages/01-why.md"\nweight = 1', "units[0].weight: a page is not scored"),
    (COURSE, "[[units]]", "[units]", "is not valid TOML"),
    (COURSE, "hours = 2", "hours = 2\n[completion]\nprogress = 120",
     "completion.progress: '120' is not a number of at most 100"),
    (COURSE, "hours = 2", "hours = 2\n[completion]\nprogres = 70", "completion.progres: there is no such key."),
    (COURSE, "hours = 2", "hours = ", f"{COURSE}: line 4: is not valid TOML: Invalid value."),
    (COURSE, 'kind = "quiz"\ntitle = "확인"', 'kind = "quiz"\ntitel = "확인"',
     "units[1].titel: there is no such key. Did you mean 'title'?"),
    (COURSE, 'title = "확인"\n', 'wieght = 1\n', "units[1].wieght: there is no such key. Did you mean 'weight'?"),
    (COURSE, 'title = "확인"\n', 'colour = 1\n',
     "units[1].colour: there is no such key. It can be: file, key, kind, minutes,"),
    (COURSE, 'kind = "quiz"\n', "", "units[1].kind: is missing. Add it."),
    (COURSE, 'kind = "quiz"', 'knid = "quiz"', "units[1].knid: there is no such key. Did you mean 'kind'?"),
    # course.toml: what it refers to
    (COURSE, "pages/01-why.md", "pages/01-wy.md", "units[0].file: there is no file 'pages/01-wy.md' in courses/basics."),
    (COURSE, "pages/01-why.md", "../other/x.md", "units[0].file: '../other/x.md' leads out of courses/basics."),
    (COURSE, "pages/01-why.md", "/etc/passwd", "units[0].file: '/etc/passwd' is not a relative path"),
    (COURSE, "pages/01-why.md", "pages/가.md",
     "units[0].file: 'pages/가.md' holds a sign that file names may not have here."),
    (COURSE, "pages/01-why.md", "quizzes/why.toml", "units[0].file: 'quizzes/why.toml' is not a pages/*.md file."),
    (COURSE, "count-parts", "count-part",
     "units[2].exercise: there is no exercise 'count-part'. Did you mean 'count-parts'?"),
    (COURSE, "pages/01-why.md", "pages/01-why.txt", "units[0].file: 'pages/01-why.txt' is not a pages/*.md file."),
    (COURSE, "pages/01-why.md", "media/01-why.md", "units[0].file: 'media/01-why.md' is not a pages/*.md file."),
    # Pages
    (PAGE, "눈금이 열 개인 자", "", f"{PAGE}: line 5: the image 'media/ruler.svg' has no alt text."),
    (PAGE, "눈금이 열 개인 자", "ruler.svg", "line 5: the alt text 'ruler.svg' doesn't say what 'media/ruler.svg' shows."),
    (PAGE, "media/ruler.svg", "media/rular.svg",
     "line 5: there is no file 'media/rular.svg'. Did you mean 'media/ruler.svg'?"),
    (PAGE, "media/ruler.svg", "https://example.com/r.svg", "line 5: the image 'https://example.com/r.svg' is not in media/."),
    (PAGE, "media/ruler.svg", "../media/ruler.svg", "line 5: the image '../media/ruler.svg' is not in media/."),
    (PAGE, "unit:quiz-why", "unit:quiz-wy", "line 7: there is no unit 'quiz-wy'. Did you mean 'quiz-why'?"),
    (PAGE, "#재는-까닭", "#재는-까닥", "line 7: there is no heading '#재는-까닥' in why. Did you mean '재는-까닭'?"),
    (PAGE, "unit:quiz-why", "unit:why#없음", "line 7: there is no heading '#없음' in why."),
    (PAGE, "unit:quiz-why", "02-next.md", "line 7: the link '02-next.md' leads nowhere. Write unit:KEY"),
    (PAGE, "[문제로]", "[]", "line 7: the link to 'unit:quiz-why' has no text."),
    (PAGE, "비교입니다.", "<b>비교</b>입니다.", f"{PAGE}: line 3: raw HTML is not shown: <b>."),
    (PAGE, "비교입니다.", "비교입니다.\n\n<div>\n\n안\n\n</div>", "line 5: raw HTML is not shown: <div>."),
    (PAGE, "비교입니다.", "비교입니다. <!-- 메모 -->", "line 3: raw HTML is not shown: <!-- 메모 -->."),
    (PAGE, "비교입니다.", "** 비교**입니다.", "line 3: '**' stands open and would be shown as it is."),
    (PAGE, "비교입니다.", "비교입니다.\n\n##\n", "line 5: the heading is empty"),
    (PAGE, "## 재는", "# 재는", "line 1: the unit's title is the page's only '#' heading."),
    (PAGE, "비교입니다.", "비교입니다.\n\n#### 너무 깊은", "line 5: a heading of level 4 follows level 2. Use '###'."),
    (PAGE, "비교입니다.", "비교입니다.\n\n::: nota\n글\n:::", "line 5: 'nota' is not a callout. Did you mean 'note'?"),
    (PAGE, "비교입니다.", "비교입니다.\n\n::: note\n글", "line 5: the callout '::: note' is not closed. Add a line ':::'."),
    (PAGE, "비교입니다.", "비교입니다.\n\n```\nx\n```", "line 5: the code has no language."),
    (PAGE, "비교입니다.", "비교입니다.\n\n```pyton\nx\n```", "line 5: 'pyton' is not a language that can be coloured."),
    (PAGE, "비교입니다.", "비교입니다.\n\n    x = 1\n", "line 5: lines indented by four spaces are shown as code."),
    # Quizzes
    (QUIZ, "correct = true\n[[questions.options]]\ntext = \"온도\"", "[[questions.options]]\ntext = \"온도\"",
     f"{QUIZ}: questions[0].options: a single question has one right option; this one has 0."),
    (QUIZ, 'text = "온도"', 'text = "온도"\ncorrect = true',
     "questions[0].options: a single question has one right option; this one has 2."),
    (QUIZ, "correct = true", 'correct = "yes"', "questions[0].options[0].correct: 'yes' is not true or false."),
    (QUIZ, "correct = true", "corect = true",
     "questions[0].options[0].corect: there is no such key. Did you mean 'correct'?"),
    (QUIZ, 'text = "온도"', 'text = "길이"', "questions[0].options[1].text: is the same as questions[0].options[0]."),
    (QUIZ, 'key = "tools"', 'key = "kind"', "questions[1].key: 'kind' is already the key of questions[0]."),
    (QUIZ, "points = 2", "points = 0", "questions[1].points: '0' is not a number above 0"),
    (QUIZ, "tolerance = 0.1", "tolerance = -0.1", "questions[2].tolerance: '-0.1' is not a number of at least 0"),
    (QUIZ, "answer = 14.5", "answer = 85.55", "questions[2].near[0].answer: '85.55' counts as right"),
    (QUIZ, 'items = ["영점을 맞춘다", "잰다", "적는다"]', 'items = ["잰다"]',
     "questions[3].items: an order has at least two items."),
    (QUIZ, '"잰다", "적는다"', '"잰다", "잰다"', "questions[3].items[2]: is there twice."),
    (QUIZ, '"잰다", "적는다"', '"잰다", 3', "questions[3].items[2]: 3 is not a text."),
    (QUIZ, 'items = ["영점을 맞춘다", "잰다", "적는다"]', 'items = "잰다"', "questions[3].items: '잰다' is not a list."),
    (QUIZ, "자로 재는 것은?", "## 자로 재는 것은?", "questions[0].text: headings are for pages."),
    (QUIZ, 'text = "온도"', 'text = "온도\\n\\n습도"', "questions[0].options[1].text: is more than one paragraph."),
    (QUIZ, 'text = "온도"', 'text = "[온도](unit:why)"', "questions[0].options[1].text: holds a link"),
    (QUIZ, 'text = "온도"', 'text = "![](media/ruler.svg)"',
     "questions[0].options[1].text: the image 'media/ruler.svg' has no alt text."),
    (QUIZ, 'kind = "single"', 'kind = "singel"', "questions[0].kind: 'singel' is not known here. Did you mean 'single'?"),
    (QUIZ, QUESTIONS, "questions = []", "questions: a quiz has 1 to 200 questions; this one has 0"),
    (QUIZ, QUESTIONS, "", f"{QUIZ}: questions: is missing. Add it."),
    (QUIZ, 'kind = "ordering"\n', "", "questions[3].kind: is missing. Add it."),
    # Exercises
    (EXERCISE, 'title = "부품 세기"', 'titel = "부품 세기"',
     f"{EXERCISE}: titel: there is no such key. Did you mean 'title'?"),
    (EXERCISE, 'message = "표의', 'mesage = "표의',
     "checks.count-test.mesage: there is no such key. Did you mean 'message'?"),
    (EXERCISE, "seed = 7", "sead = 7", "data[0].sead: there is no such key. Did you mean 'seed'?"),
    (EXERCISE, 'sha256 = "', 'sha256 = "0', "data[0].sha256: "),
    (PROOF, 'name = "counts-the-header"', "name =", f"{PROOF}: line 3: is not valid TOML: Invalid value."),
    (PROOF, "count-test = 0", "count-tset = 0", "wrong[0].earns.count-tset: the notebook has no check 'count-tset'."),
    (PROOF, 'count-test = "머리글"', 'cuont-test = "머리글"',
     "wrong[0].says.cuont-test: the notebook has no check 'cuont-test'."),
    (PROOF, "why =", "wy =", "wrong[0].wy: there is no such key. Did you mean 'why'?"),
    (PROOF, "[[wrong]]", "other = 1\n[[wrong]]", f"{PROOF}: other: there is no such key."),
    (PROOF, PROOF_TEXT, PROOF_TEXT * 2, "wrong[1].name: 'counts-the-header' is there twice."),
    (EXERCISE, "seconds = 30", "secnds = 30", f"{EXERCISE}: limits.secnds: there is no such key. Did you mean 'seconds'?"),
    (EXERCISE, "cell_seconds = 10", "cell_seconds = 50",
     "limits.cell_seconds: 50 is more than the 30 of the whole submission"),
    (EXERCISE, "[checks.count-test]", "[checks.count-tests]",
     "checks.count-tests: the notebook has no check 'count-tests'. Did you mean 'count-test'?"),
    (EXERCISE, "count = [", "cuont = [", "hints.cuont: the notebook has no answer cell 'cuont'. Did you mean 'count'?"),
    (EXERCISE, 'count = ["머리글 줄도', 'count = ["", "머리글 줄도',
     "hints.count[0]: '' is not a text. Put it in quotation marks."),
    (EXERCISE, 'count = ["머리글 줄도 세었나요?", "`len`은 줄의 수를 셉니다."]', "count = []",
     "hints.count: has no hint. Write one, or leave the key out."),
    (EXERCISE, 'count = ["머리글 줄도 세었나요?", "`len`은 줄의 수를 셉니다."]', f"count = {['x'] * 7}",
     "hints.count: has 7 hints; at most 6 are allowed. Join some."),
    (EXERCISE, "data/parts.csv", "data/part.csv", "data[0].path: there is no file 'data/part.csv' in exercises/count-parts."),
    (EXERCISE, "data/parts.csv", "../parts.csv", "data[0].path: '../parts.csv' is not in data/."),
    (EXERCISE, "data/parts.csv", "data/../../parts.csv",
     "data[0].path: 'data/../../parts.csv' leads out of exercises/count-parts."),
    ("exercises/count-parts/data/parts.csv", "너트", "나사",
     "data[0].sha256: 'data/parts.csv' has another SHA-256 than the one written here."),
    (NOTEBOOK, '"count-test"', '"count"', "cells[2].metadata.nbgrader.grade_id: 'count' is there twice."),
    (NOTEBOOK, '"points": 5', '"points": "5"', "cells[2].metadata.nbgrader.points: '5' is not a number of points."),
    (NOTEBOOK, '"points": 5', '"points": 0', f"{NOTEBOOK}: cells: has no graded cell that is worth points."),
    (NOTEBOOK, '"solution": true', '"solution": false', f"{NOTEBOOK}: cells: has no answer cell."),
    (NOTEBOOK, '"nbformat": 4', '"nbformat": 3', f"{NOTEBOOK}: is not a notebook of format 4."),
    (NOTEBOOK, "{", "[", f"{NOTEBOOK}: is not a notebook of format 4."),
    (PROOF, "count-test = 0", "count-test = 9", "wrong[0].earns.count-test: '9' is not a number of at most 5"),
    (PROOF, 'count = "n = 3"', 'cuont = "n = 3"',
     "wrong[0].answers.cuont: the notebook has no answer cell 'cuont'. Did you mean 'count'?"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "said"), MISTAKES, ids=[said[-60:] for *_, said in MISTAKES])
def test_the_message_says_where_what_and_what_to_do(library, file, old, new, said):
    library.change(file, old, new)
    errors = library.errors()
    assert any(said in error for error in errors), errors


@pytest.mark.parametrize("kind", ["", "knid = 'page'", "kind = 'pages'"])
def test_a_unit_without_a_kind_is_told_once(library, kind):
    library.change(COURSE, 'kind = "page"', kind)
    assert [error for error in library.errors() if "units[0]" in error and COURSE in error] == library.errors()[:1]


def test_a_misspelt_key_is_told_once_and_not_as_missing_too(library):
    library.change(COURSE, "hours = 2", "hourz = 2")
    assert len(library.errors()) == 1


def test_all_mistakes_of_a_course_are_told_at_once(library):
    library.change(COURSE, "hours = 2", "hours = -1")
    library.change(COURSE, 'title = "확인"', "")
    library.change(PAGE, "눈금이 열 개인 자", "")
    library.change(QUIZ, "points = 2", "points = -2")
    with pytest.raises(ContentErrors) as caught:
        load_all(library.courses, library.exercises)
    assert [(error.file, error.key) for error in caught.value.errors] == [
        (COURSE, "hours"),
        (QUIZ, "questions[1].points"),
        (COURSE, "units[1].title"),
        (PAGE, "line 5"),
    ]
    assert str(caught.value).count("\n") == 3


def test_a_broken_exercise_leaves_the_rest_usable(library):
    library.change(NOTEBOOK, '"nbformat": 4', '"nbformat": 3')
    catalogue, errors = check_all(library.courses, library.exercises)
    assert (list(catalogue.exercises), catalogue.courses) == ([], ())
    assert str(errors[-1]) == (
        f"{COURSE}: units[2].exercise: the exercise 'count-parts' has mistakes of its own. Mend those first."
    )


def test_a_course_can_be_read_without_its_exercises(library):
    course = load_course(library.courses, "basics", None)
    assert course.unit("count").digest is None


@pytest.mark.parametrize("slug", ["../basics", "Basics", "no-such"])
def test_a_course_that_is_not_there_is_told(library, slug):
    with pytest.raises(ContentErrors, match=r"not a name for a course|no such folder"):
        load_course(library.courses, slug, None)


def test_a_score_that_nobody_can_reach_is_told(library):
    library.change(COURSE, "weight = 1\n", "")
    library.change(COURSE, "weight = 3\n", "")
    assert library.errors() == [
        f"{COURSE}: completion.score: asks for a score, but no unit carries a weight."
        " Give quizzes or exercises a weight, or set completion.score = 0."
    ]
    library.change(COURSE, "hours = 2", "hours = 2\n[completion]\nscore = 0")
    assert library.errors() == []


@pytest.mark.parametrize(
    "extra", ["courses/basics/pages/old.md", "courses/basics/media/old.svg", "courses/basics/quizzes/old.toml"]
)
def test_a_file_that_nothing_refers_to_is_told(library, extra):
    library.write(extra, '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>')
    assert library.errors() == [f"{extra}: nothing refers to this file. Use it in a unit, or delete it."]


@pytest.mark.parametrize(
    "left", ["courses/basics/.DS_Store", "exercises/count-parts/__pycache__/x.pyc", "courses/basics/make_figures.py"]
)
def test_what_tools_leave_and_authors_keep_is_no_mistake(library, left):
    library.write(left, "x")
    assert library.errors() == []


def test_data_that_are_not_listed_are_told(library):
    library.write("exercises/count-parts/data/more.csv", "x")
    assert library.errors()[0] == (
        "exercises/count-parts/data/more.csv: is not listed in exercise.toml. List it under [[data]], or delete it."
    )


def test_an_exercise_of_somebody_s_own_may_lack_a_proof_and_data(library):
    for name in ("proof.toml", "DATA.md", "make_data.py", "data/parts.csv"):
        (library.exercise / name).unlink()
    library.write(EXERCISE, 'title = "세기"\n')
    assert library.errors() == []


def test_data_without_a_card_are_told(library):
    library.path("exercises/count-parts/DATA.md").unlink()
    assert "exercises/count-parts/DATA.md: there is no data card." in library.errors()[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("## 가\n".encode("cp949"), "is written in CP949 (EUC-KR). Save it as UTF-8 without a byte order mark."),
        ("## 가\n".encode("utf-8-sig"), "begins with a byte order mark (BOM). Save it as UTF-8"),
        ("## 가\n".encode("utf-16"), "is written in UTF-16. Save it as UTF-8"),
        (b"## \xea\xb0\x80\n\xff\xff\xff", "is not UTF-8 (line 2). Save it as UTF-8"),
        (b"## a\n\x07b", "line 2: holds the control character U+0007. Delete it."),
        (b"\n \n", "is empty. Write the page."),
        (b"x" * (MB + 1), "bytes; at most 524,288 are allowed. Make it smaller or split it."),
    ],
    ids=["cp949", "bom", "utf-16", "neither", "control", "empty", "large"],
)
def test_a_file_that_is_no_plain_text_is_told(library, content, said):
    library.write(PAGE, content)
    assert any(error.startswith(PAGE) and said in error for error in library.errors())


def test_links_in_the_file_system_are_refused(library, tmp_path):
    secret = tmp_path / "secret.md"
    secret.write_text("## 비밀\n")
    library.path(PAGE).unlink()
    library.path(PAGE).symlink_to(secret)
    assert f"{PAGE}: is a symbolic link. Put a copy of the file itself there." in library.errors()


def test_a_link_that_nothing_refers_to_is_told_too(library):
    (library.course / "media" / "host.svg").symlink_to("/etc/hostname")
    assert library.errors() == [
        "courses/basics/media/host.svg: is a symbolic link. Put a copy of the file itself there."
    ]


def test_a_linked_folder_is_not_entered(library, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "01-why.md").write_text("## 비밀\n")
    pages = library.course / "pages"
    (pages / "01-why.md").unlink()
    pages.rmdir()
    pages.symlink_to(outside)
    assert any("is a symbolic link" in error for error in library.errors())
    assert check_all(library.courses, library.exercises)[0].courses == ()


def test_a_linked_course_is_refused(library):
    library.course.rename(library.courses / "real")
    library.course.symlink_to(library.courses / "real")
    assert "courses/basics: is a symbolic link. Put the folder itself there." in library.errors()


@pytest.mark.parametrize(
    ("svg", "said"),
    [
        ("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><script>x</script></svg>", "holds <script>."),
        ("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1' onload='x'/>", "holds the handler onload."),
        ("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><image href='https://a.b/c.png'/></svg>",
         "refers to 'https://a.b/c.png'."),
        ("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><style>@import 'x.css';</style></svg>",
         "its style loads something from outside."),
        ("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><path style='fill:url(http://a.b)'/></svg>",
         "its style loads something from outside."),
        ("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/>",
         "declares a document type."),
        ("<svg xmlns='http://www.w3.org/2000/svg'/>", "has no viewBox"),
        ("<svg viewBox='0 0 1 1'/>", "is not an SVG."),
        ("눈금", "is not an SVG: "),
    ],
)  # fmt: skip
def test_a_figure_that_does_more_than_show_is_told(library, svg, said):
    library.write("courses/basics/media/ruler.svg", svg)
    assert any(f"courses/basics/media/ruler.svg: {said}" in error for error in library.errors()), library.errors()


def test_a_figure_is_what_its_name_says(library):
    library.write("courses/basics/media/ruler.png", b"GIF89a")
    library.change(PAGE, "media/ruler.svg", "media/ruler.png")
    assert "courses/basics/media/ruler.png: is not a .png file. Save it in the format of its name." in library.errors()


def test_a_figure_that_is_too_large_is_told(library):
    library.write("courses/basics/media/ruler.svg", b" " * (MB + 1))
    assert "media/ruler.svg: is 1,048,577 bytes; at most 1,048,576 are allowed." in library.errors()[0]


def test_an_exercise_that_is_too_large_is_told(library):
    data = bytes(18 * MB)
    listed = "".join(
        f'[[data]]\npath = "data/{number}.csv"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\n' for number in range(3)
    )
    for number in range(3):
        library.write(f"exercises/count-parts/data/{number}.csv", data)
    library.change(EXERCISE, "[checks.count-test]", f"{listed}\n[checks.count-test]")
    assert library.errors()[0].startswith("exercises/count-parts: holds 56,62")


def test_media_of_an_unknown_kind_are_told(library):
    library.write("courses/basics/media/tool.exe", b"MZ")
    assert any("media/tool.exe: '.exe' is not a kind of media." in error for error in library.errors())


def test_line_ends_and_composed_hangul_don_t_change_a_course(library, course):
    for relative in (COURSE, PAGE, QUIZ):
        text = library.path(relative).read_text("utf-8")
        library.write(relative, text.replace("\n", "\r\n"))
    assert library.load().courses[0] == course


def test_a_folder_that_is_not_there_is_told(library, tmp_path):
    _, errors = check_all(tmp_path / "none", library.exercises)
    assert str(errors[0]) == "none: there is no such folder. Give the folder that holds them."


def test_what_a_course_leaves_out_has_its_default(library):
    library.change(COURSE, "weight = 1\n", "")
    course = library.load().courses[0]
    assert (course.language, course.audience) == ("ko", "")
    assert (course.completion.progress, course.completion.score) == (80, 60)
    assert [unit.weight for unit in course.units if not isinstance(unit, PageUnit)] == [0, 3]
    assert not course.unit("quiz-why").quiz.shuffle


def test_a_readme_among_the_courses_and_what_tools_leave_is_no_mistake(library):
    library.write("courses/README.md", "x")
    library.write("exercises/.DS_Store", "x")
    library.write("exercises/__pycache__/x.pyc", "x")
    assert library.errors() == []


def test_a_stray_file_among_the_courses_is_told(library):
    library.write("courses/notes.txt", "x")
    assert library.errors() == ["courses/notes.txt: is no folder. Put it into a course or exercise."]
