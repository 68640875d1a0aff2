"""The shelf: hold, sell, release, refill.

Invariant I1: 0 ≤ held ≤ on_hand, live holds sum to `held`, moves sum to `on_hand`. Each counter
changes by one conditional UPDATE whose row count decides; nothing is read first to decide.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from data.catalogue.models import Hold, HoldState, Shown, StockMove, Variant
from data.kernel.database import changed
from data.kernel.errors import Invalid, NotFound, OutOfStock, WrongState
from data.kernel.once import insert_once

SOLD = "sold"
_BATCH = 500  # expired holds let go in one transaction: a handful of milliseconds


def hold_stock(
    session: Session,
    *,
    variant_id: str,
    quantity: int,
    owner_ref: str,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Promise units to an owner, or raise OutOfStock and change nothing. A repeat holds once."""
    if quantity <= 0:
        raise Invalid("quantity")
    with session.begin_nested():  # a caller may catch OutOfStock, say so, and go on
        if _take_hold(session, variant_id, quantity, owner_ref, expires_at, now):
            _move_counters(
                session,
                variant_id,
                Variant.state == Shown.ACTIVE,
                Variant.on_hand - Variant.held >= quantity,
                held=Variant.held + quantity,
            )


def could_hold(session: Session, *, variant_id: str, quantity: int, owner_ref: str) -> bool:
    """As `hold_stock` would find it now; changes nothing."""
    held = select(Hold.id).filter_by(
        variant_id=variant_id, owner_ref=owner_ref, state=HoldState.HELD
    )
    if session.scalar(held) is not None:
        return True
    left = Variant.on_hand - Variant.held >= quantity
    free = select(Variant.id).where(Variant.id == variant_id, Variant.state == Shown.ACTIVE, left)
    return session.scalar(free) is not None


def commit_hold(session: Session, *, owner_ref: str, now: datetime) -> None:
    """Sold: what the owner held leaves the shelf. WrongState if any of it was let go before."""
    with session.begin_nested():
        holds = _holds_of(session, owner_ref)
        for hold in holds:
            if _turn(session, hold, HoldState.COMMITTED):
                _sell(session, hold, now)
            elif hold.state == HoldState.RELEASED:
                raise WrongState("hold_released")
        if not holds:
            raise NotFound("hold")


def release_hold(session: Session, *, owner_ref: str, now: datetime) -> None:
    """Put back what the owner still holds; what was sold or released already stays as it is."""
    for hold in _holds_of(session, owner_ref):
        _let_go(session, hold)


def extend_hold(session: Session, *, owner_ref: str, expires_at: datetime) -> None:
    """A later end for what is still held; never an earlier one."""
    session.execute(
        update(Hold)
        .where(Hold.owner_ref == owner_ref, Hold.state == HoldState.HELD)
        .where(Hold.expires_at < expires_at)
        .values(expires_at=expires_at)
        .execution_options(synchronize_session=False)
    )


