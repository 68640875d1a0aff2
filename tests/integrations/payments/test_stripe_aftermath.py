"""What became of a payment at Stripe, from its stand-in: fees, refunds, disputes; and endpoints
that we make there ourselves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import stripe

from data.kernel.clock import TurnableClock
from data.kernel.money import Money
from data.payments.gateway import (
    BadNotice,
    BalanceTooLow,
    DisputeStatus,
    NewPayment,
    NewRefund,
    PaymentRef,
    ProviderUnreachable,
    RefundStatus,
    Standing,
)
from integrations.payments.stripe import StripeGateway
from integrations.payments.stripe_events import NEEDED
from tests.builders import NOW
from tests.integrations.payments.stripe_bench import NOTIFY, credentials, do, wiring
from tests.integrations.payments.test_stripe_face import an_sdk
from tests.peers.money.stripe_books import Refused
from tests.peers.money.stripe_face import Face, running_stripe

PRICE = Money(9800, "HKD")
KEY = "k" * 32
BACK = "r" * 32


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


def paid(face: Face, gateway: StripeGateway) -> PaymentRef:
    shown = do(gateway.create_payment(NewPayment(KEY, PRICE, "ord_1")))
    face.books.pay(face.session_of(KEY))
    return PaymentRef(KEY, shown.provider_ref, PRICE)


def standing(gateway: StripeGateway, ref: PaymentRef) -> Standing:
    found = do(gateway.look_back(ref, ()))
    assert found is not None
    return found


def test_a_payment_that_nobody_touched_has_its_fee_and_nothing_else(
    face: Face, gateway: StripeGateway
) -> None:
    face.books.fee = 363
    found = standing(gateway, paid(face, gateway))
    assert [fee.amount for fee in found.fees] == [Money(363, "HKD")]
    assert found.fees[0].provider_ref.startswith("txn_")
    assert (list(found.refunds), list(found.disputes)) == ([], [])


def test_a_fee_is_in_the_currency_that_the_account_settles_in(
    face: Face, gateway: StripeGateway
) -> None:
    face.books.fee, face.books.settles_in = 47, "usd"
    (fee,) = standing(gateway, paid(face, gateway)).fees
    assert fee.amount == Money(47, "USD")


def test_refunds_are_told_whoever_began_them_page_by_page(
    face: Face, gateway: StripeGateway
) -> None:
    ref = paid(face, gateway)
    do(gateway.refund(NewRefund(BACK, Money(800, "HKD"), ref)))
    sdk = an_sdk(face)
    for _ in range(120):
        sdk.v1.refunds.create({"payment_intent": face.intent_of(KEY), "amount": 10})
    found = standing(gateway, ref).refunds
    assert len(found) == 121
    assert [(one.our_ref, one.amount.minor) for one in found if one.our_ref] == [(BACK, 800)]
    assert {one.status for one in found} == {RefundStatus.SUCCEEDED}


def test_what_was_let_go_of_a_hold_is_no_refund(face: Face, gateway: StripeGateway) -> None:
    """Its books show that among the refunds, the first of them."""
    face.books.fee = 363
    wanted = NewPayment(KEY, PRICE, "ord_1", authorize_only=True)
    shown = do(gateway.create_payment(wanted))
    face.books.pay(face.session_of(KEY))
    ref = PaymentRef(KEY, shown.provider_ref, PRICE, capture=Money(5000, "HKD"))
    do(gateway.capture(ref))
    assert [row["amount"] for row in face.books.refunds_of(face.intent_of(KEY))] == [4800]
    found = standing(gateway, ref)
    assert (list(found.refunds), [fee.amount.minor for fee in found.fees]) == ([], [363])
    do(gateway.refund(NewRefund(BACK, Money(4800, "HKD"), ref)))
    assert [one.our_ref for one in standing(gateway, ref).refunds] == [BACK]


@pytest.mark.parametrize(
    ("status", "meant", "is_claim"),
    [
        ("needs_response", DisputeStatus.OPEN, True),
        ("under_review", DisputeStatus.OPEN, True),
        ("won", DisputeStatus.WON, True),
        ("prevented", DisputeStatus.WON, True),
        ("lost", DisputeStatus.LOST, True),
        ("something_new", DisputeStatus.OPEN, True),
        ("warning_needs_response", DisputeStatus.OPEN, False),
        ("warning_closed", DisputeStatus.WON, False),
    ],
)
def test_a_dispute_is_told_with_what_it_took(
    face: Face, gateway: StripeGateway, status: str, meant: DisputeStatus, is_claim: bool
) -> None:
    ref = paid(face, gateway)
    face.books.dispute(face.intent_of(KEY), status=status)
    found = standing(gateway, ref)
    (dispute,) = found.disputes
    assert (dispute.status, dispute.is_claim, dispute.amount) == (meant, is_claim, PRICE)
    assert dispute.out == (PRICE if is_claim else Money(0, "HKD"))
    assert (dispute.reason, dispute.answer_by) == ("fraudulent", NOW + timedelta(days=7))
    fees = [fee.amount.minor for fee in found.fees if fee.amount.minor]
    assert fees == ([1500] if is_claim else [])


def test_a_key_that_may_not_read_disputes_tells_the_rest(
    face: Face, gateway: StripeGateway
) -> None:
    face.books.fee = 363
    ref = paid(face, gateway)
    face.barred = ("/v1/disputes",)
    found = standing(gateway, ref)
    assert (len(found.fees), list(found.disputes)) == (1, [])
    face.barred = ("/v1/refunds",)
    with pytest.raises(ProviderUnreachable):
        standing(gateway, ref)


def test_a_payment_that_nobody_began_tells_nothing(gateway: StripeGateway) -> None:
    shown = do(gateway.create_payment(NewPayment(KEY, PRICE, "ord_1")))
    assert do(gateway.look_back(PaymentRef(KEY, shown.provider_ref, PRICE), ())) is None


def test_a_refund_that_waits_for_the_balance_says_so(face: Face, gateway: StripeGateway) -> None:
    ref = paid(face, gateway)
    face.books.has_money = False
    shown = do(gateway.refund(NewRefund(BACK, PRICE, ref)))
    assert (shown.status, shown.is_short) == (RefundStatus.PENDING, True)


def test_a_refund_that_is_refused_for_the_balance_may_be_made_later(
    face: Face, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = paid(face, gateway)

    def poor(_: object) -> dict[str, object]:
        raise Refused(400, code="balance_insufficient")

    monkeypatch.setattr(face.books, "give_back", poor)
    with pytest.raises(BalanceTooLow):
        do(gateway.refund(NewRefund(BACK, PRICE, ref)))


@pytest.mark.parametrize("kind", ["charge.refunded", "charge.dispute.created"])
def test_events_of_what_came_after_name_the_payment(
    face: Face, gateway: StripeGateway, kind: str
) -> None:
    paid(face, gateway)
    an_sdk(face).v1.refunds.create({"payment_intent": face.intent_of(KEY), "amount": 10})
    face.books.dispute(face.intent_of(KEY))
    event = do(gateway.verify_webhook(*face.signed(face.told(kind))))
    assert event is not None
    assert (event.our_ref, event.of_payment, event.claimed) == (KEY, KEY, None)


def test_the_payment_itself_is_no_aftermath(face: Face, gateway: StripeGateway) -> None:
    paid(face, gateway)
    event = do(gateway.verify_webhook(*face.signed(face.told("checkout.session.completed"))))
    assert event is not None
    assert event.of_payment == ""


def test_an_endpoint_is_made_with_a_secret_and_the_old_ones_go(
    face: Face, clock: TurnableClock
) -> None:
    gateway = StripeGateway(credentials(webhook_secret=""), wiring(face.url, clock))
    assert not gateway.is_enrolled
    first, second = do(gateway.enrol()), do(gateway.enrol())
    assert first is not None
    assert second is not None
    told = credentials(**second.secrets)
    renewed = StripeGateway(replace(told, before=first.secrets), wiring(face.url, clock))
    for secret in (first, second):
        signed = face.signed(
            {"id": "evt_1", "type": "x", "data": {"object": {}}},
            secret=secret.secrets["webhook_secret"],
        )
        assert do(renewed.verify_webhook(*signed)) is None  # believed, and about nothing of ours
    elsewhere = {"url": "https://else.example/", "enabled_events": ["*"]}
    other = an_sdk(face).v1.webhook_endpoints.create(elsewhere).id
    do(renewed.leave_others(second.name))
    assert [one["id"] for one in face.books.endpoints] == [second.name, other]
    (made, _) = face.books.endpoints
    assert (made["url"], made["enabled_events"]) == (NOTIFY, list(NEEDED))
    assert made["api_version"] == stripe.api_version
    assert "whsec" not in repr(second)


def test_a_key_that_may_not_make_one_leaves_it_to_a_person(
    face: Face, gateway: StripeGateway
) -> None:
    face.barred = ("/v1/webhook_endpoints",)
    assert do(gateway.enrol()) is None
    do(gateway.leave_others("we_1"))


def test_without_a_secret_nothing_is_believed(face: Face, clock: TurnableClock) -> None:
    gateway = StripeGateway(credentials(webhook_secret=""), wiring(face.url, clock))
    signed = face.signed({"id": "evt_1", "type": "x", "data": {"object": {}}}, secret="")
    with pytest.raises(BadNotice):
        do(gateway.verify_webhook(*signed))


def test_the_official_sdk_reads_what_the_stand_in_tells_of_all_this(
    face: Face, gateway: StripeGateway
) -> None:
    face.books.fee = 363
    paid(face, gateway)
    sdk, intent = an_sdk(face), face.intent_of(KEY)
    face.books.dispute(intent)
    sdk.v1.refunds.create({"payment_intent": intent, "amount": 10})
    (dispute,) = sdk.v1.disputes.list({"payment_intent": intent})
    assert (dispute.status, dispute.balance_transactions[0].fee) == ("needs_response", 1500)
    (refund,) = sdk.v1.refunds.list(
        {"payment_intent": intent, "expand": ["data.balance_transaction"]}
    )
    assert isinstance(refund.balance_transaction, stripe.BalanceTransaction)
    made = sdk.v1.webhook_endpoints.create({"url": NOTIFY, "enabled_events": ["charge.refunded"]})
    assert made.secret
    assert ["secret" in one for one in sdk.v1.webhook_endpoints.list()] == [False]
    assert sdk.v1.webhook_endpoints.delete(made.id).deleted
