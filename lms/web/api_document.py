"""The OpenAPI document of the read-only API, made from the table of questions, so that it can't say anything else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from lms.reports import columns
from lms.reports.catalogue import REPORTS, Report, columns_of
from lms.reports.columns import Column
from lms.reports.question import DIMENSIONS, Reading, Regions

VERSION = "1"
PREFIX = "/api/v1"
MOST_ROWS, USUAL_ROWS = 5_000, 500
PROBLEM_TYPE = "application/problem+json"

_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "count": {"type": "integer"},
    "rate": {"type": "number", "minimum": 0},
    "score": {"type": "number"},
    "day": {"type": "string", "format": "date"},
}
_PROBLEMS = {
    "400": "The question can't be asked; `detail` says why, and what may be said instead.",
    "401": "There is no token, or it is none of ours, over, or taken back.",
    "403": "The person of the token answers for no figures, or has a password to change.",
    "404": "There is no such question.",
    "429": "Too many calls; `Retry-After` says when to come again.",
}


def document(base: str, title: str, *, calls: int) -> dict[str, Any]:
    """`base` is the address of the site, without a slash at its end; `calls` how many a token has in half an hour."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": VERSION,
            "description": "Figures and learners as the person of the token sees them on the pages. Reads only. "
            "The questions, and what each figure means: docs/reports.md. "
            f"A token has {calls:,} calls in half an hour. Each page of rows is counted anew at its call: for pages "
            "that fit together give `as_of` a day that is over, and the recorded `reading`; few large pages cost less than "
            "many small ones. Lists longer than some tens of thousands of rows are better taken as exports from the pages.",
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": {
            f"{PREFIX}/reports": {"get": _list()},
            **{f"{PREFIX}/reports/{report.name}": {"get": _operation(report)} for report in REPORTS.values()},
            f"{PREFIX}/openapi.json": {"get": _self()},
        },
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token from the person's account page."}
            },
            "schemas": {"Problem": _problem()},
        },
    }


def _problem() -> dict[str, Any]:
    """RFC 9457."""
    return {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }


def _answers(schema: dict[str, Any], *problems: str) -> dict[str, Any]:
    refused = {"$ref": "#/components/schemas/Problem"}
    return {
        "200": {"description": "What was asked.", "content": {"application/json": {"schema": schema}}},
        **{
            status: {"description": _PROBLEMS[status], "content": {PROBLEM_TYPE: {"schema": refused}}}
            for status in problems
        },
        "default": {
            "description": "Anything else that went wrong: 405 for what isn't GET, 500 and 503 where it is our fault.",
            "content": {PROBLEM_TYPE: {"schema": refused}},
        },
    }


def _list() -> dict[str, Any]:
    names = {"type": "object", "required": ["name", "title", "url"], "properties": {
        name: {"type": "string"} for name in ("name", "title", "url")
    }}  # fmt: skip
    schema = {
        "type": "object",
        "required": ["reports"],
        "properties": {"reports": {"type": "array", "items": names}},
    }
    return {
        "operationId": "list_reports",
        "summary": "The questions that there are",
        "parameters": [_language()],
        "responses": _answers(schema, "400", "401", "403", "429"),
    }


def _self() -> dict[str, Any]:
    return {
        "operationId": "openapi",
        "summary": "This document",
        "security": [],
        "responses": _answers({"type": "object"}),
    }


def _operation(report: Report) -> dict[str, Any]:
    return {
        "operationId": report.name,
        "summary": report.title[1],
        "parameters": list(_parameters(report)),
        "responses": _answers(_page_of(report), "400", "401", "403", "429"),
    }


def _page_of(report: Report) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["report", "title", "question", "columns", "rows", "total", "offset", "limit", "next"],
        "properties": {
            "report": {"const": report.name},
            "title": {"type": "string"},
            "question": {"type": "object"},
            "columns": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "header", "kind"],
                    "properties": {
                        "name": {"type": "string"},
                        "header": {"type": "string"},
                        "kind": {"enum": sorted(_TYPES)},
                    },
                },
            },
            "rows": {"type": "array", "items": _row(report)},
            "total": {"type": "integer", "minimum": 0},
            "offset": {"type": "integer", "minimum": 0},
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
            "next": {"type": ["string", "null"], "description": "The address of the rows that follow."},
        },
    }


def _row(report: Report) -> dict[str, Any]:
    """Its figures always; of the groups those by which it was cut."""
    groups = columns.of_groups(report.dimensions)
    return {
        "type": "object",
        "required": [column.name for column in report.columns],
        "properties": {column.name: _value(column) for column in (*groups, *columns_of(report, ()))},
        "additionalProperties": False,
    }


def _value(column: Column) -> dict[str, Any]:
    kind = _TYPES[column.kind]
    return {**kind, "type": [kind["type"], "null"], "title": column.header}


def _parameters(report: Report) -> Iterable[dict[str, Any]]:
    yield _query("as_of", {"type": "string", "format": "date"}, "The day at whose end the figures stand; today.")
    yield _query("reading", {"enum": list(get_args(Reading))}, "By the day of recording, or that of the deed.")
    yield _query("regions", {"enum": list(get_args(Regions))}, "Regions and companies as they were, or as today.")
    if report.by:
        said = f"Dimensions with commas; {','.join(report.by)} if not given. Choose from {', '.join(DIMENSIONS)}."
        yield _query("by", {"type": "string"}, said)
    for name in DIMENSIONS:
        many = {"type": "array", "items": {"type": "string"}}
        yield _query(name, many, f"Only these: values of {name}, repeated or with commas.")
    yield _query("offset", {"type": "integer", "minimum": 0, "default": 0}, "How many rows to leave out.")
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": USUAL_ROWS}
    yield _query("limit", limit, "How many rows to give.")
    yield _language()
    if report.has_persons:
        said = "What the names are needed for. It is kept with the person, the day and the question."
        yield _query("reason", {"type": "string", "minLength": 4}, said, is_required=True)


def _language() -> dict[str, Any]:
    return _query("language", {"enum": ["ko", "en"]}, "Of names and titles; Korean if not given.")


def _query(name: str, schema: dict[str, Any], description: str, *, is_required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": is_required, "description": description, "schema": schema}
