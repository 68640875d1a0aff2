"""An address that several orders go to stays until the last of them is over, and so do those that
somebody used before; then no chat shows it either (T14)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from data.conversations import Conversation, record_events
from data.conversations.models import ConversationEvent
from data.delivery.jobs import NewJob, enqueue
from data.delivery.messages import OutboundMessage, Text
from data.delivery.models import Job, OutboxRow, OutboxState
from data.delivery.outbox import Letter, Origin, post
from data.group_buys import AddressWanted, Team, lacks_address
from data.kernel.database import Database
from data.kernel.errors import NotFound
from data.merchants import ChannelAccount, Merchant
from data.orders import (
    Address,
    AddressStands,
    NewLine,
    Order,
    OrderDetails,
    OrderState,
    address_stands,
    deliver,
    keep_address,
    kept_address,
    last_kept,
    place_order,
    set_address,
    ship,
    use_again,
)
from data.orders.address_book import KeptAddress
from data.orders.parcel_models import Parcel
from data.payments import cancel_order
from data.people import Chat, Person
from data.personal.covering import COVER
from data.personal.merging import merge
from data.personal.old_addresses import JOBS, ROUND
from tests.data.personal.twins import twins
from tests.data.split_orders.shop import SplitShop

HOME = Address("Lan", "13800138000", "22 Quill Road")
DAY, KEPT, MOMENT = timedelta(days=1), timedelta(days=30), timedelta(minutes=1)


@pytest.fixture
def shop(each_database: Database) -> Iterator[SplitShop]:
    shop = SplitShop(each_database, ship_to_one=True)
    for name in ("Lan", "Wei"):
        shop.person(name)
    yield shop
    assert [one for one in shop.violations() if one.what.endswith("_kept_too_long")] == []
    shop.close()


def _order(shop: SplitShop, name: str) -> str:
    mine = select(Order.id).where(Order.person_id == shop.person(name))
    with shop.database.reading() as session:
        return session.scalars(mine.order_by(Order.created_at.desc(), Order.id)).first() or ""


def _sends(shop: SplitShop, *orders: str) -> None:
    with shop.database.transaction() as session:
        about = {"merchant_id": shop.merchant_id, "now": shop.now}
        for order_id in sorted(orders):
            ship(session, order_id=order_id, tracking=None, **about)  # type: ignore[arg-type]


def _arrives(shop: SplitShop, order_id: str) -> None:
    with shop.database.transaction() as session:
        deliver(session, merchant_id=shop.merchant_id, order_id=order_id, now=shop.now)


def _stands(shop: SplitShop, order_id: str) -> AddressStands:
    with shop.database.reading() as session:
        return address_stands(session, session.get_one(Order, order_id))


def _team(shop: SplitShop) -> dict[str, str]:
    """A full one, all of it to Lan's address; gives everybody's order."""
    team = shop.opens("Lan")
    order_id = shop.orders(team, "Lan")
    with shop.database.transaction() as session:
        buyer = shop.person("Lan")
        set_address(session, order_id=order_id, person_id=buyer, address=HOME, now=shop.now)
    shop.joins(team, "Wei", "Jun")
    shop.pays(team, "Lan", "Wei", "Jun")
    shop.work()
    return {name: _order(shop, name) for name in ("Lan", "Wei", "Jun")}


def _goes_in(shop: SplitShop, order_id: str, after: timedelta = KEPT) -> None:
    shop.later(after - MOMENT)
    assert _stands(shop, order_id) == AddressStands.GIVEN
    shop.later(2 * MOMENT)
    assert _stands(shop, order_id) == AddressStands.DELETED


def test_a_teams_address_waits_for_its_last_parcel(shop: SplitShop) -> None:
    orders = _team(shop)
    _sends(shop, *orders.values())
    _arrives(shop, orders["Lan"])
    shop.later(40 * DAY)
    _arrives(shop, orders["Wei"])
    shop.later(40 * DAY)
    assert {_stands(shop, one) for one in orders.values()} == {AddressStands.GIVEN}
    _arrives(shop, orders["Jun"])
    _goes_in(shop, orders["Jun"])
    assert {_stands(shop, one) for one in orders.values()} == {AddressStands.DELETED}


def test_nobody_is_asked_anew_for_an_address_that_was_deleted(shop: SplitShop) -> None:
    orders = _team(shop)
    _sends(shop, *orders.values())
    for one in orders.values():
        _arrives(shop, one)
    shop.later(KEPT)
    with shop.database.reading() as session:
        assert session.get_one(Order, orders["Lan"]).ship_to is None
        led = select(Team).where(Team.leader_id == shop.person("Lan"))
        assert not lacks_address(session, session.scalars(led).one())
    assert shop.told(AddressWanted) == 0


def test_one_that_goes_back_does_not_take_the_others_address_along(shop: SplitShop) -> None:
    orders = _team(shop)
    with shop.database.transaction() as session:
        cancel_order(session, order_id=orders["Wei"], person_id=None, now=shop.now)
    shop.later(40 * DAY)
    assert _stands(shop, orders["Jun"]) == AddressStands.GIVEN
    _sends(shop, orders["Lan"], orders["Jun"])
    _arrives(shop, orders["Lan"])
    _arrives(shop, orders["Jun"])
    _goes_in(shop, orders["Jun"])


def test_one_parcel_of_several_waits_for_all_that_is_in_it(shop: SplitShop) -> None:
    split = shop.opens_split("Lan", window=DAY)
    shop.pays_part(split, "Wei", "Jun")
    shop.closes_split(split, "Lan")
    shop.work()
    orders = [shop.part_order(split, name).id for name in ("Wei", "Jun")]
    _sends(shop, *orders)
    _arrives(shop, orders[0])
    shop.later(40 * DAY)
    assert shop.parcel(split).ship_to is not None
    _arrives(shop, orders[1])
    _goes_in(shop, orders[0])
    assert shop.parcel(split).ship_to is None


@pytest.mark.parametrize("paid", [True, False])
def test_a_common_order_that_came_to_nothing_forgets_where_to(shop: SplitShop, paid: bool) -> None:
    split = shop.opens_split("Lan", window=DAY)
    if paid:
        shop.pays_part(split, "Wei")
    shop.later(DAY)
    shop.later(KEPT - MOMENT)
    assert shop.parcel(split).ship_to is not None
    shop.later(2 * MOMENT)
    assert shop.parcel(split).ship_to is None


def test_one_that_its_organiser_called_off_does_too(shop: SplitShop) -> None:
    split = shop.opens_split("Lan", window=DAY)
    shop.ends_split(split, "Lan")
    shop.later(KEPT)
    assert shop.parcel(split).ship_to is None


def test_a_present_of_many_is_an_order_like_any_other(shop: SplitShop) -> None:
    pool = shop.opens_pool("Lan", shares=2)
    shop.says_where(pool, "Lan")
    shop.gives(pool, "Wei", "Jun")
    shop.work()
    present = shop.present_of(pool).id
    _sends(shop, present)
    shop.later(40 * DAY)
    assert _stands(shop, present) == AddressStands.GIVEN
    _arrives(shop, present)
    _goes_in(shop, present)


# what somebody used before


def _keeps(shop: SplitShop, address: Address = HOME) -> str:
    with shop.database.transaction() as session:
        person = session.get_one(Person, shop.person("Lan"))
        return keep_address(session, person=person, address=address, now=shop.now)


def _is_kept(shop: SplitShop, reference: str) -> bool:
    with shop.database.reading() as session:
        return session.get(KeptAddress, reference) is not None


def _buys(shop: SplitShop, address: Address = HOME) -> str:
    """An order of Lan's that is delivered at once."""
    with shop.database.transaction() as session:
        order = place_order(
            session,
            merchant_id=shop.merchant_id,
            person_id=shop.person("Lan"),
            lines=[NewLine(shop.tea)],
            details=OrderDetails(ship_to=address),
            hold_until=shop.now + DAY,
            now=shop.now,
        )
        session.execute(
            update(Order).where(Order.id == order.id).values(state=OrderState.SHIPPED, version=9)
        )
        session.refresh(order)
        order_id = order.id
    _arrives(shop, order_id)
    return order_id


