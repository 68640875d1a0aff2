"""A link of ours that somebody passed on and somebody pasted: messengers without start links need
it typed."""

import re

from dialogs.understanding.message import Message

POOL, TEAM = "c", "g"  # the pages of a present and of a team
_LINK = re.compile(r"https?://[^\s/]+/(?P<page>[cg])/(?P<token>[\w-]{22})(?![\w-])")


def pasted_link(message: Message, page: str) -> str | None:
    """The token of the first link to such a page."""
    links = _LINK.finditer(message.original)
    return next((link["token"] for link in links if link["page"] == page), None)
