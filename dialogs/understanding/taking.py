"""Taking "it": 就它了 and "ok I'll take it" mean the thing that was just talked about."""

import re
from functools import cache

from dialogs.engine.commands import Command, SetSlot, StartFlow
from dialogs.understanding.context import Context, Offered
from dialogs.understanding.lexicon import lexicon
from dialogs.understanding.lists import listed, product_of
from dialogs.understanding.message import Message
from dialogs.understanding.payload import parse_payload

_BUYS = "buy"
_GAP = r"[\s,,。.!!~]*"


def taken(message: Message, context: Context) -> tuple[Command, ...] | None:
    """Where cards answer the open question: the one talked about, else the only one, else the
    question stays. Where nothing is asked it is bought, if a verb says so."""
    said = _taking().fullmatch(message.short)
    if said is None:
        return None
    if context.asked is None:
        flow = context.triggers.get(_BUYS) if said["verb"] else None
        return (StartFlow(flow),) if flow else None
    cards = {product_of(one.payload): one for one in listed(context) if _answers(one, context)}
    only = next(iter(cards.values())) if len(cards) == 1 else None
    meant = cards.get(context.talked_of, only)
    if meant is None:
        return () if cards else None
    return parse_payload(meant.payload)


def _answers(option: Offered, context: Context) -> bool:
    (command, *_more) = parse_payload(option.payload) or (None,)
    slot = context.asked.slot if context.asked else None
    return (
        bool(product_of(option.payload)) and isinstance(command, SetSlot) and command.slot == slot
    )


@cache
def _taking() -> re.Pattern[str]:
    words = lexicon()
    around = rf"(?:{words.pattern('fillers')}{_GAP})*?"
    verbs, after = words.pattern("takes.verbs"), words.pattern("takes.after", "fillers")
    return re.compile(
        rf"{around}(?P<verb>(?:{verbs}\s*)+)?{words.pattern('takes.it')}(?:{_GAP}{after})*"
    )
