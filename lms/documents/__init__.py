"""Paper: PDF documents from templates and plain data. Knows nothing of whose they are."""

from .qr import qr_svg
from .render import DocumentError, render, render_many

__all__ = ("DocumentError", "qr_svg", "render", "render_many")
