"""What runs in nbgrader's own environment: asked by a command and JSON on stdin, answers in JSON on stdout.

metadata: a list of [metadata, cell type] -> for each the role as nbgrader upgrades it, null for none, or the error's name.
notebooks: a list of files -> for each its cells' recorded checksums beside those that nbgrader computes.
scores: a grade book's address -> student -> notebook -> grade_id -> [points, whether a person must look].
"""

import json
import logging
import sys

import nbformat
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import compute_checksum


def read_metadata(asked):
    return [_role(meta, cell_type) for meta, cell_type in asked]


def _role(meta, cell_type):
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}[cell_type]
    cell = make("text", metadata={"nbgrader": meta})
    validator = MetadataValidator()
    try:
        cell = validator.upgrade_cell_metadata(cell)
        validator.validate_nb(nbformat.v4.new_notebook(cells=[cell]))
    except Exception as error:
        return {"error": type(error).__name__}
    found = cell.metadata.get("nbgrader")
    if not found or not any(found.get(name) for name in ("grade", "solution", "locked", "task")):
        return None
    role = {name: found.get(name, False) for name in ("grade_id", "grade", "solution", "locked", "task")}
    return role | {"points": found.get("points", 0) if role["grade"] or role["task"] else 0}


def read_notebooks(paths):
    told = []
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        MetadataValidator().validate_nb(notebook)
        marked = [cell for cell in notebook.cells if "checksum" in cell.metadata.get("nbgrader", {})]
        told.append([[cell.metadata.nbgrader.checksum, compute_checksum(cell)] for cell in marked])
    return told


def read_scores(address):
    with Gradebook(address) as book:
        return {
            submission.student.id: {
                notebook.name: {grade.name: [grade.auto_score, grade.needs_manual_grade] for grade in notebook.grades}
                for notebook in submission.notebooks
            }
            for assignment in book.assignments
            for submission in assignment.submissions
        }


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    ask = {"metadata": read_metadata, "notebooks": read_notebooks, "scores": read_scores}[sys.argv[1]]
    json.dump(ask(json.load(sys.stdin)), sys.stdout)
