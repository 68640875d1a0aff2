"""The shelf: hold, sell, release, refill.

Invariant I1: 0 ≤ held ≤ on_hand, live holds sum to `held`, moves sum to `on_hand`. Each counter
changes by one conditional UPDATE whose row count decides; nothing is read first to decide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from data.catalogue.models import Hold, HoldState, Shown, StockMove, Variant
from data.kernel.database import changed, table_of
from data.kernel.entities import Entities
from data.kernel.errors import Invalid, NotFound, OutOfStock, WrongState
from data.kernel.once import insert_once
from data.kernel.prepared import Prepared

SOLD = "sold"
_BATCH = 500  # expired holds let go in one transaction: a handful of milliseconds

# What every checkout runs is compiled once (docs/adr/0011).
_VARIANTS, _HOLDS = table_of(Variant), table_of(Hold)
_VARIANT: BindParameter[str] = bindparam("variant")
_OWNER: BindParameter[str] = bindparam("owner")
_THIS: BindParameter[int] = bindparam("this")
_MANY: BindParameter[int] = bindparam("many", type_=_HOLDS.c.quantity.type)
_UNTIL: BindParameter[datetime] = bindparam("expires_at", type_=_HOLDS.c.expires_at.type)
_MINE = (_HOLDS.c.owner_ref == _OWNER, _HOLDS.c.variant_id == _VARIANT)


def _counting(*conditions: ColumnElement[bool], **values: ColumnElement[int]) -> Prepared:
    """Units of one variant move, where the conditions hold."""
    there = update(_VARIANTS).where(_VARIANTS.c.id == _VARIANT, *conditions)
    return Prepared(there.values(**values))


# What anybody may be promised; what this owner was.
_FREE = (_VARIANTS.c.state == Shown.ACTIVE, _VARIANTS.c.on_hand - _VARIANTS.c.held >= _MANY)
_KEPT = (*_MINE, _HOLDS.c.state == HoldState.HELD, _HOLDS.c.quantity == _MANY)
_HOLD = _counting(*_FREE, held=_VARIANTS.c.held + _MANY)
_HOLD_BACK = _counting(*_FREE[1:], held=_VARIANTS.c.held + _MANY)
_IS_FREE = Prepared(select(_VARIANTS.c.id).where(_VARIANTS.c.id == _VARIANT, *_FREE))
_IS_KEPT = Prepared(select(_HOLDS.c.id).where(*_KEPT))
_RELEASE = _counting(held=_VARIANTS.c.held - _MANY)
_SELL = _counting(on_hand=_VARIANTS.c.on_hand - _MANY, held=_VARIANTS.c.held - _MANY)
_REFILL = _counting(on_hand=_VARIANTS.c.on_hand + _MANY)
_KEEP = Prepared(
    update(_HOLDS)
    .where(*_KEPT)
    .values(expires_at=case((_HOLDS.c.expires_at < _UNTIL, _UNTIL), else_=_HOLDS.c.expires_at))
)
_HOLD_AGAIN = Prepared(
    update(_HOLDS)
    .where(*_MINE, _HOLDS.c.state == HoldState.RELEASED)
    .values(quantity=_MANY, expires_at=_UNTIL, state=HoldState.HELD)
)
_GIVE_SOME = Prepared(
    update(_HOLDS)
    .where(*_MINE, _HOLDS.c.state == HoldState.HELD, _HOLDS.c.quantity > _MANY)
    .values(quantity=_HOLDS.c.quantity - _MANY)
)
_GIVE_ALL = Prepared(update(_HOLDS).where(*_KEPT).values(state=HoldState.RELEASED))
_ADD = Prepared(
    update(_HOLDS)
    .where(*_MINE, _HOLDS.c.state == HoldState.HELD)
    .values(quantity=_HOLDS.c.quantity + _MANY, expires_at=_UNTIL)
)
_HELD = Prepared(select(_HOLDS.c.quantity).where(*_MINE))
_TURN = Prepared(
    update(_HOLDS)
    .where(_HOLDS.c.id == _THIS, _HOLDS.c.state == HoldState.HELD)
    .values(state=bindparam("state"))
)
_OF_OWNER = Entities(
    select(Hold).where(Hold.owner_ref == _OWNER).order_by(Hold.variant_id).with_for_update(),
    fresh=True,
)


@cache
def _new_hold(dialect_name: str) -> Prepared:
    """Of a variant that is there, unless the owner has one of it."""
    insert = (sqlite if dialect_name == "sqlite" else postgresql).insert(_HOLDS)
    names = ("merchant_id", "variant_id", "quantity", "owner_ref", "expires_at", "state")
    columns = [_HOLDS.c[name] for name in (*names, "created_at")]
    now = bindparam("now", type_=_HOLDS.c.created_at.type)
    owner = bindparam("owner", type_=_HOLDS.c.owner_ref.type)
    state = bindparam("held", HoldState.HELD, type_=_HOLDS.c.state.type)
    new = select(_VARIANTS.c.merchant_id, _VARIANTS.c.id, _MANY, owner, _UNTIL, state, now).where(
        _VARIANTS.c.id == _VARIANT
    )
    return Prepared(
        insert.from_select(columns, new, include_defaults=False)
        .on_conflict_do_nothing()
        .returning(_HOLDS.c.id)
    )


@dataclass(frozen=True, slots=True)
class _Goods:
    """Whose, and which."""

    merchant_id: str
    variant_id: str


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
    units = {variant_id: quantity}
    hold_all(session, units=units, owner_ref=owner_ref, expires_at=expires_at, now=now)


def hold_all(
    session: Session,
    *,
    units: Mapping[str, int],
    owner_ref: str,
    expires_at: datetime,
    now: datetime,
) -> None:
    """The same for several variants: all of them, or OutOfStock and none. In order of variant, so
    that two owners of the same goods never wait for each other."""
    if min(units.values()) <= 0:
        raise Invalid("quantity")
    with session.begin_nested():  # a caller may catch OutOfStock, say so, and go on
        for variant_id, many in sorted(units.items()):
            hold_within(session, variant_id, many, owner_ref, expires_at=expires_at, now=now)


def hold_within(
    session: Session,
    variant_id: str,
    quantity: int,
    owner_ref: str,
    *,
    expires_at: datetime,
    now: datetime,
) -> None:
    """As `hold_stock`, in a savepoint of the caller's, who goes back to it when this raises. The
    shelf's row, which all who want the goods share, is locked last."""
    if _take_hold(session, variant_id, quantity, owner_ref, expires_at, now):
        _move_counters(session, _HOLD, variant_id, quantity)


