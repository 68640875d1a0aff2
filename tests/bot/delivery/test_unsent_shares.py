"""Links made for a list that nobody chooses from are collected; one whose card exists never is."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.delivery.shared_cards import note_shared
from bot.delivery.turns import Received
from bot.demo.clock import turn
from bot.play.world import World
from data.audit import audit
from data.catalogue import Variant
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.delivery.messages import GroupBuyCard
from data.group_buys import Campaign, open_team, share_team, team_shared_by
from data.group_buys.share_models import TeamShare
from data.merchants import ChannelAccount
from data.people import meet
from dialogs.shared_cards import SharedCard, shared_cards
from tests.worlds import world_at

MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
LAN = Sender("lan", "Lan", "en")
world = world_at(MORNING)


@pytest.fixture
def team(world: World) -> str:
    with world.tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, world.account.id)
        lan = meet(
            session, account=account, external_id="lan", name="Lan", locale=None, now=MORNING
        )
        campaign = session.scalars(select(Campaign).join(Variant).limit(1)).one()
        return open_team(
            session, campaign_id=campaign.id, chat_id=None, leader_id=lan.id, now=MORNING
        ).id


def looks(world: World) -> SharedCard:
    """The team's card, as Lan is offered it behind one letter more."""
    with world.tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, world.account.id)
        cards = shared_cards(
            session, world.tuanzi.house.flows, account=account, sender=LAN, query="", now=MORNING
        )
        return next(one for one in cards if one.name.startswith("team:"))


def token_of(card: SharedCard) -> str:
    assert isinstance(card.card, GroupBuyCard)
    return card.card.options[0].payload


def chooses(world: World, card: SharedCard) -> None:
    where = ChatRef(f"inline:{secrets.token_hex(4)}", "group")
    event = InboundEvent(secrets.token_hex(8), EventKind.SHARED, where, LAN, shared=card.name)
    with world.tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, world.account.id)
        note_shared(session, account=account, event=event, now=MORNING)


def presses(world: World, card: SharedCard) -> None:
    """Below it, in a chat of which nobody told us."""
    event = InboundEvent(
        secrets.token_hex(8),
        EventKind.ACTION,
        ChatRef(f"inline:{secrets.token_hex(4)}", "group"),
        Sender("wei", "Wei", "en"),
        start=token_of(card),
        press="1",
    )
    world.tuanzi.turns.answer(Received(world.account, event, {}))


def wait(world: World, time: timedelta) -> None:
    asyncio.run(turn(world.tuanzi, to=MORNING + time))


def is_good(world: World, token: str) -> bool:
    with world.tuanzi.database.reading() as session:
        found = team_shared_by(session, merchant_id=world.account.merchant_id, token=token)
        return found is not None


def test_only_links_that_nobody_sent_are_collected(world: World, team: str) -> None:
    nobodys, sent, pressed, other = (looks(world) for _ in range(4))
    assert len({one.name for one in (nobodys, sent, pressed, other)}) == 4
    assert all(len(one.name.encode()) <= 64 for one in (nobodys, sent)), "Telegram's limit"
    assert token_of(sent) not in sent.name
    with world.tuanzi.database.transaction() as session:
        passed_on = share_team(
            session, merchant_id=world.account.merchant_id, team_id=team, now=MORNING
        )
    chooses(world, sent)
    presses(world, pressed)
    wait(world, timedelta(days=6))
    assert is_good(world, token_of(nobodys)), "somebody may have sent it untold"
    wait(world, timedelta(days=40))
    good = [is_good(world, token_of(one)) for one in (nobodys, sent, pressed, other)]
    assert good == [False, True, True, False]
    assert is_good(world, passed_on), "a link that was handed over is nobody's to collect"
    with world.tuanzi.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(TeamShare)) == 3
        assert audit(session, now=world.tuanzi.clock.now()) == []


def test_nobody_keeps_a_link_by_a_name_that_is_made_up(world: World, team: str) -> None:
    card = looks(world)
    for name in (
        f"team:{team}",
        f"team:{team}:",
        f"team:{team}:{'%' * 16}",
        "team:other:" + "0" * 16,
    ):
        event = InboundEvent(
            secrets.token_hex(8), EventKind.SHARED, ChatRef("inline:x", "group"), LAN, shared=name
        )
        with world.tuanzi.database.transaction() as session:
            account = session.get_one(ChannelAccount, world.account.id)
            note_shared(session, account=account, event=event, now=MORNING)
    wait(world, timedelta(days=40))
    assert not is_good(world, token_of(card))
