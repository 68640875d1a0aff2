"""Our PayPal client against the SIMULATED PayPal: orders made, agreed to, taken by us, closed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import (
    Details,
    NewPayment,
    PayBy,
    PaymentRef,
    PaymentStatus,
    ProviderRefused,
    ProviderUnreachable,
)
from integrations.payments.paypal import PayPal
from tests.builders import NOW
from tests.integrations.payments.paypal_bench import (
    BACK,
    KEY,
    TEN,
    WANTED,
    a_gateway,
    created,
    do,
    let_go,
    looked_at,
    paid,
)
from tests.peers.money.paypal_books import Order
from tests.peers.money.paypal_face import Face, running_face

OTHER_KEY = "d4" * 16


@pytest.fixture
def face() -> Iterator[Face]:
    with running_face(TurnableClock(NOW)) as face:
        yield face


@pytest.fixture
def gateway(face: Face) -> PayPal:
    return a_gateway(face)


# — making an order —


def test_an_order_is_made_with_our_key_and_leads_to_paypals_page(
    face: Face, gateway: PayPal
) -> None:
    shown = do(gateway.create_payment(WANTED))
    order = face.order(KEY)
    assert (shown.status, shown.amount, shown.our_ref) == (PaymentStatus.PENDING, TEN, KEY)
    assert shown.provider_ref == order.id
    assert shown.pay_by is PayBy.LINK
    assert shown.pay_with == f"https://www.sandbox.paypal.com/checkoutnow?token={order.id}"
    assert face.asked[-1] == ("/v2/checkout/orders", KEY)
    assert order.told["intent"] == "CAPTURE"
    assert order.unit == {
        "reference_id": "ord_1",
        "custom_id": KEY,
        "invoice_id": KEY,
        "amount": {"currency_code": "USD", "value": "10.00"},
        "description": "Gifts R7",
    }
    experience = order.told["payment_source"]["paypal"]["experience_context"]
    assert experience["return_url"] == experience["cancel_url"] == f"{BACK}/{KEY}"


@pytest.mark.parametrize(
    ("locale", "told"), [("en", "en-US"), ("zh-Hans", "zh-CN"), ("zh-Hant", "zh-TW")]
)
def test_the_page_speaks_the_payers_language(
    face: Face, gateway: PayPal, locale: str, told: str
) -> None:
    do(gateway.create_payment(replace(WANTED, details=Details(locale=locale))))
    source = face.order(KEY).told["payment_source"]
    assert source["paypal"]["experience_context"]["locale"] == told


@pytest.mark.parametrize(
    ("money", "told"),
    [
        (Money(5, "USD"), "0.05"),
        (Money(123456, "EUR"), "1234.56"),
        (Money(1500, "JPY"), "1500"),
        (Money(15000, "TWD"), "150"),  # two decimals in ISO 4217, none at PayPal
        (Money(990000, "HUF"), "9900"),
    ],
)
def test_money_is_told_in_the_decimals_that_paypal_has(
    face: Face, gateway: PayPal, money: Money, told: str
) -> None:
    shown = do(gateway.create_payment(replace(WANTED, amount=money)))
    assert face.order(KEY).unit["amount"]["value"] == told
    assert shown.amount == money


@pytest.mark.parametrize(
    ("money", "why"),
    [
        (Money(15050, "TWD"), "amount_has_fractions"),
        (Money(99, "HUF"), "amount_has_fractions"),
        (Money(1000, "CNY"), "currency"),
        (Money(1000, "KWD"), "currency"),
    ],
)
def test_what_paypal_cannot_take_is_refused_before_it_is_asked(
    face: Face, gateway: PayPal, money: Money, why: str
) -> None:
    with pytest.raises(ProviderRefused, match=why):
        do(gateway.create_payment(replace(WANTED, amount=money)))
    assert face.calls == []


def test_a_long_name_is_cut_and_none_is_left_out(face: Face, gateway: PayPal) -> None:
    do(gateway.create_payment(replace(WANTED, details=Details(about="团" * 200))))
    do(gateway.create_payment(replace(WANTED, key=OTHER_KEY, details=Details())))
    assert face.order(KEY).unit["description"] == "团" * 127
    assert "description" not in face.order(OTHER_KEY).unit


def test_an_answer_that_was_lost_is_had_by_asking_again_with_the_same_key(
    face: Face, gateway: PayPal
) -> None:
    face.faults.append("lost")
    with pytest.raises(ProviderUnreachable):
        do(gateway.create_payment(WANTED))
    assert do(gateway.query(PaymentRef(KEY, None, TEN))) is None
    shown = do(gateway.create_payment(WANTED))
    assert [one.id for one in face.orders(KEY)] == [shown.provider_ref]


def test_the_same_key_with_other_words_settles_nothing(face: Face, gateway: PayPal) -> None:
    created(gateway)
    with pytest.raises(ProviderUnreachable, match="DUPLICATE_REQUEST_ID"):
        do(gateway.create_payment(replace(WANTED, amount=Money(2000, "USD"))))
    assert len(face.orders(KEY)) == 1


@pytest.mark.parametrize("fault", ["refuse:422:PAYEE_ACCOUNT_RESTRICTED", "refuse:403:PERMISSION"])
def test_a_refused_order_is_no_order(face: Face, gateway: PayPal, fault: str) -> None:
    face.faults.append(fault)
    with pytest.raises(ProviderRefused):
        do(gateway.create_payment(WANTED))


# — looking, and taking —


def test_nobody_agreed_yet(face: Face, gateway: PayPal) -> None:
    shown = looked_at(gateway, created(gateway))
    assert shown.status is PaymentStatus.PENDING
    assert shown.pay_with
    assert not face.times("/capture")


def test_what_the_payer_agreed_to_is_taken_when_we_look(face: Face, gateway: PayPal) -> None:
    ref = created(gateway)
    face.approves(KEY)
    shown = looked_at(gateway, ref)
    assert (shown.status, shown.amount, shown.our_ref) == (PaymentStatus.CAPTURED, TEN, KEY)
    assert shown.provider_ref == ref.provider_ref
    assert shown.pay_with is None
    assert looked_at(gateway, ref) == shown
    assert (len(face.order(KEY).captures), face.times("/capture")) == (1, 1)


def test_an_answer_to_the_capture_that_was_lost_is_found_when_we_look_again(
    face: Face, gateway: PayPal
) -> None:
    ref = created(gateway)
    face.approves(KEY)
    face.faults.extend(["", "lost"])  # the order is shown, then captured
    with pytest.raises(ProviderUnreachable):
        do(gateway.query(ref))
    assert looked_at(gateway, ref).status is PaymentStatus.CAPTURED
    assert len(face.order(KEY).captures) == 1


def test_who_was_captured_between_two_looks_is_captured(
    face: Face, gateway: PayPal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process was quicker: PayPal says that it was done already."""
    ref = created(gateway)
    order = face.approves(KEY)
    take = face.books.take

    def after_another(name: str, intent: str) -> Order:
        take(name, intent)
        return take(name, intent)

    monkeypatch.setattr(face.books, "take", after_another)
    assert looked_at(gateway, ref).status is PaymentStatus.CAPTURED
    assert len(order.captures) == 1


