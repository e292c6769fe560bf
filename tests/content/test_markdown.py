"""Markdown of pages and quizzes becomes HTML that is safe, reachable by keyboard, and right in Korean."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.content import has_math, headings, render_inline, render_markdown

VOID = {"br", "hr", "img"}


def render(text: str, **options) -> str:
    return render_markdown(text, media_url=lambda path: f"/files/{path}", **options)


class Reader(HTMLParser):
    """Elements with their attributes, and whether each that opens is closed in turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.is_balanced = True
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.is_balanced = False

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("**가동률(availability)**은", "<strong>가동률(availability)</strong>은"),
        ("한글**“인용”**이라", "한글<strong>“인용”</strong>이라"),
        ("*기울임(x)*도", "<em>기울임(x)</em>도"),
        ("~~취소(x)~~는", "<s>취소(x)</s>는"),
        ("`code`**(굵게)**를", "<code>code</code><strong>(굵게)</strong>를"),
        ("snake_case_name 은", "snake_case_name 은"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("**a**b", "<strong>a</strong>b"),
    ],
)
def test_korean_particles_may_follow_emphasis(markdown, html):
    assert f"<p>{html}</p>" in render(markdown)


def test_headings_begin_at_h2_and_have_anchors_of_their_own():
    html = render("# 제목\n\n## 가동률 (Availability)\n\n### 가동률 (Availability)\n\n## !!\n")
    assert re.findall(r'<h(\d) id="([^"]*)">', html) == [
        ("2", "s-제목"),
        ("2", "s-가동률-availability"),
        ("3", "s-가동률-availability-2"),
        ("2", "s-section"),
    ]


def test_headings_are_listed_for_a_table_of_contents():
    found = headings("## 하나 `x`\n\n글\n\n### 둘 **셋** ![자](media/a.svg)\n")
    assert [(heading.level, heading.text, heading.anchor, heading.line) for heading in found] == [
        (2, "하나 x", "하나-x", 1),
        (3, "둘 셋 자", "둘-셋-자", 5),
    ]


def test_a_table_scrolls_in_a_named_region_and_aligns_by_class():
    html = render("| 설비 | 수 |\n|:--|--:|\n| A | 1 |\n\n| 나 |\n|---|\n| 다 |\n")
    reader = Reader(html)
    regions = [attributes for attributes in reader.all("div") if attributes["class"] == "table-scroll"]
    assert [region["aria-label"] for region in regions] == ["표 1", "표 2"]
    assert {(region["tabindex"], region["role"]) for region in regions} == {("0", "region")}
    assert [attributes.get("class") for attributes in reader.all("th")] == ["align-left", "align-right", None]
    assert {attributes["scope"] for attributes in reader.all("th")} == {"col"}
    assert "style" not in html


def test_code_is_coloured_by_classes_in_a_named_region():
    html = render('```python\nprint("<b>")\n```\n\n```text\n1 < 2\n```\n\n```nonsense\nx\n```\n')
    assert '<div class="highlight" tabindex="0" role="region" aria-label="코드 1">' in html
    assert '<code class="language-python"><span class="nb">print</span>' in html
    assert "&lt;b&gt;" in html
    assert '<code class="language-text">1 &lt; 2' in html
    assert '<code class="language-nonsense">x' in html
    assert "style" not in html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("$a<b$ 이다", '<span class="math inline">a&lt;b</span>'),
        ("글 $$x$$ 글", '<span class="math inline">x</span>'),
        ("$$\n\\frac{1}{2}\n$$", '<div class="math block">\\frac{1}{2}</div>'),
    ],
)
def test_math_keeps_its_tex(markdown, html):
    assert html in render(markdown)
    assert has_math(render(markdown))


@pytest.mark.parametrize("markdown", ["값은 $5 에서 $6 사이", "`$x$`", "math inline"])
def test_what_is_no_math_stays_as_it_is(markdown):
    assert not has_math(render(markdown))


def test_a_callout_is_a_note_with_its_title():
    html = render("::: warning 손 조심 <b>\n글\n:::\n\n::: tip\n글\n:::\n")
    assert '<aside role="note" class="callout callout-warning" aria-labelledby="s-callout-1">' in html
    assert '<p class="callout-title" id="s-callout-1">손 조심 &lt;b&gt;</p>' in html
    assert '<p class="callout-title" id="s-callout-2">도움말</p>' in html
    assert ">Tip<" in render("::: tip\n글\n:::\n", language="en")


def test_a_picture_alone_is_a_figure_with_its_title_below():
    html = render('![눈금 "열" 개](media/a.svg "그림 1")\n\n글 ![작은](media/b.png) 글\n')
    assert (
        '<figure class="figure"><img src="/files/media/a.svg" alt="눈금 &quot;열&quot; 개" loading="lazy"'
        ' decoding="async"><figcaption>그림 1</figcaption></figure>'
    ) in html
    assert html.count("<figure") == 1


