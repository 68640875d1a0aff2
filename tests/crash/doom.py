"""When the processes of a shop are killed, and what its bank suffers: all drawn from one seed.

A process ends itself by SIGKILL before its n-th statement, or around its n-th commit; the product
has no switch for this. The SIMULATED bank is the product's own; its answers are troubled on their
way.
"""

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from data.kernel import dialects
from data.payments.gateway import (
    NewPayment,
    NewRefund,
    PaymentRef,
    ProviderPayment,
    ProviderRefund,
    ProviderUnreachable,
)
from data.payments.sandbox_bank import end_hold, plan
from data.payments.sandbox_models import RefundOutcome, SandboxPlan
from integrations.payments import SandboxGateway

_BUSY, _LOST = 0.08, 0.92  # below: nobody was asked (429, 500); above: done, and nobody heard of it
_ODD_REFUNDS = (RefundOutcome.DECLINED, RefundOutcome.LATE, RefundOutcome.REVERSED)
_SEAMS = ("do_execute", "do_executemany", "do_commit")
_T = TypeVar("_T")


class Doom:
    """`folder` outlives every process: how many lives there were, how many were killed. `longest`:
    statements that a life lasts at most; an order takes some eighty."""

    def __init__(self, folder: Path, seed: int, longest: int) -> None:
        self._folder = folder
        self._seed = seed
        self._longest = longest
        self.chance = Random()
        self._left = 0

    def begin_life(self) -> None:
        life = self._note("lives")
        self.chance.seed(f"{self._seed}:{life}")
        self._left = self.chance.randint(1, self._longest)

    def breathe(self) -> None:
        self._left -= 1
        if self._left == 0 and not (self._folder / "peace").exists():
            self._note("deaths")
            os.kill(os.getpid(), signal.SIGKILL)

    def plant(self) -> None:
        for dialect in (dialects.Sqlite, dialects.Postgresql):
            for name in _SEAMS:
                setattr(dialect, name, self._mortal(getattr(dialect, name), name == "do_commit"))

    def _mortal(self, function: Callable[..., None], after: bool) -> Callable[..., None]:
        def wrapped(*args: Any, **kwargs: Any) -> None:
            self.breathe()
            function(*args, **kwargs)
            if after:
                self.breathe()

        return wrapped

    def _note(self, what: str) -> int:
        """One more; gives how many there are."""
        with (self._folder / what).open("ab") as file:
            file.write(b".")
        return (self._folder / what).stat().st_size


class TroubledBank(SandboxGateway):
    """Busy, or deaf after it acted, each about once in twelve calls; a third of its refunds takes
    its time, is refused, or turns out later not to have worked; and of ten holds that the shop
    wants to take, the payer's own bank has let one go."""

    chance: Random

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment:
        return await self._troubled(lambda: super(TroubledBank, self).create_payment(wanted))

    async def query(self, payment: PaymentRef) -> ProviderPayment | None:
        return await self._troubled(lambda: super(TroubledBank, self).query(payment))

    async def capture(self, payment: PaymentRef) -> ProviderPayment:
        if self.chance.random() < 1 / 10:
            with self._database.transaction() as session:
                end_hold(session, payment.key, now=self._clock.now())
        return await self._troubled(lambda: super(TroubledBank, self).capture(payment))

    async def void(self, payment: PaymentRef) -> ProviderPayment:
        return await self._troubled(lambda: super(TroubledBank, self).void(payment))

    async def refund(self, wanted: NewRefund) -> ProviderRefund:
        if self.chance.random() < 1 / 3:
            self._plan_trouble(wanted.payment.key)
        return await self._troubled(lambda: super(TroubledBank, self).refund(wanted))

    async def query_refund(self, wanted: NewRefund) -> ProviderRefund | None:
        return await self._troubled(lambda: super(TroubledBank, self).query_refund(wanted))

    async def _troubled(self, act: Callable[[], Awaitable[_T]]) -> _T:
        luck = self.chance.random()
        if luck < _BUSY:
            raise ProviderUnreachable("busy")
        answer = await act()
        if luck > _LOST:
            raise ProviderUnreachable("answer_lost")
        return answer

    def _plan_trouble(self, key: str) -> None:
        """Once a payment: what the shop tries again then goes well."""
        with self._database.transaction() as session:
            if session.get(SandboxPlan, (key, "refund")) is None:
                plan(session, key=key, outcome=self.chance.choice(_ODD_REFUNDS))
