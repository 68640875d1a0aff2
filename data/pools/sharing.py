"""A pool is shared by a link, the token of which is shown once and kept as its hash.

Whoever opens it sees the present, how much is there and how long it runs, and no name; and the
person it is for sees nothing at all, as if there were no such link.
"""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from data.kernel.errors import NotFound
from data.kernel.tokens import fingerprint, new_token
from data.pools.models import Pool, PoolShare
from data.pools.moving import pool_now
from data.pools.service import is_for


def share_pool(session: Session, *, merchant_id: str, pool_id: str, now: datetime) -> str:
    """A fresh token; earlier ones stay good."""
    pool = pool_now(session, pool_id)
    if pool.merchant_id != merchant_id:
        raise NotFound("pool")
    token = new_token()
    session.add(
        PoolShare(
            token_hash=fingerprint(token),
            merchant_id=merchant_id,
            pool_id=pool_id,
            created_at=now,
        )
    )
    session.flush()
    return token


def pool_shared_by(
    session: Session, *, merchant_id: str, token: str, person_id: str
) -> Pool | None:
    """The pool of this shop that a link leads this person to. None: a guess, a link that was
    revoked, or a present for them."""
    share = session.get(PoolShare, fingerprint(token))
    if share is None or share.revoked_at is not None or share.merchant_id != merchant_id:
        return None
    pool = pool_now(session, share.pool_id)
    return None if is_for(session, pool, person_id) else pool


def shop_of_share(session: Session, *, token: str) -> str:
    """Whose link it is; NotFound for a guess and for one that was revoked."""
    share = session.get(PoolShare, fingerprint(token))
    if share is None or share.revoked_at is not None:
        raise NotFound("pool_share")
    return share.merchant_id


def revoke_pool_shares(
    session: Session, *, merchant_id: str, pool_id: str, organiser_id: str, now: datetime
) -> None:
    """Close every link to a pool, where one fell into the wrong hands: its organiser's to say."""
    pool = pool_now(session, pool_id)
    if (pool.merchant_id, pool.organiser_id) != (merchant_id, organiser_id):
        raise NotFound("pool")
    session.execute(
        update(PoolShare)
        .where(
            PoolShare.merchant_id == merchant_id,
            PoolShare.pool_id == pool_id,
            PoolShare.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
