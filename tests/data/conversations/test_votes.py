"""Reactions to cards of a group are votes: idempotent, in order, of members, and taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.conversations.moving import move_chat
from data.conversations.vote_models import Vote
from data.conversations.votes import (
    VOTED_ON,
    VotesChanged,
    note_cards,
    note_reaction,
    tally,
    votes_for,
)
from data.conversations.whereabouts import look_around, make_known
from data.delivery.inbound import ChatRef, EventKind, InboundEvent, Reaction, Sender
from data.kernel.database import Database
from data.kernel.facts import LISTENERS, Fact
from data.kernel.ids import new_id
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.people import Chat, meet
from data.people.membership import note_back, note_left
from tests.builders import NOW, a_merchant

TEAPOT, LAMP = "prd_teapot", "prd_lamp"


@dataclass(slots=True)
class Room:
    """A group that was shown a teapot (message 1) and a lamp (2), and the teapot again (3)."""

    session: Session
    account: ChannelAccount
    chat: Chat

    @classmethod
    def opened(cls, session: Session, name: str = "-100") -> "Room":
        merchant = a_merchant(session)
        account = ChannelAccount(
            id=new_id("acc"), merchant_id=merchant.id, channel="telegram",
            external_id=new_id("bot"), settings={}, created_at=NOW,
        )  # fmt: skip
        chat = Chat(
            id=new_id("cht"), merchant_id=merchant.id, account_id=account.id, external_id=name,
            kind="group", created_at=NOW,
        )  # fmt: skip
        session.add(account)
        session.flush()
        session.add(chat)
        session.flush()
        note_cards(session, chat=chat, cards=[("1", TEAPOT), ("2", LAMP), ("3", TEAPOT)], now=NOW)
        return cls(session, account, chat)

    def react(
        self, who: str, to: str, *, likes: bool = True, told: int = 1, mark: str = ""
    ) -> None:
        place = self.chat.external_id.partition("/")[0]
        event = InboundEvent(
            event_id=new_id("evt"),
            kind=EventKind.REACTION,
            chat=ChatRef(place, "group"),
            sender=Sender(who, who),
            addressed=False,
            reaction=Reaction(to, likes=likes, told=told, mark=mark),
        )
        note_reaction(self.session, account=self.account, event=event, now=NOW)

    def votes(self, after: timedelta = timedelta()) -> dict[str, int]:
        found = tally(self.session, chat_id=self.chat.id, now=NOW + after)
        return {one.product_id: one.votes for one in found}


def test_one_may_vote_for_several_and_counts_once_for_each(each_database: Database) -> None:
    with each_database.transaction() as session:
        room = Room.opened(session)
        for who, to in (("ann", "1"), ("ann", "3"), ("ann", "2"), ("bob", "3"), ("bob", "3")):
            room.react(who, to)
        assert room.votes() == {TEAPOT: 2, LAMP: 1}
        assert [*room.votes()] == [TEAPOT, LAMP]
        room.react("cid", "99")  # no card
        assert room.votes(after=VOTED_ON) == {}
        assert len(session.scalars(select(Vote)).all()) == 4


def test_in_whatever_order_it_is_told_the_last_word_counts(each_database: Database) -> None:
    with each_database.transaction() as session:
        room = Room.opened(session)
        story = ((True, 5), (False, 6), (True, 7), (False, 8))
        for number, told in enumerate(permutations(story)):
            for likes, when in told:
                room.react(f"p{number}", "1", likes=likes, told=when)
        assert room.votes() == {}
        room.react("p0", "1", likes=True, told=9)
        assert room.votes() == {TEAPOT: 1}


def test_a_change_of_the_vote_is_told_once_and_what_changes_nothing_is_not(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        room = Room.opened(session)
        told: list[str] = []

        def listen(_session: Session, fact: Fact, _now: datetime) -> None:
            assert isinstance(fact, VotesChanged)
            told.append(fact.product_id)

        session.info[LISTENERS] = (listen,)
        room.react("ann", "1", told=5)
        assert told == [TEAPOT]
        room.react("ann", "1", told=5)  # told twice
        room.react("ann", "1", likes=False, told=4)  # told late
        room.react("bob", "2", likes=False)  # for nothing
        room.react("bob", "", likes=False, told=9, mark="$x")  # takes back what never was
        assert told == [TEAPOT]
        room.react("ann", "", likes=False, told=9)
        assert told == [TEAPOT, TEAPOT]
        with_nobody = {"chat_id": room.chat.id, "product_id": TEAPOT, "now": NOW}
        assert votes_for(session, **with_nobody) == 0


def test_the_count_of_one_product_is_the_one_in_the_list(each_database: Database) -> None:
    with each_database.transaction() as session:
        room = Room.opened(session)
        for who, to in (("ann", "1"), ("ann", "3"), ("ann", "2"), ("bob", "3")):
            room.react(who, to)
        counts = {
            product: votes_for(session, chat_id=room.chat.id, product_id=product, now=NOW)
            for product in (TEAPOT, LAMP)
        }
        assert counts == room.votes()


def test_where_each_reaction_is_told_by_itself_the_last_one_taken_back_ends_the_vote(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        room = Room.opened(session)
        room.react("ann", "1", told=0, mark="$a")
        room.react("ann", "1", told=0, mark="$b")
        room.react("ann", "", likes=False, told=1, mark="$a")
        assert room.votes() == {TEAPOT: 1}
        room.react("ann", "", likes=False, told=1, mark="$b")
        room.react("ann", "1", told=0, mark="$b")  # told again
        assert room.votes() == {}


def test_who_has_left_has_no_vote_until_they_are_back(each_database: Database) -> None:
    with each_database.transaction() as session:
        room = Room.opened(session)
        room.react("ann", "1")
        note_left(session, account=room.account, chat="-100", person="ann", now=NOW)
        room.react("ann", "2")
        assert room.votes() == {}
        note_back(session, account=room.account, chat="-100", person="ann")
        assert room.votes() == {TEAPOT: 1, LAMP: 1}


def test_a_card_of_a_topic_is_found_from_its_group_and_from_no_other(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        topic, group = Room.opened(session, "-100/7"), Room.opened(session, "-1007")
        topic.react("ann", "1")
        assert (topic.votes(), group.votes()) == ({TEAPOT: 1}, {})
        group.react("", "", likes=False, told=9)  # takes back nothing of another group
        assert topic.votes() == {TEAPOT: 1}


def test_in_a_group_with_a_new_id_another_message_may_bear_the_cards_name(
    each_database: Database,
) -> None:
    with each_database.transaction() as session:
        room = Room.opened(session)
        room.react("ann", "1")
        move_chat(session, account_id=room.account.id, before="-100", after="-200", now=NOW)
        session.refresh(room.chat)
        room.react("bob", "2")
        assert room.votes() == {TEAPOT: 1}


def test_what_is_long_gone_is_forgotten_with_its_votes(each_database: Database) -> None:
    with each_database.transaction() as session:
        room = Room.opened(session)
        room.react("ann", "1")
        later = NOW + timedelta(days=31)
        note_cards(session, chat=room.chat, cards=[("9", LAMP)], now=later)
        assert session.scalars(select(Vote)).all() == []


@pytest.mark.parametrize(
    ("has_voted", "spoken_to_in"), [(True, Locale.EN), (False, Locale.ZH_HANT)]
)
def test_first_words_are_the_language_of_who_had_only_reacted_and_change_no_choice(
    each_database: Database, has_voted: bool, spoken_to_in: Locale
) -> None:
    with each_database.transaction() as session:
        room = Room.opened(session)
        meet(
            session, account=room.account, external_id="ann", name="Ann",
            locale=Locale.ZH_HANT, now=NOW,
        )  # fmt: skip
        if has_voted:
            room.react("ann", "1")
        words = InboundEvent(
            event_id=new_id("evt"),
            kind=EventKind.MESSAGE,
            chat=ChatRef("-100", "group"),
            sender=Sender("ann", "Ann", Locale.EN),
            addressed=True,
        )
        known = look_around(
            session,
            merchant_id=room.account.merchant_id,
            account_id=room.account.id,
            sender="ann",
            chat="-100",
        )
        make_known(session, known, account_id=room.account.id, event=words, now=NOW)
        assert known.person is not None
        assert known.person.locale == spoken_to_in