def test_a_declined_card_leaves_the_order_payable_with_another(face: Face, gateway: PayPal) -> None:
    ref = created(gateway)
    face.approves(KEY, "declined")
    for _ in range(2):
        shown = looked_at(gateway, ref)
        assert shown.status is PaymentStatus.PENDING
        assert shown.pay_with
    face.approves(KEY, "good")
    assert looked_at(gateway, ref).status is PaymentStatus.CAPTURED


def test_a_payer_who_cannot_pay_this_shop_ends_the_attempt(face: Face, gateway: PayPal) -> None:
    ref = created(gateway)
    face.approves(KEY, "refused")
    assert looked_at(gateway, ref).status is PaymentStatus.FAILED


def test_money_on_its_way_is_waited_for(face: Face, gateway: PayPal) -> None:
    ref = created(gateway)
    face.approves(KEY, "pending")
    shown = looked_at(gateway, ref)
    assert (shown.status, shown.pay_with) == (PaymentStatus.PENDING, None)
    assert do(gateway.close(ref)).status is PaymentStatus.PENDING, "it may still arrive"
    assert looked_at(gateway, let_go(ref)).status is PaymentStatus.PENDING
    (capture,) = face.order(KEY).captures
    capture.status = "COMPLETED"
    assert looked_at(gateway, ref).status is PaymentStatus.CAPTURED


