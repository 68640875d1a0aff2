"""A shop paid through its own Stripe account, through the whole house: real rows, our real route
for its calls, worker and cashier; Stripe's side is the stand-in (tests/peers/money/stripe_face.py).
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from httpx import Response
from sqlalchemy import select

from data import payments
from data.kernel.clock import TurnableClock
from data.ledger import CUSTOMER_HOLD, cash_in_transit, trial_balance, unbalanced_entries
from data.orders import Order, OrderState
from data.payments import AttemptState, PaymentAttempt, Refund, RefundState, Way, begin_attempt
from data.payments.account_models import PaymentAccount
from data.payments.accounts import connect_account
from data.payments.gateway import Details
from data.payments.models import NoticeState, PaymentNotice
from integrations.egress import Egress
from integrations.payments import perform
from integrations.payments.stripe import KIND
from tests.bot.builders import Names, a_placed_order, settle
from tests.bot.client import TestClient
from tests.bot.conftest import ADDRESS, Street
from tests.peers.money.stripe_books import Row
from tests.peers.money.stripe_face import KEY, SECRET, Face, running_stripe

PAID = "checkout.session.completed"
THEIR_SECRET = "whsec_theirs"


@dataclass(frozen=True, slots=True)
class Counter:
    """Our shop's order on its way through Stripe; their shop has an account of its own there."""

    street: Street
    face: Face
    account: str
    theirs: str
    order: str

    @property
    def clock(self) -> TurnableClock:
        clock = self.street.tuanzi.clock
        assert isinstance(clock, TurnableClock)
        return clock

    def begin(self, *, authorize: bool = False) -> str:
        """An attempt that nobody has told Stripe of yet; gives its key."""
        with self.street.tuanzi.database.transaction() as session:
            ends = session.get_one(Order, self.order).expires_at
            way = Way("stripe", self.account, Details(about="团子 1001", expires_at=ends))
            attempt = begin_attempt(
                session,
                order_id=self.order,
                way=way,
                now=self.clock.now(),
                authorize=authorize,
            )
            return attempt.idempotency_key

    def go_to_stripe(self, *, authorize: bool = False) -> str:
        """The payer presses the button and stands before Stripe's page; gives the key."""
        key = self.begin(authorize=authorize)
        asyncio.run(self.street.tuanzi.cashier.call_now(self.attempt().id))
        return key

    def pay(self, key: str) -> None:
        self.face.books.pay(self.face.session_of(key))

    def call(self, event: Row, *, account: str = "", secret: str = SECRET) -> Response:
        """Stripe posts to our site."""
        return self.post(*self.face.signed(event, secret=secret), account=account)

    def post(self, raw: bytes, headers: dict[str, str], *, account: str = "") -> Response:
        client = TestClient(self.street.site, base_url=ADDRESS)
        path = f"/webhooks/payments/{account or self.account}"
        return client.post(path, content=raw, headers=headers)

    def settle(self) -> None:
        settle(self.street.tuanzi)

    def later(self, by: timedelta) -> None:
        self.clock.turn_to(self.clock.now() + by)
        self.settle()

    def attempt(self) -> PaymentAttempt:
        with self.street.tuanzi.database.reading() as session:
            found = select(PaymentAttempt).where(PaymentAttempt.order_id == self.order)
            return session.scalars(found).one()

    def state(self) -> str:
        with self.street.tuanzi.database.reading() as session:
            return session.get_one(Order, self.order).state

    def notices(self) -> list[PaymentNotice]:
        with self.street.tuanzi.database.reading() as session:
            found = select(PaymentNotice).where(PaymentNotice.provider == "stripe")
            return list(session.scalars(found.order_by(PaymentNotice.id)))

    def refused(self, account: str = "") -> int:
        with self.street.tuanzi.database.reading() as session:
            return session.get_one(PaymentAccount, account or self.account).refused

    def in_transit(self) -> int:
        """What the books say is at Stripe, in fen; assets run negative."""
        with self.street.tuanzi.database.reading() as session:
            assert unbalanced_entries(session) == []
            balance = trial_balance(session, merchant_id=self.street.ours.merchant)
        assert sum(money.minor for money in balance.values()) == 0
        assert CUSTOMER_HOLD not in balance or balance[CUSTOMER_HOLD].minor == 0
        money = balance.get(cash_in_transit("stripe"))
        return -money.minor if money else 0

    def total(self) -> int:
        return self.attempt().amount_minor


@pytest.fixture
def counter(street: Street) -> Iterator[Counter]:
    tuanzi, ours = street.tuanzi, street.ours
    with running_stripe(tuanzi.clock) as face:
        tuanzi.gateways.egress = Egress.to("127.0.0.0/8")
        tuanzi.gateways.addresses = {"stripe": face.url}
        account = connected(street, ours, account=face.books.account, webhook_secret=SECRET)
        their = connected(street, street.theirs, account="acct_other", webhook_secret=THEIR_SECRET)
        order = a_placed_order(tuanzi, ours.merchant, ours.person, ours.variant)
        yield Counter(street, face, account, their, order)


