"""Sets the demo shop up, through the same doors as any merchant's: importer, lint, campaigns."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api.auth import CHANNEL, MERCHANT
from bot.publishing import publish_shipped_flows
from data.catalogue import Variant, import_feed
from data.group_buys import CampaignTerms, start_campaign
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.kernel.tokens import fingerprint
from data.merchants import ApiToken, ChannelAccount, Merchant
from data.people import Chat, Person, meet, meet_chat, note_member
from integrations.catalogues import read_google_feed

SEEDS = Path(__file__).parents[2] / "data" / "seeds"
GROUP = "demo-group"
REST, WEB = "rest", "web"


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


def seed(session: Session, *, token: str, now: datetime) -> Merchant:
    """The shop as it stands after a merchant set it up; a second call changes nothing."""
    found = session.scalar(select(Merchant).limit(1))
    if found is not None:
        return found
    shop = read_shop()
    merchant = _merchant(session, shop, now)
    _accounts(session, merchant, token, now)
    feed = read_google_feed((SEEDS / shop["feed"]).read_bytes())
    import_feed(session, merchant_id=merchant.id, feed=feed, dry_run=False, now=now)
    publish_shipped_flows(session, merchant_id=merchant.id, by="demo", now=now)
    _campaigns(session, merchant, now)
    _group(session, merchant, shop["group"], now)
    return merchant


def _merchant(session: Session, shop: dict[str, Any], now: datetime) -> Merchant:
    currency = shop["currency"]
    merchant = Merchant(
        id=new_id("mer"),
        name=dict(shop["name"]),
        currency=currency,
        locale=shop["default_locale"],
        timezone=shop["timezone"],
        settings={
            "shipping_minor": Money.of(shop["shipping"]["fee"], currency).minor,
            "free_shipping_minor": Money.of(shop["shipping"]["free_from"], currency).minor,
            "reading_rates": {key: str(Decimal(v)) for key, v in shop["reading_rates"].items()},
        },
        created_at=now,
    )
    session.add(merchant)
    session.flush()
    return merchant


def _accounts(session: Session, merchant: Merchant, token: str, now: datetime) -> None:
    """A REST door and the demo page's web chat; the merchant's token opens API and channel."""
    for channel in (REST, WEB):
        account = ChannelAccount(
            id=new_id("acc"),
            merchant_id=merchant.id,
            channel=channel,
            external_id=f"demo-{channel}",
            created_at=now,
        )
        session.add(account)
        session.flush()
        if channel == REST:
            _token(session, merchant, f"channel-{token}", CHANNEL, account.id, now)
    _token(session, merchant, token, MERCHANT, None, now)


def _token(
    session: Session,
    merchant: Merchant,
    token: str,
    scope: str,
    account_id: str | None,
    now: datetime,
) -> None:
    session.add(
        ApiToken(
            token_hash=fingerprint(token),
            merchant_id=merchant.id,
            scope=scope,
            account_id=account_id,
            created_at=now,
        )
    )


def _campaigns(session: Session, merchant: Merchant, now: datetime) -> None:
    """data/seeds/campaigns.yml: open from now on."""
    for raw in YAML(typ="safe").load(SEEDS / "campaigns.yml")["campaigns"]:
        variant_id = session.scalars(
            select(Variant.id).where(
                Variant.merchant_id == merchant.id, Variant.external_id == raw["variant"]
            )
        ).one()
        terms = CampaignTerms(
            team_size=raw["team_size"],
            team_price=Money.of(raw["team_price"], merchant.currency),
            window=timedelta(hours=raw["window_hours"]),
            starts_at=now,
            ends_at=now + timedelta(days=raw["open_days"]),
            per_person_limit=raw["per_person"],
            stock_limit=raw["set_aside"],
            title=dict(raw["title"]),
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
