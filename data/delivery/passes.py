"""Words of a messenger's that open one call of ours for a short while: to fetch what is new, to
greet somebody who came in.

A newer one takes the place of the older; a greeting is used up by one conditional delete.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from data.delivery.outbox import Account
from data.delivery.token_models import Pass, PassKind
from data.kernel.database import changed

LONGEST = 512  # of the column; WeCom says 128 bytes for its own


class Of(NamedTuple):
    """What a word is for: all of an account, or one chat there."""

    account: Account
    kind: PassKind
    chat_id: str | None = None

    @property
    def rows(self) -> list[ColumnElement[bool]]:
        return [
            Pass.account_id == self.account.id,
            Pass.merchant_id == self.account.merchant_id,
            Pass.kind == self.kind,
            Pass.chat_id == self.chat_id if self.chat_id else Pass.chat_id.is_(None),
        ]


class Word(NamedTuple):
    """`text` is empty where it opens nothing any more: that there is news holds all the same."""

    id: int
    text: str


def give(session: Session, *, of: Of, text: str, until: datetime, now: datetime) -> None:
    """The messenger's word; of one that is longer than any, only that it came."""
    session.execute(delete(Pass).where(*of.rows))
    row = Pass(kind=of.kind, chat_id=of.chat_id, expires_at=until, given_at=now)
    row.account_id, row.merchant_id = of.account.id, of.account.merchant_id
    row.text = text if len(text) <= LONGEST else ""
    session.add(row)
    session.flush()


def newest(session: Session, *, of: Of, now: datetime) -> Word | None:
    found = session.execute(
        select(Pass.id, Pass.text, Pass.expires_at)
        .where(*of.rows)
        .order_by(Pass.id.desc())
        .limit(1)
    ).one_or_none()
    return None if found is None else Word(found.id, found.text if found.expires_at > now else "")


def done(session: Session, *, of: Of, word: Word) -> None:
    """It was followed; one that came meanwhile is not."""
    session.execute(delete(Pass).where(*of.rows, Pass.id <= word.id))


def use(session: Session, *, of: Of, now: datetime) -> str | None:
    """Once, while it is good; None: there is none, or another was faster."""
    found = session.execute(
        select(Pass.id, Pass.text).where(*of.rows, Pass.expires_at > now, Pass.text != "")
    ).first()
    if found is None or not changed(session.execute(delete(Pass).where(Pass.id == found.id))):
        return None
    text: str = found.text
    return text
