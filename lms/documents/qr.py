"""QR codes as SVG, for paper and pages."""

from __future__ import annotations

import io

import segno


def qr_svg(text: str) -> str:
    """With the quiet margin that readers need; it scales to whatever room it is given."""
    target = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        target, kind="svg", border=2, light="#fff", xmldecl=False, omitsize=True
    )
    return target.getvalue().decode()
