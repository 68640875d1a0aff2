"""A messenger that waits on the line for its answer, and calls again when that takes too long.

    held ──answered, hung up, or until is over──▶ over: the courier has what is left to say

Each call is signed once: a nonce that comes again with other bytes is forged (T02).
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from data.delivery.held_models import HeardCall, HeldCall
from data.delivery.outbox import Account
from data.kernel.database import changed
from data.kernel.errors import Forbidden
from data.kernel.once import insert_once

# Twice the skew that a signature's stamp may have (security design): what is older is refused.
KEPT = timedelta(minutes=10)


class Signed(NamedTuple):
    """Fingerprints of what made a call unique, and of its bytes."""

    nonce: str
    body: str


def hear(session: Session, *, account: Account, signed: Signed, now: datetime) -> bool:
    """False: the very same call came before. Forbidden: its nonce did, with other bytes."""
    _forget_old(session, account, now)
    new = insert_once(
        session,
        HeardCall,
        account_id=account.id,
        nonce=signed.nonce,
        merchant_id=account.merchant_id,
        body=signed.body,
        heard_at=now,
    )
    if new is not None:
        return True
    if session.get_one(HeardCall, (account.id, signed.nonce)).body != signed.body:
        raise Forbidden("nonce")
    return False


def hold(
    session: Session, *, inbox_id: int, merchant_id: str, until: datetime, now: datetime
) -> None:
    """The first call for this update."""
    session.add(HeldCall(inbox_id=inbox_id, merchant_id=merchant_id, heard_at=now, until=until))
    session.flush()


def call_again(
    session: Session, *, inbox_id: int, most: int, until: datetime, now: datetime
) -> int | None:
    """The number of this call; None: it has called as often as it does. A line on which nobody
    waits any more is not taken up again."""
    mine = update(HeldCall).where(HeldCall.inbox_id == inbox_id)
    counted = mine.where(HeldCall.calls < most).values(calls=HeldCall.calls + 1)
    if not changed(session.execute(counted.execution_options(synchronize_session=False))):
        return None
    still = mine.where(HeldCall.until > now).values(until=until)
    session.execute(still.execution_options(synchronize_session=False))
    return session.scalar(select(HeldCall.calls).where(HeldCall.inbox_id == inbox_id))


def hang_up(session: Session, *, inbox_id: int, now: datetime) -> None:
    """Nobody waits any more: what is left to say goes its other way."""
    session.execute(
        update(HeldCall)
        .where(HeldCall.inbox_id == inbox_id, HeldCall.until > now)
        .values(until=now)
        .execution_options(synchronize_session=False)
    )


def held(now: datetime) -> Select[int]:
    """The updates whose answers are waited for on the line."""
    return select(HeldCall.inbox_id).where(HeldCall.until > now)


def _forget_old(session: Session, account: Account, now: datetime) -> None:
    before = now - KEPT
    session.execute(
        delete(HeardCall).where(HeardCall.account_id == account.id, HeardCall.heard_at < before)
    )
    session.execute(
        delete(HeldCall).where(
            HeldCall.merchant_id == account.merchant_id, HeldCall.heard_at < before
        )
    )
