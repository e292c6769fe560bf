"""A message in words, as it goes into a mail: plain text, and HTML that says the same."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Letter:
    """`code` stands large between the paragraphs and the button; `button` is a label and an address, or None."""

    subject: str
    paragraphs: tuple[str, ...]
    button: tuple[str, str] | None = None
    code: str = ""


def as_text(letter: Letter, footer: str) -> str:
    parts = [*letter.paragraphs]
    if letter.code:
        parts.append(letter.code)
    if letter.button:
        label, address = letter.button
        parts.append(f"{label}:\n{address}")
    return "\n\n".join([*parts, f"-- \n{footer}"]) + "\n"


_FONT = "font-family:'Malgun Gothic','Apple SD Gothic Neo',sans-serif"


def as_html(letter: Letter, footer: str, language: str) -> str:
    """Tables and styles in place, since that is what mail programs show; nothing is loaded from anywhere."""
    parts = [f'<p style="margin:0 0 16px">{escape(text)}</p>' for text in letter.paragraphs]
    if letter.code:
        parts.append(
            f'<p style="margin:0 0 16px;font-size:24px;font-weight:bold;letter-spacing:2px">{escape(letter.code)}</p>'
        )
    if letter.button:
        label, address = letter.button
        parts.append(
            f'<p style="margin:0 0 16px"><a href="{escape(address)}" style="display:inline-block;padding:12px 20px;'
            f'background:#24479e;color:#ffffff;text-decoration:none;border-radius:8px">{escape(label)}</a></p>'
            f'<p style="margin:0 0 16px;font-size:13px;color:#4a5568">{escape(address)}</p>'
        )
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8"><title>{escape(letter.subject)}</title>'
        f'</head><body style="margin:0;padding:24px;{_FONT};font-size:16px;line-height:1.6;color:#1a202c">'
        f'<div style="max-width:560px;margin:0 auto">{"".join(parts)}'
        f'<p style="margin:24px 0 0;border-top:1px solid #d4dae3;padding-top:12px;font-size:13px;color:#4a5568">'
        f"{escape(footer)}</p></div></body></html>"
    )
