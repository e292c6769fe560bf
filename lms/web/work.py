"""What a worker of a site does: the kinds of jobs, and what comes round."""

from __future__ import annotations

from collections.abc import Mapping

from lms.audit import chain
from lms.jobs.chores import Chore
from lms.jobs.worker import Handler
from lms.submissions.handlers import handlers

from .extension import LMS

CHORES: tuple[Chore, ...] = (chain.CHORE,)


def handlers_of(site: LMS) -> Mapping[str, Handler]:
    """By kind. Each gets what it needs of the site when it is made."""
    return {
        **handlers(site.files, site.exercises, required_level=site.settings.grading_isolation),
        chain.SEAL: chain.handle,
    }
