"""The same small shop, paid through the SIMULATED bank, which can hold, take a part, and let go."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from data import payments
from data.catalogue import Variant
from data.group_buys import live_seat
from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from data.payments import PaymentAttempt, Way, begin_attempt
from data.payments.gateway import Flags
from data.payments.sandbox_bank import SANDBOX, end_hold, plan
from data.payments.sandbox_models import Outcome, SandboxPayment
from data.payments.steps import lease
from integrations.payments import SandboxGateway, perform
from tests.builders import NOW
from tests.data.group_buys.shop import GroupShop

ABLE = Flags(can_authorize=True, longest_hold=timedelta(days=7), can_partial_capture=True)
_SECRET = "the bank's own little secret"


class BankedShop(GroupShop):
    """`work` also makes the calls that are due, with no transaction open."""

    def __init__(self, database: Database, *, flags: Flags = ABLE, **more: Any) -> None:
        super().__init__(database, longest_hold=flags.longest_hold, **more)
        self.clock = TurnableClock(NOW)
        self.bank = SandboxGateway(self.database, self.clock, secret=_SECRET, flags=flags)

    def reserves(self, team_id: str, *names: str, authorize: bool = True) -> None:
        for name in names:
            self._pay(self.orders(team_id, name), authorize=authorize)

    def pays_again(self, team_id: str, name: str) -> None:
        self._pay(self._order_of(team_id, name), authorize=False)

    def ends_hold(self, team_id: str, name: str) -> None:
        """The bank lets it go before its time, and tells nobody."""
        with self.database.transaction() as session:
            order_id = self._order_of(team_id, name)
            found = select(PaymentAttempt).where(PaymentAttempt.order_id == order_id)
            end_hold(session, session.scalars(found).one().idempotency_key, now=self.now)

    def looks_at_payments(self) -> None:
        """The next check of each payment comes, before the team's deadline."""
        self.later(timedelta(hours=7))

    def _pay(self, order_id: str, *, authorize: bool) -> None:
        with self.database.transaction() as session:
            attempt = begin_attempt(
                session, order_id=order_id, way=Way(SANDBOX), now=self.now, authorize=authorize
            )
            plan(session, key=attempt.idempotency_key, outcome=Outcome.APPROVED)
        self.work()

    def _order_of(self, team_id: str, name: str) -> str:
        with self.database.reading() as session:
            seat = live_seat(session, team_id=team_id, person_id=self.person(name))
            assert seat is not None
            assert seat.order_id is not None
            return seat.order_id

    def turn_clock(self, by: timedelta) -> None:
        super().turn_clock(by)
        self.clock.turn_to(self.now)

    def work(self) -> None:
        while self.run_jobs() + self._call():
            pass

    def _call(self) -> int:
        with self.database.transaction() as session:
            calls = lease(session, now=self.now)
        for call in calls:
            answer = asyncio.run(perform(call, self.bank))
            with self.database.transaction() as session:
                payments.record_answer(session, call=call, answer=answer, now=self.now)
        return len(calls)

    def taken(self) -> list[int]:
        """What the BANK took, a figure a payment."""
        return self._payments("captured")

    def bank_holds(self) -> int:
        return len(self._payments("authorized"))

    def _payments(self, status: str) -> list[int]:
        with self.database.reading() as session:
            found = select(SandboxPayment.amount_minor).where(SandboxPayment.status == status)
            return list(session.scalars(found.order_by(SandboxPayment.created_at)))

    def shelf_held(self) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.sum(Variant.held))) or 0