def test_a_picture_from_elsewhere_is_only_its_words():
    html = render("![밖](https://example.com/a.png) ![밖](data:image/png;base64,AA) ![위](../a.png)")
    assert "<img" not in html
    assert "밖" in html


def test_links_lead_where_they_may():
    html = render(
        "[단원](unit:oee) [자리](unit:oee#표) [밖](https://a.b/?x=1&y=2) [여기](#가) [표](media/t.csv) [글](mailto:a@b.c)",
        unit_url=lambda key: f"/units/{key}",
    )
    assert [attributes["href"] for attributes in Reader(html).all("a")] == [
        "/units/oee",
        "/units/oee#s-%ED%91%9C",
        "https://a.b/?x=1&y=2",
        "#s-%EA%B0%80",
        "/files/media/t.csv",
        "mailto:a@b.c",
    ]
    assert [attributes.get("rel") for attributes in Reader(html).all("a")][2] == "noopener noreferrer"


def test_links_that_lead_nowhere_are_only_their_words():
    html = render("[단원](unit:oee) [위](/etc/passwd) [곁](x.md) [js](javascript:alert(1)) [d](data:text/html,x)")
    assert "<a" not in html
    assert "단원" in html


def test_task_lists_are_pictures_and_not_controls():
    html = render("- [x] 끝\n- [ ] 아직\n")
    assert "<input" not in html
    assert '<span class="task-box" role="img" aria-label="완료">☑</span>' in html
    assert '<span class="task-box" role="img" aria-label="할 일">☐</span>' in html


def test_footnotes_lead_there_and_back():
    html = render("하나[^a] 둘[^a] 셋^[바로]\n\n[^a]: 글\n")
    reader = Reader(html)
    ids = {attributes["id"] for _, attributes in reader.elements if "id" in attributes}
    assert ids == {"s-fnref-1", "s-fnref-1-2", "s-fnref-2", "s-fn-1", "s-fn-2"}
    assert {attributes["href"].removeprefix("#") for attributes in reader.all("a")} == ids


def test_two_texts_on_one_page_share_no_id_and_no_name():
    text = "## 표\n\n| a |\n|---|\n| b |\n\n글[^1]\n\n[^1]: 각주\n"
    one, two = render(text, prefix="q1-", label="문제 1"), render(text, prefix="q2-", label="문제 2")
    assert set(re.findall(r'id="([^"]*)"', one)).isdisjoint(re.findall(r'id="([^"]*)"', two))
    assert 'aria-label="문제 1 표 1"' in one
    assert 'aria-label="문제 2 표 1"' in two


def test_a_choice_is_rendered_without_a_paragraph():
    assert render_inline("**굵게** $x$", media_url=str) == '<strong>굵게</strong> <span class="math inline">x</span>'


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "![x](javascript:alert(1))",
    '[x](https://a.b "onmouseover=alert(1)")',
    '[x](<https://a.b/" onmouseover="alert(1)>)',
    '![" onerror="alert(1)](media/x.svg)',
    '![x](media/x.svg "\\" onload=\\"alert(1)")',
    '![x](media/"onerror="alert(1))',
    '::: note "><script>alert(1)</script>\nx\n:::',
    '```"><script>alert(1)</script>\nx\n```',
    "$</span><script>alert(1)</script>$",
    "$$\n</div><script>alert(1)</script>\n$$",
    '## "><img src=x onerror=alert(1)>',
    "[^<script>]: x\n\n[^<script>]",
    "<style>*{display:none}</style>",
    '<form action="https://a.b"><input></form>',
    "<iframe src=https://a.b></iframe>",
    "| <script>alert(1)</script> |\n|---|\n| <svg onload=alert(1)> |",
]
SAFE_ADDRESS = re.compile(r"(/files/media/|#|https?://|mailto:)")


def assert_safe(html: str) -> None:
    reader = Reader(html)
    assert reader.is_balanced, html
    for tag, attributes in reader.elements:
        assert tag not in {"script", "style", "iframe", "form", "input", "svg", "object", "embed", "base", "link"}
        for name, value in attributes.items():
            assert not name.startswith("on"), html
            assert name not in {"style", "srcdoc", "formaction"}
            if name in {"href", "src"}:
                assert SAFE_ADDRESS.match(value or ""), value


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_passes(text):
    assert_safe(render(text))
    assert_safe(render_inline(text, media_url=lambda path: f"/files/{path}"))


PIECES = st.sampled_from(
    [
        *HOSTILE,
        "**",
        "*",
        "~~",
        "`",
        "```\n",
        "$",
        "$$",
        ":::",
        "::: note",
        "\n",
        "\n\n",
        "    ",
        "- [ ] ",
        "> ",
        "| a |",
    ]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES | st.text(max_size=10), max_size=12).map("".join))
def test_any_text_renders_to_something_safe(text):
    assert_safe(render(text))