def connected(street: Street, shop: Names, **typed: str) -> str:
    with street.tuanzi.database.transaction() as session:
        credentials = KIND.read({"api_key": KEY, **typed})
        account = connect_account(
            session,
            merchant_id=shop.merchant,
            provider=KIND.name,
            credentials=credentials,
            by="owner",
            now=street.tuanzi.clock.now(),
        )
        return account.id


def assert_paid_once(counter: Counter) -> None:
    assert counter.state() == OrderState.READY
    assert counter.attempt().state == AttemptState.CAPTURED
    assert counter.in_transit() == counter.total()


def assert_nothing_came_of_it(counter: Counter) -> None:
    assert counter.state() == OrderState.AWAITING_PAYMENT
    assert counter.attempt().state == AttemptState.PENDING
    assert counter.in_transit() == 0


def test_an_order_is_paid_at_stripe_and_ready(counter: Counter) -> None:
    key = counter.go_to_stripe()
    attempt = counter.attempt()
    assert (attempt.state, attempt.pay_by) == (AttemptState.PENDING, "link")
    assert attempt.pay_with == counter.face.books.rows[str(attempt.provider_ref)]["url"]
    counter.pay(key)
    answer = counter.call(counter.face.told(PAID))
    assert (answer.status_code, answer.content) == (200, b"")
    counter.settle()
    assert_paid_once(counter)
    assert [notice.state for notice in counter.notices()] == [NoticeState.APPLIED]


def test_what_stripe_tells_twice_counts_once(counter: Counter) -> None:
    counter.pay(counter.go_to_stripe())
    for _ in range(2):
        assert counter.call(counter.face.told(PAID)).status_code == 200
        counter.settle()
    assert_paid_once(counter)
    assert len(counter.notices()) == 1


def test_every_event_of_a_payment_in_any_order_comes_to_the_same(counter: Counter) -> None:
    counter.pay(counter.go_to_stripe())
    for event in reversed(counter.face.books.events):
        assert counter.call(event).status_code == 200
        counter.settle()
    assert_paid_once(counter)


def test_a_call_that_never_comes_is_not_needed(counter: Counter) -> None:
    counter.pay(counter.go_to_stripe())
    counter.later(timedelta(seconds=10))
    assert_paid_once(counter)
    assert counter.notices() == []


def test_stripe_may_call_before_it_has_answered_us(counter: Counter) -> None:
    """Its answer to our call is on the way while somebody has paid already."""
    key = counter.begin()
    tuanzi = counter.street.tuanzi
    with tuanzi.database.transaction() as session:
        (call,) = payments.lease(session, now=counter.clock.now(), attempt_id=counter.attempt().id)

    async def called() -> object:
        gateway = await tuanzi.gateways.of(call.provider, call.account_id)
        assert gateway is not None
        return await perform(call, gateway)

    answer = asyncio.run(called())
    counter.pay(key)
    assert counter.call(counter.face.told(PAID)).status_code == 200
    counter.settle()
    assert counter.state() == OrderState.AWAITING_PAYMENT
    with tuanzi.database.transaction() as session:
        payments.record_answer(session, call=call, answer=answer, now=counter.clock.now())
    counter.later(timedelta(seconds=10))
    assert_paid_once(counter)


def test_an_answer_that_is_lost_costs_nobody_a_second_payment(counter: Counter) -> None:
    counter.face.faults.append("lost")
    key = counter.go_to_stripe()
    assert counter.attempt().state == AttemptState.UNKNOWN
    counter.pay(key)
    assert counter.call(counter.face.told(PAID)).status_code == 200
    counter.settle()
    assert_paid_once(counter)
    assert counter.face.session_of(key) == counter.attempt().provider_ref


@pytest.mark.parametrize("fault", [429, 500, "cut"])
def test_stripe_in_trouble_is_asked_again(counter: Counter, fault: int | str) -> None:
    counter.face.faults.append(fault)
    key = counter.go_to_stripe()
    assert counter.attempt().state == AttemptState.UNKNOWN
    counter.later(timedelta(seconds=10))
    assert counter.attempt().state == AttemptState.PENDING
    counter.pay(key)
    counter.later(timedelta(seconds=20))
    assert_paid_once(counter)


# — what nobody may do —


def test_what_stripe_did_not_sign_is_counted_and_changes_nothing(counter: Counter) -> None:
    counter.pay(counter.go_to_stripe())
    raw, headers = counter.face.signed(counter.face.told(PAID))
    forged = [
        (raw, {**headers, "Stripe-Signature": f"t={int(counter.clock.now().timestamp())},v1=00"}),
        (raw, {"Content-Type": headers["Content-Type"]}),
        (raw[:-1], headers),
        (raw.replace(b"complete", b"COMPLETE"), headers),
    ]
    for body, told in forged:
        answer = counter.post(body, told)
        assert (answer.status_code, answer.content) == (400, b"")
    assert counter.refused() == len(forged)
    assert counter.notices() == []
    assert_nothing_came_of_it(counter)


