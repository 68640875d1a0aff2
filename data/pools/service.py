"""What people do with a pool: open it, give, leave before paying, say where it goes, end it."""

import json
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.catalogue import Product, Variant, hold_stock, price_of
from data.kernel.encryption import cipher_of, place_of
from data.kernel.errors import NotFound, Refused, TooOften, WrongState
from data.kernel.ids import new_id
from data.kernel.money import Money
from data.merchants import Merchant
from data.orders import Address, Order, place_share, quote
from data.orders.share_states import LIVE
from data.payments import cancel_order
from data.people import Person, chat_of, lock_person, person_of
from data.people.merged import been
from data.people.takers import refuse_paused
from data.pools.facts import PoolCancelled, PoolChanged, PoolEnd, PoolOpened
from data.pools.models import RUNNING, Contribution, ContributionState, Pool, PoolState, ShareRule
from data.pools.moving import (
    change_pool,
    end_pool,
    is_running,
    lock_pool,
    note_step,
    pool_now,
    room_for,
    soon,
    tell,
)
from data.pools.offering import pool_offer
from data.pools.terms import (
    ADDRESS_TIME,
    HOLD,
    HOLDS_PER_PERSON,
    OPEN_PER_PERSON,
    REST_TIME,
    PoolTerms,
    amount_of,
    check_terms,
)

DEADLINE = "pool_deadline"
PLACE = "pool_order"  # the present is ordered as soon as money and address are there


def open_pool(  # noqa: PLR0913  # whose, for which thing, on which terms, where
    session: Session,
    *,
    merchant_id: str,
    organiser_id: str,
    variant_id: str,
    terms: PoolTerms,
    chat_id: str | None,
    now: datetime,
) -> Pool:
    """The present is held from here on, and costs what it costs now until the pool is over.

    OutOfStock, Invalid (which of the terms), TooOften, Refused "pools_off": nothing changed.
    """
    organiser = person_of(session, merchant_id=merchant_id, person_id=organiser_id)
    if chat_id:
        chat_of(session, merchant_id=merchant_id, chat_id=chat_id)
    lock_person(session, organiser.id)
    _refuse_hoarding(session, merchant_id, organiser_id)
    pool = _new_pool(session, merchant_id, organiser, variant_id, terms, now)
    pool.chat_id = chat_id
    with session.begin_nested():  # a caller may say why not, and go on
        hold_stock(
            session,
            variant_id=variant_id,
            quantity=1,
            owner_ref=pool.id,
            expires_at=pool.expires_at + ADDRESS_TIME + REST_TIME,
            now=now,
        )
        session.add(pool)
        session.flush()
        note_step(session, pool, now=now)
        soon(session, pool, DEADLINE, at=pool.expires_at, now=now)
    tell(session, PoolOpened, pool, now=now)
    return pool


def chip_in(
    session: Session, *, pool_id: str, person_id: str, amount: Money | None, now: datetime
) -> Contribution:
    """Promise a share (with fixed shares) or an amount; unpaid, it counts for ten minutes.

    Who has one unpaid and asks for the same gets it again; for another amount the old one is given
    up. Refused: "pool_closed" and what amount_of (terms.py) says. Also TooOften.
    NotFound for the person it is for, as for a guess: they must not learn that there is one.
    """
    pool = pool_now(session, pool_id)
    if is_for(session, pool, person_id):
        raise NotFound("pool")
    if not is_running(pool, now):  # its end gives up what is unpaid, a moment later
        raise Refused("pool_closed")
    lock_person(session, person_id)
    known = unpaid_of(session, pool_id=pool_id, person_id=person_id)
    if known is not None and amount in (None, known.amount) and _can_be_paid(session, known, now):
        return known
    refuse_paused(session, merchant_id=pool.merchant_id, person_id=person_id, now=now)
    with session.begin_nested():
        if known is not None:
            leave_pool(session, pool_id=pool_id, person_id=person_id, now=now)
        contribution = _promise(session, pool_id, person_id, amount, now)
    tell(session, PoolChanged, pool_now(session, pool_id), now=now)
    return contribution


def _promise(
    session: Session, pool_id: str, person_id: str, wanted: Money | None, now: datetime
) -> Contribution:
    """The pool is locked, so that what we read is what we promise."""
    pool = lock_pool(session, pool_id)
    person_of(session, merchant_id=pool.merchant_id, person_id=person_id)
    if not is_running(pool, now):
        raise Refused("pool_closed")
    amount = amount_of(pool, wanted, _room_of(session, pool, person_id))
    raised = {"held_minor": Pool.held_minor + amount.minor, "places": Pool.places + 1}
    if not change_pool(session, Pool.id == pool.id, *room_for(amount.minor, now), **raised):
        raise Refused("pool_full")
    order = place_share(
        session,
        merchant_id=pool.merchant_id,
        person_id=person_id,
        amount=amount,
        title=present_title(session, pool),
        hold_until=min(now + HOLD, pool.expires_at),
        now=now,
    )
    contribution = Contribution(
        id=new_id("ctb"),
        merchant_id=pool.merchant_id,
        pool_id=pool.id,
        person_id=person_id,
        order_id=order.id,
        amount_minor=amount.minor,
        currency=amount.currency,
        state=ContributionState.HELD,
        created_at=now,
    )
    session.add(contribution)
    session.flush()
    return contribution


def leave_pool(session: Session, *, pool_id: str, person_id: str, now: datetime) -> None:
    """Before paying: the order is called off, and its end gives the amount up. WrongState."""
    known = unpaid_of(session, pool_id=pool_id, person_id=person_id)
    if known is None:
        raise WrongState("contribution")
    cancel_order(session, order_id=known.order_id, person_id=known.person_id, now=now)


