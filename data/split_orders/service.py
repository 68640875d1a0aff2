"""What people do with a split order: open it, join with goods, leave before paying, close or end
it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.catalogue import Variant, price_of
from data.delivery.jobs import enqueue_once
from data.kernel.errors import Invalid, NotFound, Refused, TooOften, WrongState
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.kernel.once import insert_once
from data.merchants import Merchant
from data.orders import (
    Address,
    NewLine,
    Order,
    OrderDetails,
    OrderKind,
    goods,
    lines_of,
    lock_order,
    place_order,
)
from data.orders.parcel_models import Parcel
from data.orders.parcels import open_parcel, readdress
from data.orders.share_states import LIVE, ShareState
from data.payments import cancel_order
from data.people import Person, chat_of, lock_person
from data.people.merged import been
from data.people.takers import refuse_paused
from data.split_orders.facts import SplitChanged, SplitOpened
from data.split_orders.models import SplitOrder, SplitPart, SplitState
from data.split_orders.moving import (
    ENOUGH,
    ShopsWord,
    call_off,
    change_split,
    decide,
    is_running,
    lock_split,
    note_step,
    split_now,
    still_counts,
    tell,
)
from data.split_orders.terms import (
    HOLD,
    HOLDS_PER_PERSON,
    LONGEST,
    MOST_PARTS,
    OPEN_PER_PERSON,
    SHORTEST,
    split_terms_of,
    told_fee,
)

DEADLINE = "split_deadline"
LONGEST_WORD, _LONGEST_NAME = 300, 120  # their columns


def open_split(
    session: Session,
    *,
    organiser: Person,
    window: timedelta,
    address: Address,
    chat_id: str | None,
    now: datetime,
) -> SplitOrder:
    """On the shop's terms of today, to one address: the organiser's. TooOften; Invalid("window").
    Refused("split_not_offered"): the shop does not do that."""
    if not SHORTEST <= window <= LONGEST:
        raise Invalid("window")
    if chat_id:
        chat_of(session, merchant_id=organiser.merchant_id, chat_id=chat_id)
    lock_person(session, organiser.id)
    _refuse_hoarding(session, organiser.id)
    split = _new_split(session, organiser, window, now)
    split.chat_id = chat_id
    split.parcel_id = open_parcel(
        session,
        merchant_id=organiser.merchant_id,
        person_id=organiser.id,
        address=address,
        now=now,
    ).id
    session.add(split)
    session.flush()
    note_step(session, split, now=now)
    args = {"split_id": split.id}
    enqueue_once(
        session, DEADLINE, args, merchant_id=split.merchant_id, at=split.expires_at, now=now
    )
    tell(session, SplitOpened, split, now=now)
    return split


def _refuse_hoarding(session: Session, organiser_id: str) -> None:
    mine = select(func.count()).where(SplitOrder.organiser_id.in_(been(session, organiser_id)))
    if (session.scalar(mine.where(SplitOrder.state == SplitState.OPEN)) or 0) >= OPEN_PER_PERSON:
        raise TooOften("splits_open", limit=OPEN_PER_PERSON)


def _new_split(session: Session, organiser: Person, window: timedelta, now: datetime) -> SplitOrder:
    merchant = session.get_one(Merchant, organiser.merchant_id)
    terms = split_terms_of(merchant)
    if terms is None:
        raise Refused("split_not_offered")
    return SplitOrder(
        id=new_id("spl"),
        merchant_id=merchant.id,
        organiser_id=organiser.id,
        locale=organiser.locale,
        currency=merchant.currency,
        minimum_minor=terms.minimum.minor,
        fee_minor=terms.fee.minor,
        free_from_minor=None if terms.free_from is None else terms.free_from.minor,
        held_minor=0,
        paid_minor=0,
        places=0,
        people=0,
        settled=0,
        state=SplitState.OPEN,
        version=1,
        opened_at=now,
        expires_at=now + window,
    )


def join_split(
    session: Session, *, split_id: str, person_id: str, lines: Sequence[NewLine], now: datetime
) -> SplitPart:
    """Their goods, in an order of their own that waits ten minutes for its payment. Who has one
    unpaid and wants the same gets it again; for other goods the old one is given up.

    Refused: "split_closed", "split_joined" (they have paid), "split_full". OutOfStock; TooOften;
    NotFound; Invalid: what orders refuse, and goods that cost nothing.
    """
    split = split_now(session, split_id)
    if not is_running(split, now):  # its end gives up what is unpaid, a moment later
        raise Refused("split_closed")
    lock_person(session, person_id)
    known = part_of(session, split_id=split_id, person_id=person_id)
    if known is not None and _is_the_same(session, known, lines, now):
        return known
    refuse_paused(session, merchant_id=split.merchant_id, person_id=person_id, now=now)
    with session.begin_nested():
        part = _join(session, split, person_id, known, lines, now)
    tell(session, SplitChanged, split_now(session, split_id), now=now)
    return part


def part_of(session: Session, *, split_id: str, person_id: str) -> SplitPart | None:
    """This person's live part of it, whoever they were."""
    live = select(SplitPart).where(
        SplitPart.split_id == split_id,
        SplitPart.person_id.in_(been(session, person_id)),
        SplitPart.state.in_(LIVE),
    )
    found = live.order_by(SplitPart.created_at.desc(), SplitPart.id).limit(1)
    return session.scalar(found.execution_options(populate_existing=True))