def test_an_address_that_nothing_was_sent_to_is_offered_for_thirty_days(shop: SplitShop) -> None:
    reference = _keeps(shop)
    shop.later(KEPT - MOMENT)
    assert _is_kept(shop, reference)
    shop.later(2 * MOMENT)
    assert not _is_kept(shop, reference)
    with shop.database.reading() as session:
        person = session.get_one(Person, shop.person("Lan"))
        assert last_kept(session, person=person) is None
        with pytest.raises(NotFound):
            kept_address(session, person=person, reference=reference)


def test_the_last_one_is_offered_as_long_as_its_order_keeps_it(shop: SplitShop) -> None:
    reference, other = _keeps(shop), _keeps(shop, Address("Lan", "1", "elsewhere"))
    shop.later(20 * DAY)
    order = _buys(shop)
    shop.later(KEPT - MOMENT)
    assert (_is_kept(shop, reference), _is_kept(shop, other)) == (True, False)
    shop.later(2 * MOMENT)
    assert _stands(shop, order) == AddressStands.DELETED
    assert not _is_kept(shop, reference)


def test_choosing_it_again_is_saying_it_again(shop: SplitShop) -> None:
    first, second = _keeps(shop), _keeps(shop, Address("Lan", "1", "elsewhere"))
    shop.later(20 * DAY)
    with shop.database.transaction() as session:
        person = session.get_one(Person, shop.person("Lan"))
        use_again(session, person=person, reference=first, now=shop.now)
        assert last_kept(session, person=person) == first
        stranger = session.get_one(Person, shop.person("Wei"))
        with pytest.raises(NotFound):
            use_again(session, person=stranger, reference=first, now=shop.now)
    shop.later(KEPT - MOMENT)
    assert (_is_kept(shop, first), _is_kept(shop, second)) == (True, False)
    shop.later(2 * MOMENT)
    assert not _is_kept(shop, first)