def cancel_pool(
    session: Session, *, merchant_id: str, pool_id: str, organiser_id: str | None, now: datetime
) -> None:
    """Called off by its organiser (or, without one, by the shop) before the present is ordered:
    everybody's money goes back. WrongState once it is over."""
    pool = pool_now(session, pool_id)
    if pool.merchant_id != merchant_id or organiser_id not in (None, pool.organiser_id):
        raise NotFound("pool")
    cancelled = end_pool(
        session,
        pool_id,
        PoolState.CANCELLED,
        why=PoolEnd.CALLED_OFF,
        fact=PoolCancelled,
        now=now,
    )
    if not cancelled:
        raise WrongState("pool")


def say_where(
    session: Session, *, pool_id: str, organiser_id: str, address: Address, now: datetime
) -> Pool:
    """Where the present goes: its organiser's to say, and nobody else's to see. While the order is
    not placed it may be said again; with all the money there it is placed now."""
    pool = lock_pool(session, pool_id)
    if pool.organiser_id != organiser_id:
        raise NotFound("pool")
    if pool.state not in RUNNING or pool.order_id is not None:
        raise WrongState("pool")
    text = json.dumps(asdict(address), ensure_ascii=False)
    pool.ship_to = cipher_of(session).encrypt(text, place=_place(pool))
    session.flush()
    if pool.state == PoolState.FUNDED:
        soon(session, pool, PLACE, now=now)
    return pool


def where_to(session: Session, pool: Pool) -> Address | None:
    if pool.ship_to is None:
        return None
    return Address(**json.loads(cipher_of(session).decrypt(pool.ship_to, place=_place(pool))))


def _place(pool: Pool) -> str:
    return place_of(pool.merchant_id, Pool.__tablename__, pool.id)


def is_for(session: Session, pool: Pool, person_id: str) -> bool:
    """Is this the person who must not know, as whoever they were or have become?"""
    if pool.recipient_id is None:
        return False
    return pool.recipient_id in been(session, person_id)


def unpaid_of(session: Session, *, pool_id: str, person_id: str) -> Contribution | None:
    """What this person has promised to this pool and not paid."""
    held = select(Contribution).where(
        Contribution.pool_id == pool_id,
        Contribution.person_id.in_(been(session, person_id)),
        Contribution.state == ContributionState.HELD,
    )
    return session.scalar(held.limit(1).execution_options(populate_existing=True))


def _can_be_paid(session: Session, contribution: Contribution, now: datetime) -> bool:
    return session.get_one(Order, contribution.order_id).can_be_paid(now)


def present_title(session: Session, pool: Pool) -> dict[str, str]:
    variant = session.get_one(Variant, pool.variant_id)
    return dict(session.get_one(Product, variant.product_id).title)


def _refuse_hoarding(session: Session, merchant_id: str, organiser_id: str) -> None:
    mine = select(func.count()).select_from(Pool)
    mine = mine.where(Pool.merchant_id == merchant_id, Pool.organiser_id == organiser_id)
    if (session.scalar(mine.where(Pool.state.in_(RUNNING))) or 0) >= OPEN_PER_PERSON:
        raise TooOften("pools_open", limit=OPEN_PER_PERSON)


def _room_of(session: Session, pool: Pool, person_id: str) -> Money | None:
    """One unpaid in a pool, a few in all; and what is left of the cap on all they give here."""
    rows = session.execute(
        select(Contribution.pool_id, Contribution.state, Contribution.amount_minor).where(
            Contribution.person_id.in_(been(session, person_id)), Contribution.state.in_(LIVE)
        )
    ).all()
    unpaid = [row.pool_id for row in rows if row.state == ContributionState.HELD]
    if pool.id in unpaid:
        raise Refused("pool_unpaid")
    if len(unpaid) >= HOLDS_PER_PERSON:
        raise TooOften("pool_holds", limit=HOLDS_PER_PERSON)
    if pool.cap_minor is None:
        return None
    given = sum(row.amount_minor for row in rows if row.pool_id == pool.id)
    return Money(max(pool.cap_minor - given, 0), pool.currency)


def _new_pool(  # one row's columns
    session: Session,
    merchant_id: str,
    organiser: Person,
    variant_id: str,
    terms: PoolTerms,
    now: datetime,
) -> Pool:
    merchant, variant = session.get_one(Merchant, merchant_id), session.get(Variant, variant_id)
    if variant is None or variant.merchant_id != merchant_id:
        raise NotFound("variant")
    if terms.recipient_id == organiser.id:
        raise Refused("pool_for_oneself")
    offer = pool_offer(merchant)
    if not offer.is_open:
        raise Refused("pools_off")
    price = price_of(variant)
    asked = quote(merchant, price)
    check_terms(terms, asked.total, longest=offer.longest)
    return Pool(
        id=new_id("pol"),
        merchant_id=merchant_id,
        variant_id=variant_id,
        organiser_id=organiser.id,
        recipient_id=terms.recipient_id,
        for_name=terms.for_name.strip(),
        locale=organiser.locale,
        share_rule=ShareRule.FREE if terms.shares is None else ShareRule.FIXED,
        end_rule=terms.end_rule,
        shares=terms.shares,
        least_minor=terms.least_of(asked.total).minor,
        cap_minor=None if terms.cap is None else terms.cap.minor,
        currency=asked.total.currency,
        unit_minor=price.minor,
        shipping_minor=asked.shipping.minor,
        target_minor=asked.total.minor,
        held_minor=0,
        paid_minor=0,
        places=0,
        state=PoolState.OPEN,
        version=1,
        opened_at=now,
        expires_at=now + terms.window,
    )
