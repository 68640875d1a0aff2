"""Twelve people talk at once in one group; what is private is asked and kept in private (T13)."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi, build
from bot.demo.seeding import seed
from bot.play.world import open_world
from bot.settings import Secret, Settings
from data.catalogue import Product
from data.conversations import Conversation, ConversationEvent
from data.conversations.models import DeepLink, OfferedOption
from data.delivery.models import OutboxRow
from data.kernel.clock import TurnableClock
from data.kernel.encryption import FieldCipher
from data.kernel.errors import NotFound
from data.merchants import Merchant
from data.orders import kept_address, parts_of
from data.people import ChannelIdentity, Chat, Person
from tests.bot.delivery.telegram import GROUP, an_account
from tests.postgresql import Server
from tests.races.dozen import BAG, GIFT, GUESTS, Dozen, Guest, told_of

NOW = datetime.fromisoformat("2026-11-22T10:00:00+08:00")
NOTHING: tuple[set[int], set[str], set[str]] = (set(), set(), set())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def tuanzi(request: pytest.FixtureRequest) -> Iterator[Tuanzi]:
    if request.param == "sqlite":
        world = open_world(NOW)
        yield world.tuanzi
        world.close()
    else:
        server: Server = request.getfixturevalue("postgresql")
        yield from _on_postgresql(server.new_database())


def _on_postgresql(url: str) -> Iterator[Tuanzi]:
    key = FieldCipher.new_key()
    settings = Settings(database_url=url, field_keys=(Secret(key),), sandbox_secret=Secret(key))
    tuanzi = build(settings, clock=TurnableClock(NOW))
    with tuanzi.database.transaction() as session:
        seed(session, token=key, now=NOW)
    yield tuanzi
    tuanzi.close()


def test_twelve_at_once_in_one_group_never_see_what_is_private_of_another(tuanzi: Tuanzi) -> None:
    with tuanzi.database.reading() as session:
        merchant = session.scalars(select(Merchant.id)).one()
    dozen = Dozen(tuanzi, an_account(tuanzi, merchant, external_id="7", secret="unused here"))
    dozen.talk()
    assert told_of(_text(dozen.strangers)) == NOTHING  # another's link tells nothing
    with tuanzi.database.reading() as session:
        assert all(link.used_at is not None for link in session.scalars(select(DeepLink)))
        _look_at_what_the_group_read(session)
        people = {guest: _person(session, guest) for guest in GUESTS}
        for guest, person in people.items():
            _look_at_one(session, guest, person)
            _look_for_it_as_others(session, guest, people)
        _look_at_buttons(session, people)


def _look_at_what_the_group_read(session: Session) -> None:
    """Names are called there, and nothing else is told of anybody."""
    rows = session.scalars(select(OutboxRow).join(Chat).where(Chat.external_id == str(GROUP)))
    asked = set()
    for row in rows:
        numbers, names, recipients = told_of(_text(row.segments))
        assert (numbers, recipients) == (set(), set())
        assert names <= {session.get_one(Person, row.person_id).name}
        asked |= names
    assert asked == {guest.name for guest in GUESTS}


def _look_at_one(session: Session, guest: Guest, person: Person) -> None:
    """Each stands half-way in two places, and nothing that is of another stands in either."""
    here, alone = _conversations(session, person)
    assert _step(here) == "variant"
    assert not {"ship_to", "ship_to_parts", "budget", "recipient"} & _filled(here)
    assert _step(alone) == ("ship_to" if guest.is_half_told else "confirm")
    slots = alone.snapshot["slots"]
    title = session.get_one(Product, slots["product"]).title["zh-Hans"]
    assert title == (GIFT if guest.gives else BAG)
    assert _told_as(session, person, slots)[-1] == guest.street
    recipient = set() if guest.is_half_told else {guest.recipient}
    told = _everything(session, person, here, alone)
    assert told_of(_text(told)) == (
        {guest.own} if guest.gives else set(),  # the house is sealed, the budget is not
        {guest.name},
        recipient,
    )


def _step(conversation: Conversation) -> str:
    return str(conversation.snapshot["stack"][-1]["step"])


def _filled(conversation: Conversation) -> set[str]:
    return {name for name, value in conversation.snapshot["slots"].items() if value is not None}


def _told_as(session: Session, person: Person, slots: dict[str, Any]) -> tuple[str, str]:
    """Recipient and street, as they open for this person."""
    if slots.get("ship_to"):
        kept = kept_address(session, person=person, reference=slots["ship_to"])
        return kept.name, kept.line
    parts = parts_of(session, person=person, sealed=slots["ship_to_parts"])
    return parts.name, parts.line


def _look_for_it_as_others(session: Session, guest: Guest, people: dict[Guest, Person]) -> None:
    """Whoever got hold of a slot's value could not open it."""
    slots = _conversations(session, people[guest])[1].snapshot["slots"]
    for other, person in people.items():
        if other == guest:
            continue
        if guest.is_half_told:
            assert _told_as(session, person, slots) == ("", "")
        else:
            with pytest.raises(NotFound):
                _told_as(session, person, slots)


def _look_at_buttons(session: Session, people: dict[Guest, Person]) -> None:
    """Every button that was shown is one person's."""
    owners: dict[str, set[str | None]] = {}
    for option in session.scalars(select(OfferedOption)):
        owners.setdefault(option.batch, set()).add(option.person_id)
    assert owners
    assert all(len(one) == 1 for one in owners.values())
    assert set().union(*owners.values()) == {person.id for person in people.values()}


def _person(session: Session, guest: Guest) -> Person:
    mine = ChannelIdentity.external_id == str(guest.id)
    return session.scalars(select(Person).join(ChannelIdentity).where(mine)).one()


def _conversations(session: Session, person: Person) -> tuple[Conversation, Conversation]:
    """In the group, and alone."""
    group, alone = session.scalars(
        select(Conversation)
        .join(Chat, Chat.id == Conversation.chat_id)
        .where(Conversation.person_id == person.id, Chat.kind.in_(("group", "private")))
        .order_by(Chat.kind)
    )
    return group, alone


def _everything(session: Session, person: Person, *theirs: Conversation) -> list[Any]:
    """What is kept of them and what was said to them."""
    in_them = ConversationEvent.conversation_id.in_([one.id for one in theirs])
    return [
        *(one.snapshot for one in theirs),
        *session.scalars(select(ConversationEvent.body).where(in_them)),
        *session.scalars(select(OutboxRow.segments).where(OutboxRow.person_id == person.id)),
        person.name,
    ]


def _text(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False)
