"""Orders, payments, refunds, the bank's moods and the clock, in any sequence Hypothesis likes.

The model is plain Python: what the buyer, the group and the shop decided. The bank's own rows are
the other witness. Whatever happens, the shop's books must agree with both.
"""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select, text

from data.kernel.database import Database
from data.kernel.errors import Refused
from data.orders import (
    TRANSITIONS,
    Address,
    Order,
    OrderKind,
    OrderPaid,
    OrderState,
    set_address,
    ship,
)
from data.payments import (
    Call,
    Cancelled,
    PaymentAttempt,
    Refund,
    RefundState,
    lease,
    refund_order,
    retry_refund,
    settle_group_order,
)
from data.payments.gateway import NoAnswer
from data.payments.sandbox_models import Outcome, RefundOutcome, SandboxPayment
from tests.builders import SESSION_INFO
from tests.data.payments.till import CASH, Till

ON_HAND = 4
_PICK = st.integers(0, 3)
_KINDS = st.sampled_from(OrderKind)
_LIVE = (OrderState.READY, OrderState.WAITING_GROUP, OrderState.SHIPPED)
_SOLD = (OrderState.READY, OrderState.SHIPPED)


@dataclass
class Meant:
    """What people decided about one order, as far as the shop let them. `total`: what banks are to
    pay; `credit`: what gift cards pay."""

    id: str
    kind: OrderKind
    total: int
    units: int
    cancelled: bool = False
    reached: bool = False
    failed: bool = False
    shipped: bool = False
    credit: int = 0


@dataclass(frozen=True)
class Look:
    writes: int
    states: dict[str, str]
    attempts: list[PaymentAttempt]
    refunds: list[Refund]


def _reachable(start: str) -> set[OrderState]:
    """Where an order may have got to between two looks."""
    found, new = set[OrderState](), {OrderState(start)}
    while new:
        found |= new
        new = {to for state in new for to in TRANSITIONS[state]} - found
    return found


Story = Callable[["MoneyMachine"], None]


def late_money(machine: "MoneyMachine") -> None:
    machine.buys_and_pays(OrderKind.NORMAL, Outcome.LATE, minutes=45)
    machine.time_passes(35)


def late_money_for_what_is_gone(machine: "MoneyMachine") -> None:
    late_money(machine)
    for _ in range(2):
        machine.places(OrderKind.GROUP, 2)
    machine.time_passes(10)


def money_twice(machine: "MoneyMachine") -> None:
    machine.buys_and_pays(OrderKind.NORMAL, Outcome.DECLINED, minutes=1)
    machine.opens_the_pay_page(0, Outcome.APPROVED, 1)
    machine.worker_works()
    machine.bank_takes_declined_money_after_all()


def waiting_group(machine: "MoneyMachine") -> None:
    machine.buys_and_pays(OrderKind.GROUP, Outcome.TWICE, minutes=1)


def refund_in_trouble(machine: "MoneyMachine") -> None:
    machine.buys_and_pays(OrderKind.NORMAL, Outcome.LOST, minutes=1)
    machine.orders_move_only_along_their_table()  # looks, and notes what it saw
    machine.time_passes(1)
    machine.cancels(0, RefundOutcome.LOST)
    machine.worker_works()


def slow_refund(machine: "MoneyMachine") -> None:
    waiting_group(machine)
    machine.group_fails(0, RefundOutcome.LATE)
    machine.worker_works()


def open_page(machine: "MoneyMachine") -> None:
    machine.places(OrderKind.NORMAL, 1)
    machine.opens_the_pay_page(0, Outcome.APPROVED, 1)


def process_dies(machine: "MoneyMachine") -> None:
    open_page(machine)
    machine.process_dies_in_a_call(True)
    machine.time_passes(1)


def answer_lost(machine: "MoneyMachine") -> None:
    open_page(machine)
    machine.answer_is_lost(False)
    machine.orders_move_only_along_their_table()
    machine.time_passes(1)


def refund_comes_back(machine: "MoneyMachine") -> None:
    waiting_group(machine)
    machine.group_fails(0, RefundOutcome.REVERSED)
    machine.time_passes(35)
    machine.shop_tries_a_failed_refund_again()


