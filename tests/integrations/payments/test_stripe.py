"""Our client of Stripe over real HTTP to its stand-in (tests/peers/money/stripe_face.py): one
payment per key, holds, refunds, and what may be believed when something goes wrong on the way."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.money import _EXPONENTS, Money
from data.payments.calls import Call, Verb
from data.payments.gateway import (
    Declined,
    Details,
    NewPayment,
    NewRefund,
    NoAnswer,
    NotThere,
    PayBy,
    PaymentRef,
    PaymentStatus,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnreachable,
    RefundStatus,
)
from integrations.payments import perform
from integrations.payments.stripe import StripeGateway
from integrations.payments.stripe_line import VERSION
from integrations.payments.stripe_shapes import from_stripe, to_stripe
from tests.builders import NOW
from tests.integrations.payments.stripe_bench import credentials, do, wiring
from tests.peers.money.stripe_face import KEY, SECRET, Face, running_stripe

PRICE = Money(9800, "HKD")
ORDER_ENDS = NOW + timedelta(minutes=30)
DETAILS = Details(about="团子礼物铺 1001", locale="zh-Hant", expires_at=ORDER_ENDS)
WANTED = NewPayment("k" * 32, PRICE, "ord_1", details=DETAILS)
HELD = replace(WANTED, authorize_only=True)
PENDING, CAPTURED = PaymentStatus.PENDING, PaymentStatus.CAPTURED
AUTHORIZED, VOIDED, FAILED = PaymentStatus.AUTHORIZED, PaymentStatus.VOIDED, PaymentStatus.FAILED


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOW)


@pytest.fixture
def face(clock: TurnableClock) -> Iterator[Face]:
    with running_stripe(clock) as face:
        yield face


@pytest.fixture
def gateway(face: Face, clock: TurnableClock) -> StripeGateway:
    return StripeGateway(credentials(), wiring(face.url, clock))


def made(gateway: StripeGateway, wanted: NewPayment = WANTED) -> PaymentRef:
    shown = do(gateway.create_payment(wanted))
    return PaymentRef(wanted.key, shown.provider_ref, wanted.amount)


def paid(gateway: StripeGateway, face: Face, wanted: NewPayment = WANTED) -> PaymentRef:
    payment = made(gateway, wanted)
    face.books.pay(face.session_of(wanted.key))
    return payment


def back(payment: PaymentRef, minor: int = 9800, key: str = "r" * 32) -> NewRefund:
    return NewRefund(key, Money(minor, "HKD"), payment)


def shown(gateway: StripeGateway, payment: PaymentRef) -> ProviderPayment:
    found = do(gateway.query(payment))
    assert found is not None
    return found


def posts(face: Face, path: str) -> int:
    return sum(method == "POST" and called == path for method, called, _ in face.calls)


# — paying —


def test_a_payment_is_a_page_of_stripe_to_go_to(gateway: StripeGateway, face: Face) -> None:
    session = do(gateway.create_payment(WANTED))
    assert (session.status, session.amount, session.our_ref) == (PENDING, PRICE, WANTED.key)
    assert session.pay_by == PayBy.LINK
    assert session.pay_with == face.books.rows[str(session.provider_ref)]["url"]
    ((_, _, sent),) = face.calls
    assert sent["line_items[0][price_data][product_data][name]"] == DETAILS.about
    assert sent["success_url"] == sent["cancel_url"]
    assert sent["success_url"] == f"https://shop.example/pay/back/{WANTED.key}"
    assert sent["locale"] == "zh-TW"
    (headers,) = face.headers
    assert headers["idempotency-key"] == WANTED.key
    assert headers["stripe-version"] == VERSION


def test_a_payment_is_seen_when_it_is_made(gateway: StripeGateway, face: Face) -> None:
    payment = made(gateway)
    assert shown(gateway, payment).status == PENDING
    face.books.fail_to_pay(face.session_of(WANTED.key))
    assert shown(gateway, payment).status == PENDING  # another card may do
    face.books.pay(face.session_of(WANTED.key))
    seen = shown(gateway, payment)
    assert (seen.status, seen.amount, seen.our_ref) == (CAPTURED, PRICE, WANTED.key)
    assert seen.pay_with is None


def test_without_its_name_there_a_payment_is_not_found_but_made_again(
    gateway: StripeGateway, face: Face
) -> None:
    payment = made(gateway)
    assert do(gateway.query(replace(payment, provider_ref=None))) is None
    assert made(gateway) == payment
    assert face.session_of(WANTED.key) == payment.provider_ref


def test_a_repeat_shows_what_is_so_now_and_not_what_was_said_first(
    gateway: StripeGateway, face: Face
) -> None:
    """Stripe keeps its first answer to a key for a day: `open` it says, when it was paid since."""
    payment = paid(gateway, face)
    again = do(gateway.create_payment(WANTED))
    assert (again.status, again.provider_ref) == (CAPTURED, payment.provider_ref)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=12), timedelta(minutes=29)])
def test_every_try_names_the_same_end(
    gateway: StripeGateway, face: Face, clock: TurnableClock, later: timedelta
) -> None:
    """Another `expires_at` under the same key is refused; so is one in less than half an hour."""
    made(gateway)
    clock.turn_to(NOW + later)
    made(gateway)
    first, second = (sent["expires_at"] for method, _, sent in face.calls if method == "POST")
    assert first == second
    face.forget_keys()
    made(gateway)  # and it is far enough away for a new one


def test_a_session_outlives_its_order_by_half_an_hour_and_a_day_at_most(
    gateway: StripeGateway, face: Face
) -> None:
    for hours in (0.5, 5, 23.4, 23.5, 48, None):
        ends = NOW + timedelta(hours=hours) if hours else None
        details = replace(DETAILS, expires_at=ends)
        made(gateway, replace(WANTED, key=f"key of {hours}", details=details))
    lives = {
        row["client_reference_id"]: (row["expires_at"] - NOW.timestamp()) / 3600
        for row in face.books.rows.values()
        if row.get("object") == "checkout.session"
    }
    assert [round(life, 1) for life in lives.values()] == [1.0, 5.5, 23.9, 24, 24, 24]


def test_an_open_session_ends_by_itself(
    gateway: StripeGateway, face: Face, clock: TurnableClock
) -> None:
    payment = made(gateway)
    clock.turn_to(NOW + timedelta(hours=2))
    assert shown(gateway, payment).status == VOIDED


@pytest.mark.parametrize(("paid", "status"), [(True, CAPTURED), (False, FAILED)])
def test_a_bank_that_tells_later_is_waited_for(
    gateway: StripeGateway, face: Face, paid: bool, status: PaymentStatus
) -> None:
    payment = made(gateway)
    face.books.pay_by_bank(face.session_of(WANTED.key))
    assert shown(gateway, payment).status == PENDING
    face.books.bank_says(face.session_of(WANTED.key), paid=paid)
    assert shown(gateway, payment).status == status


def test_what_does_not_fit_is_told_as_it_is(gateway: StripeGateway, face: Face) -> None:
    """The core compares; here nothing is bent to what we asked for."""
    payment = made(gateway)
    face.books.pay(face.session_of(WANTED.key), amount=1, currency="usd")
    face.books.rows[str(payment.provider_ref)]["client_reference_id"] = "somebody else's"
    seen = shown(gateway, payment)
    assert (seen.amount, seen.our_ref) == (Money(1, "USD"), "somebody else's")


def test_a_shop_that_captured_less_by_hand_has_taken_less(
    gateway: StripeGateway, face: Face
) -> None:
    payment = paid(gateway, face, HELD)
    face.books.capture(face.intent_of(HELD.key), {"amount_to_capture": "5000"})
    assert shown(gateway, payment).amount == Money(5000, "HKD")


# — holds —


def test_a_hold_is_a_card_and_tells_how_long(gateway: StripeGateway, face: Face) -> None:
    payment = paid(gateway, face, HELD)
    seen = shown(gateway, payment)
    assert (seen.status, seen.amount) == (AUTHORIZED, PRICE)
    assert seen.hold_until == (NOW + timedelta(days=7)).replace(microsecond=0)
    assert face.books.rows[str(payment.provider_ref)]["allowed_payment_method_types"] == ["card"]


def test_a_hold_is_captured_once(gateway: StripeGateway, face: Face) -> None:
    payment = paid(gateway, face, HELD)
    first, again = do(gateway.capture(payment)), do(gateway.capture(payment))
    assert first.status == again.status == CAPTURED
    assert posts(face, f"/v1/payment_intents/{face.intent_of(HELD.key)}/capture") == 1


def test_of_a_hold_a_part_is_taken_and_the_rest_let_go(gateway: StripeGateway, face: Face) -> None:
    assert gateway.flags.can_partial_capture
    part = Money(5000, "HKD")
    wanted = replace(paid(gateway, face, HELD), capture=part)
    first, again = do(gateway.capture(wanted)), do(gateway.capture(wanted))
    assert first.status == again.status == CAPTURED
    assert first.amount == again.amount == part
    assert posts(face, f"/v1/payment_intents/{face.intent_of(HELD.key)}/capture") == 1


def test_a_hold_is_let_go_and_stays_so(gateway: StripeGateway, face: Face) -> None:
    payment = paid(gateway, face, HELD)
    assert do(gateway.void(payment)).status == VOIDED
    assert do(gateway.void(payment)).status == VOIDED
    assert do(gateway.capture(payment)).status == VOIDED


def test_a_hold_that_ran_out_takes_nothing(
    gateway: StripeGateway, face: Face, clock: TurnableClock
) -> None:
    payment = paid(gateway, face, HELD)
    clock.turn_to(NOW + timedelta(days=7))
    assert do(gateway.capture(payment)).status == VOIDED


def test_what_was_taken_cannot_be_let_go(gateway: StripeGateway, face: Face) -> None:
    assert do(gateway.void(paid(gateway, face))).status == CAPTURED


def test_a_capture_whose_answer_is_lost_is_seen_next_time(
    gateway: StripeGateway, face: Face
) -> None:
    payment = paid(gateway, face, HELD)
    face.faults.extend(["", "lost"])
    with pytest.raises(ProviderUnreachable):
        do(gateway.capture(payment))
    assert do(gateway.capture(payment)).status == CAPTURED


def test_a_key_that_may_look_but_not_capture_shows_the_hold(
    gateway: StripeGateway, face: Face, caplog: pytest.LogCaptureFixture
) -> None:
    payment = paid(gateway, face, HELD)
    face.barred = ("/v1/payment_intents",)
    assert do(gateway.capture(payment)).status == AUTHORIZED
    assert "invalid_request_error" in caplog.text


# — closing —


def test_a_closed_session_takes_no_money(gateway: StripeGateway, face: Face) -> None:
    payment = made(gateway)
    assert do(gateway.close(payment)).status == VOIDED
    assert do(gateway.close(payment)).status == VOIDED
    assert do(gateway.void(made(gateway, replace(WANTED, key="j" * 32)))).status == VOIDED


@pytest.mark.parametrize(("wanted", "status"), [(WANTED, CAPTURED), (HELD, AUTHORIZED)])
def test_who_paid_before_we_closed_has_paid(
    gateway: StripeGateway, face: Face, wanted: NewPayment, status: PaymentStatus
) -> None:
    assert do(gateway.close(paid(gateway, face, wanted))).status == status


# — money back —


def test_money_goes_back_in_parts_each_once(gateway: StripeGateway, face: Face) -> None:
    payment = paid(gateway, face)
    first = back(payment, 3000)
    given = do(gateway.refund(first))
    assert (given.status, given.amount, given.our_ref) == (
        RefundStatus.SUCCEEDED,
        Money(3000, "HKD"),
        first.key,
    )
    assert do(gateway.refund(first)) == given
    assert do(gateway.refund(back(payment, 6800, "s" * 32))).status == RefundStatus.SUCCEEDED
    with pytest.raises(ProviderRefused, match="charge_already_refunded"):
        do(gateway.refund(back(payment, 1, "t" * 32)))
    assert len(face.books.refunds_of(face.intent_of(WANTED.key))) == 2


def test_more_than_was_taken_is_refused(gateway: StripeGateway, face: Face) -> None:
    with pytest.raises(ProviderRefused):
        do(gateway.refund(back(paid(gateway, face), 9801)))


def test_nothing_goes_back_of_what_nobody_paid(gateway: StripeGateway) -> None:
    with pytest.raises(ProviderRefused, match="not_paid"):
        do(gateway.refund(back(made(gateway))))


def test_a_refund_is_found_by_its_name_or_by_our_key(gateway: StripeGateway, face: Face) -> None:
    payment = paid(gateway, face)
    face.books.refunds_end = "pending"
    wanted = back(payment, 1000)
    assert do(gateway.query_refund(wanted)) is None
    given = do(gateway.refund(wanted))
    assert given.status == RefundStatus.PENDING
    assert do(gateway.query_refund(wanted)) == given
    face.books.rows[given.provider_ref]["status"] = "succeeded"
    named = replace(wanted, provider_ref=given.provider_ref)
    seen = do(gateway.query_refund(named))
    assert seen is not None
    assert seen.status == RefundStatus.SUCCEEDED


def test_a_refund_may_fail_after_it_succeeded(gateway: StripeGateway, face: Face) -> None:
    wanted = back(paid(gateway, face))
    given = do(gateway.refund(wanted))
    face.books.fail_refund(given.provider_ref)
    for asked in (wanted, replace(wanted, provider_ref=given.provider_ref)):
        seen = do(gateway.query_refund(asked))
        assert seen is not None
        assert seen.status == RefundStatus.FAILED
    assert do(gateway.refund(wanted)).status == RefundStatus.FAILED  # not its kept first answer


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pending", RefundStatus.PENDING),
        ("requires_action", RefundStatus.PENDING),
        ("a word of next year", RefundStatus.PENDING),
        ("canceled", RefundStatus.FAILED),
        ("failed", RefundStatus.FAILED),
    ],
)
def test_a_refund_is_over_only_when_stripe_says_so(
    gateway: StripeGateway, face: Face, word: str, status: RefundStatus
) -> None:
    face.books.refunds_end = word
    assert do(gateway.refund(back(paid(gateway, face)))).status == status


def test_our_own_refund_of_days_ago_is_no_refusal(gateway: StripeGateway, face: Face) -> None:
    """It was given, its answer lost, and the key forgotten since: "already refunded" is our own."""
    payment = paid(gateway, face)
    face.faults.extend(["", "lost"])
    with pytest.raises(ProviderUnreachable):
        do(gateway.refund(back(payment)))
    face.forget_keys()
    assert do(gateway.refund(back(payment))).status == RefundStatus.SUCCEEDED
    assert len(face.books.refunds_of(face.intent_of(WANTED.key))) == 1


def test_a_refund_among_more_than_a_hundred_is_found(gateway: StripeGateway, face: Face) -> None:
    payment = paid(gateway, face)
    given = do(gateway.refund(back(payment, 1)))
    for _ in range(100):
        face.books.give_back({"payment_intent": face.intent_of(WANTED.key), "amount": "1"})
    assert do(gateway.query_refund(back(payment, 1))) == given
    assert do(gateway.query_refund(back(payment, 1, "not made"))) is None


# — what goes wrong —


@pytest.mark.parametrize("fault", ["lost", "cut", 429, 500, 503, 409])
def test_what_we_cannot_know_is_asked_again_and_has_one_effect(
    gateway: StripeGateway, face: Face, fault: int | str
) -> None:
    face.faults.append(fault)
    with pytest.raises(ProviderUnreachable):
        do(gateway.create_payment(WANTED))
    payment = paid(gateway, face)
    for _ in range(2):
        face.faults.extend(["", fault])
        with pytest.raises(ProviderUnreachable):
            do(gateway.refund(back(payment)))
    assert do(gateway.refund(back(payment))).status == RefundStatus.SUCCEEDED
    assert len(face.books.refunds_of(face.intent_of(WANTED.key))) == 1


def test_an_answer_500_that_is_kept_a_day_is_outlived(gateway: StripeGateway, face: Face) -> None:
    wanted = back(paid(gateway, face))
    face.faults.extend(["", "broken"])
    for _ in range(2):
        with pytest.raises(ProviderUnreachable, match="status_500"):
            do(gateway.refund(wanted))
    assert do(gateway.query_refund(wanted)) is None
    face.forget_keys()
    assert do(gateway.refund(wanted)).status == RefundStatus.SUCCEEDED


def test_other_words_under_the_same_key_prove_nothing(gateway: StripeGateway, face: Face) -> None:
    """The key's first call may have worked: that is no refusal."""
    payment = paid(gateway, face)
    with pytest.raises(ProviderUnreachable, match="idempotency_error"):
        do(gateway.create_payment(replace(WANTED, amount=Money(1, "HKD"))))
    do(gateway.refund(back(payment, 3000)))
    with pytest.raises(ProviderUnreachable, match="idempotency_error"):
        do(gateway.refund(back(payment, 3001)))


