"""One-time links from a group into a person's private chat: bound to them, good for minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from data.conversations.models import DeepLink
from data.kernel.database import changed
from data.kernel.tokens import fingerprint, new_token

LINK_LIFE = timedelta(minutes=10)  # docs/architecture.md, T09


@dataclass(frozen=True, slots=True)
class LinkedFlow:
    """What a link goes on with; `version` is that of the flow it leads away from."""

    flow: str
    slots: dict[str, Any]
    version: str | None = None


def make_link(
    session: Session, *, merchant_id: str, person_id: str, onward: LinkedFlow, now: datetime
) -> str:
    """A token that goes on with a flow in private; only its fingerprint is kept."""
    token = new_token()
    session.add(
        DeepLink(
            token_hash=fingerprint(token),
            merchant_id=merchant_id,
            person_id=person_id,
            flow=onward.flow,
            slots=onward.slots,
            version=onward.version,
            expires_at=now + LINK_LIFE,
        )
    )
    return token


def redeem_link(
    session: Session, *, merchant_id: str, person_id: str, token: str, now: datetime
) -> DeepLink | None:
    """The link, if it is this person's, unused and in time; it works once."""
    token_hash = fingerprint(token)
    won = changed(
        session.execute(
            update(DeepLink)
            .where(
                DeepLink.token_hash == token_hash,
                DeepLink.merchant_id == merchant_id,
                DeepLink.person_id == person_id,
                DeepLink.used_at.is_(None),
                DeepLink.expires_at > now,
            )
            .values(used_at=now)
        )
    )
    return session.get(DeepLink, token_hash) if won else None
