"""What is remembered for whom, what is not, and who may read it (T49, T52, T54)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from data.delivery.messages import Purpose
from data.kernel.database import Base, Database
from data.kernel.errors import Invalid, NotFound, Refused
from data.merchants import Merchant
from data.occasions import (
    AnnualDate,
    CalendarKind,
    DayToKeep,
    Occasion,
    OccasionKind,
    Reminder,
    forget_occasion,
    forget_occasions,
    gifts_given,
    occasion_of,
    occasions_of,
    protect_minor,
    save_occasion,
    subject_of,
)
from data.orders import NewLine, OrderDetails, OrderState, place_order
from data.people import Answer, Person, has_consent, may_contact, private_chat_of
from data.people.consent import ConsentPurpose
from tests.builders import NOW, a_person, a_product, the_variant
from tests.data.occasions.household import a_customer

MIDSUMMER = AnnualDate(CalendarKind.SOLAR, 6, 24)
WEI = DayToKeep(OccasionKind.BIRTHDAY, MIDSUMMER, relation="friend", subject="Wei 偉")


def keep(session: Session, person: Person, day: DayToKeep) -> Occasion:
    return save_occasion(session, person=person, day=day, now=NOW)


def test_the_same_day_of_the_same_friend_is_corrected_not_doubled(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        first = keep(session, person, WEI)
        typed_otherwise = replace(
            WEI, subject="ｗＥＩ偉", when=AnnualDate(CalendarKind.LUNAR, 5, 5)
        )
        assert keep(session, person, typed_otherwise).id == first.id
        [kept] = occasions_of(session, person=person)
        assert kept.when == AnnualDate(CalendarKind.LUNAR, 5, 5)
        assert subject_of(session, kept) == "Wei 偉"


@pytest.mark.parametrize(
    "other",
    [
        replace(WEI, subject="Jun"),
        replace(WEI, subject=""),
        replace(WEI, relation="colleague"),
        replace(WEI, kind=OccasionKind.ANNIVERSARY),
    ],
)
def test_another_subject_relation_or_kind_is_another_day(
    database: Database, other: DayToKeep
) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        assert keep(session, person, WEI).id != keep(session, person, other).id


def test_two_chats_saving_one_day_at_once_keep_it_once(each_database: Database) -> None:
    with each_database.transaction() as session:
        person_id = a_customer(session).id
    start = Barrier(4)

    def worker(_number: int) -> str:
        start.wait()
        with each_database.transaction() as session:
            return keep(session, session.get_one(Person, person_id), WEI).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(worker, range(4)))) == 1


def test_t52_only_the_one_who_saved_a_day_can_read_or_forget_it(database: Database) -> None:
    with database.transaction() as session:
        lan = a_customer(session)
        occasion = keep(session, lan, WEI)
        same_shop = Person(
            id="per_wei",
            merchant_id=lan.merchant_id,
            locale="en",
            timezone="Asia/Shanghai",
            created_at=NOW,
        )
        session.add(same_shop)
        for stranger in (same_shop, a_customer(session)):
            assert occasions_of(session, person=stranger) == []
            with pytest.raises(NotFound) as theirs:
                occasion_of(session, person=stranger, occasion_id=occasion.id)
            with pytest.raises(NotFound) as nobodys:
                forget_occasion(session, person=stranger, occasion_id="occ_none")
            assert str(theirs.value) == str(nobodys.value)  # it looks as if there were none
            assert forget_occasions(session, person=stranger) == 0
        assert occasion_of(session, person=lan, occasion_id=occasion.id) is occasion


def test_t49_a_dump_of_the_database_shows_no_name(database: Database) -> None:
    with database.transaction() as session:
        keep(session, a_customer(session), replace(WEI, subject="Canary-Zheng"))
    with database.transaction() as session:
        dump = "\n".join(
            str(row)
            for table in Base.metadata.sorted_tables
            for row in session.execute(text(f"SELECT * FROM {table.name}"))  # noqa: S608  # our own table names
        )
        assert "Canary" not in dump
        assert subject_of(session, session.scalars(select(Occasion)).one()) == "Canary-Zheng"


def test_forgetting_leaves_no_row(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        occasion = keep(session, person, WEI)
        forget_occasion(session, person=person, occasion_id=occasion.id)
        for table in (Occasion, Reminder):
            assert session.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.parametrize(("born", "kept"), [(2015, None), (2008, None), (2007, 2007), (1960, 1960)])
def test_t54_of_a_child_we_keep_the_day_and_never_the_year(
    database: Database, born: int, kept: int | None
) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        when = AnnualDate(CalendarKind.SOLAR, 5, 3, year=born)
        assert keep(session, person, replace(WEI, when=when)).year == kept


def test_t54_a_child_who_tells_us_is_forgotten_and_not_profiled_again(database: Database) -> None:
    with database.transaction() as session:
        child = a_customer(session)
        chat = private_chat_of(session, person=child)
        assert chat is not None
        keep(session, child, WEI)
        protect_minor(session, person=child, now=NOW)
        assert occasions_of(session, person=child) == []
        assert not has_consent(session, person=child, purpose=ConsentPurpose.REMINDERS)
        verdict = may_contact(session, person=child, chat=chat, purpose=Purpose.REMINDER, now=NOW)
        assert verdict.answer is Answer.NEVER
        with pytest.raises(Refused):
            keep(session, child, WEI)


def test_a_list_of_customers_is_not_a_family(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        for number in range(200):
            keep(session, person, replace(WEI, subject=f"friend {number}"))
        with pytest.raises(Refused):
            keep(session, person, WEI)
        keep(
            session, person, replace(WEI, subject="friend 7", lead_days=3)
        )  # correcting still works


@pytest.mark.parametrize(
    "nonsense",
    [{"lead_days": -1}, {"lead_days": 91}, {"subject": "x" * 81}, {"subject": "", "relation": ""}],
)
def test_nonsense_is_refused_before_anything_is_kept(nonsense: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        replace(WEI, **nonsense)


def test_an_unknown_zone_is_refused(database: Database) -> None:
    with database.transaction() as session, pytest.raises(Invalid):
        keep(session, a_customer(session), replace(WEI, timezone="Mars/Olympus"))


def test_gifts_given_are_those_bought_and_kept_for_that_relation(database: Database) -> None:
    with database.transaction() as session:
        person = a_customer(session)
        long_ago = an_order(session, person, "mother", OrderState.DELIVERED, days_ago=400)
        lately = an_order(session, person, "mother", OrderState.PAID, days_ago=5)
        an_order(session, person, "father", OrderState.DELIVERED, days_ago=9)
        for not_given in (OrderState.REFUNDED, OrderState.CANCELLED, OrderState.AWAITING_PAYMENT):
            an_order(session, person, "mother", not_given, days_ago=9)
        assert gifts_given(session, person=person, relation="mother") == [lately, long_ago]
        other = a_person(session, session.get_one(Merchant, person.merchant_id))
        assert gifts_given(session, person=other, relation="mother") == []


def an_order(
    session: Session, person: Person, recipient: str, state: OrderState, *, days_ago: int
) -> str:
    """Buys something new for somebody; gives the product's id."""
    product = a_product(session, session.get_one(Merchant, person.merchant_id))
    then = NOW - timedelta(days=days_ago)
    order = place_order(
        session,
        merchant_id=person.merchant_id,
        person_id=person.id,
        lines=[NewLine(the_variant(session, product).id)],
        details=OrderDetails(recipient=recipient),
        hold_until=then + timedelta(hours=1),
        now=then,
    )
    order.state = state
    session.flush()
    return product.id
