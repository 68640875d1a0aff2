"""Sets the demo shop up, through the same doors as any merchant's: importer, lint, campaigns."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.opening import REST, GiveFlows, NewShop, admit, open_account, open_shop, shipping
from bot.publishing import publish_shipped_flows
from bot.web.passwords import SHORTEST, Passwords
from data.catalogue import Variant, import_feed
from data.group_buys import CampaignTerms, PayMode, Tier, start_campaign
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.kernel.tokens import fingerprint
from data.merchants import ApiToken, ChannelAccount, Merchant, StaffRole
from data.merchants.staff import NewStaff, change_password, find_staff, hire
from data.payments.sandbox_bank import HOLD
from data.people import Chat, Person, meet, meet_chat, note_member
from data.split_orders import SplitTerms, set_split_terms
from integrations.catalogues import read_google_feed

SEEDS = Path(__file__).parents[2] / "data" / "seeds"
GROUP = "demo-group"
WEB = "web"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo's group, whom the visitor may speak as."""

    id: str
    name: str
    locale: Locale


def read_shop() -> dict[str, Any]:
    """data/seeds/shop.yml."""
    loaded: dict[str, Any] = YAML(typ="safe").load(SEEDS / "shop.yml")
    return loaded


def demo_people() -> list[DemoPerson]:
    people = read_shop()["group"]["people"]
    return [DemoPerson(one["id"], one["name"], Locale(one["locale"])) for one in people]


@dataclass(frozen=True, slots=True)
class Stock:
    """What the shop is given. A `feed` of somebody's own is sold instead of the demo's goods, with
    those campaigns that fit it."""

    feed: bytes | None = None
    give_flows: GiveFlows = publish_shipped_flows


def seed(session: Session, *, token: str, now: datetime, stock: Stock = Stock()) -> Merchant:
    """The shop as it stands after a merchant set it up; later calls only admit another token."""
    merchant = session.scalar(select(Merchant).limit(1))
    if merchant is None:
        merchant = _open_shop(session, now, stock)
    _admit(session, merchant, token, now)
    return merchant


def _open_shop(session: Session, now: datetime, stock: Stock) -> Merchant:
    shop = read_shop()
    merchant = open_shop(
        session, shop=_new_shop(shop), by="demo", now=now, give_flows=stock.give_flows
    )
    open_account(session, merchant_id=merchant.id, channel=WEB, external_id=WEB, now=now)
    goods = (SEEDS / shop["feed"]).read_bytes() if stock.feed is None else stock.feed
    feed = read_google_feed(goods)
    import_feed(session, merchant_id=merchant.id, feed=feed, dry_run=False, now=now)
    _campaigns(session, merchant, now, some=stock.feed is not None)
    set_split_terms(merchant, _together(shop["order_together"], merchant.currency))
    _group(session, merchant, shop["group"], now)
    return merchant


def _together(told: dict[str, str], currency: str) -> SplitTerms:
    amounts = (Money.of(told[name], currency) for name in ("minimum", "fee", "free_from"))
    return SplitTerms(*amounts)


def _admit(session: Session, merchant: Merchant, token: str, now: datetime) -> None:
    """The demo's token opens the API, the REST channel and, as a password, the console."""
    if session.get(ApiToken, fingerprint(token)) is not None:
        return
    rest = session.scalars(select(ChannelAccount).where(ChannelAccount.channel == REST)).one()
    admit(session, door=merchant, token=token, now=now)
    admit(session, door=rest, token=channel_key(token), now=now)
    _owner(session, merchant, token, now)


def _owner(session: Session, merchant: Merchant, token: str, now: datetime) -> None:
    """data/seeds/shop.yml names the owner; the password is never in a file."""
    said = read_shop()["staff"][0]
    hasher = Passwords()
    owner = find_staff(session, email=said["email"])
    if owner is not None:
        change_password(
            session,
            staff_id=owner.id,
            password=password_for(token),
            hasher=hasher,
            now=now,
        )
        return
    newcomer = NewStaff(
        email=said["email"],
        name=said["name"],
        role=StaffRole(said["role"]),
        locale=Locale(merchant.locale),
        password=password_for(token),
    )
    hire(session, merchant_id=merchant.id, newcomer=newcomer, hasher=hasher, now=now)


def channel_key(token: str) -> str:
    """What opens the REST channel from outside the demo page."""
    return f"channel-{token}"


def password_for(token: str) -> str:
    """The demo's console takes its token; a short one is made long enough to be a password."""
    return token if len(token) >= SHORTEST else f"{token}-tuanzi-demo"


def _new_shop(shop: dict[str, Any]) -> NewShop:
    currency = shop["currency"]
    return NewShop(
        id=new_id("mer"),
        name=dict(shop["name"]),
        currency=currency,
        locale=Locale(shop["default_locale"]),
        timezone=shop["timezone"],
        settings={
            **shipping(shop["shipping"]["fee"], shop["shipping"]["free_from"], currency),
            "reading_rates": {key: str(Decimal(v)) for key, v in shop["reading_rates"].items()},
        },
    )


def _campaigns(session: Session, merchant: Merchant, now: datetime, *, some: bool) -> None:
    """data/seeds/campaigns.yml: open from now on; `some` of them may be of other goods."""
    for raw in YAML(typ="safe").load(SEEDS / "campaigns.yml")["campaigns"]:
        variant_id = session.scalars(
            select(Variant.id).where(
                Variant.merchant_id == merchant.id, Variant.external_id == raw["variant"]
            )
        ).one_or_none()
        if variant_id is None and some:
            continue
        assert variant_id is not None, raw["variant"]  # noqa: S101  # both files are ours
        terms = CampaignTerms(
            team_size=raw["team_size"],
            team_price=Money.of(raw["team_price"], merchant.currency),
            window=timedelta(hours=raw["window_hours"]),
            starts_at=now,
            ends_at=now + timedelta(days=raw["open_days"]),
            per_person_limit=raw["per_person"],
            stock_limit=raw["set_aside"],
            title=dict(raw["title"]),
            key=raw["id"],
            tiers=tuple(
                Tier(size, Money.of(price, merchant.currency))
                for size, price in raw.get("tiers", {}).items()
            ),
            modes=tuple(PayMode(mode) for mode in raw.get("modes", ("charge",))),
            longest_hold=HOLD,
        )
        start_campaign(
            session, merchant_id=merchant.id, variant_id=variant_id, terms=terms, now=now
        )


def _group(
    session: Session, merchant: Merchant, group: dict[str, Any], now: datetime
) -> tuple[Chat, list[Person]]:
    """The demo page's group and its members, as if they had all spoken once."""
    account = session.scalars(
        select(ChannelAccount).where(
            ChannelAccount.merchant_id == merchant.id, ChannelAccount.channel == WEB
        )
    ).one()
    chat = meet_chat(
        session, account=account, external_id=GROUP, kind="group", title=group["title"], now=now
    )
    people = []
    for one in demo_people():
        person = meet(
            session,
            account=account,
            external_id=one.id,
            name=one.name,
            locale=one.locale,
            now=now,
        )
        note_member(session, chat=chat, person=person, now=now)
        people.append(person)
    return chat, people
