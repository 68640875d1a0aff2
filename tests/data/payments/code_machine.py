"""The money machine with coupons and a gift card: what comes off, what pays, what comes back."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from sqlalchemy import select

from data.audit import credit
from data.audit.checks import run
from data.kernel.errors import Refused
from data.kernel.money import Money
from data.orders import Order, OrderKind, OrderState
from data.orders.coupon_models import Coupon
from data.orders.coupons import CouponTerms, make_coupon
from data.payments.codes import apply_code
from data.payments.credit_models import GiftCard
from data.payments.gift_cards import issue_gift_card
from data.payments.sandbox_models import Outcome, RefundOutcome
from data.payments.truth import pay_by_credit
from tests.data.payments.money_machine import _LIVE, _PICK, Meant, MoneyMachine
from tests.data.payments.money_model import NoOpinion

BALANCE = 25_000  # two orders and a half
OFF = CouponTerms("OFF", off=Money(900, "CNY"), each_person=3, most_uses=3)


class CodeMachine(MoneyMachine):
    """Its orders are paid by banks, by a card, or by both. What parts of a price come to, the plain
    model does not know: the card's and the coupon's own counts are held to the books here."""

    model_type = NoOpinion

    def __init__(self) -> None:
        super().__init__()
        with self.till.transaction() as session:
            now, shop = self.till.clock.now(), self.till.shop.id
            make_coupon(session, merchant_id=shop, currency="CNY", terms=OFF, by="owner", now=now)
            amount = Money(BALANCE, "CNY")
            card, self.code = issue_gift_card(
                session, merchant_id=shop, amount=amount, by="owner", now=now
            )
            self.card_id = card.id
        self.with_coupon: set[str] = set()

    @precondition(lambda self: self.meant)
    @rule(pick=_PICK, is_card=st.booleans())
    def types_a_code(self, pick: int, is_card: bool) -> None:
        meant = self._picked(pick)
        try:
            with self.till.transaction() as session:
                code = self.code if is_card else OFF.code
                apply_code(session, order_id=meant.id, code=code, now=self.till.clock.now())
        except Refused:
            return
        self.met.add("card" if is_card else "coupon")
        if not is_card:
            self.with_coupon.add(meant.id)
        self._read(meant)

    @precondition(lambda self: any(not meant.total for meant in self.all_orders()))
    @rule()
    def pays_by_card_alone(self) -> None:
        meant = next(meant for meant in self.all_orders() if not meant.total)
        try:
            with self.till.transaction() as session:
                pay_by_credit(session, order_id=meant.id, now=self.till.clock.now())
        except Refused:
            return
        self.met.add("paid by card alone")

    @rule(kind=st.sampled_from([OrderKind.NORMAL, OrderKind.GROUP]), is_card=st.booleans())
    @precondition(lambda self: len(self.meant) < 4)
    def buys_with_a_code(self, kind: OrderKind, is_card: bool) -> None:
        known = set(self.meant)
        self.places(kind, 1)
        if set(self.meant) != known:
            self.types_a_code(len(self.meant) - 1, is_card)

    @invariant()
    def the_card_owes_what_it_has(self) -> None:
        balance, held = self._card()
        assert 0 <= held <= balance <= BALANCE
        assert self.till.balance().get("gift_card_liability", 0) == balance

    def check_when_all_is_done(self) -> None:
        super().check_when_all_is_done()
        spent = sum(m.credit for m in self.all_orders() if self._state(m) in _LIVE)
        assert self._card() == (BALANCE - spent, 0)
        lives = [m for m in self.all_orders() if self._state(m) in _LIVE]
        with self.till.looking() as session:
            now = self.till.clock.now()
            uses = session.scalars(select(Coupon.uses)).one()
            assert uses == sum(m.id in self.with_coupon for m in lives)
            assert run(session, now=now, grace=timedelta(0), checks=credit.CHECKS) == []

    def _card(self) -> tuple[int, int]:
        with self.till.looking() as session:
            card = session.get_one(GiftCard, self.card_id)
            return card.balance_minor, card.held_minor

    def _read(self, meant: Meant) -> None:
        with self.till.looking() as session:
            order = session.get_one(Order, meant.id)
            meant.total, meant.credit = order.due.minor, order.credit_minor


def a_card_and_a_bank(machine: CodeMachine) -> None:
    machine.places(OrderKind.NORMAL, 2)
    machine.buys_with_a_code(OrderKind.NORMAL, False)
    machine.types_a_code(0, True)
    machine.opens_the_pay_page(0, Outcome.APPROVED, 1)
    machine.worker_works()


def a_card_alone(machine: CodeMachine) -> None:
    machine.buys_with_a_code(OrderKind.GROUP, True)
    machine.types_a_code(0, False)
    machine.pays_by_card_alone()
    machine.orders_move_only_along_their_table()


def a_card_and_late_money(machine: CodeMachine) -> None:
    machine.places(OrderKind.NORMAL, 2)
    machine.types_a_code(0, False)
    machine.types_a_code(0, True)
    machine.opens_the_pay_page(0, Outcome.LATE, 45)
    machine.worker_works()
    machine.time_passes(35)
    assert machine._state(machine.all_orders()[0]) == OrderState.EXPIRED


def a_card_and_a_hold(machine: CodeMachine) -> None:
    """What is left on the card after two orders pays a part; the bank holds the rest."""
    for _ in range(2):
        machine.buys_with_a_code(OrderKind.NORMAL, True)
        machine.pays_by_card_alone()
    machine.buys_with_a_code(OrderKind.GROUP, True)
    machine.opens_the_pay_page(2, Outcome.APPROVED, 1, hold=True)
    machine.worker_works()
    meant = machine.all_orders()[2]
    assert meant.total
    assert meant.credit
    machine.met.add("card beside a hold")


def a_card_comes_back(machine: CodeMachine) -> None:
    """Of two orders that it paid."""
    for _ in range(2):
        machine.buys_with_a_code(OrderKind.GROUP, True)
    machine.pays_by_card_alone()
    machine.cancels(0, RefundOutcome.APPROVED)


CODE_STORIES = (a_card_and_a_bank, a_card_alone, a_card_and_late_money, a_card_and_a_hold)
