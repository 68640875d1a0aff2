"""Orders, payments, refunds, the bank's moods and the clock, in any sequence Hypothesis likes.

The model (money_model.py) is plain Python and hears what the shop hears; after each step orders,
attempts, refunds, shelf and books must be as it says. At the end the bank's own rows are the other
witness.
"""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select, update

from data.delivery.models import Job
from data.kernel.database import Database
from data.kernel.errors import Refused
from data.orders import (
    TRANSITIONS,
    Address,
    Order,
    OrderKind,
    OrderPaid,
    OrderState,
    deliver,
    set_address,
    ship,
)
from data.orders.placing import EXPIRY
from data.payments import (
    AttemptState,
    Call,
    Cancelled,
    PaymentAttempt,
    Refund,
    RefundState,
    lease,
    record_notice,
    refund_order,
    request_refund,
    retry_refund,
    settle_group_order,
)
from data.payments.account_models import PaymentAccount
from data.payments.gateway import NoAnswer, ProviderEvent
from data.payments.sandbox_bank import SANDBOX
from data.payments.sandbox_models import Outcome, RefundOutcome, SandboxPayment, SandboxPlan
from tests.builders import SESSION_INFO, a_merchant
from tests.data.payments.money_model import UNDECIDED, Bought, Model
from tests.data.payments.till import CASH, Died, Till
from tests.postgresql import Broom

ON_HAND = 4
_PICK = st.integers(0, 3)
# A difference goes back only with the order that it changes: see test_changing.py.
_KINDS = st.sampled_from([OrderKind.NORMAL, OrderKind.GROUP])
_GONE = (OrderState.SHIPPED, OrderState.DELIVERED)
_SOLD = (OrderState.READY, *_GONE)
_LIVE = (*_SOLD, OrderState.WAITING_GROUP)
_BY_AGE = (PaymentAttempt.created_at, PaymentAttempt.id)
_UNDECIDED = (
    AttemptState.CREATED,
    AttemptState.SUBMITTED,
    AttemptState.PENDING,
    AttemptState.UNKNOWN,
)


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


class Bench:
    """One engine for all runs (it remembers compiled SQL), its file made empty before each."""

    def __init__(self, empty: Path, folder: Path) -> None:
        self._empty = empty
        self._path = folder / "bench.db"
        self.database = Database(f"sqlite:///{self._path}", info=SESSION_INFO)

    def close(self) -> None:
        self.database.close()

    def clear(self) -> None:
        self.database.close()
        for left in self._path.parent.glob("bench.db*"):
            left.unlink()
        shutil.copyfile(self._empty, self._path)


class ServerBench:
    """The same on PostgreSQL: swept before each run."""

    def __init__(self, url: str) -> None:
        self._broom = Broom(url)
        self.database = Database(url, info=SESSION_INFO)

    def clear(self) -> None:
        self.database.close()
        assert self._broom.sweep()

    def close(self) -> None:
        self.database.close()
        self._broom.connection.close()


