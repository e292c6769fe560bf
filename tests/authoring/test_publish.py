"""Publishing: what lies on the disk becomes versions that never change, and doing it again changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms import content
from lms.authoring import publish
from lms.content import ContentErrors, unpack_exercise
from lms.files import FileStore
from lms.models import Base, Course, CourseVersion, Database, Exercise, ExerciseVersion, Run
from tests.classroom import Classroom, publish_small_course
from tests.web import small_course

ALL = [f"exercise {small_course.EXERCISE}", f"course {small_course.COURSE}"]

OTHER_PAGE = small_course.WHY.replace("양품을 세면", "양품만 세면")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_course.write(tmp_path / "content")


def everything(session: Session) -> dict[str, list]:
    return {name: list(session.execute(select(table))) for name, table in Base.metadata.tables.items()}


def test_a_course_and_its_exercise_are_published(session: Session, files: FileStore, folder: Path) -> None:
    done = publish_small_course(session, files, folder)
    assert (done.new, done.same) == (ALL, [])
    version = session.scalars(select(CourseVersion)).one()
    assert (version.title, content.digest(version.document)) == ("양품 세기", version.digest)
    exercise = session.scalars(select(ExerciseVersion)).one()
    assert (exercise.title, exercise.max_points) == ("양품 세기", 10)
    course = content.from_document(version.document)
    assert [unit.digest for unit in course.units if isinstance(unit, content.ExerciseUnit)] == [exercise.digest]


def test_again_changes_nothing(session: Session, files: FileStore, folder: Path) -> None:
    publish_small_course(session, files, folder)
    before = everything(session)
    done = publish_small_course(session, files, folder)
    assert (done.new, done.same) == ([], ALL)
    assert everything(session) == before


def test_a_changed_page_makes_a_version_of_the_course_and_none_of_the_exercise(
    session: Session, files: FileStore, folder: Path
) -> None:
    publish_small_course(session, files, folder)
    first = session.scalars(select(CourseVersion)).one()
    kept = dict(first.document)
    small_course.write(folder, page=OTHER_PAGE)
    assert publish_small_course(session, files, folder).new == [f"course {small_course.COURSE}"]
    course = session.scalars(select(Course)).one()
    assert course.current_version_id != first.id
    session.expire_all()
    assert session.get_one(CourseVersion, first.id).document == kept


def test_what_was_published_before_becomes_current_again_without_a_copy(
    session: Session, files: FileStore, folder: Path
) -> None:
    publish_small_course(session, files, folder)
    first = session.scalars(select(CourseVersion.id)).one()
    small_course.write(folder, page=OTHER_PAGE)
    publish_small_course(session, files, folder)
    small_course.write(folder)
    assert publish_small_course(session, files, folder).new == []
    assert session.scalars(select(Course.current_version_id)).one() == first
    assert len(session.scalars(select(CourseVersion.id)).all()) == 2


def test_a_run_stays_on_its_version(classroom: Classroom) -> None:
    small_course.write(classroom.content, page=OTHER_PAGE)
    with classroom.database.writing() as session:
        publish_small_course(session, classroom.files, classroom.content)
        session.commit()
    with classroom.database.reading() as session:
        current = session.scalars(select(Course.current_version_id).where(Course.slug == small_course.COURSE)).one()
        pinned = session.get_one(Run, classroom.run.id).course_version_id
        assert pinned == classroom.run.course_version_id != current
        page = content.from_document(session.get_one(CourseVersion, pinned).document).units[0]
    assert isinstance(page, content.PageUnit)
    assert page.text == small_course.WHY


def test_the_package_holds_what_grading_needs(session: Session, files: FileStore, folder: Path, tmp_path: Path) -> None:
    publish_small_course(session, files, folder)
    digest = session.scalars(select(ExerciseVersion.digest)).one()
    unpack_exercise(files.read(digest), tmp_path / "again")
    assert (tmp_path / "again" / "data" / "parts.csv").read_bytes() == small_course.DATA
    assert content.package_digest(content.pack_exercise(tmp_path / "again")) == digest


def test_the_learner_s_copy_holds_no_solution_and_no_hidden_check(
    session: Session, files: FileStore, folder: Path
) -> None:
    publish_small_course(session, files, folder)
    starter = files.read(session.scalars(select(ExerciseVersion.starter)).one()).decode()
    assert "양품을 세어 봅시다" in starter
    for secret in ("BEGIN SOLUTION", "BEGIN HIDDEN", "0.75", "return total - bad"):
        assert secret not in starter


def test_nothing_that_pages_read_tells_a_hidden_check(session: Session, files: FileStore, folder: Path) -> None:
    publish_small_course(session, files, folder)
    facts = session.scalars(select(ExerciseVersion.facts)).one()
    assert "0.75" not in str(facts)
    assert [check["points"] for check in facts["checks"]] == [4, 6]
    assert files.read(facts["data"]["data/parts.csv"]) == small_course.DATA


def test_media_are_kept_under_the_digest_that_the_document_names(
    session: Session, files: FileStore, folder: Path
) -> None:
    publish_small_course(session, files, folder)
    version = session.scalars(select(CourseVersion)).one()
    media = content.from_document(version.document).media
    assert [file.path for file in media] == ["media/bars.svg"]
    assert files.read(media[0].sha256) == (folder / "courses" / small_course.COURSE / "media/bars.svg").read_bytes()


def test_wrong_content_publishes_nothing(database: Database, files: FileStore, folder: Path) -> None:
    toml = folder / "courses" / small_course.COURSE / "course.toml"
    toml.write_text(toml.read_text("utf-8").replace("minutes = 5", "minuts = 5", 1), "utf-8")
    with database.writing() as session:
        with pytest.raises(ContentErrors, match=r"course\.toml: units\[0\]\.minuts: "):
            publish_small_course(session, files, folder)
        session.commit()
    with database.reading() as session:
        assert session.scalars(select(Exercise)).all() == []
        assert session.scalars(select(Course)).all() == []


def test_the_courses_of_this_repository_publish(session: Session, files: FileStore) -> None:
    root = Path(__file__).parents[2]
    done = publish.publish_all(session, files, root / "courses", root / "exercises")
    assert "course manufacturing-data-first-steps" in done.new
    assert len(done.new) == len(list((root / "exercises").iterdir())) + len(list((root / "courses").iterdir()))
