"""Signed tokens that work once: the first who brings one back has it, whoever copied it has not."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from data.delivery.token_models import UsedToken
from data.kernel.once import insert_once
from data.kernel.tokens import fingerprint


def use_up(
    session: Session, *, merchant_id: str, token: str, expires_at: datetime, now: datetime
) -> bool:
    """False: it was used before. What is no good any more anyhow is forgotten on the way."""
    session.execute(delete(UsedToken).where(UsedToken.expires_at <= now))
    first = insert_once(
        session,
        UsedToken,
        token_hash=fingerprint(token),
        merchant_id=merchant_id,
        expires_at=expires_at,
    )
    return first is not None
