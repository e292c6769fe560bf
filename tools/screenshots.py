"""Take the pictures of the documentation from the running product, with the demonstration's people in it.

    python -m tools.screenshots [learner|desk]

Every kind of page goes to build/screenshots, as seen on a phone and at a desk, in Korean and the learner's in English too; those
that README.md and docs/ show go to docs/images. Needs Chromium (apt install chromium).
"""

from __future__ import annotations

import base64
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from lms import content
from tests.browsers import ARGUMENTS
from tests.e2e import answers, steps, walk, working
from tests.e2e.site import ROOT, Account, Site, running_site
from tests.e2e.visits import DESKTOP, PHONE, begin_visit

BUILD = ROOT / "build/screenshots"
IMAGES = ROOT / "docs/images"
HALF: ViewportSize = {"width": 940, "height": 700}  # what fits beside a phone
SCREENS: dict[str, ViewportSize] = {"phone": PHONE, "desk": DESKTOP}
# What the documentation shows, by the name of the picture there. Each is the first screen of its page, not its whole length.
SHOWN = {
    "sign-in.png": "sign-in.ko.phone",
    "home-phone.png": "home.ko.phone",
    "course.png": "course.ko.desk",
    "page.png": "page.ko.phone",
    "quiz-result.png": "quiz-result.ko.phone",
    "exercise.png": "exercise.ko.desk",
    "exercise-error.png": "exercise-error.ko.phone",
    "exercise.en.png": "exercise.en.phone",
    "result.png": "result.ko.phone",
    "completed.png": "completed.ko.desk",
    "home.en.png": "home.en.phone",
    "result.en.png": "result.en.phone",
}
SHOWN_OF_DESK = {
    "desk.png": "desk.ko.desk",
    "our-people.png": "our-people.ko.phone",
    "office.png": "office.ko.desk",
    "class.png": "class.ko.desk",
    "operations.png": "operations.ko.desk",
    "question.png": "question.ko.desk",
    "question-phone.png": "question.ko.phone",
}
# Who sees it, where it is, and the link that leads to it from there.
DESK_PAGES = {
    "desk": ("이서연", "/desk/", ""),
    "our-people": ("박도윤", "/company/", ""),
    "office": ("오세린", "/office/", ""),
    "targets": ("오세린", "/office/targets", ""),
    "class": ("한지우", "/classes/", "main a"),
    "operations": ("강태오", "/operations/", ""),
    "question": ("이서연", "/desk/questions/stops", ""),
}
EXERCISE, QUIZ, PAGE = "missing-and-outliers", "quiz-middle", "time-and-shifts"


class Camera:
    """Takes each page in a window of each size."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.first_screens: dict[str, bytes] = {}

    def take(self, page: Page, name: str, language: str = "ko") -> None:
        """The page that is open, as a whole into the folder; its first screen is kept for the documentation."""
        for screen, size in SCREENS.items():
            page.set_viewport_size(size)
            _settle(page)
            full_name = f"{name}.{language}.{screen}"
            self.first_screens[full_name] = page.screenshot()
            (self.folder / f"{full_name}.png").write_bytes(smaller(page.screenshot(full_page=True)))


def _settle(page: Page) -> None:
    """Pictures further down are loaded only when one comes near; the focus of a tool is no part of the picture."""
    page.evaluate(
        """async () => {
          for (const image of document.images) image.loading = "eager";
          await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
          await document.fonts.ready;
          document.activeElement?.blur();
          scrollTo(0, 0);
        }"""
    )


def smaller(png: bytes) -> bytes:
    """The same picture, packed with more patience than a browser has."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(out, "PNG", optimize=True)
    return out.getvalue()


