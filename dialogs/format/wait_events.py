"""The events that a flow can wait for, and what each of them tells: nothing else is ever told.

Whoever tells one gives exactly these fields; the linter lets a wait take no others. What the keys
and fields mean is said in schema.json, from which docs/flow-format.md is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dialogs.format.domain import SlotType

TIMEOUT = "timeout"
HUMAN_ANSWERED = "human_answered"


class About(StrEnum):
    """What an event is about, and so what its key is the id of."""

    ORDER = "order"
    TEAM = "team"
    DAY = "day"
    GIFT = "gift"
    CONVERSATION = "conversation"  # this one: it needs no key
    TIME = "time"  # no object at all


@dataclass(frozen=True, slots=True)
class WaitEvent:
    """`lasting`: once it is so it stays so, and counts for a flow that began later as well.
    `is_sent`: somebody tells it."""

    about: About
    fields: Mapping[str, SlotType] = field(default_factory=dict)
    lasting: bool = False
    is_sent: bool = True

    @property
    def needs_key(self) -> bool:
        return self.about not in (About.CONVERSATION, About.TIME)


_TEXT, _NUMBER = SlotType.TEXT, SlotType.FLOAT
WAIT_EVENTS: Mapping[str, WaitEvent] = {
    "payment_paid": WaitEvent(About.ORDER, {"number": _TEXT, "total": _TEXT}, lasting=True),
    "payment_failed": WaitEvent(About.ORDER, {"number": _TEXT, "total": _TEXT}),
    "group_buy_reached": WaitEvent(About.TEAM, {"people": _NUMBER}, lasting=True),
    "group_buy_expired": WaitEvent(
        About.TEAM, {"people": _NUMBER, "missing": _NUMBER}, lasting=True
    ),
    "gift_accepted": WaitEvent(About.GIFT, lasting=True, is_sent=False),
    "reminder_due": WaitEvent(
        About.DAY, {"on": _TEXT, "days_left": _NUMBER, "recipient": _TEXT, "occasion": _TEXT}
    ),
    HUMAN_ANSWERED: WaitEvent(About.CONVERSATION, {"by": _TEXT}),
    TIMEOUT: WaitEvent(About.TIME),
}
