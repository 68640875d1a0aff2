"""What a story's shop does with goods that come back, by the functions that the console calls."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.orders import Decision, Order, Return, decide_return
from data.payments.returning import receive_return

RETURN_VERBS = ("approve_return", "refuse_return", "receive_return")


def act_on_return(
    session: Session, order: Order, verb: str, given: Mapping[str, Any], *, by: str, now: datetime
) -> None:
    """The newest return of this order. `note`: what the buyer is told with it."""
    newest = select(Return.id).where(Return.order_id == order.id).order_by(Return.created_at.desc())
    which = {
        "merchant_id": order.merchant_id,
        "return_id": session.scalars(newest.limit(1)).one(),
    }
    if verb == "receive_return":
        receive_return(session, **which, restocked=True, by=by, now=now)
        return
    decision = Decision(verb == "approve_return", by, str(given.get("note", "")))
    decide_return(session, **which, decision=decision, now=now)