@pytest.mark.parametrize("status", ["DECLINED", "FAILED"])
def test_a_capture_that_came_to_nothing_is_a_failure(
    face: Face, gateway: PayPal, status: str
) -> None:
    ref = created(gateway)
    face.approves(KEY, "denied")
    do(gateway.query(ref))
    face.order(KEY).captures[0].status = status
    assert looked_at(gateway, ref).status is PaymentStatus.FAILED


@pytest.mark.parametrize("status", ["REFUNDED", "PARTIALLY_REFUNDED"])
def test_what_was_given_back_was_captured(face: Face, gateway: PayPal, status: str) -> None:
    ref = paid(gateway, face)
    face.order(KEY).captures[0].status = status
    shown = looked_at(gateway, ref)
    assert (shown.status, shown.amount) == (PaymentStatus.CAPTURED, TEN)


@pytest.mark.parametrize("part", ["amount", "invoice_id"])
def test_another_sum_or_another_key_is_shown_and_never_taken(
    face: Face, gateway: PayPal, part: str
) -> None:
    ref = created(gateway)
    order = face.approves(KEY)
    order.unit[part] = {"currency_code": "USD", "value": "9.99"} if part == "amount" else OTHER_KEY
    shown = looked_at(gateway, ref)
    assert shown.status is PaymentStatus.PENDING
    assert (shown.amount, shown.our_ref) != (TEN, KEY)
    assert not face.times("/capture")


def test_an_order_that_paypal_forgot_was_paid_by_nobody(face: Face, gateway: PayPal) -> None:
    ref = created(gateway)
    face.books.orders.clear()
    shown = looked_at(gateway, ref)
    assert (shown.status, shown.provider_ref) == (PaymentStatus.FAILED, ref.provider_ref)
    assert do(gateway.close(ref)).status is PaymentStatus.VOIDED


def test_a_state_that_nobody_knows_settles_nothing(face: Face, gateway: PayPal) -> None:
    ref = paid(gateway, face)
    order = face.order(KEY)
    order.captures.clear()
    with pytest.raises(ProviderUnreachable, match="state_unknown"):
        do(gateway.query(ref))


def test_a_number_that_was_paid_under_another_order_settles_nothing(
    face: Face, gateway: PayPal
) -> None:
    """PayPal has forgotten the request's id; the invoice's number still stands for the payment."""
    paid(gateway, face)
    face.kept.clear()
    again = created(gateway)
    second = face.books.order(again.provider_ref or "")
    second.status = "APPROVED"
    with pytest.raises(ProviderUnreachable, match="DUPLICATE_INVOICE_ID"):
        do(gateway.query(again))
    assert not second.captures


# — closing —


def test_a_closed_order_is_never_taken_though_its_payer_agrees(face: Face, gateway: PayPal) -> None:
    ref = created(gateway)
    assert do(gateway.close(ref)).status is PaymentStatus.VOIDED
    face.approves(KEY)
    for look in (gateway.query, gateway.close, gateway.void):
        shown = do(look(let_go(ref)))
        assert shown is not None
        assert (shown.status, shown.pay_with) == (PaymentStatus.VOIDED, None)
    assert not face.order(KEY).captures


def test_who_agreed_and_is_closed_before_we_looked_pays_nothing(
    face: Face, gateway: PayPal
) -> None:
    ref = created(gateway)
    face.approves(KEY)
    assert do(gateway.close(ref)).status is PaymentStatus.VOIDED
    assert not face.order(KEY).captures


def test_what_was_taken_before_it_was_closed_was_taken(face: Face, gateway: PayPal) -> None:
    ref = paid(gateway, face)
    assert do(gateway.close(ref)).status is PaymentStatus.CAPTURED
    assert looked_at(gateway, let_go(ref)).status is PaymentStatus.CAPTURED


def test_an_order_that_never_got_a_name_is_closed_as_it_is(gateway: PayPal) -> None:
    assert do(gateway.close(PaymentRef(KEY, None, TEN))).status is PaymentStatus.VOIDED


@pytest.mark.parametrize("currency", ["USD", "TWD", "JPY"])
def test_the_flags_say_what_it_takes(gateway: PayPal, currency: str) -> None:
    flags = gateway.flags
    assert currency in flags.currencies
    assert "CNY" not in flags.currencies
    assert flags.can_authorize
    wanted = NewPayment(key=KEY, amount=Money(10000, currency), order_id="o")
    assert do(gateway.create_payment(wanted)).status is PaymentStatus.PENDING