def left_alone(machine: "MoneyMachine") -> None:
    """The buyer reaches the bank, and walks away."""
    machine.places(OrderKind.NORMAL, 1)
    machine.till.begin(machine.all_orders()[0].id)
    machine.worker_works()


def stranger_calls_back(machine: "MoneyMachine") -> None:
    left_alone(machine)
    machine.somebody_calls_back(0, 9800)


STORIES: tuple[Story, ...] = (
    stranger_calls_back,
    late_money,
    late_money_for_what_is_gone,
    money_twice,
    waiting_group,
    refund_in_trouble,
    slow_refund,
    open_page,
    left_alone,
    process_dies,
    answer_lost,
    refund_comes_back,
)


class Bench:
    """One engine for all runs (it remembers compiled SQL), its file made empty before each."""

    def __init__(self, empty: Path, folder: Path) -> None:
        self._empty = empty
        self._path = folder / "bench.db"
        self.database = Database(f"sqlite:///{self._path}", info=SESSION_INFO)

    def clear(self) -> None:
        self.database.close()
        for left in self._path.parent.glob("bench.db*"):
            left.unlink()
        shutil.copyfile(self._empty, self._path)


class MoneyMachine(RuleBasedStateMachine):
    """`till_type` is where a test plants a fault; `bench` is what it works on."""

    bench: ClassVar[Bench]
    story: ClassVar[Story]
    till_type: ClassVar[type[Till]] = Till
    reach: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.bench.clear()
        self.till = self.till_type(self.bench.database, on_hand=ON_HAND)
        self.meant: dict[str, Meant] = {}
        self.seen: dict[str, str] = {}
        self.notices = 0
        self.met: set[str] = set()
        self._looked: Look | None = None

    def teardown(self) -> None:
        try:
            self.check_when_all_is_done()
        finally:
            type(self).reach.update(self.met)

    # people

    @initialize()
    def a_story_begins(self) -> None:
        """One directed start per important path; chance alone meets them too seldom."""
        type(self).story(self)

    @precondition(lambda self: len(self.meant) < 4)
    @rule(kind=_KINDS, quantity=st.integers(1, 2))
    def places(self, kind: OrderKind, quantity: int) -> None:
        try:
            order_id = self.till.order(kind=kind, quantity=quantity)
        except Refused:
            self.met.add("refused: out of stock")
            return
        with self.till.looking() as session:
            total = session.get_one(Order, order_id).total_minor
        self.meant[order_id] = Meant(order_id, kind, total, quantity)

    @precondition(lambda self: self.meant)
    @rule(pick=_PICK, outcome=st.sampled_from(Outcome), minutes=st.sampled_from([1, 45, 120]))
    def opens_the_pay_page(self, pick: int, outcome: Outcome, minutes: int) -> None:
        """The intent and the payer's plan; the call itself waits for a worker."""
        self._pay(self._picked(pick), outcome, minutes)

    @precondition(lambda self: len(self.meant) < 4)
    @rule(kind=_KINDS, outcome=st.sampled_from(Outcome), minutes=st.sampled_from([1, 45]))
    def buys_and_pays(self, kind: OrderKind, outcome: Outcome, minutes: int) -> None:
        known = set(self.meant)
        self.places(kind, 1)
        for order_id in set(self.meant) - known:
            self._pay(self.meant[order_id], outcome, minutes)
            self.till.settle()

    @precondition(lambda self: self.meant)
    @rule(pick=_PICK, outcome=st.sampled_from(RefundOutcome))
    def cancels(self, pick: int, outcome: RefundOutcome) -> None:
        meant = self._picked(pick)
        self._plan_refund(meant, outcome)
        try:
            outcome_now = self.till.cancel(meant.id)
        except Refused:
            assert meant.shipped
            return
        meant.cancelled = meant.cancelled or outcome_now.what != Cancelled.ALREADY

    @precondition(lambda self: self._waiting())
    @rule(pick=_PICK)
    def group_comes_together(self, pick: int) -> None:
        waiting = self._waiting()
        meant = waiting[pick % len(waiting)]
        with self.till.transaction() as session:
            assert settle_group_order(session, order_id=meant.id, now=self.till.clock.now())
        meant.reached = True

    @precondition(lambda self: self._waiting())
    @rule(pick=_PICK, outcome=st.sampled_from(RefundOutcome))
    def group_fails(self, pick: int, outcome: RefundOutcome) -> None:
        waiting = self._waiting()
        meant = waiting[pick % len(waiting)]
        self._plan_refund(meant, outcome)
        with self.till.transaction() as session:
            refund_order(session, order_id=meant.id, cause_ref="failed", now=self.till.clock.now())
        meant.failed = True

    @precondition(lambda self: any(self._state(m) == OrderState.READY for m in self.all_orders()))
    @rule()
    def shop_ships(self) -> None:
        meant = next(m for m in self.all_orders() if self._state(m) == OrderState.READY)
        with self.till.transaction() as session:
            now = self.till.clock.now()
            address = Address("Lan", "138", "Nanjing Road 1")
            set_address(
                session, order_id=meant.id, person_id=self.till.buyer.id, address=address, now=now
            )
            ship(session, merchant_id=self.till.shop.id, order_id=meant.id, tracking=None, now=now)
        meant.shipped = True

    @precondition(lambda self: self._failed_refunds())
    @rule()
    def shop_tries_a_failed_refund_again(self) -> None:
        with self.till.transaction() as session:
            retry_refund(session, refund_id=self._failed_refunds()[0].id, now=self.till.clock.now())

    # machines

    @rule()
    def worker_works(self) -> None:
        self.till.settle()

    @rule(minutes=st.sampled_from([1, 10, 35, 130]))
    def time_passes(self, minutes: int) -> None:
        self.till.later(timedelta(minutes=minutes))

    @precondition(lambda self: self.is_call_due())
    @rule(bank_acts=st.booleans())
    def process_dies_in_a_call(self, bank_acts: bool) -> None:
        for call in self._leased():
            self.met.add("died in a call")
            if bank_acts:
                self.till.perform(call)

    @precondition(lambda self: self.is_call_due())
    @rule(bank_acts=st.booleans())
    def answer_is_lost(self, bank_acts: bool) -> None:
        for call in self._leased():
            self.met.add("answer lost")
            if bank_acts:
                self.till.perform(call)
            self.till.record(call, NoAnswer("time-out"))

    @precondition(lambda self: self.is_call_due())
    @rule()
    def answer_comes_twice(self) -> None:
        for call in self._leased():
            answer = self.till.perform(call)
            self.till.record(call, answer)
            self.till.record(call, answer)

    @precondition(lambda self: self._attempts())
    @rule(pick=_PICK, claimed=st.sampled_from([None, 1, 9800]))
    def somebody_calls_back(self, pick: int, claimed: int | None) -> None:
        """Out of order, unasked, or with a figure of its own: nothing may follow but a question."""
        attempts = self._attempts()
        self.till.call_back(attempts[pick % len(attempts)], claimed, nth=self._next_notice())

    @precondition(lambda self: any(a.state == "failed" for a in self._attempts()))
    @rule()
    def bank_takes_declined_money_after_all(self) -> None:
        declined = next(a for a in self._attempts() if a.state == "failed")
        with self.till.transaction() as session:
            payment = session.get(SandboxPayment, declined.idempotency_key)
            if payment is None or payment.status != "failed":
                return
            payment.status = "captured"
        self.met.add("declined money taken after all")
        self.till.call_back(declined, declined.amount_minor, nth=self._next_notice())

    # what must hold after every step

    @invariant()
    def books_balance_and_nothing_is_oversold(self) -> None:
        self.till.balance()
        on_hand, held = self.till.shelf()
        assert 0 <= held <= on_hand <= ON_HAND
        for attempt in self._attempts():
            assert 0 <= attempt.promised_minor <= attempt.captured_minor <= attempt.amount_minor

    @invariant()
    def orders_move_only_along_their_table(self) -> None:
        for meant in self.all_orders():
            now = self._state(meant)
            self.met.add(f"order {now}")
            assert now in _reachable(self.seen.get(meant.id, OrderState.AWAITING_PAYMENT))
            self.seen[meant.id] = now
        self.met.update(f"attempt {attempt.state}" for attempt in self._attempts())
        self.met.update(f"refund {refund.state}" for refund in self._refunds())
        self.met.update(refund.cause_ref.split(":")[0] for refund in self._refunds())

    # … and once everything has come to rest

    def check_when_all_is_done(self) -> None:
        self.till.later(timedelta(days=3))
        for meant in self.all_orders():
            self._check_order(meant)
        self._check_books()
        self._check_goods()

    def _check_order(self, meant: Meant) -> None:
        taken, given = sum(self.till.charged(meant.id)), sum(self.till.returned(meant.id))
        owed = self._owed(meant)
        state = self._state(meant)
        lives = state in _LIVE
        assert taken - given == (meant.total if lives else 0) + owed, (state, taken, given, owed)
        if not taken and meant.total:
            assert state in (OrderState.EXPIRED, OrderState.CANCELLED)
        if meant.shipped:
            assert state == OrderState.SHIPPED
        elif meant.cancelled or meant.failed:
            assert not lives
        elif meant.kind == OrderKind.GROUP and lives:
            assert state == (OrderState.READY if meant.reached else OrderState.WAITING_GROUP)
        paid = [f for f in self.till.facts if isinstance(f, OrderPaid) and f.order_id == meant.id]
        assert len(paid) <= 1

    def _check_books(self) -> None:
        in_bank = sum(
            sum(self.till.charged(m.id)) - sum(self.till.returned(m.id)) for m in self.all_orders()
        )
        balance = self.till.balance()
        worth = {m.id: m.total + m.credit for m in self.all_orders()}
        revenue = sum(worth[m.id] for m in self.all_orders() if self._state(m) in _SOLD)
        waiting = sum(worth[m.id] for m in self._waiting())
        assert -balance.get(CASH, 0) == in_bank
        assert balance.get("revenue", 0) == revenue
        assert balance.get("customer_hold", 0) == waiting
        assert balance.get("refund_payable", 0) == sum(self._owed(m) for m in self.all_orders())

    def _check_goods(self) -> None:
        sold = held = 0
        for meant in self.all_orders():
            state = self._state(meant)
            sold += meant.units if state in _SOLD else 0
            held += meant.units if state == OrderState.WAITING_GROUP else 0
        assert self.till.shelf() == (ON_HAND - sold, held)

    # small helpers

    def _pay(self, meant: Meant, outcome: Outcome, minutes: int) -> None:
        try:
            attempt = self.till.begin(meant.id)
        except Refused:
            return
        self.till.plan(attempt, outcome, delay=timedelta(minutes=minutes))

    def _plan_refund(self, meant: Meant, outcome: RefundOutcome) -> None:
        for attempt in self._attempts():
            if attempt.order_id == meant.id:
                self.till.plan(attempt.id, outcome, delay=timedelta(minutes=20))

    def all_orders(self) -> list[Meant]:
        return list(self.meant.values())

    def _picked(self, pick: int) -> Meant:
        return self.all_orders()[pick % len(self.meant)]

    def _look(self) -> Look:
        """The shop's rows, read once after each write."""
        if self._looked is None or self._looked.writes != self.till.writes:
            with self.till.looking() as session:
                self._looked = Look(
                    self.till.writes,
                    {row.id: row.state for row in session.execute(select(Order.id, Order.state))},
                    list(session.scalars(select(PaymentAttempt).order_by(text("rowid")))),
                    list(session.scalars(select(Refund).order_by(text("rowid")))),
                )
        return self._looked

    def _state(self, meant: Meant) -> str:
        return self._look().states[meant.id]

    def _waiting(self) -> list[Meant]:
        return [m for m in self.all_orders() if self._state(m) == OrderState.WAITING_GROUP]

    def _leased(self) -> list[Call]:
        with self.till.transaction() as session:
            return lease(session, now=self.till.clock.now())

    def _attempts(self) -> list[PaymentAttempt]:
        return self._look().attempts

    def _refunds(self) -> list[Refund]:
        return self._look().refunds

    def _failed_refunds(self) -> list[Refund]:
        retried = {refund.retry_of for refund in self._refunds()}
        return [r for r in self._refunds() if r.state == RefundState.FAILED and r.id not in retried]

    def _owed(self, meant: Meant) -> int:
        """Refunds that failed and wait for somebody of the shop."""
        return sum(r.amount_minor for r in self._failed_refunds() if r.order_id == meant.id)

    def is_call_due(self) -> bool:
        now = self.till.clock.now()
        return any(row.call_at and row.call_at <= now for row in self._attempts() + self._refunds())

    def _next_notice(self) -> int:
        self.notices += 1
        return self.notices