def release_expired(session: Session, *, now: datetime) -> int:
    """Let go the holds whose time is over, oldest first; gives how many."""
    due = session.scalars(
        select(Hold)
        .where(Hold.state == HoldState.HELD, Hold.expires_at <= now)
        .order_by(Hold.variant_id, Hold.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    return sum(_let_go(session, hold) for hold in due)


def restock(
    session: Session, *, variant_id: str, quantity: int, reason: str, ref: str, now: datetime
) -> None:
    """Units come (back) to the shelf: a delivery, a return. The same reason and ref count once."""
    if quantity <= 0:
        raise Invalid("quantity")
    if _note_move(session, variant_id, quantity, reason, ref, now):
        _move_counters(session, variant_id, on_hand=Variant.on_hand + quantity)


def count_stock(
    session: Session, *, variant_id: str, on_hand: int, reason: str, ref: str, now: datetime
) -> int:
    """The shelf was counted: `on_hand` becomes that, never below what is held. Gives the change."""
    while True:
        seen, held = session.execute(
            select(Variant.on_hand, Variant.held).where(Variant.id == variant_id)
        ).one()
        counted = max(on_hand, held)
        if counted == seen:
            return 0
        won = session.execute(
            update(Variant)
            .where(Variant.id == variant_id, Variant.on_hand == seen, Variant.held == held)
            .values(on_hand=counted)
            .execution_options(synchronize_session=False)
        )
        if changed(won):
            break
    _forget_counters(session, variant_id)
    _note_move(session, variant_id, counted - seen, reason, ref, now)
    return int(counted - seen)


def _take_hold(
    session: Session,
    variant_id: str,
    quantity: int,
    owner_ref: str,
    expires_at: datetime,
    now: datetime,
) -> bool:
    """Is there now a new (or again live) hold row whose units are still to be counted?"""
    added = insert_once(
        session,
        Hold,
        merchant_id=_merchant_of(session, variant_id),
        variant_id=variant_id,
        quantity=quantity,
        owner_ref=owner_ref,
        expires_at=expires_at,
        state=HoldState.HELD,
        created_at=now,
    )
    if added is not None:
        return True
    mine = (Hold.owner_ref == owner_ref, Hold.variant_id == variant_id)
    again = session.execute(
        update(Hold)
        .where(*mine, Hold.state == HoldState.RELEASED)
        .values(quantity=quantity, expires_at=expires_at, state=HoldState.HELD)
        .execution_options(synchronize_session="fetch")
    )
    if changed(again):
        return True
    if session.scalar(select(Hold.quantity).where(*mine)) != quantity:
        raise WrongState("hold_quantity")  # release first, then hold the new quantity
    return False


def _holds_of(session: Session, owner_ref: str) -> Sequence[Hold]:
    """In order of variant, so that two owners of the same goods never wait for each other."""
    return session.scalars(
        select(Hold)
        .where(Hold.owner_ref == owner_ref)
        .order_by(Hold.variant_id)
        .execution_options(populate_existing=True)
    ).all()


def _turn(session: Session, hold: Hold, state: HoldState) -> bool:
    """HELD becomes `state`, once, whoever asks first."""
    won = session.execute(
        update(Hold)
        .where(Hold.id == hold.id, Hold.state == HoldState.HELD)
        .values(state=state)
        .execution_options(synchronize_session=False)
    )
    session.refresh(hold)
    return bool(changed(won))


def _let_go(session: Session, hold: Hold) -> bool:
    if not _turn(session, hold, HoldState.RELEASED):
        return False
    _move_counters(session, hold.variant_id, held=Variant.held - hold.quantity)
    return True


def _sell(session: Session, hold: Hold, now: datetime) -> None:
    _move_counters(
        session,
        hold.variant_id,
        on_hand=Variant.on_hand - hold.quantity,
        held=Variant.held - hold.quantity,
    )
    _note_move(session, hold.variant_id, -hold.quantity, SOLD, hold.owner_ref, now)


def _move_counters(
    session: Session,
    variant_id: str,
    *conditions: ColumnElement[bool],
    **values: ColumnElement[int],
) -> None:
    won = session.execute(
        update(Variant)
        .where(Variant.id == variant_id, *conditions)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not changed(won):
        raise OutOfStock(variant_id)
    _forget_counters(session, variant_id)


def _forget_counters(session: Session, variant_id: str) -> None:
    """A Variant this session has loaded must not go on telling yesterday's stock."""
    loaded = session.identity_map.get(session.identity_key(Variant, variant_id))
    if loaded is not None:
        session.expire(loaded, ["on_hand", "held"])


def _note_move(
    session: Session, variant_id: str, delta: int, reason: str, ref: str, now: datetime
) -> bool:
    added = insert_once(
        session,
        StockMove,
        merchant_id=_merchant_of(session, variant_id),
        variant_id=variant_id,
        delta=delta,
        reason=reason,
        ref=ref,
        created_at=now,
    )
    return added is not None


def _merchant_of(session: Session, variant_id: str) -> str:
    merchant_id = session.scalar(select(Variant.merchant_id).where(Variant.id == variant_id))
    if merchant_id is None:
        raise NotFound("variant")
    return merchant_id
