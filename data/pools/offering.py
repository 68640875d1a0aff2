"""Whether a shop lets people pay for a present together, and for how long one collects at most."""

from dataclasses import dataclass
from datetime import timedelta

from data.kernel.errors import Invalid
from data.merchants import Merchant
from data.pools.terms import LONGEST

_KEY = "pools"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PoolOffer:
    """`longest`: whole days, one to fourteen; goods are held all that time."""

    is_open: bool = True
    longest: timedelta = LONGEST

    def __post_init__(self) -> None:
        if not _DAY <= self.longest <= LONGEST or self.longest % _DAY:
            raise Invalid("longest_days")


def pool_offer(merchant: Merchant) -> PoolOffer:
    told = merchant.settings.get(_KEY, {})
    return PoolOffer(
        is_open=told.get("open", True),
        longest=timedelta(days=int(told.get("longest_days", LONGEST.days))),
    )


def set_pool_offer(merchant: Merchant, offer: PoolOffer) -> None:
    """For presents begun from now on; those that collect go on as they were begun."""
    told = {"open": offer.is_open, "longest_days": offer.longest.days}
    merchant.settings = {**merchant.settings, _KEY: told}