def test_a_flow_that_still_holds_it_may_end_first(shop: SplitShop) -> None:
    with shop.database.transaction() as session:
        talk = twins(session, session.get_one(Merchant, shop.merchant_id)).one
        person = session.get_one(Person, talk.person_id)
        reference = keep_address(session, person=person, address=HOME, now=shop.now)
        talk.snapshot = {"slots": {"ship_to": reference}}
        talk_id = talk.id
    shop.later(KEPT + DAY)
    assert _is_kept(shop, reference)
    assert "used_address_kept_too_long" not in {one.what for one in shop.violations()}
    with shop.database.transaction() as session:
        session.get_one(Conversation, talk_id).snapshot = {"slots": {}}
    shop.later(DAY)
    assert not _is_kept(shop, reference)


# what was said


def _says(shop: SplitShop, talk: Conversation, *lines: str) -> None:
    """In its private chat; the last line is still to be sent."""
    with shop.database.transaction() as session:
        account = session.get_one(ChannelAccount, session.get_one(Chat, talk.chat_id).account_id)
        letters = [Letter(talk.chat_id, OutboundMessage((Text(line),))) for line in lines]
        post(
            session,
            letters,
            account=account,
            origin=Origin(f"said:{talk.id}", talk.id),
            now=shop.now,
        )
        rows = select(OutboxRow).where(OutboxRow.chat_id == talk.chat_id).order_by(OutboxRow.id)
        for number, row in enumerate(session.scalars(rows).all(), start=1):
            last = number == len(lines)
            row.state = OutboxState.PENDING if last else OutboxState.SENT
        told = [
            {"kind": "staff_said", "text": "It went to 22 Quill Road, ring 13800138000."},
            {"kind": "heard", "text": "22 Quill Road"},
        ]
        record_events(session, session.get_one(Conversation, talk.id), told, inbox_id=None,
                      now=shop.now)  # fmt: skip


