"""campaigns.yml: a shop's group-buys as a file, checked line by line and applied by their keys.

The file is kept whole or not at all. Applied twice it changes nothing the second time; what it
does not name stays as it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.registry import rewarding_among
from bot.shop_files import ShopFileProblem, ShopFileProblems
from data.catalogue import Variant
from data.group_buys import (
    CampaignTerms,
    PayMode,
    Tier,
    Underpaid,
    change_campaign,
    find_by_key,
    start_campaign,
    terms_of,
)
from data.kernel.errors import Invalid, OutOfStock, WrongState
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.merchants import Merchant
from data.people import Chat
from dialogs.format import Position, Problem, Source, read

LIST = "campaigns"
# What the domain calls a term, and the word for it in a file.
_WORDS = {
    "per_person_limit": "per_person",
    "stock_limit": "stock",
    "window": "window_hours",
    "amount": "team_price",
    "currency_mixed": "team_price",
}
# What is wrong, and the word beside which it is said.
_STANDS_IN = {"hold": "modes", "invite_channels_forbidden": "invite_channels"}


class CampaignProblem(ShopFileProblem):
    """Its words are in campaigns.po."""

    words = "campaign_file"
    wrong = "campaign.wrong"


class Entry(BaseModel):
    """One campaign. It ends at `ends_at`, or `open_days` after it starts; it starts at
    `starts_at`, or when the file is first applied. A time without a zone is the shop's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    variant: str
    team_size: int = Field(ge=2, le=500)
    team_price: Decimal = Field(gt=0, max_digits=16)
    window_hours: int = Field(ge=1, le=720)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    open_days: int | None = Field(default=None, ge=1, le=3650)
    per_person: int = Field(default=1, ge=1, le=100)
    stock: int | None = Field(default=None, ge=2)
    set_aside: bool = False
    title: dict[Locale, str] = Field(default_factory=dict)
    new_customers_only: bool = False
    chats: tuple[str, ...] | None = None
    open_to_others: bool = False
    ship_to: Literal["each", "one"] = "each"
    reward: Decimal | None = Field(default=None, gt=0, max_digits=16)
    reward_budget: Decimal | None = Field(default=None, gt=0, max_digits=16)
    invite_reward: Decimal | None = Field(default=None, gt=0, max_digits=16)
    invite_reward_budget: Decimal | None = Field(default=None, gt=0, max_digits=16)
    invite_channels: tuple[str, ...] | None = None
    tiers: dict[int, Decimal] = Field(default_factory=dict)
    modes: tuple[PayMode, ...] = (PayMode.CHARGE,)
    pay_window: str = Field(default="24h", pattern=r"^[1-9][0-9]{0,2}h$")
    underpaid: Underpaid = Underpaid.FAIL

    @model_validator(mode="after")
    def _ends_once(self) -> "Entry":
        if (self.ends_at is None) == (self.open_days is None):
            raise ValueError("open_days")
        return self

    def terms(
        self, merchant: Merchant, *, starts_at: datetime, longest_hold: timedelta | None
    ) -> CampaignTerms:
        """`starts_at` where the file does not say."""
        currency = merchant.currency
        starts = _zoned(self.starts_at, merchant) or starts_at
        ends = _zoned(self.ends_at, merchant) or starts + timedelta(days=self.open_days or 0)
        return CampaignTerms(
            team_size=self.team_size,
            team_price=Money.of(self.team_price, currency),
            window=timedelta(hours=self.window_hours),
            starts_at=starts,
            ends_at=ends,
            per_person_limit=self.per_person,
            stock_limit=self.stock,
            title={str(locale): text for locale, text in self.title.items()},
            key=self.key,
            set_aside=self.set_aside,
            new_customers_only=self.new_customers_only,
            chats=self.chats,
            open_to_others=self.open_to_others,
            ship_to_one=self.ship_to == "one",
            reward=_money(self.reward, currency),
            reward_budget=_money(self.reward_budget, currency),
            invite_reward=_money(self.invite_reward, currency),
            invite_reward_budget=_money(self.invite_reward_budget, currency),
            invite_channels=_sorted(self.invite_channels),
            rewarding_channels=rewarding_among(self.invite_channels),
            tiers=tuple(
                Tier(size, Money.of(price, currency)) for size, price in sorted(self.tiers.items())
            ),
            modes=self.modes,
            longest_hold=longest_hold,
            pay_window=timedelta(hours=int(self.pay_window.removesuffix("h"))),
            underpaid=self.underpaid,
        )


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return Money.of(amount, currency) if amount else None


def _sorted(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(sorted(names))


def _zoned(moment: datetime | None, merchant: Merchant) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=ZoneInfo(merchant.timezone))


@dataclass(slots=True)
class Applied:
    """How many campaigns of a file were new, changed, or as it says already."""

    started: int = 0
    changed: int = 0
    unchanged: int = 0


def read_campaigns(file: str, text: str) -> tuple[Source, list[Entry]]:
    """ShopFileProblems with every mistake at once."""
    source = read(file, text)
    problems = list(source.problems)
    entries = [] if problems else list(_entries(source, problems))
    if problems:
        raise ShopFileProblems(problems)
    return source, entries