def test_a_key_that_is_no_good_proves_nothing_of_what_was_begun(
    gateway: StripeGateway, face: Face
) -> None:
    payment = paid(gateway, face)
    face.keys.clear()
    with pytest.raises(ProviderRefused):
        do(gateway.create_payment(replace(WANTED, key="j" * 32)))  # nobody was told where to pay
    wanted = back(payment)
    for call in (gateway.query(payment), gateway.close(payment), gateway.capture(payment)):
        with pytest.raises(ProviderUnreachable):
            do(call)
    for ask in (gateway.refund, gateway.query_refund):
        with pytest.raises(ProviderUnreachable):
            do(ask(wanted))


def test_what_was_there_is_not_gone(gateway: StripeGateway, face: Face) -> None:
    """With another account's key everything is 404: that is not "no such payment"."""
    payment = replace(paid(gateway, face), provider_ref="cs_test_other")
    with pytest.raises(ProviderUnreachable, match="resource_missing"):
        do(gateway.query(payment))
    with pytest.raises(ProviderUnreachable, match="resource_missing"):
        do(gateway.query_refund(replace(back(payment), provider_ref="re_other")))
    with pytest.raises(ProviderUnreachable, match="no_reference"):
        do(gateway.close(replace(payment, provider_ref=None)))