def test_no_chat_shows_an_address_that_was_deleted(shop: SplitShop) -> None:
    with shop.database.transaction() as session:
        pair = twins(session, session.get_one(Merchant, shop.merchant_id))
        person = session.get_one(Person, pair.kept)
        for address in (HOME, Address("团", "7", "长乐路 9_9%号")):
            keep_address(session, person=person, address=address, now=shop.now)
    theirs = ("To Lan, …22 Quill Road", "寄到 长乐路 9_9%号。", "Thanks, 7 of 7!", "22 Quill Road")
    _says(shop, pair.one, *theirs)
    _says(shop, pair.other, "To Annie, 22 Quill Road", "later")
    shop.later(KEPT)
    with shop.database.reading() as session:
        said = select(OutboxRow.segments).order_by(OutboxRow.id)
        lines = [row[0]["text"] for row in session.scalars(said)]
        told = session.scalars(select(ConversationEvent.body).order_by(ConversationEvent.id)).all()
    assert lines == [
        f"To Lan, …{COVER}",
        f"寄到 {COVER}。",
        "Thanks, 7 of 7!",
        "22 Quill Road",  # it is still to be sent
        "To Annie, 22 Quill Road",  # somebody else's
        "later",
    ]
    assert told[0]["text"] == f"It went to {COVER}, ring {COVER}."
    assert told[2]["text"] == "It went to 22 Quill Road, ring 13800138000."


def test_who_became_one_has_one_set_of_addresses(shop: SplitShop) -> None:
    with shop.database.transaction() as session:
        pair = twins(session, session.get_one(Merchant, shop.merchant_id))
        gone = session.get_one(Person, pair.gone)
        reference = keep_address(session, person=gone, address=HOME, now=shop.now)
    with shop.database.transaction() as session:
        assert merge(session, kept=pair.kept, gone=pair.gone, link_id=None, now=shop.now) is None
    shop.later(KEPT)
    assert not _is_kept(shop, reference)


# what was over before there were such jobs


def test_what_was_over_long_before_is_gone_through_bit_by_bit(
    shop: SplitShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.personal.old_addresses._BATCH", 2)
    old = [_buys(shop, Address("Lan", "1", f"street {number}")) for number in range(5)]
    split = shop.opens_split("Wei", window=DAY)
    shop.later(DAY)
    kept = _keeps(shop)
    with shop.database.transaction() as session:
        session.execute(delete(Job).where(Job.kind.in_(JOBS)))
    shop.turn_clock(KEPT - DAY)
    young, fresh = _buys(shop), _keeps(shop, Address("Lan", "1", "elsewhere"))
    with shop.database.transaction() as session:
        session.execute(delete(Job).where(Job.kind.in_(JOBS)))
        args = {"merchant_id": shop.merchant_id, "table": "orders", "after": ""}
        first = NewJob("round", ROUND, "round", shop.now, args, shop.merchant_id)
        enqueue(session, first, now=shop.now)
    for _ in range(9):
        shop.later(MOMENT)
    with shop.database.reading() as session:
        parcels = select(func.count()).where(Parcel.ship_to.is_not(None))
        assert session.scalar(parcels) == 1  # it ended a day later
    assert {_stands(shop, one) for one in old} == {AddressStands.DELETED}
    assert _is_kept(shop, kept)
    shop.later(DAY)
    assert shop.parcel(split).ship_to is None
    shop.later(KEPT - DAY - DAY)
    assert _stands(shop, young) == AddressStands.GIVEN
    shop.later(DAY)
    assert _stands(shop, young) == AddressStands.DELETED
    assert not _is_kept(shop, kept)
    assert not _is_kept(shop, fresh)