def _is_the_same(
    session: Session, part: SplitPart, lines: Sequence[NewLine], now: datetime
) -> bool:
    order = session.get_one(Order, part.order_id)
    wanted = {line.variant_id: line.quantity for line in lines}
    has = {line.variant_id: line.quantity for line in lines_of(session, order)}
    return wanted == has and order.can_be_paid(now)


def _join(  # one part's columns
    session: Session,
    split: SplitOrder,
    person_id: str,
    known: SplitPart | None,
    lines: Sequence[NewLine],
    now: datetime,
) -> SplitPart:
    if known is None:
        _refuse_many_unpaid(session, person_id)
    else:
        _free_goods(session, known, lines, now)
    order = _place(session, split, person_id, lines, now)
    if known is not None:  # after the new one: who counts parts locks what orders lock first
        cancel_order(session, order_id=known.order_id, person_id=None, now=now)
    amount = sum(line.total.minor for line in lines_of(session, order))
    part_id = insert_once(
        session,
        SplitPart,
        id=new_id("spt"),
        merchant_id=split.merchant_id,
        split_id=split.id,
        person_id=person_id,
        order_id=order.id,
        amount_minor=amount,
        told_minor=order.shipping_minor,
        currency=split.currency,
        state=ShareState.HELD,
        created_at=now,
    )
    if part_id is None:  # they tapped twice at once
        raise Refused("split_joined")
    has_room = SplitOrder.places < MOST_PARTS
    counted = {"held_minor": SplitOrder.held_minor + amount, "places": SplitOrder.places + 1}
    mine = SplitOrder.id == split.id
    if not change_split(session, mine, *still_counts(now), has_room, **counted):
        is_open = is_running(split_now(session, split.id), now)
        raise Refused("split_full" if is_open else "split_closed")
    return session.get_one(SplitPart, part_id)


def _refuse_many_unpaid(session: Session, person_id: str) -> None:
    unpaid = select(func.count()).where(
        SplitPart.person_id.in_(been(session, person_id)), SplitPart.state == ShareState.HELD
    )
    if (session.scalar(unpaid) or 0) >= HOLDS_PER_PERSON:
        raise TooOften("split_holds", limit=HOLDS_PER_PERSON)


def _free_goods(
    session: Session, known: SplitPart, lines: Sequence[NewLine], now: datetime
) -> None:
    """What their unpaid part holds may be in the new one too. All rows of goods that the two touch
    are locked first, in one order, as everybody does who touches several."""
    order = lock_order(session, order_id=known.order_id)
    session.refresh(known)
    if known.state != ShareState.HELD:
        raise Refused("split_joined")
    old = {line.variant_id for line in lines_of(session, order)}
    both = old | {line.variant_id for line in lines}
    session.execute(
        select(Variant.id).where(Variant.id.in_(both)).order_by(Variant.id).with_for_update()
    )
    goods.let_go(session, order, now=now)


