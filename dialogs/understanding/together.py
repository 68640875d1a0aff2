"""Whether a question is about what people do together: a team, a present, a common order. In a
group what is open there counts, alone what is one's own."""

from dialogs.understanding.context import Context
from dialogs.understanding.fixed_words import asks_for_sums, asks_for_team
from dialogs.understanding.message import Message

_TOGETHER = frozenset({"group_buy_start", "group_checkout"})


def asks_how_it_stands(message: Message, context: Context) -> bool:
    """Of a team, or of what collects money."""
    if not asks_for_team(message) and not asks_for_sums(message):
        return False
    return is_in_one(context) or bool(context.collects and context.collects())


def buys_together(context: Context) -> bool:
    return context.active_flow in _TOGETHER or is_in_one(context)


def is_in_one(context: Context) -> bool:
    """Or one runs here; alone they speak of their own."""
    return context.team_open or bool(context.in_team and context.in_team())
