"""The token of a messenger's account, shared by all processes: a second one would kill the first.

Who wants a newer one must win the row by one conditional update; the others go on with the old
token while it is good, and else wait for the winner. A winner that dies keeps it for a lease only.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Update, or_, update
from sqlalchemy.orm import Session

from data.delivery.outbox import Account
from data.delivery.token_models import ChannelToken, TokenKind
from data.kernel.database import changed
from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.kernel.once import insert_once

LEASE = timedelta(seconds=20)  # longer than the calls that renewing takes (integrations/wechat.py)


@dataclass(frozen=True, slots=True)
class Kept:
    """A token as it lies there. `version` 0: there was none yet."""

    version: int = 0
    token: str = field(default="", repr=False)
    good_until: datetime | None = None

    def is_good(self, now: datetime, *, spare: timedelta = timedelta()) -> bool:
        """Still for `spare` from now."""
        return bool(self.token) and self.good_until is not None and self.good_until > now + spare


def kept(session: Session, *, account: Account, kind: TokenKind) -> Kept:
    """What all processes use now. A token under a lost key is none: a new one is asked for."""
    row = session.get(ChannelToken, (account.id, kind), populate_existing=True)
    if row is None:
        return Kept()
    try:
        token = cipher_of(session).decrypt(row.sealed, place=_place(row)) if row.sealed else ""
    except Unreadable:
        token = ""
    return Kept(row.version, token, row.good_until)


def win(
    session: Session, *, account: Account, kind: TokenKind, version: int, now: datetime
) -> datetime | None:
    """The right to renew the token of this version, and until when; None: another has it, or has
    renewed it already."""
    insert_once(
        session,
        ChannelToken,
        account_id=account.id,
        kind=kind,
        merchant_id=account.merchant_id,
        version=0,
    )
    until = now + LEASE
    free = or_(ChannelToken.renewing_until.is_(None), ChannelToken.renewing_until <= now)
    won = session.execute(_row(account, kind, version).where(free).values(renewing_until=until))
    return until if changed(won) else None


def keep(
    session: Session,
    *,
    account: Account,
    kind: TokenKind,
    version: int,
    until: datetime,
    renewed: tuple[str, datetime],
) -> bool:
    """The renewed token and its end, for everybody. False: the lease (`until`) was over and
    another process renewed it meanwhile."""
    token, good_until = renewed
    row = session.get_one(ChannelToken, (account.id, kind))
    mine = _row(account, kind, version).where(ChannelToken.renewing_until == until)
    return bool(
        changed(
            session.execute(
                mine.values(
                    sealed=cipher_of(session).encrypt(token, place=_place(row)),
                    version=version + 1,
                    good_until=good_until,
                    renewing_until=None,
                )
            )
        )
    )


def give_up(
    session: Session, *, account: Account, kind: TokenKind, version: int, until: datetime
) -> None:
    """It could not be renewed: the next one may try at once."""
    mine = _row(account, kind, version).where(ChannelToken.renewing_until == until)
    session.execute(mine.values(renewing_until=None))


def forget(session: Session, *, account: Account) -> None:
    """The account was connected anew: nothing that its old secret opened is used any more."""
    gone = {"sealed": None, "good_until": None, "renewing_until": None}
    session.execute(
        update(ChannelToken)
        .where(
            ChannelToken.account_id == account.id, ChannelToken.merchant_id == account.merchant_id
        )
        .values(version=ChannelToken.version + 1, **gone)
        .execution_options(synchronize_session=False)
    )


def _row(account: Account, kind: TokenKind, version: int) -> Update:
    return (
        update(ChannelToken)
        .where(
            ChannelToken.account_id == account.id,
            ChannelToken.merchant_id == account.merchant_id,
            ChannelToken.kind == kind,
            ChannelToken.version == version,
        )
        .execution_options(synchronize_session=False)
    )


def _place(row: ChannelToken) -> str:
    """The ticket of the pages moved into the token's place is unreadable."""
    return place_of(row.merchant_id, f"{row.__tablename__}.{row.kind}", row.account_id)
