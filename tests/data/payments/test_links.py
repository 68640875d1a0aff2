"""The link in the chat: guessed by nobody, opened without effect, honest about what is closed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from data.kernel.errors import NotFound, PaymentLinkExpired
from data.orders import OrderState
from data.payments import PaymentLink, PayState, create_link, find_payable, revoke_links
from data.payments.sandbox_models import Outcome, RefundOutcome
from tests.data.payments.till import HOLD, TOTAL, Till


def test_t08_only_the_hash_of_a_token_is_stored(till: Till) -> None:
    token = _link(till, till.order())
    assert len(token) >= 22, "128 bits"
    with till.looking() as session:
        link = session.scalars(select(PaymentLink)).one()
        assert token not in (link.token_hash, link.order_id)


def test_t08_a_guessed_token_opens_nothing(till: Till) -> None:
    _link(till, till.order())
    with till.transaction() as session, pytest.raises(NotFound):
        find_payable(session, token="guess", now=till.clock.now())


def test_t10_a_hundred_previews_change_nothing(till: Till) -> None:
    order = till.order()
    token = _link(till, order)
    for _ in range(100):
        assert _state(till, token) == PayState.PAYABLE
    assert till.state(order) == OrderState.AWAITING_PAYMENT
    assert till.shelf() == (5, 1)
    till.pay(order)
    assert _state(till, token) == PayState.PAID


def test_the_page_shows_what_is_bought_and_what_it_costs(till: Till) -> None:
    token = _link(till, till.order(quantity=2))
    with till.looking() as session:
        payable = find_payable(session, token=token, now=till.clock.now())
        assert payable.order.total.minor == TOTAL + 8800
        assert [line.quantity for line in payable.lines] == [2]


def test_the_page_says_how_the_order_stands(till: Till) -> None:
    order = till.order()
    token = _link(till, order)
    till.pay(order, Outcome.DECLINED)
    assert _state(till, token) == PayState.PAYABLE
    with till.looking() as session:
        assert find_payable(session, token=token, now=till.clock.now()).declined
    attempt = till.pay(order, Outcome.LOST)
    assert _state(till, token) == PayState.CHECKING
    till.later(timedelta(minutes=1))
    assert _state(till, token) == PayState.PAID
    till.plan(attempt, RefundOutcome.LATE)
    till.cancel(order)
    till.settle()
    assert _state(till, token) == PayState.REFUNDED


def test_an_expired_and_a_cancelled_order_say_which_it_is(till: Till) -> None:
    late, cancelled = till.order(), till.order()
    tokens = [_link(till, late), _link(till, cancelled)]
    till.cancel(cancelled)
    till.clock.advance(HOLD)
    assert [_state(till, token) for token in tokens] == [PayState.EXPIRED, PayState.CANCELLED]


def test_a_second_link_does_not_close_the_first_but_revoking_closes_both(till: Till) -> None:
    order = till.order()
    tokens = [_link(till, order), _link(till, order)]
    assert [_state(till, token) for token in tokens] == [PayState.PAYABLE] * 2
    with till.transaction() as session:
        revoke_links(session, order_id=order, now=till.clock.now())
    for token in tokens:
        with pytest.raises(PaymentLinkExpired):
            _state(till, token)


def test_a_link_is_not_readable_for_ever(till: Till) -> None:
    token = _link(till, till.order())
    till.clock.advance(timedelta(days=31))
    with pytest.raises(PaymentLinkExpired):
        _state(till, token)


def _link(till: Till, order_id: str) -> str:
    with till.transaction() as session:
        return create_link(session, order_id=order_id, now=till.clock.now())


def _state(till: Till, token: str) -> PayState:
    with till.looking() as session:
        return find_payable(session, token=token, now=till.clock.now()).state
