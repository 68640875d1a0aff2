"""A shop with many open group-buys, each in a chat of its own, and people who will join them.

One team is opened as a shop opens it; the others are its rows once more under other names, so that
whatever a team brings along (seats, holds, jobs, lanes, chat) is there as often as teams are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.app import Tuanzi, build
from bot.demo.seeding import seed
from bot.opening import REST
from bot.settings import Secret, Settings
from data.audit import audit
from data.catalogue import Variant, price_of, restock
from data.group_buys import CampaignTerms, Seat, Team, open_team, start_campaign
from data.group_buys.models import Campaign
from data.kernel.encryption import FieldCipher
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.kernel.tokens import new_token
from data.merchants import ChannelAccount, Merchant
from data.people import Chat, Person, meet_chat
from tests.bench.copies import copied
from tests.bench.places import Place

SEATS = 500  # the largest team there may be
_ROOM = 1_000_000  # units on the shelf: a bench never ends for want of goods
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TeamShop:
    """`people` are in no team yet."""

    place: Place
    url: str
    key: str
    teams: Sequence[str]
    people: Sequence[str]

    def open(self, url: str) -> Tuanzi:
        return open_shop(url, self.key)

    def prove(self, url: str, joined: int) -> None:
        """RuntimeError unless so many more seats are held, and nothing contradicts anything."""
        tuanzi = self.open(url)
        with tuanzi.database.reading() as session:
            held = session.scalar(select(func.sum(Team.held))) or 0
            wrong = audit(session, now=tuanzi.clock.now())
        tuanzi.close()
        if held != len(self.teams) + joined or wrong:
            raise RuntimeError(f"{held} seats in {len(self.teams)} teams, {joined} came: {wrong}")


def open_shop(url: str, key: str) -> Tuanzi:
    secret = Secret(key)
    return build(Settings(database_url=url, field_keys=(secret,), sandbox_secret=secret))


def shop_with_teams(place: Place, *, teams: int, people: int) -> TeamShop:
    url, key = place.empty(), FieldCipher.new_key()
    tuanzi = open_shop(url, key)
    with tuanzi.database.transaction() as session:
        seed(session, token=new_token(), now=tuanzi.clock.now())
    with tuanzi.database.transaction() as session:
        first = _first_team(session, tuanzi)
        ids = [first.id, *_multiplied(session, first, teams - 1)]
        came = _people(session, first.merchant_id, people)
    with tuanzi.database.transaction() as session:
        session.connection().exec_driver_sql("ANALYZE")  # a running database did so long ago
    tuanzi.close()
    return TeamShop(place, url, key, ids, came)


def _first_team(session: Session, tuanzi: Tuanzi) -> Team:
    """In a group of its own, with room for everybody."""
    now = tuanzi.clock.now()
    account = session.scalars(select(ChannelAccount).where(ChannelAccount.channel == REST)).one()
    shop, room = account.merchant_id, new_id("room")
    chat = meet_chat(session, account=account, external_id=room, kind="group", title=room, now=now)
    variant = session.scalars(select(Variant).where(Variant.price_minor > 1).limit(1)).one()
    campaign = start_campaign(
        session, merchant_id=shop, variant_id=variant.id, terms=_terms(variant, now), now=now
    )
    restock(session, variant_id=variant.id, quantity=_ROOM, reason="bench", ref="bench", now=now)
    (leader,) = _people(session, shop, 1)
    return open_team(session, campaign_id=campaign.id, chat_id=chat.id, leader_id=leader, now=now)


def _terms(variant: Variant, now: datetime) -> CampaignTerms:
    price = price_of(variant)
    return CampaignTerms(
        team_size=SEATS,
        team_price=Money(price.minor - 1, price.currency),
        window=_DAY,
        starts_at=now,
        ends_at=now + _DAY,
    )


def _people(session: Session, merchant_id: str, many: int) -> list[str]:
    merchant = session.get_one(Merchant, merchant_id)
    people = [
        Person(
            id=new_id("per"),
            merchant_id=merchant_id,
            name="",
            locale=merchant.locale,
            timezone=merchant.timezone,
            created_at=merchant.created_at,
        )
        for _ in range(many)
    ]
    session.add_all(people)
    session.flush()
    return [person.id for person in people]


def _multiplied(session: Session, team: Team, many: int) -> list[str]:
    """The names of so many more."""
    chat = session.get_one(Chat, team.chat_id)
    (seat,) = session.scalars(select(Seat).where(Seat.team_id == team.id))
    names = [team.id, team.leader_id, chat.id, chat.external_id, seat.id]
    copied(session, names, many)
    goods = update(Variant).where(Variant.id == team.variant_id)
    session.execute(goods.values(held=Variant.held + many))
    offer = update(Campaign).where(Campaign.id == team.campaign_id)
    session.execute(offer.values(taken=Campaign.taken + many))
    return [f"{team.id}-{nth}" for nth in range(many)]
