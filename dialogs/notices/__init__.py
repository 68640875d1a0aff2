"""What the shop says by itself when facts change: receipts, refunds, the live card, reminders.

Listeners, wired in bot/app.py: they write to the outbox in the transaction that made it true.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from data.delivery.models import Job
from data.kernel.facts import Fact
from data.payments import PriceLowered
from dialogs.library import FlowLibrary
from dialogs.notices import group_buys, pools, split_orders
from dialogs.notices.clocks import wind
from dialogs.notices.group_buys import TOLD as GROUP_BUYS
from dialogs.notices.herald import Herald, Tell
from dialogs.notices.nudges import TOLD as NUDGES
from dialogs.notices.orders import TOLD as ORDERS
from dialogs.notices.pools import TOLD as POOLS
from dialogs.notices.reminders import TOLD as REMINDERS
from dialogs.notices.returns import TOLD as RETURNS
from dialogs.notices.seats import TOLD as SEATS
from dialogs.notices.split_orders import TOLD as SPLIT_ORDERS
from dialogs.notices.split_orders import tell_lowered


def _lowered(herald: Herald, fact: Fact) -> None:
    """Of a seat, or of a part in a common order: each looks for its own."""
    SEATS[PriceLowered](herald, fact)
    tell_lowered(herald, fact)


_TOLD: Mapping[type[Fact], Tell] = {
    **ORDERS,
    **GROUP_BUYS,
    **SEATS,
    **NUDGES,
    **POOLS,
    **SPLIT_ORDERS,
    **REMINDERS,
    **RETURNS,
    PriceLowered: _lowered,
}

# Shows a live card as it is now, by a key that says when; until when it runs on, if it does.
_SHOWN: Mapping[str, Callable[[Herald, str, str], datetime | None]] = {
    group_buys.NOUN: group_buys.show_anew,
    pools.NOUN: pools.show_anew,
    split_orders.NOUN: split_orders.show_anew,
}


class Notices:
    """One listener for every fact that people are told of. Pictures are shown from our address."""

    def __init__(self, flows: FlowLibrary, public_url: str) -> None:
        self._flows = flows
        self._public_url = public_url

    def __call__(self, session: Session, fact: Fact, now: datetime) -> None:
        tell = _TOLD.get(type(fact))
        if tell is not None:
            tell(self._herald(session, fact.merchant_id, now), fact)

    def tell_time(self, session: Session, job: Job, now: datetime) -> None:
        """A CARD_CLOCK is due: the card tells how much time is left, as long as there is some."""
        assert job.merchant_id is not None  # noqa: S101  # as it was wound
        herald = self._herald(session, job.merchant_id, now)
        noun, id = job.args["noun"], job.args["id"]
        ends_at = _SHOWN[noun](herald, id, f"clock:{job.run_at.isoformat()}")
        if ends_at is not None and ends_at > now:
            wind(herald, noun, id, ends_at=ends_at)

    def _herald(self, session: Session, merchant_id: str, now: datetime) -> Herald:
        return Herald(session, self._flows, merchant_id, now, self._public_url)
