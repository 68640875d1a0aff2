"""A refund that the provider did not make is made by hand, noted once, and the books close."""

from data.ledger import REFUND_PAYABLE, trial_balance
from data.payments import RefundState, request_refund
from data.payments.refund_truth import fail_refund
from data.payments.refunds import lock_refund, move_refund
from tests.bot.browser import Browser
from tests.bot.conftest import Street


def a_failed_refund(street: Street) -> str:
    now = street.tuanzi.clock.now()
    with street.tuanzi.database.transaction() as session:
        paid = street.ours.payment
        refund = request_refund(session, attempt_id=paid, amount=None, cause_ref="test", now=now)
        order, refund = lock_refund(session, refund.id)
        move_refund(session, refund, RefundState.SUBMITTED, now=now)
        fail_refund(session, order, refund, now=now)
        return refund.id


def owed(street: Street) -> int:
    with street.tuanzi.database.reading() as session:
        balance = trial_balance(session, merchant_id=street.ours.merchant)
    return next((sum_.minor for account, sum_ in balance.items() if account == REFUND_PAYABLE), 0)


def test_the_manager_notes_it_once_with_the_providers_number(
    owner: Browser, street: Street
) -> None:
    refund = a_failed_refund(street)
    assert owed(street) > 0
    room = f"/orders/{street.ours.order}"
    assert "Given back by hand" in owner.get(room).text
    form = {"refund": refund, "reference": "re_<b>1"}
    for _ in range(2):
        assert owner.post(f"{room}/given-back", **form).status_code == 303
    page = owner.get(room).text
    assert "re_&lt;b&gt;1" in page  # T21
    assert "Given back by hand" not in page
    assert owed(street) == 0


def test_without_a_number_or_of_another_order_nothing_is_noted_t11(
    owner: Browser, street: Street
) -> None:
    refund, room = a_failed_refund(street), f"/orders/{street.ours.order}/given-back"
    assert owner.post(room, refund=refund, reference="").status_code == 422
    elsewhere = f"/orders/{street.theirs.order}/given-back"
    assert owner.post(elsewhere, refund=refund, reference="x").status_code == 404
    assert owed(street) > 0