def take_all(browser: Browser, site: Site, camera: Camera) -> None:
    hana, ujin = site.accounts["김하나"], site.accounts["정우진"]
    with _window(browser, site) as page:
        page.goto(f"{site.address}/sign-in?by=number")
        camera.take(page, "sign-in-number")
        page.goto(f"{site.address}/sign-in")
        camera.take(page, "sign-in")
        steps.sign_in(page, site, hana)
        camera.take(page, "home-begin")
        result = _go_half_way(page, site, camera)
        _take_learners_pages(page, site, camera, result, "ko")
    _take_english(browser, site, camera, hana, result)
    with _window(browser, site) as page:
        steps.come_in(page, site, ujin)
        walk.do_everything(page, site, with_mistakes=False)
        page.goto(f"{site.address}/")
        camera.take(page, "completed")


def take_desk(browser: Browser, site: Site, camera: Camera) -> None:
    """The pages of those who answer for others, with three programme years in them."""
    for name, (who, path, link) in DESK_PAGES.items():
        with _window(browser, site) as page:
            steps.sign_in(page, site, site.accounts[who])
            page.goto(f"{site.address}{path}")
            if link:
                page.locator(link).first.click()
                page.wait_for_load_state()
            camera.take(page, name)
    with _window(browser, site) as page:
        page.goto(f"{site.address}/figures/")
        camera.take(page, "figures")


@contextmanager
def _window(browser: Browser, site: Site, locale: str = "ko-KR") -> Iterator[Page]:
    visit = begin_visit(browser, site.address, locale=locale, with_python=True)
    try:
        yield visit.open()
    finally:
        visit.context.close()


def _go_half_way(page: Page, site: Site, camera: Camera) -> str:
    """김하나 as she is in the pictures: in the middle, with an exercise that isn't right yet. Returns its result's address."""
    for unit in site.course.units:
        page.goto(site.unit_address(unit.key))
        match unit:
            case content.PageUnit():
                steps.read_page(page)
            case content.QuizUnit():
                _take_quiz(page, site, unit, camera)
            case content.ExerciseUnit() if unit.key == EXERCISE:
                wrong, _ = answers.wrong_answers(unit.exercise)
                steps.hand_in(page, answers.fill_in(steps.download_starter(page), wrong))
                return page.url
            case content.ExerciseUnit():
                right = answers.right_answers(unit.exercise)
                steps.hand_in(page, answers.fill_in(steps.download_starter(page), right))
                camera.take(page, "result-all-right")
    raise AssertionError(f"the course has no exercise {EXERCISE}")


def _take_quiz(page: Page, site: Site, unit: content.QuizUnit, camera: Camera) -> None:
    """All right but the first answer."""
    answers.answer_quiz(page, unit.quiz, right=True)
    wrong = next(option.key for option in unit.quiz.questions[0].options if not option.correct)  # type: ignore[union-attr]
    page.check(f"[name={unit.quiz.questions[0].key}][value='{wrong}']")
    page.click("form[data-keep] button[type=submit]")
    page.wait_for_selector("#result-title")
    page.goto(page.url.partition("#")[0])
    camera.take(page, "quiz-result")


def _take_learners_pages(page: Page, site: Site, camera: Camera, result: str, language: str) -> None:
    for name, address in {
        "home": f"{site.address}/",
        "course": site.run_address,
        "page": site.unit_address(PAGE),
        "quiz": site.unit_address(QUIZ),
        "result": result,
        "account": f"{site.address}/account",
        "password": f"{site.address}/account/password",
        "error": f"{site.address}/no-such-page",
    }.items():
        page.goto(address)
        camera.take(page, name, language)
    _work(page, site, camera, language)
    page.set_viewport_size(HALF)
    page.goto(f"{site.address}/")
    _settle(page)
    camera.first_screens[f"home.{language}.half"] = page.screenshot()
    page.goto(f"{result}/feedback")
    for screen, size in SCREENS.items():  # no script runs there, so nothing to settle
        page.set_viewport_size(size)
        whole = page.screenshot(full_page=True)
        (camera.folder / f"feedback.{language}.{screen}.png").write_bytes(smaller(whole))


