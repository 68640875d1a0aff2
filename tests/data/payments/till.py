"""A shop with one buyer, its bank, its clock and its worker, small enough to think about.

`settle` does what the running system does: due jobs in their lanes, then due calls with no
transaction open, again and again until nothing is due at this moment.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data import orders, payments
from data.catalogue import Variant
from data.delivery import jobs
from data.kernel.clock import TurnableClock
from data.kernel.database import Database
from data.kernel.facts import LISTENERS, Fact
from data.kernel.money import Money
from data.ledger import CUSTOMER_HOLD, cash_in_transit, trial_balance, unbalanced_entries
from data.orders import NewLine, Order, OrderDetails, OrderKind
from data.payments import Call, PaymentAttempt, Refund, sandbox_bank
from data.payments.gateway import Answer, Flags, Gateway, ProviderEvent
from data.payments.sandbox_bank import SANDBOX, look_refund, plan
from data.payments.sandbox_models import Outcome, RefundOutcome, SandboxPayment, SandboxRefund
from data.personal import old_addresses
from integrations.payments import SandboxGateway, look, perform
from tests.builders import NOW, a_merchant, a_person, a_product, the_variant

JOBS = {**orders.JOBS, **payments.JOBS, **old_addresses.JOBS}
HOLD = timedelta(minutes=30)
SECRET = "the bank's own little secret"
_MOST_ROUNDS = 200
_MOMENT = timedelta(milliseconds=1)


class Died(Exception):
    """The process ended in the middle of its work."""


def _nobody_listens(*_: object) -> None:
    return None


class Till:
    """Everything a test of money needs, and the names it asks about."""

    gateway_type: ClassVar[type[SandboxGateway]] = SandboxGateway

    def __init__(
        self, database: Database, *, flags: Flags | None = None, on_hand: int = 5, price: int = 8800
    ) -> None:
        self.database = database
        self.clock = TurnableClock(NOW)
        self.gateway: Gateway = self.gateway_type(database, self.clock, secret=SECRET, flags=flags)
        self.facts: list[Fact] = []
        self.dies = False
        self.on_answer: Callable[[Call, Answer], None] = _nobody_listens
        self.on_job: Callable[[jobs.Job, datetime], None] = _nobody_listens
        self.writes = 0
        self.calls: list[Call] = []
        with self.transaction() as session:
            self.shop = a_merchant(session, settings={"shipping_minor": 1000})
            self.buyer = a_person(session, self.shop)
            product = a_product(session, self.shop, price=price, on_hand=on_hand)
            self.variant = the_variant(session, product).id

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """With `dies` the process is gone after the work and before its commit (SIMULATED by an
        error that rolls back, as the database does then)."""
        told: list[Fact] = []
        try:
            with self.database.transaction() as session:
                note = lambda _session, fact, _now: told.append(fact)  # noqa: E731
                session.info[LISTENERS] = (payments.listen, old_addresses.listen, note)
                yield session
                if self.dies:
                    session.flush()
                    raise Died
            self.facts.extend(told)
        finally:
            self.dies = False
            self.writes += 1
            self.clock.advance(_MOMENT)  # no two things happen at once, so runs can be repeated

    @contextmanager
    def looking(self) -> Iterator[Session]:
        """Rows that stay readable after the look is over."""
        with self.database.reading() as session:
            yield session
            session.expunge_all()

    def order(
        self, *, kind: OrderKind = OrderKind.NORMAL, quantity: int = 1, hold: timedelta = HOLD
    ) -> str:
        with self.transaction() as session:
            placed = orders.place_order(
                session,
                merchant_id=self.shop.id,
                person_id=self.buyer.id,
                lines=[NewLine(self.variant, quantity)],
                details=OrderDetails(kind=kind),
                hold_until=self.clock.now() + hold,
                now=self.clock.now(),
            )
            return placed.id

    def begin(self, order_id: str, *, authorize: bool = False) -> str:
        with self.transaction() as session:
            now = self.clock.now()
            attempt = payments.begin_attempt(
                session, order_id=order_id, way=payments.Way(SANDBOX), now=now, authorize=authorize
            )
            return attempt.id

    def plan(
        self,
        attempt_id: str,
        outcome: Outcome | RefundOutcome,
        *,
        delay: timedelta = timedelta(minutes=2),
    ) -> None:
        with self.transaction() as session:
            key = session.get_one(PaymentAttempt, attempt_id).idempotency_key
            plan(session, key=key, outcome=outcome, delay=delay)

    def pay(
        self,
        order_id: str,
        outcome: Outcome = Outcome.APPROVED,
        *,
        delay: timedelta = timedelta(minutes=2),
        authorize: bool = False,
    ) -> str:
        """What `POST /pay/<token>/sandbox` does, and everything that follows at once."""
        attempt_id = self.begin(order_id, authorize=authorize)
        self.plan(attempt_id, outcome, delay=delay)
        self.settle()
        return attempt_id

    def cancel(self, order_id: str) -> payments.CancelOutcome:
        with self.transaction() as session:
            return payments.cancel_order(
                session, order_id=order_id, person_id=self.buyer.id, now=self.clock.now()
            )

    def call_back(self, attempt: PaymentAttempt, claimed: int | None, *, nth: int) -> None:
        """A callback that passed the signature check, with a claim of its own."""
        event = ProviderEvent(
            event_id=f"evt_by_hand_{nth}",
            our_ref=attempt.idempotency_key,
            raw=b"{}",
            headers={},
            claimed=None if claimed is None else Money(claimed, attempt.currency),
        )
        with self.transaction() as session:
            payments.record_notice(session, provider=SANDBOX, event=event, now=self.clock.now())

    def settle(self) -> None:
        for _ in range(_MOST_ROUNDS):
            if not self.run_jobs() and not self.make_calls():
                return
        raise AssertionError("something stays due for ever")

    def run_jobs(self) -> int:
        ran = 0
        for lane in self._due_lanes():
            while self._run_one(lane):
                ran += 1
        return ran

    def make_calls(self) -> int:
        with self.transaction() as session:
            leased = payments.lease(session, now=self.clock.now())
        for call in leased:
            self.calls.append(call)
            self.hear(call, self.perform(call))
        return len(leased)

    def look_back(self) -> int:
        """What the bookkeeper does: look at what is due, with no transaction open."""
        with self.transaction() as session:
            leased = payments.lease_looks(session, now=self.clock.now())
        for one in leased:
            shown = asyncio.run(look(one, self.gateway))
            with self.transaction() as session:
                payments.record_look(session, one, shown, now=self.clock.now())
        return len(leased)

    def perform(self, call: Call) -> Answer:
        return asyncio.run(perform(call, self.gateway))

    def hear(self, call: Call, answer: Answer) -> None:
        """Record it, and tell whoever wants to know what was answered."""
        self.record(call, answer)
        self.on_answer(call, answer)

    def record(self, call: Call, answer: Answer) -> None:
        with self.transaction() as session:
            payments.record_answer(session, call=call, answer=answer, now=self.clock.now())

    def later(self, by: timedelta) -> None:
        """Turn the clock in steps, as the demo does, so that everything falls due in its time."""
        end = self.clock.now() + by
        for _ in range(_MOST_ROUNDS):
            self.settle()
            following = self._next_due()
            if following is None or following > end:
                break
            self._turn_to(following)
        self._turn_to(end)
        self.settle()

    def _turn_to(self, moment: datetime) -> None:
        self.clock.turn_to(max(moment, self.clock.now()))

    def _due_lanes(self) -> list[str]:
        with self.looking() as session:
            return jobs.due_lanes(session, now=self.clock.now())

    def _run_one(self, lane: str) -> bool:
        with self.transaction() as session:
            now = self.clock.now()
            job = jobs.claim(session, lane=lane, now=now)
            if job is None:
                return False
            JOBS[job.kind](session, job, now)
            job.state = "done"
            jobs.rest(session, lane=lane)
        self.on_job(job, now)
        return True

    def _next_due(self) -> datetime | None:
        with self.looking() as session:
            moments = [
                session.scalar(select(func.min(jobs.Lane.due))),
                session.scalar(select(func.min(PaymentAttempt.call_at))),
                session.scalar(select(func.min(Refund.call_at))),
            ]
        return min((moment for moment in moments if moment), default=None)

    # what a test asks

    def state(self, order_id: str) -> str:
        with self.looking() as session:
            return session.get_one(Order, order_id).state

    def attempt(self, attempt_id: str) -> PaymentAttempt:
        with self.looking() as session:
            return session.get_one(PaymentAttempt, attempt_id)

    def refunds(self, order_id: str) -> list[Refund]:
        with self.looking() as session:
            found = select(Refund).where(Refund.order_id == order_id).order_by(Refund.created_at)
            return list(session.scalars(found))

    def charged(self, order_id: str) -> list[int]:
        """What the BANK took for this order: one figure per charge."""
        self._bank_looks()
        with self.looking() as session:
            taken = select(SandboxPayment.amount_minor).where(
                SandboxPayment.order_id == order_id, SandboxPayment.status == "captured"
            )
            return list(session.scalars(taken))

    def returned(self, order_id: str) -> list[int]:
        """What the BANK gave back for this order."""
        self._bank_looks()
        with self.looking() as session:
            given = (
                select(SandboxRefund.amount_minor)
                .join(SandboxPayment, SandboxPayment.key == SandboxRefund.payment_key)
                .where(SandboxPayment.order_id == order_id, SandboxRefund.status == "succeeded")
            )
            return list(session.scalars(given))

    def _bank_looks(self) -> None:
        """It makes its mind up when it looks, and nobody may have asked it."""
        with self.transaction() as session:
            now = self.clock.now()
            for payment in session.scalars(select(SandboxPayment.key)).all():
                sandbox_bank.look(session, payment, now=now)
            for refund in session.scalars(select(SandboxRefund.key)).all():
                look_refund(session, refund, now=now)

    def shelf(self) -> tuple[int, int]:
        with self.looking() as session:
            variant = session.get_one(Variant, self.variant)
            return variant.on_hand, variant.held

    def balance(self) -> dict[str, int]:
        with self.looking() as session:
            assert unbalanced_entries(session) == []
            balance = trial_balance(session, merchant_id=self.shop.id)
        assert sum(money.minor for money in balance.values()) == 0
        return {account: money.minor for account, money in balance.items() if money.minor}

    def told(self, kind: type[Fact]) -> int:
        return sum(type(fact) is kind for fact in self.facts)


CASH = cash_in_transit(SANDBOX)
TOTAL = 9800  # one 88.00 tea set and 10.00 to ship it
PRICE = Money(TOTAL, "CNY")
IN_HAND = {CASH: -TOTAL, "revenue": TOTAL}
ON_HOLD = {CASH: -TOTAL, CUSTOMER_HOLD: TOTAL}
