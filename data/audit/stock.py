"""I1: nothing is promised that is not there, and every unit is accounted for."""

from typing import Any

from sqlalchemy import Select, func, select

from data.audit.checks import Check, Moment
from data.catalogue import Hold, HoldState, StockMove, Variant


def _out_of_bounds(_: Moment) -> Select[Any]:
    return select(Variant.id).where((Variant.held < 0) | (Variant.held > Variant.on_hand))


def _holds_differ(_: Moment) -> Select[Any]:
    live = (
        select(func.coalesce(func.sum(Hold.quantity), 0))
        .where(Hold.variant_id == Variant.id, Hold.state == HoldState.HELD)
        .scalar_subquery()
    )
    return select(Variant.id).where(Variant.held != live)


def _moves_differ(_: Moment) -> Select[Any]:
    moved = (
        select(func.coalesce(func.sum(StockMove.delta), 0))
        .where(StockMove.variant_id == Variant.id)
        .scalar_subquery()
    )
    return select(Variant.id).where(Variant.on_hand != moved)


def _forgotten(moment: Moment) -> Select[Any]:
    return select(Hold.id).where(Hold.state == HoldState.HELD, Hold.expires_at < moment.settled)


CHECKS = (
    Check("I1", "stock_out_of_bounds", _out_of_bounds),
    Check("I1", "stock_held_is_not_its_holds", _holds_differ),
    Check("I1", "stock_on_hand_is_not_its_moves", _moves_differ),
    Check("I1", "stock_hold_forgotten", _forgotten),
)