def _work(page: Page, site: Site, camera: Camera, language: str) -> None:
    """In the workspace: one answer that is right, then one with a slip of the pen."""
    key, right = next(iter(answers.right_answers(EXERCISE).items()))
    typed = "\n".join(line for line in right.splitlines() if "###" not in line and "..." not in line)
    page.goto(site.unit_address(EXERCISE))
    working.wait_for_python(page)
    working.write(page, key, typed)
    working.run(page, key)
    page.locator('[data-outcome="passed"]').first.wait_for()
    camera.take(page, "exercise", language)
    _take_part(page, camera, f"exercise.{language}", key)
    working.write(page, key, "result = reprot.copy()")
    working.run(page, key)
    _take_part(page, camera, f"exercise-error.{language}", key)


def _take_part(page: Page, camera: Camera, name: str, key: str) -> None:
    """The cell in the middle of the window, as who works there has it."""
    for screen, size in SCREENS.items():
        page.set_viewport_size(size)
        page.evaluate("document.activeElement?.blur()")
        working.cell(page, key).evaluate("(cell) => cell.scrollIntoView({ block: 'center' })")
        camera.first_screens[f"{name}.{screen}"] = page.screenshot()


def _take_english(browser: Browser, site: Site, camera: Camera, hana: Account, result: str) -> None:
    """The same learner after a press on English, and back to Korean."""
    with _window(browser, site, "en-US") as page:
        page.goto(f"{site.address}/sign-in")
        camera.take(page, "sign-in", "en")
        steps.sign_in(page, site, hana)
        page.click("button[name=language][value=en]")
        page.wait_for_selector("html[lang=en]")
        _take_learners_pages(page, site, camera, result, "en")
        page.goto(f"{site.address}/")
        page.click("button[name=language][value=ko]")
        page.wait_for_selector("html[lang=ko]")


def compose(browser: Browser, desk: bytes, phone: bytes) -> bytes:
    """The picture of the README: the home page at a desk, and a result on a phone beside it."""
    page = browser.new_page(viewport={"width": 1400, "height": 780})
    sources = [f"data:image/png;base64,{base64.b64encode(png).decode()}" for png in (desk, phone)]
    page.set_content(_COMPOSED.format(*sources))
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    made = page.screenshot()
    page.close()
    return made


_COMPOSED = """<style>
  body {{ margin: 0; background: #dfe5f2; }}
  img {{ position: absolute; border-radius: 14px; box-shadow: 0 10px 36px rgb(20 30 60 / 0.28); }}
  .desk {{ left: 40px; top: 40px; width: 940px; }}
  .phone {{ right: 40px; top: 30px; height: 704px; border: 8px solid #1d2333; border-radius: 30px; }}
</style><img class="desk" src="{}"><img class="phone" src="{}">"""


def photograph_learners(browser: Browser, folder: Path) -> int:
    """The learner's pages. Returns how many pictures the documentation has of them."""
    camera = Camera(BUILD)
    with running_site(folder) as site:
        take_all(browser, site, camera)
    screens = camera.first_screens
    (IMAGES / "home.png").write_bytes(smaller(compose(browser, screens["home.ko.half"], screens["result.ko.phone"])))
    return 1 + _keep(SHOWN, camera)


def photograph_desk(browser: Browser, folder: Path) -> int:
    """The pages with figures, of the demonstration in full."""
    camera = Camera(BUILD)
    with running_site(folder, demo=False) as site:
        site.flask("demo", "--full")
        take_desk(browser, site, camera)
    return _keep(SHOWN_OF_DESK, camera)


def _keep(shown: dict[str, str], camera: Camera) -> int:
    for name, taken in shown.items():
        (IMAGES / name).write_bytes(smaller(camera.first_screens[taken]))
    return len(shown)


PARTS = {"learner": photograph_learners, "desk": photograph_desk}


def main(wanted: Sequence[str]) -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("There is no `chromium` on the path (apt install chromium).", file=sys.stderr)  # noqa: T201
        return 1
    for folder in (BUILD, IMAGES):
        folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        kept = 0
        for part in wanted or PARTS:
            with tempfile.TemporaryDirectory() as scratch:
                kept += PARTS[part](browser, Path(scratch))
        browser.close()
    print(f"{kept} pictures in {IMAGES}, every page in {BUILD}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
