"""Words for a common order. Whose wish it is to end it: its organiser closes it or calls it off,
whoever is in it leaves; said by anybody else, the same words are talk among friends. And what
somebody in its group wants to have in it, said to us."""

from dialogs.engine.commands import Act, CancelFlow, Command
from dialogs.understanding.answers import takes_text
from dialogs.understanding.context import Context
from dialogs.understanding.fixed_words import joins, leaves
from dialogs.understanding.message import Message
from dialogs.understanding.split_words import (
    SplitWish,
    adds_own,
    read_list,
    wish_about_split,
    wished_goods,
)

_LEAVE, _ADD, _WANTED = "split_leave", "split_add", "split_wanted"
_CANCEL = "cancel"
# To these questions the same words are an answer: "place the order", "call it off".
_ANSWERED_SO = frozenset(("confirm_split_pay", "confirm_split_off", "confirm_split_leave"))


def said_of_split(message: Message, context: Context) -> tuple[str, Command] | None:
    """Its name for the log, and what is to be done. Older versions of a shop's flows hear none."""
    adding = context.active_flow == _ADD
    if context.own_splits is None or _LEAVE not in context.flow_slots:
        return None
    if takes_text(context) and not adding:
        return None
    wish = wish_about_split(message)
    if wish is None or _answers(wish, context):
        return None
    own = context.own_splits()
    if wish is not SplitWish.LEAVE:
        return _act(wish) if own.organises else None
    if own.is_in and not (own.has_seat and leaves(message)):
        return _act(wish)
    return (_CANCEL, CancelFlow()) if adding else None  # nothing is in it yet


def puts_in(message: Message, context: Context) -> Command | None:
    """Goods by their names, or "count me in" where nothing else is open that it may mean."""
    if context.for_split is None or _WANTED not in context.flow_slots.get(_ADD, ()):
        return None
    if context.team_open or takes_text(context):
        return None
    goods = wished_goods(message)
    if goods is not None:
        names = [name for _, name in read_list(goods)]
        return _add(**{_WANTED: goods}) if context.for_split(names) else None
    said_so = adds_own(message) or (joins(message) is not None and not context.pool_open)
    return _add() if said_so and context.for_split(()) else None


def _add(**values: str) -> Command:
    return Act("action_add_to_split", values)


def _answers(wish: SplitWish, context: Context) -> bool:
    """Who does not want what they are to pay for has answered nothing: they leave."""
    slot = context.asked.slot if context.asked else ""
    return slot in _ANSWERED_SO and not (slot == "confirm_split_pay" and wish is SplitWish.LEAVE)


def _act(wish: SplitWish) -> tuple[str, Command]:
    return wish, Act(f"action_{wish}_said")
