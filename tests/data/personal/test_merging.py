"""Two people become one: everything of theirs is there once, and nothing of it is left behind."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from data.audit import audit
from data.conversations import Conversation, StaleConversation, resume, save
from data.kernel.database import Database
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.occasions import DayToKeep, OccasionKind, occasions_of, save_occasion
from data.occasions.calendar import AnnualDate, CalendarKind
from data.occasions.models import Reminder, ReminderState
from data.orders import Address, NewLine, basket_of, keep_address, kept_address, put_in_basket
from data.people import (
    Asked,
    Chat,
    ChatMember,
    ConsentPurpose,
    ProactiveCount,
    grant_consent,
    has_consent,
    opt_out,
    revoke_consent,
    stop_nudges,
)
from data.people.merged import been, known_as
from data.personal.columns import columns_naming_people
from data.personal.merging import merge
from data.personal.obstacles import Obstacle
from tests.builders import NOW, a_product, the_variant
from tests.data.personal.twins import Twins, people, twins

_ASKED = Asked("t-1", Locale.EN, "rest", "m")


def _merge(database: Database, pair: Twins) -> Obstacle | None:
    with database.transaction() as session:
        return merge(session, kept=pair.kept, gone=pair.gone, link_id=None, now=NOW)


def _left_behind(database: Database, pair: Twins) -> dict[str, int]:
    """Rows that name the one who went, but for the history."""
    with database.reading() as session:
        counts = {
            f"{column.table.name}.{column.name}": session.scalar(
                select(func.count()).select_from(column.table).where(column == pair.gone)
            )
            for column in columns_naming_people()
        }
        assert audit(session, now=NOW) == []
    del counts["person_moves.person_id"]
    return {name: count for name, count in counts.items() if count}


def _day(month: int, day: int, name: str = "") -> DayToKeep:
    when = AnnualDate(CalendarKind.SOLAR, month, day)
    return DayToKeep(OccasionKind.BIRTHDAY, when, "friend" if name else "mother", name)


def test_baskets_days_addresses_and_chats_are_one_persons(each_database: Database) -> None:
    with each_database.transaction() as session:
        pair = twins(session)
        kept, gone = people(session, pair)
        tea, cup = (the_variant(session, a_product(session, pair.merchant)) for _ in range(2))
        for person, lines in ((kept, [(tea, 1)]), (gone, [(tea, 2), (cup, 3)])):
            for variant, quantity in lines:
                line = NewLine(variant.id, quantity)
                put_in_basket(session, merchant_id=pair.merchant.id, person_id=person.id, line=line,
                              now=NOW)  # fmt: skip
        address = Address("Annie", "123", "22 Baker St")
        reference = keep_address(session, person=gone, address=address, now=NOW)
        save_occasion(session, person=kept, day=_day(12, 12), now=NOW)
        save_occasion(session, person=gone, day=_day(12, 13), now=NOW + timedelta(hours=1))
        save_occasion(session, person=gone, day=_day(5, 3, "Bo"), now=NOW)
    assert _merge(each_database, pair) is None
    with each_database.transaction() as session:
        kept, gone = people(session, pair)
        basket = basket_of(session, merchant_id=pair.merchant.id, person_id=pair.kept)
        assert {line.variant_id: line.quantity for line in basket} == {tea.id: 3, cup.id: 3}
        assert kept_address(session, person=kept, reference=reference) == address
        days = occasions_of(session, person=kept)
        assert sorted((day.month, day.day) for day in days) == [(5, 3), (12, 13)]
        due = select(func.count()).where(Reminder.state == ReminderState.DUE)
        assert session.scalar(due) == 2
        assert (known_as(session, pair.gone), been(session, pair.kept)) == (
            kept, [pair.kept, pair.gone])  # fmt: skip
        assert (gone.name, kept.name) == ("", "Ann")
    assert _left_behind(each_database, pair) == {}


def test_what_one_was_told_of_this_year_the_other_is_not_told_of_again(database: Database) -> None:
    with database.transaction() as session:
        pair = twins(session)
        for person in people(session, pair):
            save_occasion(session, person=person, day=_day(12, 12), now=NOW)
        told = select(Reminder).order_by(Reminder.id.desc()).limit(1)
        reminder = session.scalars(told).one()
        reminder.state, reminder.sent_at = ReminderState.SENT, NOW
    _merge(database, pair)
    with database.reading() as session:
        rows = session.execute(select(Reminder.year, Reminder.state).order_by(Reminder.year)).all()
        assert [tuple(row) for row in rows] == [(2026, "sent"), (2027, "due")]


@pytest.mark.parametrize("refuser", ["kept", "gone"])
def test_a_no_of_either_side_stays_a_no(database: Database, refuser: str) -> None:
    with database.transaction() as session:
        pair = twins(session)
        both = dict(zip(("kept", "gone"), people(session, pair), strict=True))
        for person in both.values():
            for purpose in (ConsentPurpose.REMINDERS, ConsentPurpose.MODEL):
                grant_consent(session, person=person, purpose=purpose, asked=_ASKED, now=NOW)
        opt_out(session, person=both[refuser], now=NOW)
        revoke_consent(session, person=both[refuser], purpose=ConsentPurpose.MODEL, now=NOW)
        stop_nudges(session, person=both[refuser], now=NOW)
    _merge(database, pair)
    with database.reading() as session:
        kept, _ = people(session, pair)
        assert (kept.opted_out_at, kept.nudges_off_at) == (NOW, NOW)
        assert not has_consent(session, person=kept, purpose=ConsentPurpose.REMINDERS)
        assert not has_consent(session, person=kept, purpose=ConsentPurpose.MODEL)


def test_what_only_one_was_asked_about_holds_for_both(database: Database) -> None:
    with database.transaction() as session:
        pair = twins(session)
        _, gone = people(session, pair)
        asked = {"purpose": ConsentPurpose.REMINDERS, "asked": _ASKED, "now": NOW}
        grant_consent(session, person=gone, **asked)
    _merge(database, pair)
    with database.reading() as session:
        kept, _ = people(session, pair)
        assert has_consent(session, person=kept, purpose=ConsentPurpose.REMINDERS)


def test_who_is_a_child_on_one_side_is_one_on_both(database: Database) -> None:
    with database.transaction() as session:
        pair = twins(session)
        kept, gone = people(session, pair)
        save_occasion(session, person=kept, day=_day(12, 12), now=NOW)
        gone.minor_since = NOW
    _merge(database, pair)
    with database.reading() as session:
        kept, _ = people(session, pair)
        assert kept.minor_since == NOW
        assert occasions_of(session, person=kept) == []


def test_a_turn_that_is_under_way_begins_again_as_the_one_who_stays(database: Database) -> None:
    with database.transaction() as session:
        pair = twins(session)
    with database.transaction() as session:
        late = session.get_one(Conversation, pair.other.id)
        session.expunge(late)
    _merge(database, pair)
    with database.transaction() as session, pytest.raises(StaleConversation):
        save(session, late, snapshot={}, now=NOW)


def test_in_a_group_where_both_have_spoken_one_goes_on(database: Database) -> None:
    with database.transaction() as session:
        pair = twins(session)
        account = session.scalars(select(ChannelAccount).limit(1)).one()
        group = Chat(id="cht_g", merchant_id=pair.merchant.id, account_id=account.id,
                     external_id="g", kind="group", created_at=NOW)  # fmt: skip
        session.add(group)
        session.flush()
        for person in people(session, pair):
            here = {"merchant_id": pair.merchant.id, "person_id": person.id}
            session.add(ChatMember(chat_id="cht_g", joined_at=NOW, **here))
            resume(session, chat_id="cht_g", now=NOW, **here)
            session.add(ProactiveCount(whom=person.id, day=NOW.date(), n=2,
                                       merchant_id=pair.merchant.id))  # fmt: skip
    _merge(database, pair)
    assert _left_behind(database, pair) == {"conversations.person_id": 1}
    with database.reading() as session:
        today = session.get_one(ProactiveCount, (pair.kept, NOW.date()))
        assert today.n == 3
        members = session.scalars(select(ChatMember.person_id).where(ChatMember.chat_id == "cht_g"))
        assert members.all() == [pair.kept]


def test_who_is_one_already_or_gone_is_not_joined_again(database: Database) -> None:
    with database.transaction() as session:
        pair, others = twins(session), twins(session)
    assert _merge(database, pair) is None
    assert _merge(database, pair) is Obstacle.ALREADY
    crossed = replace(pair, kept=pair.gone, gone=pair.kept)
    assert _merge(database, crossed) is Obstacle.ALREADY
    elsewhere = replace(pair, kept=others.kept)
    assert _merge(database, elsewhere) is Obstacle.TOO_LATE
