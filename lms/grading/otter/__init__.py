"""Otter Assign's notebooks (format 1) as source notebooks of ours, with nbgrader's metadata.

What has no counterpart here is told cell by cell, with what to do; nothing is dropped silently.
"""

from .importer import Imported, import_otter
from .marks import is_otter, old_form
from .notes import Note

__all__ = ["Imported", "Note", "import_otter", "is_otter", "old_form"]
