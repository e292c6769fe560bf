"""Runs: made as drafts, opened, changed, and closed; what each of their states allows; who may see them."""

from .opening import RunError, kind_of, make_draft, open_run

__all__ = ("RunError", "kind_of", "make_draft", "open_run")
