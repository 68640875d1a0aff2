"""Group-buys under load whose processes are killed at any statement (ADR 34), before a bank with
every trouble: in the end each place that was paid has goods, at the price its team came to, or its
money went back exactly once, by the shop's books and by the bank's.

People join on the page of the shared link and pay on the pay page. SIMULATED are the bank, the note
by which WeChat would have introduced them, and what they say in chats (team_counter.py).
"""

import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.delivery.wechat_platform import CREDENTIALS
from data.group_buys import CampaignTerms, PayMode, Team, TeamState, Tier, Underpaid, start_campaign
from data.kernel.database import Database
from data.kernel.encryption import FieldCipher, place_of
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.merchants import ChannelAccount
from data.orders import OrderState
from data.payments.sandbox_bank import HOLD
from tests.crash import careless
from tests.crash.hurried_shop import Shop
from tests.crash.premises import count, opened_shop, refunds_under_way, served, wait_for
from tests.crash.reckoning import come_to_rest, is_sound
from tests.crash.team_crowd import MOST, TeamCrowd
from tests.crash.team_reckoning import LADDER, reckon_teams

_OFFERS = (
    (PayMode.CHARGE, Underpaid.FAIL),
    (PayMode.HOLD, Underpaid.FAIL),
    (PayMode.JOIN_FIRST, Underpaid.FAIL),
    (PayMode.JOIN_FIRST, Underpaid.SHIP),
)


@dataclass(frozen=True, slots=True)
class Size:
    """`window`: minutes of the shop that a team has, a second each; `met`: at least so often,
    whatever the machine's speed. Few teams meet their deadlines only after the load."""

    teams: int
    window: int
    longest_life: int
    deaths: int
    met: dict[str, int]

    @property
    def meets_deadlines(self) -> bool:
        return self.teams > len(_OFFERS) * 4


_FEW = Size(8, 120, 5000, 2, {"charge success": 1, "seat fulfilled": 4, "difference": 1})
_MANY = Size(
    240,
    25,
    8_000,
    30,
    {
        **{f"{mode} {end}": 3 for mode in PayMode for end in ("success", "failed")},
        "seat fulfilled": 100,
        "seat released": 20,
        "seat refunded": 20,
        "difference": 20,
        "taken in part": 10,
    },
)
_ON_POSTGRESQL = (pytest.mark.postgresql, pytest.mark.slow)


@pytest.mark.parametrize(
    ("each_database", "size"),
    [
        pytest.param("sqlite", _FEW, id="8-sqlite"),
        pytest.param("postgresql", _FEW, id="8-postgresql", marks=_ON_POSTGRESQL),
        pytest.param("sqlite", _MANY, id="240-sqlite", marks=pytest.mark.slow),
        pytest.param("postgresql", _MANY, id="240-postgresql", marks=_ON_POSTGRESQL),
    ],
    indirect=["each_database"],
)
def test_killed_anywhere_under_load_each_paid_place_has_goods_or_exactly_one_refund(
    each_database: Database, tmp_path: Path, size: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = _shop(each_database, tmp_path, size)
    crowd = TeamCrowd(shop)
    with served(shop):
        again = crowd.gather(size.teams)
        if size.meets_deadlines:
            wait_for(lambda: _open_teams(each_database) == 0)
        again += crowd.come_back()
        wait_for(lambda: refunds_under_way(each_database) <= size.teams // 50)
        wait_for(lambda: count(tmp_path, "deaths") >= size.deaths)
    found = come_to_rest(shop)
    assert is_sound(shop, found.now, monkeypatch)
    with each_database.reading() as session:
        met = reckon_teams(session)
    sys.stdout.write(f"{size.teams} teams, killed {count(tmp_path, 'deaths')} times of ")
    sys.stdout.write(
        f"{count(tmp_path, 'lives')} lives, asked again {again} times; {met} {found}\n"
    )
    assert {what: met[what] for what, least in size.met.items() if met[what] < least} == {}


@pytest.mark.slow
@pytest.mark.parametrize("each_database", ["sqlite"], indirect=True)
def test_control_what_follows_a_decision_is_lost_where_it_is_no_part_of_it(
    each_database: Database, tmp_path: Path
) -> None:
    shop = replace(_shop(each_database, tmp_path, _FEW), careless=True)
    with served(shop):
        TeamCrowd(shop).gather(_FEW.teams)
        wait_for(lambda: count(tmp_path, careless.MET) > 0)
    with pytest.raises(AssertionError, match=OrderState.WAITING_GROUP):
        come_to_rest(shop)


def _shop(database: Database, folder: Path, size: Size) -> Shop:
    """One offer for each way to pay, and an official account by which its people are known."""
    shop = opened_shop(database, folder, people=size.teams * MOST, units=size.teams * 16)
    now = shop.clock.now()
    with database.transaction() as session:
        offers = zip(shop.variants, _OFFERS, strict=False)
        campaigns = [
            start_campaign(
                session,
                merchant_id=shop.merchant,
                variant_id=variant,
                terms=_terms(mode, underpaid, timedelta(minutes=size.window), now),
                now=now,
            ).id
            for variant, (mode, underpaid) in offers
        ]
        account = _account(session, shop, now)
    return replace(shop, campaigns=campaigns, account=account, longest_life=size.longest_life)


def _terms(mode: PayMode, underpaid: Underpaid, window: timedelta, now: datetime) -> CampaignTerms:
    (least, price), *further = LADDER.items()
    return CampaignTerms(
        team_size=least,
        team_price=Money(price, "CNY"),
        window=window,
        starts_at=now - timedelta(minutes=1),
        ends_at=now + timedelta(days=365),
        per_person_limit=2,
        tiers=tuple(Tier(size, Money(minor, "CNY")) for size, minor in further),
        modes=(mode,),
        longest_hold=HOLD,
        pay_window=timedelta(hours=1),
        underpaid=underpaid,
    )


def _account(session: Session, shop: Shop, now: datetime) -> str:
    """Its secret signs the notes of who came by it; sealed with the processes' own key."""
    account = ChannelAccount(
        id=new_id("acc"),
        merchant_id=shop.merchant,
        channel="wechat",
        external_id="wx_of_the_crowd",
        settings={},
        created_at=now,
    )
    place = place_of(shop.merchant, f"{ChannelAccount.__tablename__}.{CREDENTIALS}", account.id)
    sealed = FieldCipher([shop.key]).encrypt(shop.key, place=place)
    account.settings = {CREDENTIALS: sealed}
    session.add(account)
    session.flush()
    return account.id


def _open_teams(database: Database) -> int:
    with database.reading() as session:
        still = select(func.count()).select_from(Team).where(Team.state == TeamState.OPEN)
        return session.scalar(still) or 0
