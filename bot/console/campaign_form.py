"""The form of a group-buy: what is typed becomes terms, and terms become what is typed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Literal

from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import FormData

from bot.channels.registry import rewarding_among
from bot.console.desk import Desk
from bot.console.pages import FormProblems, read_form
from data.group_buys import CampaignTerms, PayMode, Tier, Underpaid
from data.group_buys.modes import MARGIN
from data.kernel.errors import Invalid
from data.kernel.money import Money

EVERYWHERE, NAMED = "everywhere", "named"
_ORDER = (PayMode.HOLD, PayMode.CHARGE, PayMode.JOIN_FIRST)
# What the domain calls a term that makes no sense, and the field it was typed into.
_FIELDS = {
    "window": "hours",
    "ends_at": "days",
    "amount": "team_price",
    "currency_mixed": "team_price",
    "variant": "variant_id",
    "pay_window": "pay_hours",
    "invite_channels_forbidden": "invite_channels",
}
# What a field is called in campaign.wrong.*, where a file has another word for it.
WHY = {
    "variant_id": "variant",
    "hours": "window_hours",
    "days": "open_days",
    "per_person_limit": "per_person",
    "stock_limit": "stock",
    "shown": "chats",
    "pay_hours": "pay_window",
    "invite_channels": "invite_channels_forbidden",
}


class CampaignForm(BaseModel):
    """A box that is not ticked is not sent."""

    team_size: int = Field(ge=2, le=500)
    team_price: Decimal = Field(gt=0, max_digits=16)
    hours: int = Field(ge=1, le=720)
    days: int = Field(ge=1, le=3650)
    per_person_limit: int = Field(default=1, ge=1, le=100)
    stock_limit: int | None = Field(default=None, ge=2)
    key: str | None = None
    set_aside: bool = False
    new_customers_only: bool = False
    open_to_others: bool = False
    ship_to: Literal["each", "one"] = "each"
    reward: Decimal | None = Field(default=None, gt=0, max_digits=16)
    reward_budget: Decimal | None = Field(default=None, gt=0, max_digits=16)
    invite_reward: Decimal | None = Field(default=None, gt=0, max_digits=16)
    invite_reward_budget: Decimal | None = Field(default=None, gt=0, max_digits=16)
    shown: Literal["everywhere", "named"] = "everywhere"
    pay_hours: int = Field(default=24, ge=1, le=168)
    underpaid: Underpaid = Underpaid.FAIL


class TierRow(BaseModel):
    size: int = Field(ge=3, le=500)
    price: Decimal = Field(gt=0, max_digits=16)


def read_terms(
    form: FormData,
    desk: Desk,
    *,
    longest_hold: timedelta | None,
    now: CampaignTerms | None = None,
) -> CampaignTerms:
    """FormProblems names the fields that make no sense. `now`: the terms that are changed; what
    the form does not ask for stays. `longest_hold`: for which the shop's providers reserve money.
    """
    given = read_form(CampaignForm, form)
    starts_at = now.starts_at if now else desk.now
    chats = tuple(str(chat) for chat in form.getlist("chats"))
    inviting = tuple(str(channel) for channel in form.getlist("invite_channels"))
    return CampaignTerms(
        team_size=given.team_size,
        team_price=Money.of(given.team_price, desk.currency),
        window=timedelta(hours=given.hours),
        starts_at=starts_at,
        ends_at=_ends_at(given, starts_at, now),
        per_person_limit=given.per_person_limit,
        stock_limit=given.stock_limit,
        title=now.title if now else {},
        key=given.key,
        set_aside=given.set_aside,
        new_customers_only=given.new_customers_only,
        chats=chats if given.shown == NAMED else None,
        open_to_others=given.open_to_others,
        ship_to_one=given.ship_to == "one",
        reward=_amount(given.reward, desk),
        reward_budget=_amount(given.reward_budget, desk),
        invite_reward=_amount(given.invite_reward, desk),
        invite_reward_budget=_amount(given.invite_reward_budget, desk),
        invite_channels=tuple(sorted(inviting)) or None,
        rewarding_channels=rewarding_among(inviting),
        tiers=_tiers(form, desk),
        modes=_modes(form),
        longest_hold=longest_hold,
        pay_window=timedelta(hours=given.pay_hours),
        underpaid=given.underpaid,
    )


def tier_rows(form: FormData) -> list[tuple[str, str]]:
    """Sizes and prices as they were typed, without the rows left empty."""
    sizes, prices = form.getlist("tier_size"), form.getlist("tier_price")
    rows = [(str(size), str(price)) for size, price in zip_longest(sizes, prices, fillvalue="")]
    return [row for row in rows if any(row)]


def rows_of(terms: CampaignTerms) -> list[tuple[str, str]]:
    return [(str(tier.min_size), str(tier.price.amount)) for tier in terms.tiers]


def _tiers(form: FormData, desk: Desk) -> tuple[Tier, ...]:
    try:
        rows = [
            TierRow.model_validate({"size": size, "price": price})
            for size, price in tier_rows(form)
        ]
        return tuple(Tier(row.size, Money.of(row.price, desk.currency)) for row in rows)
    except (ValidationError, Invalid) as error:
        raise FormProblems({"tiers"}) from error


def _modes(form: FormData) -> tuple[PayMode, ...]:
    """In the order of the form, which is the one that people get them in."""
    try:
        return tuple(PayMode(str(mode)) for mode in form.getlist("modes"))
    except ValueError as error:
        raise FormProblems({"modes"}) from error


def in_order(chosen: Sequence[str]) -> list[PayMode]:
    """All of them as the form shows them. Several stand as they were set; else first what needs
    another to fall back on: reserving, which not every provider can."""
    known = [PayMode(mode) for mode in chosen if mode in _ORDER]
    return list(dict.fromkeys((*known, *_ORDER) if len(set(known)) > 1 else _ORDER))


def hours_held(longest_hold: timedelta | None) -> int:
    """How long a team may take at most for its money to be reserved."""
    return max(0, (longest_hold - MARGIN) // timedelta(hours=1)) if longest_hold else 0


def _amount(given: Decimal | None, desk: Desk) -> Money | None:
    return Money.of(given, desk.currency) if given else None


def _typed(amount: Money | None) -> str:
    return str(amount.amount) if amount else ""


def _ends_at(given: CampaignForm, starts_at: datetime, now: CampaignTerms | None) -> datetime:
    """The end stays to the minute unless other days were typed."""
    if now is not None and given.days == _days(now):
        return now.ends_at
    return starts_at + timedelta(days=given.days)


def _days(terms: CampaignTerms) -> int:
    """Begun days count."""
    return -((terms.starts_at - terms.ends_at) // timedelta(days=1))


def as_typed(terms: CampaignTerms) -> dict[str, str]:
    """The fields of the form as they would be typed to say this."""
    ticked = {
        "set_aside": terms.set_aside,
        "new_customers_only": terms.new_customers_only,
        "open_to_others": terms.open_to_others,
    }
    return {
        "team_size": str(terms.team_size),
        "team_price": str(terms.team_price.amount),
        "hours": str(int(terms.window.total_seconds()) // 3600),
        "days": str(_days(terms)),
        "per_person_limit": str(terms.per_person_limit),
        "stock_limit": str(terms.stock_limit or ""),
        "key": terms.key or "",
        "ship_to": "one" if terms.ship_to_one else "each",
        "reward": _typed(terms.reward),
        "reward_budget": _typed(terms.reward_budget),
        "invite_reward": _typed(terms.invite_reward),
        "invite_reward_budget": _typed(terms.invite_reward_budget),
        "shown": EVERYWHERE if terms.chats is None else NAMED,
        "pay_hours": str(int(terms.pay_window.total_seconds()) // 3600),
        "underpaid": terms.underpaid,
        **{name: "true" for name, is_ticked in ticked.items() if is_ticked},
    }


def fields_of(detail: str) -> set[str]:
    """Where a term that makes no sense was typed."""
    return {_FIELDS.get(detail, detail)}


def reasons(fields: set[str]) -> Mapping[str, str]:
    """The text that says what each of them should be."""
    return {name: f"campaign.wrong.{WHY.get(name, name)}" for name in fields}
