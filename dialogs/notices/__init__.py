"""What the shop says by itself when facts change: receipts, refunds, the live card, reminders.

Listeners, wired in bot/app.py: they write to the outbox in the transaction that made it true.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from data.kernel.facts import Fact
from data.payments import PriceLowered
from dialogs.library import FlowLibrary
from dialogs.notices.group_buys import TOLD as GROUP_BUYS
from dialogs.notices.herald import Herald, Tell
from dialogs.notices.nudges import TOLD as NUDGES
from dialogs.notices.orders import TOLD as ORDERS
from dialogs.notices.pools import TOLD as POOLS
from dialogs.notices.reminders import TOLD as REMINDERS
from dialogs.notices.returns import TOLD as RETURNS
from dialogs.notices.split_orders import TOLD as SPLIT_ORDERS
from dialogs.notices.split_orders import tell_lowered


def _lowered(herald: Herald, fact: Fact) -> None:
    """Of a seat, or of a part in a common order: each looks for its own."""
    GROUP_BUYS[PriceLowered](herald, fact)
    tell_lowered(herald, fact)


_TOLD: Mapping[type[Fact], Tell] = {
    **ORDERS,
    **GROUP_BUYS,
    **NUDGES,
    **POOLS,
    **SPLIT_ORDERS,
    **REMINDERS,
    **RETURNS,
    PriceLowered: _lowered,
}


class Notices:
    """One listener for every fact that people are told of. Pictures are shown from our address."""

    def __init__(self, flows: FlowLibrary, public_url: str) -> None:
        self._flows = flows
        self._public_url = public_url

    def __call__(self, session: Session, fact: Fact, now: datetime) -> None:
        tell = _TOLD.get(type(fact))
        if tell is not None:
            tell(Herald(session, self._flows, fact.merchant_id, now, self._public_url), fact)
