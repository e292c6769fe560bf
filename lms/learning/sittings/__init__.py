"""집체교육: where and when a run meets, who has a seat, who was there and for how many hours."""

from .errors import SittingError
from .planning import Plan, list_sittings

__all__ = ("Plan", "SittingError", "list_sittings")
