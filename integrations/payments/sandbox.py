"""The SIMULATED bank behind the Gateway port: default of a new install and of the demo.

Its books are rows (data/payments/sandbox_bank.py), so its word survives restarts. Each call is
the bank's own transaction, in a thread of its own.
"""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from data.kernel.clock import Clock
from data.kernel.database import Database
from data.kernel.errors import Invalid
from data.kernel.money import Money
from data.payments import sandbox_aftermath as aftermath
from data.payments import sandbox_bank as bank
from data.payments.gateway import (
    BadNotice,
    Flags,
    NewPayment,
    NewRefund,
    PaymentRef,
    PaymentStatus,
    ProviderEvent,
    ProviderPayment,
    ProviderRefund,
    ProviderUnreachable,
    RefundStatus,
    Standing,
)
from data.payments.sandbox_bank import Shown
from data.payments.sandbox_models import SandboxPayment, SandboxRefund

SIGNATURE = "sandbox-signature"
_TOLERANCE = timedelta(minutes=5)  # Stripe's and WeChat Pay's, in both directions
_SHORTEST_SECRET = 16
_HEADER = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_ABLE = Flags(can_authorize=True, longest_hold=bank.HOLD, can_partial_capture=True)
_T = TypeVar("_T")


class SandboxGateway:
    """`flags` say what the bank can do, so that one test runs with and without holds."""

    def __init__(
        self, database: Database, clock: Clock, *, secret: str, flags: Flags | None = None
    ) -> None:
        if len(secret) < _SHORTEST_SECRET:
            raise ValueError("sandbox_secret_short")  # an empty one would verify anything
        self._database = database
        self._clock = clock
        self._secret = secret.encode()
        self._flags = flags or _ABLE

    @property
    def name(self) -> str:
        return bank.SANDBOX

    @property
    def flags(self) -> Flags:
        return self._flags

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment:
        now = self._clock.now()
        shown = await self._bank(lambda session: bank.open_payment(session, wanted, now=now))
        return _payment(_told(shown))

    async def query(self, payment: PaymentRef) -> ProviderPayment | None:
        now = self._clock.now()
        row = await self._bank(lambda session: bank.look(session, payment.key, now=now))
        return None if row is None else _payment(row)

    async def capture(self, payment: PaymentRef) -> ProviderPayment:
        now = self._clock.now()
        taken = lambda s: bank.capture(s, payment.key, payment.capture, now=now)  # noqa: E731
        return _payment(await self._bank(taken))

    async def void(self, payment: PaymentRef) -> ProviderPayment:
        now = self._clock.now()
        return _payment(await self._bank(lambda s: bank.let_go(s, payment.key, now=now)))

    async def close(self, payment: PaymentRef) -> ProviderPayment:
        return await self.void(payment)

    async def refund(self, wanted: NewRefund) -> ProviderRefund:
        now = self._clock.now()
        shown = await self._bank(lambda session: bank.refund(session, wanted, now=now))
        return _refund(_told(shown))

    async def query_refund(self, wanted: NewRefund) -> ProviderRefund | None:
        now = self._clock.now()
        row = await self._bank(lambda s: bank.look_refund(s, wanted.key, now=now))
        return None if row is None else _refund(row)

    async def look_back(self, payment: PaymentRef, named: Sequence[str]) -> Standing | None:
        now = self._clock.now()
        return await self._bank(lambda s: aftermath.tell(s, payment.key, now=now))

    def sign(self, raw: bytes) -> dict[str, str]:
        """The header the bank puts on a callback that it posts over HTTP."""
        stamp = int(self._clock.now().timestamp())
        return {SIGNATURE: f"t={stamp},v1={self._mac(stamp, raw)}"}

    async def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Signature over the raw bytes first, then the time, then what it says."""
        lowered = {name.lower(): value for name, value in headers.items()}
        match = _HEADER.fullmatch(lowered.get(SIGNATURE, ""))
        if match is None:
            raise BadNotice("signature_missing")
        stamp = int(match[1])
        if not hmac.compare_digest(self._mac(stamp, raw), match[2]):
            raise BadNotice("signature_wrong")
        if abs(self._clock.now().timestamp() - stamp) > _TOLERANCE.total_seconds():
            raise BadNotice("signature_old")
        return _event(raw, lowered)

    def _mac(self, stamp: int, raw: bytes) -> str:
        return hmac.new(self._secret, b"%d." % stamp + raw, hashlib.sha256).hexdigest()

    async def _bank(self, act: Callable[[Session], _T]) -> _T:
        def in_own_transaction() -> _T:
            with self._database.transaction() as session:
                return act(session)

        return await asyncio.to_thread(in_own_transaction)


def _told(shown: Shown) -> SandboxPayment | SandboxRefund:
    """The bank has acted and committed; only its answer gets lost."""
    if shown.answer_lost:
        raise ProviderUnreachable("answer_lost")
    return shown.row


def _payment(row: SandboxPayment | SandboxRefund) -> ProviderPayment:
    is_held = row.status == PaymentStatus.AUTHORIZED
    return ProviderPayment(
        status=PaymentStatus(row.status),
        amount=row.amount,
        provider_ref=row.provider_ref,
        our_ref=row.key,
        hold_until=row.settles_at if is_held else None,
    )


def _refund(row: SandboxPayment | SandboxRefund) -> ProviderRefund:
    return ProviderRefund(
        status=RefundStatus(row.status),
        amount=row.amount,
        provider_ref=row.provider_ref,
        our_ref=row.key,
    )


def _event(raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
    try:
        said = json.loads(raw)
        claimed = Money(int(said["amount"]), str(said["currency"]))
        key = str(said["key"])
    except (ValueError, KeyError, TypeError, Invalid) as error:
        raise BadNotice("form") from error
    kept = {SIGNATURE: headers[SIGNATURE]}  # nothing else a client sent is worth keeping
    return ProviderEvent(event_id=f"evt_{key}", our_ref=key, raw=raw, headers=kept, claimed=claimed)
