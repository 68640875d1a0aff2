"""T40: a code works once, for ten minutes, in one shop, and needs a yes in both chats."""

from datetime import timedelta

from sqlalchemy import select

from data.kernel.database import Database
from data.people import Person
from data.personal.codes import WITHIN, looks_like_code, new_code
from data.personal.linking import (
    Answer,
    agree_to_link,
    join_people,
    offer_code,
    refuse_link,
    type_code,
)
from data.personal.models import LinkTries, PersonLink, PersonMove
from data.personal.obstacles import Obstacle
from tests.builders import NOW
from tests.data.personal.twins import a_known_talk, twins

_SOON = NOW + timedelta(minutes=11)


def test_a_code_is_typed_once_and_only_its_fingerprint_is_kept(database: Database) -> None:
    with database.transaction() as session:
        pair = twins(session)
        third = a_known_talk(session, pair.merchant, "Eve")
        code = offer_code(session, conversation=pair.one, now=NOW)
        kept = session.execute(select(PersonLink.__table__)).mappings().one()
        assert code.replace("-", "") not in "".join(map(str, kept.values())).replace("-", "")
        typed = type_code(session, conversation=pair.other, code=code.lower(), now=NOW)
        assert typed.answer is Answer.TYPED
        again = type_code(session, conversation=third, code=code, now=NOW)
        assert again.answer is Answer.UNKNOWN


def test_too_late_own_replaced_and_another_shops_codes_are_no_good(database: Database) -> None:
    with database.transaction() as session:
        pair, elsewhere = twins(session), twins(session)
        old = offer_code(session, conversation=pair.one, now=NOW)
        assert type_code(session, conversation=pair.one, code=old, now=NOW).answer is Answer.OWN
        there = type_code(session, conversation=elsewhere.other, code=old, now=NOW)
        assert there.answer is Answer.UNKNOWN
        late = type_code(session, conversation=pair.other, code=old, now=_SOON)
        assert late.answer is Answer.UNKNOWN
        offer_code(session, conversation=pair.one, now=NOW)
        replaced = type_code(session, conversation=pair.other, code=old, now=NOW)
        assert replaced.answer is Answer.UNKNOWN


def test_nothing_is_joined_without_the_yes_of_both_chats(database: Database) -> None:
    with database.transaction() as session:
        pair = twins(session)
        code = offer_code(session, conversation=pair.one, now=NOW)
        typed = type_code(session, conversation=pair.other, code=code, now=NOW)
        link = str(typed.link_id)
        for talk in (pair.one, pair.other):
            early = join_people(session, conversation=talk, link_id=link, now=NOW)
            assert early is Obstacle.TOO_LATE
        assert agree_to_link(session, conversation=pair.one, link_id=link, now=NOW) is None
        assert agree_to_link(session, conversation=pair.other, link_id=link, now=NOW)
        other = join_people(session, conversation=pair.other, link_id=link, now=NOW)
        assert other is Obstacle.TOO_LATE
        assert session.get_one(Person, pair.gone).merged_into is None
        assert join_people(session, conversation=pair.one, link_id=link, now=NOW) is None
        assert session.get_one(Person, pair.gone).merged_into == pair.kept
        (move,) = session.scalars(select(PersonMove)).all()
        assert (move.person_id, move.into_id, move.link_id) == (pair.gone, pair.kept, link)


def test_a_no_ends_the_code_for_good(database: Database) -> None:
    with database.transaction() as session:
        pair = twins(session)
        code = offer_code(session, conversation=pair.one, now=NOW)
        link = str(type_code(session, conversation=pair.other, code=code, now=NOW).link_id)
        refuse_link(session, conversation=pair.other, link_id=link)
        assert agree_to_link(session, conversation=pair.other, link_id=link, now=NOW) is None
        again = type_code(session, conversation=pair.other, code=code, now=NOW)
        assert again.answer is Answer.UNKNOWN


def test_wrong_codes_of_a_chat_and_of_a_shop_are_counted(database: Database) -> None:
    """After too many even the right one is not looked at; a quarter of an hour later it is."""
    with database.transaction() as session:
        pair = twins(session)
        for _ in range(5):
            wrong = type_code(session, conversation=pair.other, code="ACDE-3479", now=NOW)
            assert wrong.answer is Answer.UNKNOWN
        code = offer_code(session, conversation=pair.one, now=NOW)
        right = type_code(session, conversation=pair.other, code=code, now=NOW)
        assert right.answer is Answer.TOO_MANY
        later = NOW + WITHIN
        code = offer_code(session, conversation=pair.one, now=later)
        right = type_code(session, conversation=pair.other, code=code, now=later)
        assert right.answer is Answer.TYPED


def test_many_chats_together_are_slowed_down_as_well(database: Database) -> None:
    with database.transaction() as session:
        pair = twins(session)
        session.add(LinkTries(whom=pair.merchant.id, merchant_id=pair.merchant.id, n=99, since=NOW))
        session.flush()
        answers = [
            type_code(session, conversation=talk, code="ACDE-3479", now=NOW).answer
            for talk in (pair.one, pair.other)
        ]
        assert answers == [Answer.UNKNOWN, Answer.TOO_MANY]


def test_codes_can_be_told_from_words() -> None:
    assert all(looks_like_code(new_code()) for _ in range(200))
    assert not any(map(looks_like_code, ("feed-face", "3344-7799", "ACDE-3478", "ACDE347")))
