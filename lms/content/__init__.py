"""courses/ and exercises/ on disk -> frozen, validated objects. Knows their form and runs nothing."""

from lms.content.catalogue import Catalogue, check_all, load_all
from lms.content.course_files import load_course
from lms.content.courses import (
    Completion,
    Course,
    ExerciseUnit,
    MediaFile,
    PageUnit,
    QuizUnit,
    Unit,
    digest,
    from_document,
    to_document,
)
from lms.content.exercises import CheckFacts, DataFile, ExerciseFacts, package_digest
from lms.content.markdown import Heading, has_math, headings
from lms.content.media import read_media
from lms.content.packages import load_exercise_facts, pack_exercise, unpack_exercise
from lms.content.problems import ContentErrors
from lms.content.quizzes import (
    Choice,
    Feedback,
    MultipleQuestion,
    NumericQuestion,
    Option,
    OrderingQuestion,
    PublicQuestion,
    PublicQuiz,
    Question,
    QuestionResult,
    Quiz,
    QuizResult,
    SingleQuestion,
    grade_quiz,
    public_view,
)
from lms.content.render import render_code, render_inline, render_markdown

__all__ = [
    "Catalogue",
    "CheckFacts",
    "Choice",
    "Completion",
    "ContentErrors",
    "Course",
    "DataFile",
    "ExerciseFacts",
    "ExerciseUnit",
    "Feedback",
    "Heading",
    "MediaFile",
    "MultipleQuestion",
    "NumericQuestion",
    "Option",
    "OrderingQuestion",
    "PageUnit",
    "PublicQuestion",
    "PublicQuiz",
    "Question",
    "QuestionResult",
    "Quiz",
    "QuizResult",
    "QuizUnit",
    "SingleQuestion",
    "Unit",
    "check_all",
    "digest",
    "from_document",
    "grade_quiz",
    "has_math",
    "headings",
    "load_all",
    "load_course",
    "load_exercise_facts",
    "pack_exercise",
    "package_digest",
    "public_view",
    "read_media",
    "render_code",
    "render_inline",
    "render_markdown",
    "to_document",
    "unpack_exercise",
]
