"""Where templates and fonts lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent / "templates"
FONTS = Path(__file__).parent / "fonts"