def keep_hold(
    session: Session, *, variant_id: str, quantity: int, owner_ref: str, expires_at: datetime
) -> bool:
    """Is that held already? Then it stays so, with a later end and never with an earlier one."""
    kept = _KEEP.run(
        session, variant=variant_id, many=quantity, owner=owner_ref, expires_at=expires_at
    )
    return bool(kept)


def could_hold(session: Session, *, variant_id: str, quantity: int, owner_ref: str) -> bool:
    """As `keep_hold` or `hold_stock` would find it now; changes nothing."""
    asked = {"variant": variant_id, "many": quantity}
    if _IS_KEPT.scalar(session, owner=owner_ref, **asked) is not None:
        return True
    return _IS_FREE.scalar(session, **asked) is not None


def commit_hold(session: Session, *, owner_ref: str, now: datetime) -> None:
    """Sold: what the owner held leaves the shelf. WrongState if any of it was let go before."""
    holds = _holds_of(session, owner_ref)
    if not holds:
        raise NotFound("hold")
    if any(hold.state == HoldState.RELEASED for hold in holds):
        raise WrongState("hold_released")
    for hold in holds:
        if _turn(session, hold, HoldState.COMMITTED):
            _move_counters(session, _SELL, hold.variant_id, hold.quantity)
            _note_move(session, hold, -hold.quantity, SOLD, hold.owner_ref, now)


def release_hold(session: Session, *, owner_ref: str, now: datetime) -> None:
    """Put back what the owner still holds; what was sold or released already stays as it is."""
    for hold in _holds_of(session, owner_ref):
        _let_go(session, hold)


def pass_hold(
    session: Session,
    *,
    variant_id: str,
    quantity: int,
    owners: tuple[str, str],
    expires_at: datetime,
    now: datetime,
) -> None:
    """Units that the first owner holds become the second's: the shelf counts the same, so nobody
    else can come between. OutOfStock where the first holds fewer, and nothing has changed."""
    giver, taker = owners
    if not _gave(session, variant_id, quantity, giver):
        raise OutOfStock(variant_id)
    _add_to_hold(session, variant_id, quantity, taker, expires_at, now)


