"""Messages to people: written in the transaction of what they tell, read in the site, sent by mail afterwards."""

from .box import send, send_many

__all__ = ("send", "send_many")
