"""Who is calling: a bearer token, compared by its SHA-256, scoped to one merchant."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.errors import Forbidden, Unauthorised
from data.kernel.tokens import fingerprint
from data.merchants import ApiToken

MERCHANT = "merchant"
CHANNEL = "channel"
_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Caller:
    merchant_id: str
    account_id: str | None


def bearer(header: str | None) -> str:
    """The token of an `Authorization: Bearer …` header."""
    if not header or not header.lower().startswith(_BEARER):
        raise Unauthorised("bearer")
    return header[len(_BEARER) :].strip()


def caller(session: Session, *, header: str | None, scope: str) -> Caller:
    """The merchant behind a token of this scope; 401 for none or a revoked one, 403 for another."""
    token = session.get(ApiToken, fingerprint(bearer(header)))
    if token is None or token.revoked_at is not None:
        raise Unauthorised("token")
    if token.scope != scope:
        raise Forbidden("scope")
    return Caller(token.merchant_id, token.account_id)


def any_account(session: Session, *, scope: str) -> Caller | None:
    """The only token of a scope there is: the demo, on loopback, answers without one."""
    token = session.scalar(select(ApiToken).where(ApiToken.scope == scope).limit(1))
    return Caller(token.merchant_id, token.account_id) if token else None
