"""A shop's accounts at payment providers: connected, changed, left, and their secrets.

New payments go through the one enabled account of a provider; those that were begun through
another one stay there to their end.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.kernel.errors import NotFound
from data.kernel.ids import new_id
from data.payments.account_models import AccountDeed, PaymentAccount, PaymentAccountMove

# A provider goes on for a day at most with what it had signed before (WeChat Pay: 24 h 4 min).
OVERLAP = timedelta(days=3)
_LONGEST_NAME = 120  # of PaymentAccountMove.by


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens an account. `before`: the secrets that were replaced a short while ago."""

    external_id: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    before: Mapping[str, str] = field(default_factory=dict, repr=False)


def connect_account(  # where, what and who
    session: Session,
    *,
    merchant_id: str,
    provider: str,
    credentials: Credentials,
    by: str,
    now: datetime,
) -> PaymentAccount:
    """Again under the same name there: other settings, new secrets. Another account of the same
    provider takes no new payments from here on."""
    account = _find(session, merchant_id, provider, credentials.external_id)
    deed = AccountDeed.CHANGED if account else AccountDeed.CONNECTED
    if account is None:
        account = PaymentAccount(
            id=new_id("pac"),
            merchant_id=merchant_id,
            provider=provider,
            external_id=credentials.external_id,
            version=0,
            connected_at=now,
        )
    before = _replaced(session, account, credentials.secrets, now)
    account.settings = dict(credentials.settings)
    kept = {"secrets": dict(credentials.secrets), "before": before}
    account.sealed = cipher_of(session).encrypt(json.dumps(kept), place=_place(account))
    account.enabled = True
    account.version += 1
    session.add(account)
    session.flush()
    _leave_others(session, account)
    _note(session, account, deed, by, now)
    return account


def disconnect_account(
    session: Session, *, merchant_id: str, provider: str, by: str, now: datetime
) -> PaymentAccount:
    """No new payments; what is under way goes on. NotFound: none is connected."""
    account = enabled_account(session, merchant_id=merchant_id, provider=provider)
    if account is None:
        raise NotFound("payment_account")
    account.enabled = False
    _note(session, account, AccountDeed.DISCONNECTED, by, now)
    return account


def enabled_account(session: Session, *, merchant_id: str, provider: str) -> PaymentAccount | None:
    mine = select(PaymentAccount).filter_by(
        merchant_id=merchant_id, provider=provider, enabled=True
    )
    return session.scalar(mine)


def named_account(
    session: Session, *, merchant_id: str, provider: str, external_id: str
) -> PaymentAccount | None:
    """The shop's account of this name there, in use or left."""
    return session.scalar(_named(merchant_id, provider, external_id))


def accounts_of(session: Session, *, merchant_id: str) -> list[PaymentAccount]:
    """All of a shop's, the enabled ones first."""
    mine = select(PaymentAccount).where(PaymentAccount.merchant_id == merchant_id)
    order = (PaymentAccount.enabled.desc(), PaymentAccount.provider, PaymentAccount.connected_at)
    return list(session.scalars(mine.order_by(*order)))


def moves_of_accounts(
    session: Session, *, merchant_id: str, most: int = 20
) -> list[PaymentAccountMove]:
    """Who sent a shop's money where, the latest first."""
    mine = select(PaymentAccountMove).where(PaymentAccountMove.merchant_id == merchant_id)
    return list(session.scalars(mine.order_by(PaymentAccountMove.id.desc()).limit(most)))


def credentials_of(session: Session, account: PaymentAccount, *, now: datetime) -> Credentials:
    """Opened with the house's keys; Unreadable where none of them fits."""
    kept = _opened(session, account)
    return Credentials(
        external_id=account.external_id,
        settings=account.settings,
        secrets=kept["secrets"],
        before=kept["before"] if _is_fresh(account, now) else {},
    )


def count_refused(session: Session, *, account_id: str) -> None:
    """Somebody called this account's address with what its provider did not sign."""
    session.execute(
        update(PaymentAccount)
        .where(PaymentAccount.id == account_id)
        .values(refused=PaymentAccount.refused + 1)
        .execution_options(synchronize_session=False)
    )


def _replaced(
    session: Session, account: PaymentAccount, secrets: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """The secrets that differ from the new ones: what was signed with them may still come. None
    are known of an account whose key is lost: that is what it is connected anew for."""
    if not account.version:
        return {}
    try:
        kept = _opened(session, account)
    except Unreadable:
        return {}
    before = kept["before"] if _is_fresh(account, now) else {}
    changed = {name: value for name, value in kept["secrets"].items() if secrets.get(name) != value}
    if changed:
        account.rotated_at = now
    return {**before, **changed}


def _is_fresh(account: PaymentAccount, now: datetime) -> bool:
    return account.rotated_at is not None and now < account.rotated_at + OVERLAP


def _leave_others(session: Session, account: PaymentAccount) -> None:
    session.execute(
        update(PaymentAccount)
        .where(
            PaymentAccount.merchant_id == account.merchant_id,
            PaymentAccount.provider == account.provider,
            PaymentAccount.id != account.id,
        )
        .values(enabled=False)
    )


def _opened(session: Session, account: PaymentAccount) -> dict[str, dict[str, str]]:
    opened: dict[str, dict[str, str]] = json.loads(
        cipher_of(session).decrypt(account.sealed, place=_place(account))
    )
    return opened


def _find(
    session: Session, merchant_id: str, provider: str, external_id: str
) -> PaymentAccount | None:
    return session.scalar(_named(merchant_id, provider, external_id).with_for_update())


def _named(merchant_id: str, provider: str, external_id: str) -> Select[PaymentAccount]:
    return select(PaymentAccount).filter_by(
        merchant_id=merchant_id, provider=provider, external_id=external_id
    )


def _note(
    session: Session, account: PaymentAccount, deed: AccountDeed, by: str, now: datetime
) -> None:
    session.add(
        PaymentAccountMove(
            merchant_id=account.merchant_id,
            account_id=account.id,
            deed=deed,
            by=by[:_LONGEST_NAME],
            at=now,
        )
    )
    session.flush()


def _place(account: PaymentAccount) -> str:
    return place_of(account.merchant_id, PaymentAccount.__tablename__, account.id)
