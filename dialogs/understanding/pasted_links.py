"""A link to a team or to a present, passed on and sent to the shop as text: a messenger without
start links needs it typed, and the page behind it says so.
"""

import re

from dialogs.engine.commands import Act
from dialogs.understanding.message import Message

_TAKEN_IN_BY = {"c": "action_show_pool", "g": "action_join_team"}
_LINK = re.compile(r"https?://[^\s/]+/(?P<kind>[cg])/(?P<token>[\w-]{22})(?![\w-])")


def pasted(message: Message) -> Act | None:
    """What the first such link in a message asks for. Whether there is anything behind it the
    action sees."""
    match = _LINK.search(message.original)
    return Act(_TAKEN_IN_BY[match["kind"]], {"shared": match["token"]}) if match else None
