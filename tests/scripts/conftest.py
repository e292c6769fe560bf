"""The browser's fixtures, for this folder."""

from tests.browsers import chromium, context, page

__all__ = ["chromium", "context", "page"]
