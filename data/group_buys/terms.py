"""What a merchant may say of a campaign, and which of it makes sense."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from data.kernel.errors import Invalid
from data.kernel.money import Money

SHORTEST_WINDOW = timedelta(minutes=10)  # as long as one seat is held: no team dies before a hold
LONGEST_WINDOW = timedelta(days=30)
SMALLEST_TEAM = 2
LARGEST_TEAM = 500
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class CampaignTerms:
    """What the merchant sets. `title` is by locale; left out, the product's title serves.

    `per_person_limit` and `stock_limit` count units. `chats`: the groups it is shown in; None is
    everywhere. `reward`: what a leader gets back when their team succeeds, as long as
    `reward_budget` lasts. `key`: what flows and files call it.
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


def check_terms(terms: CampaignTerms, price_alone: Money) -> None:
    """Invalid names the first term that makes no sense."""
    rules = {
        "team_size": SMALLEST_TEAM <= terms.team_size <= LARGEST_TEAM,
        "team_price": terms.team_price.minor > 0 and terms.team_price < price_alone,
        "window": SHORTEST_WINDOW <= terms.window <= LONGEST_WINDOW,
        "ends_at": terms.starts_at < terms.ends_at,
        "per_person_limit": terms.per_person_limit >= 1,
        "stock_limit": terms.stock_limit is None or terms.stock_limit >= terms.team_size,
        "set_aside": not terms.set_aside or terms.stock_limit is not None,
        "key": terms.key is None or _KEY.fullmatch(terms.key) is not None,
        "chats": terms.chats is None or len(terms.chats) > 0,
        # Who is in none of the named chats does not know of the offer.
        "open_to_others": terms.chats is None or not terms.open_to_others,
        **_rules_of_reward(terms),
    }
    for field_name, holds in rules.items():
        if not holds:
            raise Invalid(field_name)


def _rules_of_reward(terms: CampaignTerms) -> dict[str, bool]:
    """It comes back from the leader's own payment, and something of that stays."""
    reward, budget, price = terms.reward, terms.reward_budget, terms.team_price
    if reward is None:
        return {"reward_budget": budget is None}
    return {
        "reward": 0 < reward.minor < price.minor and reward.currency == price.currency,
        "reward_budget": budget is not None
        and budget.currency == price.currency
        and budget.minor >= reward.minor,
    }
