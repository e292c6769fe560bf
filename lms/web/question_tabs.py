"""The pages of figures beside each other."""

from __future__ import annotations

from .i18n import gettext as _
from .templating import url


def tabs(current: str) -> list[tuple[str, str, bool]]:
    """The pages of figures beside each other; `current` is a question's name."""
    names = {
        "funnel": _("Steps"),
        "stops": _("Where learners stop"),
        "durations": _("Days to complete"),
        "months": _("By month"),
        "years": _("Year on year"),
    }
    return [
        (_("Overview"), url("desk.home"), current == "overview"),
        *((word, url("questions.page", name=name), name == current) for name, word in names.items()),
    ]