def test_an_old_call_is_refused_when_it_is_played_again(counter: Counter) -> None:
    counter.pay(counter.go_to_stripe())
    raw, headers = counter.face.signed(counter.face.told(PAID))
    counter.clock.turn_to(counter.clock.now() + timedelta(seconds=301))
    assert counter.post(raw, headers).status_code == 400
    assert counter.notices() == []


def test_another_shops_account_says_nothing_of_our_orders(counter: Counter) -> None:
    counter.pay(counter.go_to_stripe())
    told = counter.face.told(PAID)
    assert counter.call(told, account=counter.theirs).status_code == 400  # signed with our secret
    assert counter.refused(counter.theirs) == 1
    assert counter.call(told, account=counter.theirs, secret=THEIR_SECRET).status_code == 200
    asked = len(counter.face.calls)
    counter.settle()
    (notice,) = counter.notices()
    assert (notice.state, notice.reason) == (NoticeState.QUARANTINED, "unknown_payment")
    assert notice.merchant_id == counter.street.theirs.merchant
    assert len(counter.face.calls) == asked
    assert_nothing_came_of_it(counter)


def test_an_account_that_is_not_there_hears_nothing(counter: Counter) -> None:
    counter.pay(counter.go_to_stripe())
    assert counter.call(counter.face.told(PAID), account="pac_none").status_code == 404


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]
)
def test_a_call_of_another_kind_is_refused_unread(counter: Counter, media_type: str) -> None:
    counter.pay(counter.go_to_stripe())
    raw, headers = counter.face.signed(counter.face.told(PAID))
    assert counter.post(raw, {**headers, "Content-Type": media_type}).status_code == 415
    assert counter.refused() == 1
    assert_nothing_came_of_it(counter)


def test_a_call_of_ten_megabytes_is_refused(counter: Counter) -> None:
    """T24."""
    counter.pay(counter.go_to_stripe())
    event = {**counter.face.told(PAID), "padding": "x" * 10_000_000}
    assert counter.call(event).status_code == 413
    assert counter.notices() == []


def test_a_call_that_claims_another_sum_is_set_aside(counter: Counter) -> None:
    counter.pay(counter.go_to_stripe())
    event = json.loads(json.dumps(counter.face.told(PAID)))
    event["data"]["object"]["amount_total"] = 1
    assert counter.call(event).status_code == 200
    asked = len(counter.face.calls)
    counter.settle()
    (notice,) = counter.notices()
    assert (notice.state, notice.reason) == (NoticeState.QUARANTINED, "claimed_amount")
    assert len(counter.face.calls) == asked
    assert_nothing_came_of_it(counter)


@pytest.mark.parametrize(
    ("books", "reason"), [({"amount": 1}, "amount"), ({"currency": "usd"}, "currency")]
)
def test_what_stripe_itself_shows_wrong_stops_everything(
    counter: Counter, books: dict[str, int | str], reason: str
) -> None:
    key = counter.go_to_stripe()
    counter.face.books.pay(counter.face.session_of(key), **books)  # type: ignore[arg-type]  # both
    counter.later(timedelta(seconds=10))
    assert counter.attempt().quarantine == reason
    assert counter.state() == OrderState.AWAITING_PAYMENT
    assert counter.in_transit() == 0


# — holds, ends, money back —


def test_a_hold_of_an_order_that_is_wanted_is_captured(counter: Counter) -> None:
    counter.pay(counter.go_to_stripe(authorize=True))
    counter.call(counter.face.told("payment_intent.amount_capturable_updated"))
    counter.settle()
    assert_paid_once(counter)


def test_an_order_that_ends_closes_its_page_at_stripe(counter: Counter) -> None:
    key = counter.go_to_stripe()
    counter.later(timedelta(minutes=30))
    counter.settle()
    assert counter.attempt().state == AttemptState.VOIDED
    assert counter.face.books.rows[counter.face.session_of(key)]["status"] == "expired"
    assert counter.state() == OrderState.EXPIRED


def test_money_goes_back_and_may_come_back(counter: Counter) -> None:
    """A refund that succeeded fails later, and the books say so."""
    key = counter.go_to_stripe()
    counter.pay(key)
    counter.later(timedelta(seconds=10))
    with counter.street.tuanzi.database.transaction() as session:
        refund_id = payments.request_refund(
            session,
            attempt_id=counter.attempt().id,
            amount=None,
            cause_ref="by_hand",
            now=counter.clock.now(),
        ).id
    counter.settle()
    assert counter.in_transit() == 0
    (given,) = counter.face.books.refunds_of(counter.face.intent_of(key))
    counter.face.books.fail_refund(given["id"])
    assert counter.call(counter.face.told("refund.failed")).status_code == 200
    counter.settle()
    with counter.street.tuanzi.database.reading() as session:
        assert session.get_one(Refund, refund_id).state == RefundState.FAILED
    assert counter.in_transit() == counter.total()