def keys_in(source: Source) -> dict[str, Position]:
    """The campaigns that a file names, as far as it can be read."""
    listed = source.data.get(LIST) if isinstance(source.data, dict) else None
    keys = {}
    for index, raw in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(raw, dict) and isinstance(raw.get("key"), str):
            keys[raw["key"]] = source.at((LIST, index, "key"))
    return keys


def _entries(source: Source, problems: list[Problem]) -> Iterator[Entry]:
    data = source.data
    if not isinstance(data, dict) or not isinstance(data.get(LIST), list) or len(data) > 1:
        problems.append(CampaignProblem("no_list", Position(source.file)))
        return
    seen: set[str] = set()
    for index, raw in enumerate(data[LIST]):
        path = (LIST, index)
        try:
            entry = Entry.model_validate(raw)
        except ValidationError as error:
            problems += [_problem(source, path, raw, one) for one in error.errors()]
            continue
        if entry.key in seen:
            at = source.at((*path, "key"))
            problems.append(CampaignProblem("twice", at, {"name": entry.key}))
        seen.add(entry.key)
        yield entry


def _problem(source: Source, path: tuple[Any, ...], raw: Any, error: Any) -> Problem:
    """A mistake that pydantic found, as one of ours."""
    where = tuple(error["loc"])
    name = str(where[0]) if where else "open_days"
    if not isinstance(raw, Mapping):
        return CampaignProblem("no_list", source.at(path))
    if error["type"] == "extra_forbidden":
        known = ", ".join(sorted(Entry.model_fields))
        at = source.at((*path, *where), key=True)
        return CampaignProblem("unknown_key", at, {"name": name, "known": known})
    if error["type"] == "missing":
        return CampaignProblem("missing", source.at(path), {"name": name})
    return _value(source, path, name)


def _value(source: Source, path: tuple[Any, ...], name: str) -> Problem:
    stands_in = _STANDS_IN.get(name, name)
    return CampaignProblem("value", source.at((*path, stands_in)), {"name": name})


def apply_campaigns(
    session: Session,
    *,
    merchant: Merchant,
    file: str,
    text: str,
    longest_hold: timedelta | None,
    now: datetime,
) -> Applied:
    """ShopFileProblems with every line that cannot be: the caller's transaction keeps nothing.
    `longest_hold`: for which the shop's providers reserve money."""
    source, entries = read_campaigns(file, text)
    applied, problems = Applied(), []
    for index, entry in enumerate(entries):
        path = (LIST, index)
        try:
            with session.begin_nested():
                terms = _terms(session, merchant, entry, longest_hold, now)
                _apply(session, merchant, entry, terms, applied, now)
        except Invalid as error:
            problems.append(_value(source, path, _WORDS.get(error.detail, error.detail)))
        except OutOfStock:
            at = source.at((*path, "stock"))
            problems.append(CampaignProblem("out_of_stock", at, {"name": entry.key}))
        except WrongState:
            at = source.at((*path, "key"))
            problems.append(CampaignProblem("running", at, {"name": entry.key}))
    if problems:
        raise ShopFileProblems(problems)
    return applied


def _terms(
    session: Session,
    merchant: Merchant,
    entry: Entry,
    longest_hold: timedelta | None,
    now: datetime,
) -> CampaignTerms:
    known = find_by_key(session, merchant_id=merchant.id, key=entry.key)
    starts_at = known.starts_at if known else now
    terms = entry.terms(merchant, starts_at=starts_at, longest_hold=longest_hold)
    if terms.chats is None:
        return terms
    named = {_chat(session, merchant, name) for name in terms.chats}
    return replace(terms, chats=tuple(sorted(named)))


def _apply(  # what, as what, and how it went
    session: Session,
    merchant: Merchant,
    entry: Entry,
    terms: CampaignTerms,
    applied: Applied,
    now: datetime,
) -> None:
    known = find_by_key(session, merchant_id=merchant.id, key=entry.key)
    variant_id = _variant(session, merchant, entry)
    if known is None:
        start_campaign(
            session, merchant_id=merchant.id, variant_id=variant_id, terms=terms, now=now
        )
        applied.started += 1
    elif known.variant_id != variant_id:
        raise Invalid("variant")
    elif terms_of(session, known) == terms:
        applied.unchanged += 1
    else:
        change_campaign(
            session, merchant_id=merchant.id, campaign_id=known.id, terms=terms, now=now
        )
        applied.changed += 1


def _chat(session: Session, merchant: Merchant, name: str) -> str:
    """A group by our number, the messenger's, or its title where only one is called so."""
    groups = select(Chat.id).where(Chat.merchant_id == merchant.id, Chat.kind == "group")
    for called in (Chat.id, Chat.external_id, Chat.title):
        found = session.scalars(groups.where(called == name).limit(2)).all()
        if len(found) == 1:
            return found[0]
    raise Invalid("chats")


def _variant(session: Session, merchant: Merchant, entry: Entry) -> str:
    """By its number in the catalogue, or by ours."""
    found = session.scalar(
        select(Variant.id).where(
            Variant.merchant_id == merchant.id,
            (Variant.external_id == entry.variant) | (Variant.id == entry.variant),
        )
    )
    if found is None:
        raise Invalid("variant")
    return found
