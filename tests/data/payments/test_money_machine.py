"""The machine of money_machine.py, run clean, run with planted faults, and asked what it saw."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.exc import IntegrityError

from data.kernel.errors import ShopError
from data.orders import Order, OrderState, service
from data.orders.goods import let_go
from data.payments import (
    AttemptState,
    Call,
    PaymentAttempt,
    RefundState,
    apply_truth,
    credit,
    deciding,
    truth,
)
from data.payments.books import book_capture, book_goods_owed
from data.payments.gateway import (
    Answer,
    NewPayment,
    NewRefund,
    NoAnswer,
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
)
from data.payments.sandbox_bank import plan
from data.payments.sandbox_models import Outcome, SandboxPlan
from integrations.payments import SandboxGateway
from tests.data.payments import money_faults as faults
from tests.data.payments.code_machine import CODE_STORIES, CodeMachine, a_card_comes_back
from tests.data.payments.money_machine import Bench, MoneyMachine, ServerBench, Story
from tests.data.payments.money_stories import (
    STORIES,
    another_shop_is_called,
    late_money,
    open_page,
    refund_comes_back_unheard,
    refund_in_trouble,
    stranger_calls_back,
    stranger_calls_back_with_less,
    two_and_one_is_called_off,
    waiting_group,
)
from tests.data.payments.till import Till
from tests.postgresql import Server

_QUIET = settings(
    stateful_step_count=5,
    deadline=None,
    derandomize=True,  # the same examples on every machine: a red run can be repeated
    database=None,
    suppress_health_check=list(HealthCheck),
)
QUICK = settings(_QUIET, max_examples=3)  # of each of the twenty stories: 60
ONCE = settings(_QUIET, max_examples=1)
THOROUGH = settings(_QUIET, max_examples=50, stateful_step_count=30, derandomize=False)  # 1000
A_THIRD = settings(THOROUGH, max_examples=336)  # of each of the three stories with codes: 1008
# A planted fault must be found, not shrunk: the first bad run is enough.
HUNT = settings(_QUIET, max_examples=10, phases=[Phase.generate])
BY_CHANCE = settings(HUNT, max_examples=300, stateful_step_count=30)
RED = (AssertionError, ShopError, IntegrityError, FlakyFailure)

# All there is must have been met, and this in so many of the runs: else green would mean nothing.
OFTEN = 3
REACH_OFTEN = {
    "order awaiting_payment",
    "order ready",
    "order waiting_group",
    "order expired",
    "order cancelled",
    "order refund_pending",
    "order refunded",
    "attempt pending",
    "attempt captured",
    "attempt authorized",
    "refund requested",
    "refund succeeded",
    "late",
}
REACH = {
    *(f"order {state}" for state in OrderState),
    *(f"attempt {state}" for state in AttemptState),
    *(f"refund {state}" for state in RefundState),
    "double",
    "died in a call",
    "died before its commit: hear",
    "answer lost",
    "declined money taken after all",
}


@pytest.fixture
def bench(empty_shop: Path, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(empty_shop, tmp_path)
    yield made
    made.close()


@pytest.fixture
def server_bench(postgresql: Server) -> Iterator[ServerBench]:
    url = postgresql.new_database()
    made = ServerBench(url)
    yield made
    made.close()
    postgresql.drop_database(url)


def test_whatever_happens_every_fen_is_where_the_books_say(bench: Bench) -> None:
    reach = _tell(bench, Till, STORIES, QUICK)
    seldom = {what for what in REACH_OFTEN if reach[what] < OFTEN}
    assert (REACH - set(reach), seldom) == (set(), set())


@pytest.mark.postgresql
def test_whatever_happens_on_a_server_too(server_bench: ServerBench) -> None:
    reach = _tell(server_bench, Till, STORIES, ONCE)
    assert REACH - set(reach) == set()


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_whatever_happens_a_thousand_times_on_a_server(
    server_bench: ServerBench, story: Story
) -> None:
    _tell(server_bench, Till, [story], THOROUGH)


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_whatever_happens_a_thousand_times(bench: Bench, story: Story) -> None:
    _tell(bench, Till, [story], THOROUGH)


class ForgetfulGateway(SandboxGateway):
    """Drops the idempotency key: every create call is a new payment."""

    async def create_payment(self, wanted: NewPayment) -> ProviderPayment:
        fresh = replace(wanted, key=uuid4().hex)
        with self._database.transaction() as session:
            meant = session.get(SandboxPlan, (wanted.key, "payment"))
            if meant is not None:
                plan(session, key=fresh.key, outcome=Outcome(meant.outcome))
        return replace(await super().create_payment(fresh), our_ref=wanted.key)


class GenerousGateway(SandboxGateway):
    """Gives a refund under a new key each time it is asked."""

    async def refund(self, wanted: NewRefund) -> ProviderRefund:
        given = await super().refund(replace(wanted, key=uuid4().hex))
        return replace(given, our_ref=wanted.key)


class ForgetfulTill(Till):
    gateway_type = ForgetfulGateway


class GenerousTill(Till):
    gateway_type = GenerousGateway


class GullibleTill(Till):
    """Believes what a callback claims."""

    def call_back(self, attempt: PaymentAttempt, claimed: int | None, *, nth: int) -> None:
        with self.transaction() as session:
            truth = ProviderPayment(
                PaymentStatus.CAPTURED, attempt.amount, attempt.provider_ref or f"sbx_{nth}"
            )
            apply_truth(session, attempt_id=attempt.id, truth=truth, now=self.clock.now())


class HastyTill(Till):
    """Takes money that comes too late as if the goods were still held."""

    def record(self, call: Call, answer: Answer) -> None:
        with self.transaction() as session:
            order = session.get_one(Order, call.order_id)
            attempt = session.get_one(PaymentAttempt, call.attempt_id)
            is_late = order.state == OrderState.EXPIRED
            if is_late and getattr(answer, "status", "") == PaymentStatus.CAPTURED:
                attempt.state, attempt.captured_minor = AttemptState.CAPTURED, attempt.amount_minor
                attempt.call = attempt.call_at = None
                order.state = OrderState.READY
                book_capture(session, attempt, now=self.clock.now())
                book_goods_owed(session, attempt, now=self.clock.now())
                return
        super().record(call, answer)


class DeafTill(Till):
    """Drops money that comes too late: taken, no goods, no refund."""

    def record(self, call: Call, answer: Answer) -> None:
        with self.looking() as session:
            is_late = session.get_one(Order, call.order_id).state == OrderState.EXPIRED
        is_deaf = is_late and getattr(answer, "status", "") == PaymentStatus.CAPTURED
        super().record(call, NoAnswer("did not listen") if is_deaf else answer)


class LeakyTill(Till):
    """Lets the goods of a paid group order go back on the shelf."""

    def record(self, call: Call, answer: Answer) -> None:
        super().record(call, answer)
        with self.transaction() as session:
            order = session.get_one(Order, call.order_id)
            if order.state == OrderState.WAITING_GROUP:
                let_go(session, order, now=self.clock.now())


@pytest.mark.parametrize(
    ("faulty", "story"),
    [
        pytest.param(ForgetfulTill, refund_in_trouble, id="drops the idempotency key"),
        pytest.param(GenerousTill, refund_in_trouble, id="refunds on every retry"),
        pytest.param(GullibleTill, stranger_calls_back, id="trusts a callback"),
        pytest.param(HastyTill, late_money, id="accepts money that comes too late"),
        pytest.param(DeafTill, late_money, id="drops money that comes too late"),
        pytest.param(LeakyTill, waiting_group, id="sells the goods of a waiting group"),
    ],
)
def test_a_planted_fault_is_found(bench: Bench, faulty: type[Till], story: Story) -> None:
    with pytest.raises(RED):
        _tell(bench, faulty, [story], HUNT)


@pytest.mark.parametrize(
    ("fault", "story"),
    [
        (faults.trusts_the_amount_of_a_callback, stranger_calls_back_with_less),
        (faults.believes_a_callback_of_another_shop, another_shop_is_called),
        (faults.loses_the_answer_and_charges_again, refund_in_trouble),
        (faults.books_a_capture_twice, waiting_group),
        (faults.forgets_the_bound_of_refunds, refund_in_trouble),
        (faults.asks_only_once_whether_a_refund_came_back, refund_comes_back_unheard),
        (faults.releases_stock_twice, two_and_one_is_called_off),
    ],
    ids=lambda one: one.__name__,
)
def test_a_fault_in_the_shops_own_code_is_found(
    bench: Bench, fault: faults.Fault, story: Story
) -> None:
    """And it is the fault that is found: without it, the story is clean."""
    _tell(bench, Till, [story], ONCE)
    with fault(), pytest.raises(RED):
        _tell(bench, Till, [story], HUNT)


def test_a_gift_card_that_is_given_back_twice_is_found(bench: Bench) -> None:
    with faults.gives_a_gift_card_back_twice(), pytest.raises(RED):
        _tell(bench, Till, [a_card_comes_back], HUNT, CodeMachine)


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        faults.trusts_the_amount_of_a_callback,
        faults.loses_the_answer_and_charges_again,
        faults.books_a_capture_twice,
        faults.forgets_the_bound_of_refunds,
        faults.releases_stock_twice,
    ],
    ids=lambda one: one.__name__,
)
def test_a_fault_is_found_by_chance_too(bench: Bench, fault: faults.Fault) -> None:
    """From a story that has nothing to do with it, within this many runs."""
    with fault(), pytest.raises(RED):
        _tell(bench, Till, [open_page], BY_CHANCE)


def test_whatever_happens_a_gift_card_owes_what_it_has(bench: Bench) -> None:
    reach = _tell(bench, Till, CODE_STORIES, QUICK, CodeMachine)
    met = {"card", "coupon", "paid by card alone", "card beside a hold"}
    assert met | {"order expired", "order ready"} <= set(reach)


@pytest.mark.slow
@pytest.mark.parametrize("story", CODE_STORIES, ids=lambda story: story.__name__)
def test_whatever_happens_with_codes_a_thousand_times(bench: Bench, story: Story) -> None:
    _tell(bench, Till, [story], A_THIRD, CodeMachine)


@pytest.mark.parametrize("leak", ["release", "redeem", "return_credit", "give_coupon_back"])
def test_a_part_that_is_not_given_back_or_taken_is_found(
    bench: Bench, leak: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (credit, deciding, truth, service):
        if hasattr(module, leak):
            monkeypatch.setattr(module, leak, lambda *_args, **_named: None)
    with pytest.raises(RED):
        _tell(bench, Till, CODE_STORIES, HUNT, CodeMachine)


def _tell(
    bench: Bench | ServerBench,
    till: type[Till],
    stories: Iterable[Story],
    how: settings,
    machine: type[MoneyMachine] = MoneyMachine,
) -> Counter[str]:
    reach: Counter[str] = Counter()
    for story in stories:
        body = {"bench": bench, "till_type": till, "reach": reach, "story": staticmethod(story)}
        run_state_machine_as_test(type("Machine", (machine,), body), settings=how)
    return reach
