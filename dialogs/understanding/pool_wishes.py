"""A present that is begun in words, with what is said of it at once or before it is opened: how
long it collects, what each gives."""

from dataclasses import dataclass

from dialogs.engine.commands import Command, SetSlot, StartFlow
from dialogs.understanding.answers import takes_text
from dialogs.understanding.context import Context
from dialogs.understanding.message import Message, read_message
from dialogs.understanding.pool_limits import limits_behind, read_limits, share_within
from dialogs.understanding.pool_words import Started, may_start_pool, starts_pool
from dialogs.understanding.values import Setting

START = "pool_start"
_LIMITS, _SHARE, _ADDRESS = "pool_limits", "pool_share", "ship_to"
_UNOPENED = frozenset(
    ("pool_gift", "variant", "pool_shares", "pool_secret", _LIMITS, "confirm_pool")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Begun:
    """`intent`: only what speaks plainly of a present is heard unaddressed in a group."""

    commands: tuple[Command, ...]
    intent: str | None


def begins_pool(message: Message, context: Context, setting: Setting) -> Begun | None:
    """ "Let's chip in 20 each for Ann's present, until Friday"; flows that a shop published before
    know less of it."""
    if START not in context.flow_slots:
        return None
    wish, share = _without_share(message, context, setting)
    if not share and not may_start_pool(wish):
        return None
    limits = None
    if _knows(_LIMITS, context):
        said, limits = limits_behind(wish, setting)
        wish = read_message(said) if limits else wish
    started = starts_pool(wish, is_shared=bool(share))
    if started is None or (takes_text(context) and not _asks_otherwise(context, started)):
        return None
    told = {
        "pool_for": started.name,
        "pool_gift": started.gift,
        _SHARE: share,
        _LIMITS: limits,
    }
    slots = tuple(SetSlot(slot, value) for slot, value in told.items() if value)
    return Begun((StartFlow(START), *slots), START if started.is_plain else None)


def terms_of_pool(message: Message, context: Context, setting: Setting) -> tuple[Command, ...]:
    """ "Until Friday" to any question before it is opened but the first: that is a name. Asked for
    limits, "20 each" is one; to any other question it is what everybody gives."""
    asked = context.asked.slot if context.asked else None
    if context.active_flow != START or asked not in _UNOPENED or not _knows(_LIMITS, context):
        return ()
    rest, share = message, None
    if asked != _LIMITS:
        rest, share = _without_share(message, context, setting)
    said = (SetSlot(_SHARE, share),) if share else ()
    if share and not rest.bare:
        return said
    if read_limits(rest, setting, asked=asked == _LIMITS) is None:
        return ()
    return (*said, SetSlot(_LIMITS, rest.original.strip()))


def _without_share(
    message: Message, context: Context, setting: Setting
) -> tuple[Message, str | None]:
    """The rest, and what each is to give, in figures."""
    if not _knows(_SHARE, context):
        return message, None
    rest, share = share_within(message, setting)
    return (read_message(rest), share) if share else (message, None)


def _asks_otherwise(context: Context, started: Started) -> bool:
    """No address speaks of a present for somebody."""
    asked = context.asked
    return started.is_plain and asked is not None and asked.slot == _ADDRESS


def _knows(slot: str, context: Context) -> bool:
    return slot in context.flow_slots.get(START, ())
