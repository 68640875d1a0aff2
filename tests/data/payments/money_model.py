"""What must be so after each thing that happens to an order and its money, in plain Python.

It hears what people decide and what the bank answers, in the order in which the shop does, and
knows no database. Of what nobody knows (a lost answer) it has no opinion, but what follows once the
shop gives up waiting it knows.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from data.orders import OrderKind, OrderState
from data.payments import AttemptState, Call, RefundState
from data.payments.gateway import Answer, PaymentStatus, ProviderPayment, ProviderRefund

_A, _O, _R = AttemptState, OrderState, RefundState
_OVER = (_O.CANCELLED, _O.EXPIRED, _O.REFUND_PENDING, _O.REFUNDED)
_LEFT = (_O.SHIPPED, _O.DELIVERED)
UNDECIDED = "undecided"  # created, submitted, pending or unknown: it may still be paid


@dataclass
class Try:
    """One attempt. `earned`: its money is the shop's; `doubted`: it was asked about in vain;
    `beside`: it was held when another payment had come first, and carries nothing."""

    amount: int
    state: str = UNDECIDED
    captured: int = 0
    promised: int = 0
    wanted: bool = False
    earned: bool = False
    doubted: bool = False
    beside: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in (UNDECIDED, _A.AUTHORIZED)


@dataclass
class Back:
    """One refund; None stands for the time until the bank has said how it went."""

    attempt: str
    amount: int
    state: str | None = None
    retried: bool = False
    doubted: bool = False


@dataclass
class Bought:
    kind: OrderKind
    units: int
    total: int
    expires_at: datetime
    state: OrderState = _O.AWAITING_PAYMENT
    holds: bool = True
    tries: dict[str, Try] = field(default_factory=dict)
    refunds: dict[str, Back] = field(default_factory=dict)


class Model:
    """`shelf` is on hand and held; `books` every account that is not zero."""

    def __init__(self, on_hand: int, cash: str) -> None:
        self.on_hand = on_hand
        self.orders: dict[str, Bought] = {}
        self._cash = cash
        self._books: Counter[str] = Counter()
        self._owed: list[tuple[str, str, int]] = []

    @property
    def shelf(self) -> tuple[int, int]:
        return self.on_hand, sum(o.units for o in self.orders.values() if o.holds)

    @property
    def books(self) -> dict[str, int]:
        return {account: minor for account, minor in self._books.items() if minor}

    @property
    def is_all_promised(self) -> bool:
        """Every refund that follows from what happened has been named."""
        return not self._owed

    def names(self, order_id: str, attempt_id: str, amount: int, refund_id: str) -> None:
        """The shop's refund of what was promised; one that follows from nothing is wrong."""
        assert (order_id, attempt_id, amount) in self._owed, "a refund that nothing asked for"
        self._owed.remove((order_id, attempt_id, amount))
        self.orders[order_id].refunds[refund_id] = Back(attempt_id, amount)

    # people

    def begins(self, order: Bought, attempt_id: str) -> None:
        if attempt_id not in order.tries:
            assert not any(one.state == UNDECIDED for one in order.tries.values())
            order.tries[attempt_id] = Try(order.total)

    def may_begin(self, order: Bought, now: datetime) -> bool:
        return order.state == _O.AWAITING_PAYMENT and order.expires_at > now

    def calls_off(self, order_id: str) -> bool:
        """Its buyer, or its group that failed. False: too late, it has left."""
        order = self.orders[order_id]
        if order.state in _LEFT:
            return False
        if order.state == _O.AWAITING_PAYMENT:
            self._close(order, _O.CANCELLED)
        elif order.state not in _OVER:
            self._gives_all_back(order_id, order)
        return True

    def comes_together(self, order: Bought) -> None:
        paying = next(
            one
            for one in sorted(order.tries.values(), key=lambda one: one.beside)
            if one.captured > one.promised or one.state == _A.AUTHORIZED
        )
        if paying.state == _A.AUTHORIZED:
            paying.wanted = True
        else:
            self._earns(order, paying)

    def moves(self, order: Bought, to: OrderState) -> None:
        order.state = to

    def tries_again(self, order: Bought, failed: str, refund_id: str) -> None:
        before = order.refunds[failed]
        if not before.retried:
            before.retried = True
            order.refunds[refund_id] = Back(before.attempt, before.amount)

    # time and the bank

    def runs_out(self, order: Bought, now: datetime) -> None:
        if order.state == _O.AWAITING_PAYMENT and order.expires_at <= now:
            self._close(order, _O.EXPIRED)

    def hears(self, call: Call, answer: Answer) -> None:
        order = self.orders[call.order_id]
        assert call.attempt_id in order.tries, "an attempt that nobody began"
        if call.refund_id is not None:
            if call.refund_id not in order.refunds and call.refund_amount is not None:
                minor = call.refund_amount.minor
                self.names(call.order_id, call.attempt_id, minor, call.refund_id)
            self._hears_of_refund(order, order.refunds[call.refund_id], answer)
            return
        attempt = order.tries[call.attempt_id]
        attempt.doubted |= not isinstance(answer, ProviderPayment)
        if isinstance(answer, ProviderPayment):
            self._hears_of_payment(call.order_id, call.attempt_id, answer.status)

    def gives_up(self, order: Bought, attempt: Try) -> None:
        """The shop took a doubt for a no; only after one may it."""
        assert attempt.doubted
        self._falls_through(order, attempt, _A.FAILED)

    def gives_up_refund(self, order: Bought, refund: Back) -> None:
        assert refund.doubted
        self._refund_failed(order, refund)

    def _hears_of_payment(self, order_id: str, attempt_id: str, status: PaymentStatus) -> None:
        order = self.orders[order_id]
        attempt = order.tries[attempt_id]
        if status == PaymentStatus.CAPTURED and attempt.state != _A.CAPTURED:
            was_held = attempt.state == _A.AUTHORIZED and not attempt.beside
            attempt.state, attempt.captured = _A.CAPTURED, attempt.amount
            self._post(self._cash, "customer_hold", attempt.amount)
            self._is_paid(order_id, attempt_id, was_held=was_held)
        elif status == PaymentStatus.AUTHORIZED and attempt.state == UNDECIDED:
            attempt.state = _A.AUTHORIZED
            attempt.beside = order.state == _O.WAITING_GROUP
            if not attempt.beside and self._can_use_money(order):
                order.state = (
                    _O.AWAITING_PAYMENT if order.kind == OrderKind.NORMAL else _O.WAITING_GROUP
                )
        elif status in (PaymentStatus.FAILED, PaymentStatus.VOIDED) and attempt.is_open:
            self._falls_through(order, attempt, _A(status.value))

    def _is_paid(self, order_id: str, attempt_id: str, *, was_held: bool) -> None:
        order = self.orders[order_id]
        attempt = order.tries[attempt_id]
        if order.state == _O.WAITING_GROUP and (attempt.wanted or was_held):
            if attempt.wanted:
                self._earns(order, attempt)
        elif self._can_use_money(order):
            order.state = _O.WAITING_GROUP
            if order.kind == OrderKind.NORMAL:
                self._earns(order, attempt)
        else:
            if order.state in (_O.EXPIRED, _O.CANCELLED):
                order.state = _O.REFUND_PENDING
            self._promises(order_id, attempt_id)

    def _can_use_money(self, order: Bought) -> bool:
        """Its goods are held, or can be had again for an order of one's own that ran out."""
        if order.state == _O.EXPIRED and order.kind == OrderKind.NORMAL:
            on_hand, held = self.shelf
            order.holds = on_hand - held >= order.units
            return order.holds
        return order.state == _O.AWAITING_PAYMENT

    def _falls_through(self, order: Bought, attempt: Try, to: AttemptState) -> None:
        before, attempt.state = attempt.state, to
        was_held = before == _A.AUTHORIZED and not attempt.beside
        if order.state == _O.WAITING_GROUP and was_held:
            self._close(order, _O.CANCELLED)
        self._closes_if_all_is_back(order)

    def _hears_of_refund(self, order: Bought, refund: Back, answer: Answer) -> None:
        refund.doubted |= not isinstance(answer, ProviderRefund)
        if not isinstance(answer, ProviderRefund):
            return
        if answer.status.value == _R.SUCCEEDED and refund.state is None:
            refund.state = _R.SUCCEEDED
            self._post("refund_payable", self._cash, refund.amount)
            self._closes_if_all_is_back(order)
        elif answer.status.value == _R.FAILED and refund.state != _R.FAILED:
            self._refund_failed(order, refund)

    def _refund_failed(self, order: Bought, refund: Back) -> None:
        if refund.state == _R.SUCCEEDED:
            self._post(self._cash, "refund_payable", refund.amount)
        refund.state = _R.FAILED
        if order.state == _O.REFUNDED:
            order.state = _O.REFUND_PENDING

    # what follows

    def _close(self, order: Bought, to: OrderState) -> None:
        order.state, order.holds = to, False

    def _earns(self, order: Bought, attempt: Try) -> None:
        order.state, order.holds, attempt.earned = _O.READY, False, True
        self.on_hand -= order.units
        self._post("customer_hold", "revenue", attempt.captured)

    def _gives_all_back(self, order_id: str, order: Bought) -> None:
        if order.state == _O.READY:
            self.on_hand += order.units
        self._close(order, _O.REFUND_PENDING)
        for attempt_id, attempt in order.tries.items():
            attempt.wanted = False
            if attempt.captured > attempt.promised:
                self._promises(order_id, attempt_id)
        self._closes_if_all_is_back(order)

    def _promises(self, order_id: str, attempt_id: str) -> None:
        attempt = self.orders[order_id].tries[attempt_id]
        amount = attempt.captured - attempt.promised
        attempt.promised += amount
        self._post("revenue" if attempt.earned else "customer_hold", "refund_payable", amount)
        self._owed.append((order_id, attempt_id, amount))

    def _closes_if_all_is_back(self, order: Bought) -> None:
        taken = sum(one.captured for one in order.tries.values())
        given = sum(one.amount for one in order.refunds.values() if one.state == _R.SUCCEEDED)
        is_open = any(one.is_open for one in order.tries.values())
        if order.state == _O.REFUND_PENDING and taken == given and not is_open:
            order.state = _O.REFUNDED

    def _post(self, source: str, target: str, minor: int) -> None:
        self._books[source] -= minor
        self._books[target] += minor


class NoOpinion(Model):
    """For a machine that has other means to know: it hears nothing and says nothing."""

    def begins(self, order: Bought, attempt_id: str) -> None:
        return

    def calls_off(self, order_id: str) -> bool:
        return True

    def comes_together(self, order: Bought) -> None:
        return

    def hears(self, call: Call, answer: Answer) -> None:
        return

    def runs_out(self, order: Bought, now: datetime) -> None:
        return
