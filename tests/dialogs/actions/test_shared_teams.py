"""The link of a shared team opened in a chat: whoever has it joins, in their own private chat."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.delivery.turns import Received
from bot.play.world import World
from data.catalogue import Variant
from data.conversations.models import OfferedOption
from data.conversations.said import Said
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Sender
from data.group_buys import (
    Campaign,
    Team,
    find_shared,
    live_seat,
    open_team,
    revoke_shares,
    share_team,
)
from data.merchants import ChannelAccount
from data.people import ChannelIdentity, meet, meet_chat
from tests.worlds import world_at

MORNING = datetime(2026, 11, 22, 2, tzinfo=UTC)
world = world_at(MORNING)


@pytest.fixture
def team(world: World) -> str:
    """Opened by Lan, in no group at all."""
    with world.tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, world.account.id)
        lan = meet(
            session, account=account, external_id="lan", name="Lan", locale=None, now=MORNING
        )
        campaign = session.scalars(select(Campaign).join(Variant).limit(1)).one()
        opened = open_team(
            session, campaign_id=campaign.id, chat_id=None, leader_id=lan.id, now=MORNING
        )
        return opened.id


def share(world: World, team: str) -> str:
    with world.tuanzi.database.transaction() as session:
        merchant = world.account.merchant_id
        return share_team(session, merchant_id=merchant, team_id=team, now=MORNING)


def opens(world: World, who: str, token: str) -> list[str | None]:
    event = InboundEvent(
        secrets.token_hex(8), EventKind.MESSAGE, ChatRef(who), Sender(who, who, "en"), start=token
    )
    said = world.tuanzi.turns.answer(Received(world.account, event, {}))
    return [one.response for one in said]


def is_in(world: World, team: str, who: str) -> bool:
    with world.tuanzi.database.reading() as session:
        person = session.scalar(
            select(ChannelIdentity.person_id).where(ChannelIdentity.external_id == who)
        )
        assert person
        return live_seat(session, team_id=team, person_id=person) is not None


def presses(
    world: World, who: str, payload: str, *, chat: str | None = None, kind: str = "private"
) -> list[str | None]:
    """As if a button had been shown to this person: what it says is acted, or refused."""
    with world.tuanzi.database.transaction() as session:
        account = session.get_one(ChannelAccount, world.account.id)
        person = meet(session, account=account, external_id=who, name=who, locale="en", now=MORNING)
        place = meet_chat(
            session, account=account, external_id=chat or who, kind=kind, title="", now=MORNING
        )
        token = secrets.token_hex(8)
        option = OfferedOption(
            token=token,
            merchant_id=person.merchant_id,
            chat_id=place.id,
            person_id=person.id,
            batch=token,
            number=1,
            label="Join",
            payload=payload,
            expires_at=MORNING + timedelta(days=1),
        )
        session.add(option)
    where, sender = ChatRef(chat or who, kind), Sender(who, who, "en")
    event = InboundEvent(secrets.token_hex(8), EventKind.ACTION, where, sender, token=token)
    said = world.tuanzi.turns.answer(Received(world.account, event, {}))
    return [one.response for one in said]


def test_a_stranger_joins_without_the_link_only_where_the_campaign_is_open(
    world: World, team: str
) -> None:
    press = f"/Act(action_join_team, team={team})"
    assert presses(world, "passer-by", press) == ["utter_error_not_found"]
    assert not is_in(world, team, "passer-by")
    with world.tuanzi.database.transaction() as session:
        campaign = session.get_one(Campaign, session.get_one(Team, team).campaign_id)
        campaign.open_to_others = True
    assert "utter_seat_held" in presses(world, "passer-by", press)
    assert is_in(world, team, "passer-by")


def test_who_opens_the_link_has_a_seat_and_is_asked_where_to_send_it(
    world: World, team: str
) -> None:
    token = share(world, team)
    for who in ("Wei", "Jun"):
        assert "utter_seat_held" in opens(world, who, token)
        assert is_in(world, team, who)


def test_opened_again_it_takes_no_second_seat(world: World, team: str) -> None:
    token = share(world, team)
    opens(world, "Wei", token)
    assert "utter_already_in_unpaid" in opens(world, "Wei", token)
    with world.tuanzi.database.reading() as session:
        assert session.get_one(Team, team).held == 2


def test_a_closed_link_leads_nowhere(world: World, team: str) -> None:
    token = share(world, team)
    with world.tuanzi.database.transaction() as session:
        merchant = world.account.merchant_id
        revoke_shares(session, merchant_id=merchant, team_id=team, now=MORNING)
    opens(world, "Wei", token)
    assert not is_in(world, team, "Wei")


def says(world: World, who: str, text: str = "", **more: str) -> list[Said]:
    kind = EventKind.ACTION if "token" in more else EventKind.MESSAGE
    event = InboundEvent(
        secrets.token_hex(8), kind, ChatRef(who), Sender(who, who, "en"), text=text, **more
    )
    return world.tuanzi.turns.answer(Received(world.account, event, {}))


def press_share(world: World) -> str:
    """Ask for group-buys in private and take the first; gives the token of the link."""
    explained = says(world, "Wei", "start a group buy")
    options = [
        option
        for one in explained
        for segment in one.segments
        for option in segment.get("options", ())
    ]
    token = options[0]["payload"].removeprefix("/tap:")
    shared = says(world, "Wei", token=token)
    texts = [segment.get("text", "") for one in shared for segment in one.segments]
    (link,) = [text.partition("/g/")[2] for text in texts if "/g/" in text]
    return link[:22]


def test_in_a_private_chat_a_team_opens_with_a_link_and_opened_again_it_is_the_same_team(
    world: World,
) -> None:
    links = [press_share(world) for _ in range(2)]
    with world.tuanzi.database.reading() as session:
        first, second = (find_shared(session, token=link) for link in links)
        assert (first.id, first.chat_id, first.held) == (second.id, None, 1)
    assert "utter_seat_held" in opens(world, "Jun", links[0])
