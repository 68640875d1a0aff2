"""What a merchant may say of a campaign, and which of it makes sense."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from data.group_buys.models import PayMode, Underpaid
from data.group_buys.modes import PAY_WINDOW, outlives
from data.group_buys.tiers import Tier, is_ladder
from data.kernel.errors import Invalid
from data.kernel.money import Money

SHORTEST_WINDOW = timedelta(minutes=10)  # as long as one seat is held: no team dies before a hold
LONGEST_WINDOW = timedelta(days=30)
SMALLEST_TEAM = 2
LARGEST_TEAM = 500
SHORTEST_PAY_WINDOW = timedelta(hours=1)
LONGEST_PAY_WINDOW = timedelta(days=7)  # goods are kept for so long
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class CampaignTerms:
    """What the merchant sets. `title` is by locale; left out, the product's title serves.

    `team_size` people pay `team_price` each; `tiers` says what larger teams pay, the largest being
    as large as a team can get. Without any, a team has exactly `team_size` people. `modes`: how its
    teams may be paid for, the first unless somebody chooses; `longest_hold` is the shortest that
    the shop's providers reserve money for, None where none does. `pay_window` and `underpaid` are
    for teams that pay when they are full.

    `per_person_limit` and `stock_limit` count units. `chats`: the groups it is shown in; None is
    everywhere. `reward`: what a leader gets back when their team succeeds, as long as
    `reward_budget` lasts; `invite_reward` what somebody does for each paid order of whom they
    invited, in the messengers `invite_channels` (None: in all that allow it). `rewarding_channels`:
    those of them whose rules do. `key`: what flows and files call it.
    """

    team_size: int
    team_price: Money
    window: timedelta
    starts_at: datetime
    ends_at: datetime
    per_person_limit: int = 1
    stock_limit: int | None = None
    title: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    set_aside: bool = False
    new_customers_only: bool = False
    chats: tuple[str, ...] | None = None
    open_to_others: bool = False
    ship_to_one: bool = False
    reward: Money | None = None
    reward_budget: Money | None = None
    invite_reward: Money | None = None
    invite_reward_budget: Money | None = None
    invite_channels: tuple[str, ...] | None = None
    rewarding_channels: frozenset[str] = field(default=frozenset(), compare=False)  # no term
    tiers: tuple[Tier, ...] = ()
    modes: tuple[PayMode, ...] = (PayMode.CHARGE,)
    longest_hold: timedelta | None = field(default=None, compare=False)  # the providers', no term
    pay_window: timedelta = PAY_WINDOW
    underpaid: Underpaid = Underpaid.FAIL

    @property
    def ladder(self) -> tuple[Tier, ...]:
        """All tiers, the first included."""
        return (Tier(self.team_size, self.team_price), *self.tiers)


def check_terms(terms: CampaignTerms, price_alone: Money) -> None:
    """Invalid names the first term that makes no sense."""
    largest = terms.ladder[-1].min_size
    rules = {
        "team_size": SMALLEST_TEAM <= terms.team_size <= LARGEST_TEAM,
        "team_price": terms.team_price.minor > 0 and terms.team_price < price_alone,
        "window": SHORTEST_WINDOW <= terms.window <= LONGEST_WINDOW,
        "ends_at": terms.starts_at < terms.ends_at,
        "per_person_limit": terms.per_person_limit >= 1,
        "stock_limit": terms.stock_limit is None or terms.stock_limit >= largest,
        "set_aside": not terms.set_aside or terms.stock_limit is not None,
        "key": terms.key is None or _KEY.fullmatch(terms.key) is not None,
        "chats": terms.chats is None or len(terms.chats) > 0,
        # Who is in none of the named chats does not know of the offer.
        "open_to_others": terms.chats is None or not terms.open_to_others,
        **_rules_of_paying(terms),
        **_rules_of_reward(terms),
    }
    for field_name, holds in rules.items():
        if not holds:
            raise Invalid(field_name)


def _rules_of_paying(terms: CampaignTerms) -> dict[str, bool]:
    currencies = {tier.price.currency for tier in terms.ladder}
    return {
        "tiers": len(currencies) == 1
        and terms.ladder[-1].min_size <= LARGEST_TEAM
        and is_ladder(terms.ladder),
        "modes": bool(terms.modes) and len(set(terms.modes)) == len(terms.modes),
        "hold": PayMode.HOLD not in terms.modes or outlives(terms.longest_hold, terms.window),
        "pay_window": SHORTEST_PAY_WINDOW <= terms.pay_window <= LONGEST_PAY_WINDOW,
    }


def _rules_of_reward(terms: CampaignTerms) -> dict[str, bool]:
    named = terms.invite_channels
    return {
        **_rules_of_one(terms, "reward", terms.reward, terms.reward_budget),
        **_rules_of_one(terms, "invite_reward", terms.invite_reward, terms.invite_reward_budget),
        "invite_channels": named is None
        or (terms.invite_reward is not None and 0 < len(named) == len(set(named))),
        "invite_channels_forbidden": named is None or terms.rewarding_channels.issuperset(named),
    }


def _rules_of_one(
    terms: CampaignTerms, name: str, reward: Money | None, budget: Money | None
) -> dict[str, bool]:
    """It comes back from their own payment, and something of that stays at every price."""
    price = terms.ladder[-1].price
    if reward is None:
        return {f"{name}_budget": budget is None}
    return {
        name: 0 < reward.minor < price.minor and reward.currency == price.currency,
        f"{name}_budget": budget is not None
        and budget.currency == price.currency
        and budget.minor >= reward.minor,
    }