def test_the_core_hears_what_it_may_believe(gateway: StripeGateway, face: Face) -> None:
    def asked(verb: Verb, ref: str | None, amount: Money = PRICE) -> object:
        payment = PaymentRef(WANTED.key, ref, amount)
        wanted = replace(WANTED, amount=amount)
        call = Call(verb, "stripe", "mer_1", "ord_1", "pay_1", None, 1, wanted, payment)
        return do(perform(call, gateway))

    assert asked(Verb.QUERY, None) == NotThere()
    assert asked(Verb.CREATE, None, Money(1234, "KWD")) == Declined("amount_unit")
    assert isinstance(asked(Verb.CREATE, None), ProviderPayment)
    face.faults.append(500)
    assert asked(Verb.QUERY, face.session_of(WANTED.key)) == NoAnswer("status_500")


def test_no_key_no_address_and_no_body_is_ever_logged(
    gateway: StripeGateway, face: Face, caplog: pytest.LogCaptureFixture
) -> None:
    """T47."""
    caplog.set_level(logging.DEBUG)
    payment = paid(gateway, face)
    face.faults.extend(["cut", 500, "", "lost"])
    for call in (gateway.query(payment), gateway.query(payment), gateway.refund(back(payment))):
        with pytest.raises(ProviderUnreachable):
            do(call)
    with pytest.raises(ProviderRefused):
        do(gateway.refund(back(payment, 99_999, "t" * 32)))
    page = str(payment.provider_ref)
    for secret in (KEY, SECRET, page, WANTED.key, DETAILS.about):
        assert secret not in caplog.text
    seen = do(gateway.create_payment(replace(WANTED, key="j" * 32)))
    assert str(seen.pay_with) not in repr(seen)