class MoneyMachine(RuleBasedStateMachine):
    """`till_type` is where a test plants a fault; `bench` is what it works on."""

    bench: ClassVar[Bench | ServerBench]
    model_type: ClassVar[type[Model]] = Model
    story: ClassVar[Story]
    till_type: ClassVar[type[Till]] = Till
    reach: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.bench.clear()
        self.till = self.till_type(self.bench.database, on_hand=ON_HAND)
        self.model = self.model_type(ON_HAND, CASH)
        self.till.on_answer, self.till.on_job = self.model.hears, self._job_has_run
        with self.till.transaction() as session:
            self.another = a_merchant(session)
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
            order = session.get_one(Order, order_id)
        self.meant[order_id] = Meant(order_id, kind, order.total_minor, quantity)
        bought = Bought(kind, quantity, order.total_minor, order.expires_at)
        self.model.orders[order_id] = bought

    @precondition(lambda self: self.meant)
    @rule(
        pick=_PICK,
        outcome=st.sampled_from(Outcome),
        minutes=st.sampled_from([1, 45, 120]),
        hold=st.booleans(),
    )
    def opens_the_pay_page(
        self, pick: int, outcome: Outcome, minutes: int, hold: bool = False
    ) -> None:
        """The intent and the payer's plan; the call itself waits for a worker. `hold`: the bank
        only holds the money, and is told to take it when it is owed."""
        self._pay(self._picked(pick), outcome, minutes, hold)

    @precondition(lambda self: len(self.meant) < 4)
    @rule(
        kind=_KINDS,
        outcome=st.sampled_from(Outcome),
        minutes=st.sampled_from([1, 45]),
        hold=st.booleans(),
    )
    def buys_and_pays(
        self, kind: OrderKind, outcome: Outcome, minutes: int, hold: bool = False
    ) -> None:
        known = set(self.meant)
        self.places(kind, 1)
        for order_id in set(self.meant) - known:
            self._pay(self.meant[order_id], outcome, minutes, hold)
            self.till.settle()

    @precondition(lambda self: self.meant)
    @rule(pick=_PICK, outcome=st.sampled_from(RefundOutcome))
    def cancels(self, pick: int, outcome: RefundOutcome) -> None:
        meant = self._picked(pick)
        self._plan_refund(meant, outcome)
        may = self.model.calls_off(meant.id)
        try:
            outcome_now = self.till.cancel(meant.id)
        except Refused:
            assert meant.shipped
            return
        assert may
        meant.cancelled = meant.cancelled or outcome_now.what != Cancelled.ALREADY

    @precondition(lambda self: self._waiting())
    @rule(pick=_PICK)
    def group_comes_together(self, pick: int) -> None:
        waiting = self._waiting()
        meant = waiting[pick % len(waiting)]
        with self.till.transaction() as session:
            assert settle_group_order(session, order_id=meant.id, now=self.till.clock.now())
        self.model.comes_together(self.model.orders[meant.id])
        meant.reached = True

    @precondition(lambda self: self._waiting())
    @rule(pick=_PICK, outcome=st.sampled_from(RefundOutcome))
    def group_fails(self, pick: int, outcome: RefundOutcome) -> None:
        waiting = self._waiting()
        meant = waiting[pick % len(waiting)]
        self._plan_refund(meant, outcome)
        with self.till.transaction() as session:
            refund_order(session, order_id=meant.id, cause_ref="failed", now=self.till.clock.now())
        self.model.calls_off(meant.id)
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
        self.model.moves(self.model.orders[meant.id], OrderState.SHIPPED)

    @precondition(lambda self: any(self._state(m) == OrderState.SHIPPED for m in self.all_orders()))
    @rule()
    def it_arrives(self) -> None:
        meant = next(m for m in self.all_orders() if self._state(m) == OrderState.SHIPPED)
        with self.till.transaction() as session:
            now = self.till.clock.now()
            deliver(session, merchant_id=self.till.shop.id, order_id=meant.id, now=now)
        self.model.moves(self.model.orders[meant.id], OrderState.DELIVERED)

    @precondition(lambda self: self._failed_refunds())
    @rule()
    def shop_tries_a_failed_refund_again(self) -> None:
        failed = self._failed_refunds()[0]
        with self.till.transaction() as session:
            again = retry_refund(session, refund_id=failed.id, now=self.till.clock.now())
            again_id = again.id
        order = self.model.orders[failed.order_id]
        if failed.id in order.refunds:
            self.model.tries_again(order, failed.id, again_id)

    @precondition(lambda self: self._refunds())
    @rule()
    def somebody_asks_for_more_back(self) -> None:
        """All that was taken is promised already; another reason changes nothing."""
        of = self._refunds()[0].attempt_id
        attempt = next(attempt for attempt in self._attempts() if attempt.id == of)
        with pytest.raises(Refused), self.till.transaction() as session:
            request_refund(
                session,
                attempt_id=attempt.id,
                amount=attempt.amount,
                cause_ref="once more",
                now=self.till.clock.now(),
            )

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
            self.till.hear(call, NoAnswer("time-out"))

    @precondition(lambda self: self.is_call_due())
    @rule()
    def answer_comes_twice(self) -> None:
        for call in self._leased():
            answer = self.till.perform(call)
            self.till.hear(call, answer)
            self.till.hear(call, answer)

    @precondition(lambda self: self.meant)
    @rule(pick=_PICK, act=st.sampled_from(["place", "pay", "cancel", "decide", "hear"]))
    def process_dies_before_its_commit(self, pick: int, act: str) -> None:
        """The work is done, and gone; the model hears of none of it."""
        meant = self._picked(pick)
        now = self.till.clock.now()
        call = next(iter(self._leased()), None) if act == "hear" else None
        answer = self.till.perform(call) if call else None
        self.till.dies = True
        try:
            if act == "place":
                self.till.order(kind=meant.kind, quantity=meant.units)
            elif act == "pay":
                self.till.begin(meant.id)
            elif act == "cancel":
                self.till.cancel(meant.id)
            elif act == "decide":
                with self.till.transaction() as session:
                    settle_group_order(session, order_id=meant.id, now=now)
            elif call is not None and answer is not None:
                self.till.record(call, answer)
        except Died:
            self.met.add(f"died before its commit: {act}")
        except Refused:
            pass
        self.till.dies = False

    @precondition(lambda self: self._attempts())
    @rule(pick=_PICK, claimed=st.sampled_from([None, 1, 9800]))
    def somebody_calls_back(self, pick: int, claimed: int | None) -> None:
        """Out of order, unasked, or with a figure of its own: nothing may follow but a question."""
        attempts = self._attempts()
        self.till.call_back(attempts[pick % len(attempts)], claimed, nth=self._next_notice())

    @precondition(lambda self: self._attempts())
    @rule(pick=_PICK)
    def another_shop_is_called_about_ours(self, pick: int) -> None:
        """Signed with another shop's key, it speaks for nothing of ours: not even a question
        follows."""
        attempt = self._attempts()[pick % len(self._attempts())]
        event = ProviderEvent(
            event_id=f"evt_elsewhere_{self._next_notice()}",
            our_ref=attempt.idempotency_key,
            raw=b"{}",
            headers={},
            claimed=attempt.amount,
        )
        account = PaymentAccount(id="acc_elsewhere", merchant_id=self.another.id, provider=SANDBOX)
        with self.till.transaction() as session:
            now = self.till.clock.now()
            record_notice(session, provider=SANDBOX, event=event, now=now, account=account)

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
        # Nobody can look at a paid order: in the same transaction it is ready, or waits.
        self.met.update("order paid" for fact in self.till.facts if isinstance(fact, OrderPaid))
        self.met.update(f"attempt {attempt.state}" for attempt in self._attempts())
        self.met.update(f"refund {refund.state}" for refund in self._refunds())
        self.met.update(refund.cause_ref.split(":")[0] for refund in self._refunds())

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        if self.model_type is not Model:
            return
        self._name_refunds()
        for attempt in self._attempts():
            self._compare_attempt(attempt)
        for refund in self._refunds():
            self._compare_refund(refund)
        for order_id, bought in self.model.orders.items():
            assert self._look().states[order_id] == bought.state
        assert len(self._look().states) == len(self.model.orders)
        assert self.till.shelf() == self.model.shelf
        assert self.till.balance() == self.model.books

    def _name_refunds(self) -> None:
        for row in self._refunds():
            if row.id not in self.model.orders[row.order_id].refunds:
                self.model.names(row.order_id, row.attempt_id, row.amount_minor, row.id)
        assert self.model.is_all_promised

    def _compare_attempt(self, row: PaymentAttempt) -> None:
        order = self.model.orders[row.order_id]
        attempt = order.tries[row.id]
        if row.state == AttemptState.FAILED and attempt.is_open:
            self.model.gives_up(order, attempt)
        shown = UNDECIDED if row.state in _UNDECIDED else row.state
        told = (shown, row.captured_minor, row.promised_minor, row.quarantine)
        assert told == (attempt.state, attempt.captured, attempt.promised, None)

    def _compare_refund(self, row: Refund) -> None:
        order = self.model.orders[row.order_id]
        refund = order.refunds[row.id]
        if row.state == RefundState.FAILED and refund.state is None:
            self.model.gives_up_refund(order, refund)
        is_settled = row.state in (RefundState.SUCCEEDED, RefundState.FAILED)
        assert (row.amount_minor, row.state if is_settled else None) == (
            refund.amount,
            refund.state,
        )

    def _job_has_run(self, job: Job, now: datetime) -> None:
        if job.kind == EXPIRY:
            self.model.runs_out(self.model.orders[job.args["order_id"]], now)

    # … and once everything has come to rest

    def check_when_all_is_done(self) -> None:
        self._fill_up_balance()
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
        kept = meant.total if lives and not self._is_only_held(meant) else 0
        assert taken - given == kept + owed, (state, taken, given, owed)
        if not taken and meant.total:
            over = (OrderState.EXPIRED, OrderState.CANCELLED)
            assert state in over or self._was_only_held(meant)
        if meant.shipped:
            assert state in _GONE
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
        # What a bank only holds is nowhere yet; what a card paid beside it was taken.
        waiting = sum(m.credit if self._is_only_held(m) else worth[m.id] for m in self._waiting())
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

    def _pay(self, meant: Meant, outcome: Outcome, minutes: int, hold: bool) -> None:
        order = self.model.orders[meant.id]
        may = self.model.may_begin(order, self.till.clock.now())
        try:
            attempt = self.till.begin(meant.id, authorize=hold)
        except Refused:
            assert not may or self.model_type is not Model
            return
        assert may or self.model_type is not Model
        self.model.begins(order, attempt)
        self.till.plan(attempt, outcome, delay=timedelta(minutes=minutes))

    def _fill_up_balance(self) -> None:
        """What waited for the shop's balance at the bank is given back from then on."""
        short = SandboxPlan.outcome == RefundOutcome.SHORT
        with self.till.transaction() as session:
            session.execute(update(SandboxPlan).where(short).values(outcome="approved"))

    def _plan_refund(self, meant: Meant, outcome: RefundOutcome) -> None:
        for attempt in self._attempts():
            if attempt.order_id == meant.id:
                self.till.plan(attempt.id, outcome, delay=timedelta(minutes=20))

    def _was_only_held(self, meant: Meant) -> bool:
        """Held to the end, or let go: an order that had its money held was paid for a while."""
        ends = (AttemptState.AUTHORIZED, AttemptState.VOIDED)
        mine = [one for one in self._attempts() if one.order_id == meant.id]
        return any(one.state in ends and one.authorize_only for one in mine)

    def _is_only_held(self, meant: Meant) -> bool:
        return any(
            attempt.order_id == meant.id and attempt.state == AttemptState.AUTHORIZED
            for attempt in self._attempts()
        )

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
                    list(session.scalars(select(PaymentAttempt).order_by(*_BY_AGE))),
                    list(session.scalars(select(Refund).order_by(Refund.created_at, Refund.id))),
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
