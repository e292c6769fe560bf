"""The group that all commands hang on, and what each of them needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from rich.console import Console

from lms.errors import LMSError

from ..extension import LMS

console = Console(highlight=False)


class _Group(click.Group):
    """Says an error of the domain in a sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LMSError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group)
def lms() -> None:
    """Baeum: courses for factory workers, notebooks graded by themselves, completions counted."""


def extension() -> LMS:
    found = current_app.extensions.get("lms")
    if found is None:
        raise click.ClickException("Baeum is not mounted in this app. Call LMS(app, …) where the app is made.")
    return found


def in_site(command: Callable) -> Callable:
    """Give a command the site's LMS as its first argument."""

    @with_appcontext
    @wraps(command)
    def with_site(*args: Any, **kwargs: Any) -> Any:
        return command(extension(), *args, **kwargs)

    return with_site


def say(text: str) -> None:
    click.echo(text)
