"""The grading engine: an exercise and a notebook in, a grade out. Usable alone; see docs/grading.md."""

from .exercise import Check, Exercise, load_exercise
from .feedback import render_feedback
from .findings import Finding
from .grades import CheckResult, Flag, Grade, RepairNote
from .grading import grade
from .notebook import Repair, Submission, read_notebook
from .proof import Proof, check_exercise
from .sandbox.isolation import IsolationReport, isolation
from .starter import make_starter

__all__ = [
    "Check",
    "CheckResult",
    "Exercise",
    "Finding",
    "Flag",
    "Grade",
    "IsolationReport",
    "Proof",
    "Repair",
    "RepairNote",
    "Submission",
    "check_exercise",
    "grade",
    "isolation",
    "load_exercise",
    "make_starter",
    "read_notebook",
    "render_feedback",
]