def hold_more(  # noqa: PLR0913  # whose, of what, how many and until when: each has a name
    session: Session,
    *,
    variant_id: str,
    quantity: int,
    owner_ref: str,
    expires_at: datetime,
    now: datetime,
    back: bool = False,
) -> None:
    """As many units more from the shelf for an owner who may hold some already; or OutOfStock.
    `back`: they were promised before, so it does not matter whether the goods are still shown."""
    with session.begin_nested():
        _move_counters(session, _HOLD_BACK if back else _HOLD, variant_id, quantity)
        _add_to_hold(session, variant_id, quantity, owner_ref, expires_at, now)


def _gave(session: Session, variant_id: str, quantity: int, owner_ref: str) -> bool:
    """A hold of nothing is none: with its last units it is let go."""
    mine = {"variant": variant_id, "owner": owner_ref, "many": quantity}
    given = _GIVE_SOME.run(session, **mine) or _GIVE_ALL.run(session, **mine)
    _forget_holds(session, owner_ref)
    return bool(given)


def _add_to_hold(
    session: Session,
    variant_id: str,
    quantity: int,
    owner_ref: str,
    expires_at: datetime,
    now: datetime,
) -> None:
    mine = {"variant": variant_id, "owner": owner_ref}
    if _ADD.run(session, **mine, many=quantity, expires_at=expires_at):
        _forget_holds(session, owner_ref)
    else:
        _take_hold(session, variant_id, quantity, owner_ref, expires_at, now)


def drop_hold(session: Session, *, variant_id: str, owner_ref: str) -> None:
    """The owner wants another variant instead: this one is put back, and was never theirs."""
    for hold in _holds_of(session, owner_ref):
        if hold.variant_id == variant_id and hold.state != HoldState.COMMITTED:
            _let_go(session, hold)
            session.delete(hold)
    session.flush()


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
    goods = _Goods(_merchant_of(session, variant_id), variant_id)
    if _note_move(session, goods, quantity, reason, ref, now):
        _move_counters(session, _REFILL, variant_id, quantity)


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
    goods = _Goods(_merchant_of(session, variant_id), variant_id)
    _note_move(session, goods, counted - seen, reason, ref, now)
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
    mine = {"variant": variant_id, "owner": owner_ref}
    wanted = {"many": quantity, "expires_at": expires_at}
    dialect_name = session.get_bind().dialect.name
    if _new_hold(dialect_name).rows(session, **mine, **wanted, now=now):
        return True
    if _HOLD_AGAIN.run(session, **mine, **wanted):
        _forget_holds(session, owner_ref)
        return True
    held = _HELD.scalar(session, **mine)
    if held is None:
        raise NotFound("variant")
    if held != quantity:
        raise WrongState("hold_quantity")  # release first, then hold the new quantity
    return False


def _holds_of(session: Session, owner_ref: str) -> Sequence[Hold]:
    """Locked, in order of variant: what they are now they stay until we commit."""
    return [hold for (hold,) in _OF_OWNER.rows(session, owner=owner_ref)]


def _turn(session: Session, hold: Hold, state: HoldState) -> bool:
    """HELD becomes `state`, once, whoever asks first."""
    if not _TURN.run(session, this=hold.id, state=state):
        return False
    set_committed_value(hold, "state", state)
    return True


def _let_go(session: Session, hold: Hold) -> bool:
    if not _turn(session, hold, HoldState.RELEASED):
        return False
    _move_counters(session, _RELEASE, hold.variant_id, hold.quantity)
    return True


def _move_counters(session: Session, statement: Prepared, variant_id: str, quantity: int) -> None:
    if not statement.run(session, variant=variant_id, many=quantity):
        raise OutOfStock(variant_id)
    _forget_counters(session, variant_id)


def _forget_counters(session: Session, variant_id: str) -> None:
    """A Variant this session has loaded must not go on telling yesterday's stock."""
    loaded = session.identity_map.get(session.identity_key(Variant, variant_id))
    if loaded is not None:
        session.expire(loaded, ["on_hand", "held"])


def _forget_holds(session: Session, owner_ref: str) -> None:
    """Nor must a Hold tell of the time before it lived again."""
    for loaded in session.identity_map.values():
        if isinstance(loaded, Hold) and loaded.owner_ref == owner_ref:
            session.expire(loaded)


def _note_move(
    session: Session, goods: "_Goods | Hold", delta: int, reason: str, ref: str, now: datetime
) -> bool:
    added = insert_once(
        session,
        StockMove,
        merchant_id=goods.merchant_id,
        variant_id=goods.variant_id,
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