def _place(
    session: Session,
    split: SplitOrder,
    person_id: str,
    lines: Sequence[NewLine],
    now: datetime,
) -> Order:
    cost = goods_cost(session, merchant_id=split.merchant_id, lines=lines)
    if cost.minor <= 0:
        raise Invalid("amount")
    return place_order(
        session,
        merchant_id=split.merchant_id,
        person_id=person_id,
        lines=lines,
        details=OrderDetails(
            kind=OrderKind.SPLIT,
            shipping=told_fee(split, cost),
            goes_with=split.parcel_id,
        ),
        hold_until=min(now + HOLD, split.expires_at),
        now=now,
    )


def goods_cost(session: Session, *, merchant_id: str, lines: Sequence[NewLine]) -> Money:
    """At the prices of the shelf, before any tax on top. NotFound: a thing of another shop."""
    cost = Money(0, session.get_one(Merchant, merchant_id).currency)
    for line in lines:
        variant = session.get(Variant, line.variant_id)
        if variant is None or variant.merchant_id != merchant_id:
            raise NotFound("variant")
        cost += (line.unit_price or price_of(variant)) * line.quantity
    return cost


def leave_split(session: Session, *, split_id: str, person_id: str, now: datetime) -> None:
    """While it runs: unpaid goods go back to the shelf, paid money to its payer. WrongState."""
    known = part_of(session, split_id=split_id, person_id=person_id)
    if known is None or not is_running(split_now(session, split_id), now):
        raise WrongState("split_part")
    with session.begin_nested():
        # Whose part it is was asked above: one of another name they had has its order with them.
        cancel_order(session, order_id=known.order_id, person_id=None, now=now)
        # It was locked last, by the one less that is counted: decided before that, nobody leaves.
        if not is_running(split_now(session, split_id), now):
            raise WrongState("split_part")


def close_split(session: Session, *, split_id: str, organiser_id: str, now: datetime) -> None:
    """Ordered now, before its time: only its organiser may, and only where enough was paid.
    NotFound; WrongState once it is over; Refused("split_short")."""
    _organised_by(session, split_id, organiser_id)
    if decide(session, split_id, ENOUGH, now=now):
        return
    split = split_now(session, split_id)
    if split.state != SplitState.OPEN:
        raise WrongState("split_order")
    raise Refused("split_short", missing=split.missing)


def cancel_split(
    session: Session, *, merchant_id: str, split_id: str, organiser_id: str, now: datetime
) -> None:
    """Called off by its organiser while it runs: everybody's money goes back. NotFound; WrongState
    once it is over, though nobody has looked at the clock."""
    _of_shop(session, split_id, merchant_id)
    _organised_by(session, split_id, organiser_id)
    if not call_off(session, split_id, now=now):
        raise WrongState("split_order")


def cancel_split_by_shop(
    session: Session, *, merchant_id: str, split_id: str, by: str, said: str, now: datetime
) -> None:
    """The same by the shop, which says why: its customers are told. NotFound; WrongState;
    Invalid("said") where it says nothing, or more than a message has room for."""
    _of_shop(session, split_id, merchant_id)
    told = " ".join(said.split())
    if not 1 <= len(told) <= LONGEST_WORD:
        raise Invalid("said")
    word = ShopsWord(by[:_LONGEST_NAME], told)
    if not call_off(session, split_id, word=word, now=now):
        raise WrongState("split_order")


def _of_shop(session: Session, split_id: str, merchant_id: str) -> None:
    if split_now(session, split_id).merchant_id != merchant_id:
        raise NotFound("split_order")


def say_where(
    session: Session, *, split_id: str, organiser_id: str, address: Address, now: datetime
) -> None:
    """Another address, its organiser's to say while it is open. NotFound; WrongState."""
    _organised_by(session, split_id, organiser_id)
    split = lock_split(session, split_id)  # not while it is decided: then it may be packed
    if not is_running(split, now):
        raise WrongState("split_order")
    readdress(session, session.get_one(Parcel, split.parcel_id), address)


def _organised_by(session: Session, split_id: str, person_id: str) -> None:
    if split_now(session, split_id).organiser_id not in been(session, person_id):
        raise NotFound("split_order")
