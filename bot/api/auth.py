"""Who is calling: a bearer token, compared by its SHA-256, scoped to one merchant."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from data.kernel.entities import Entities
from data.kernel.errors import Forbidden, Unauthorised
from data.kernel.tokens import fingerprint
from data.merchants import ApiToken, ChannelAccount

MERCHANT = "merchant"
CHANNEL = "channel"
_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Caller:
    """`account`: the one door that a channel key opens."""

    merchant_id: str
    account: ChannelAccount | None


# Every message asks, so they are made once.
_BEHIND = Entities(
    select(ApiToken.scope, ApiToken.revoked_at, ApiToken.merchant_id, ChannelAccount)
    .outerjoin(ChannelAccount, ChannelAccount.id == ApiToken.account_id)
    .where(ApiToken.token_hash == bindparam("token"))
)
_ANY = Entities(
    select(ChannelAccount)
    .join(ApiToken, ApiToken.account_id == ChannelAccount.id)
    .where(ApiToken.scope == CHANNEL, ApiToken.revoked_at.is_(None))
    .limit(1)
)


def bearer(header: str | None) -> str:
    """The token of an `Authorization: Bearer …` header."""
    if not header or not header.lower().startswith(_BEARER):
        raise Unauthorised("bearer")
    return header[len(_BEARER) :].strip()


def caller(session: Session, *, header: str | None, scope: str) -> Caller:
    """The merchant behind a token of this scope; 401 for none or a revoked one, 403 for another."""
    found = _BEHIND.first(session, token=fingerprint(bearer(header)))
    if found is None:
        raise Unauthorised("token")
    granted, revoked_at, merchant_id, account = found
    if revoked_at is not None:
        raise Unauthorised("token")
    if granted != scope:
        raise Forbidden("scope")
    return Caller(merchant_id, account)


def any_account(session: Session) -> ChannelAccount | None:
    """The account of the only channel key there is: the demo, on loopback, answers without one."""
    found = _ANY.first(session)
    return found[0] if found else None