# — amounts —


@pytest.mark.parametrize(
    ("money", "theirs"),
    [
        (Money(1050, "USD"), 1050),
        (Money(500, "JPY"), 500),
        (Money(5, "ISK"), 500),  # special cases: hundredths that end in 00
        (Money(5, "UGX"), 500),
        (Money(500, "MGA"), 5),  # ISO has hundredths, Stripe whole ones
        (Money(5120, "KWD"), 5120),
        (Money(12340, "HUF"), 12340),
    ],
)
def test_sums_are_told_in_stripes_own_units(money: Money, theirs: int) -> None:
    assert to_stripe(money) == theirs
    assert from_stripe(theirs, money.currency.lower()) == money


@pytest.mark.parametrize("money", [Money(5124, "KWD"), Money(550, "MGA"), Money(1001, "IQD")])
def test_what_stripe_cannot_express_is_refused_before_any_call(
    gateway: StripeGateway, face: Face, money: Money
) -> None:
    with pytest.raises(ProviderRefused, match="amount_unit"):
        do(gateway.create_payment(replace(WANTED, amount=money)))
    assert face.calls == []


def test_no_currency_is_told_in_a_way_that_reads_as_another_sum() -> None:
    for currency in [*_EXPONENTS, "USD", "CNY", "HKD", "TWD", "EUR", "MGA", "HUF"]:
        money = Money(120_000, currency)
        assert from_stripe(to_stripe(money), currency) == money


def test_a_sum_that_is_none_of_ours_is_no_answer(gateway: StripeGateway, face: Face) -> None:
    payment = made(gateway)
    face.books.pay(face.session_of(WANTED.key), amount=1050, currency="isk")
    with pytest.raises(ProviderUnreachable, match="amount"):
        do(gateway.query(payment))


def test_what_can_be_held_is_said_in_the_flags(gateway: StripeGateway) -> None:
    flags = gateway.flags
    assert flags.can_authorize
    assert flags.longest_hold == timedelta(days=7)
    assert gateway.name == "stripe"


def test_an_answer_that_nobody_can_read_is_none(gateway: StripeGateway, face: Face) -> None:
    payment = made(gateway)
    face.books.rows[str(payment.provider_ref)]["amount_total"] = "a lot"
    with pytest.raises(ProviderUnreachable, match="form"):
        do(gateway.query(payment))


def test_a_hold_ends_when_stripe_says(gateway: StripeGateway, face: Face) -> None:
    """Thirty days for yen on a Japanese account: the flag is only the usual life."""
    payment = paid(gateway, face, HELD)
    charge = face.books.rows[face.intent_of(HELD.key)]["latest_charge"]
    face.books.rows[charge]["payment_method_details"]["card"]["capture_before"] = 1_800_000_000
    assert shown(gateway, payment).hold_until == datetime.fromtimestamp(1_800_000_000, UTC)


def test_a_refund_of_another_size_is_told_as_it_is(gateway: StripeGateway, face: Face) -> None:
    wanted = back(paid(gateway, face), 1000)
    given = do(gateway.refund(wanted))
    face.books.rows[given.provider_ref]["amount"] = 1
    seen = do(gateway.query_refund(wanted))
    assert isinstance(seen, ProviderRefund)
    assert seen.amount == Money(1, "HKD")
