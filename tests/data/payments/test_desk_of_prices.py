"""What a shop does with coupons and gift cards after they were thought of, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from data.audit import audit
from data.kernel.errors import Invalid, NotFound, Refused, TooOften, WrongState
from data.kernel.money import Money
from data.ledger import GIFT_CARD_LIABILITY, GIFT_CARDS_GRANTED, trial_balance
from data.orders.coupon_models import Coupon
from data.orders.coupon_turns import (
    CouponState,
    end_coupon,
    pause_coupon,
    resume_coupon,
    state_of,
)
from data.orders.coupons import CouponTerms, make_coupon, use_coupon
from data.orders.price_moves import moves_about
from data.payments.credit_models import GiftCard
from data.payments.gift_card_batches import Gift, cards_of, issue_batch
from data.payments.gift_cards import block_gift_card, find_gift_card
from data.payments.guess_models import CodeMiss
from data.payments.guesses import MOST, note_miss, refuse_guesser
from tests.builders import a_merchant
from tests.data.payments.till import Till

SORRY = Gift(Money(2500, "CNY"), 3, "sorry")


def a_coupon(till: Till, **terms: object) -> str:
    with till.transaction() as session:
        return make_coupon(
            session,
            merchant_id=till.shop.id,
            currency="CNY",
            terms=CouponTerms("TEN", off=Money(1000, "CNY"), **terms),  # type: ignore[arg-type]
            by="owner",
            now=till.clock.now(),
        ).id


def use(till: Till, order: str, coupon_id: str) -> None:
    with till.transaction() as session:
        coupon = session.get_one(Coupon, coupon_id)
        use_coupon(session, order_id=order, coupon=coupon, now=till.clock.now())


def state(till: Till, coupon_id: str) -> CouponState:
    with till.looking() as session:
        return state_of(session.get_one(Coupon, coupon_id), till.clock.now())


def deeds(till: Till, subject: str) -> list[tuple[str, str]]:
    with till.looking() as session:
        moves = moves_about(session, merchant_id=till.shop.id, subjects=[subject])
        return [(move.deed, move.by) for move in moves]


def test_a_coupon_is_paused_goes_on_and_ends_for_good(each_till: Till) -> None:
    till, coupon = each_till, a_coupon(each_till)
    order = till.order()
    turns = [
        (pause_coupon, CouponState.PAUSED),
        (resume_coupon, CouponState.RUNNING),
        (end_coupon, CouponState.OVER),
    ]
    for turn, after in turns:
        with till.transaction() as session:
            now = till.clock.now()
            turn(session, merchant_id=till.shop.id, coupon_id=coupon, by="ann", now=now)
        assert state(till, coupon) is after
        if after is not CouponState.RUNNING:
            with pytest.raises(Refused, match="coupon_over"):
                use(till, order, coupon)
    with till.transaction() as session:
        mine = {"merchant_id": till.shop.id, "coupon_id": coupon}
        with pytest.raises(WrongState):
            resume_coupon(session, **mine, by="ann", now=till.clock.now())
    assert deeds(till, coupon) == [
        ("ended", "ann"),
        ("resumed", "ann"),
        ("paused", "ann"),
        ("made", "owner"),
    ]


def test_its_state_follows_the_clock_and_its_uses(till: Till) -> None:
    now = till.clock.now()
    coupon = a_coupon(
        till,
        starts_at=now + timedelta(hours=1),
        ends_at=now + timedelta(hours=3),
        most_uses=1,
    )
    assert state(till, coupon) is CouponState.UPCOMING
    till.later(timedelta(hours=2))
    assert state(till, coupon) is CouponState.RUNNING
    use(till, till.order(), coupon)
    assert state(till, coupon) is CouponState.USED_UP
    till.later(timedelta(hours=2))
    assert state(till, coupon) is CouponState.OVER


def test_another_shops_coupon_is_not_there(till: Till) -> None:
    coupon = a_coupon(till)
    with till.transaction() as session:
        other = a_merchant(session).id
        for turn in (pause_coupon, resume_coupon, end_coupon):
            with pytest.raises(NotFound):
                turn(session, merchant_id=other, coupon_id=coupon, by="x", now=till.clock.now())


def test_a_batch_is_issued_once_and_the_books_owe_it(each_till: Till) -> None:
    till = each_till

    def issue() -> list[str]:
        with till.transaction() as session:
            issued = issue_batch(
                session,
                merchant_id=till.shop.id,
                batch_id="gcb_1",
                gift=SORRY,
                by="owner",
                now=till.clock.now(),
            )
            return [code for _, code in issued]

    codes = issue()
    with pytest.raises(Refused, match="gift_cards_issued"):
        issue()
    with till.looking() as session:
        cards = cards_of(session, merchant_id=till.shop.id, batch_id="gcb_1")
        found = {find_gift_card(session, merchant_id=till.shop.id, code=code) for code in codes}
        assert {card.id for card in cards} == {card.id for card in found if card}
        assert {card.note for card in cards} == {"sorry"}
        balance = trial_balance(session, merchant_id=till.shop.id)
        assert balance[GIFT_CARD_LIABILITY] == Money(7500, "CNY")
        assert balance[GIFT_CARDS_GRANTED] == Money(-7500, "CNY")
        assert audit(session, now=till.clock.now(), grace=timedelta(0)) == []
    assert deeds(till, "gcb_1") == [("issued", "owner")]


@pytest.mark.parametrize(
    ("gift", "problem"),
    [
        (Gift(Money(0, "CNY"), 1, "x"), "amount"),
        (Gift(Money(1, "CNY"), 0, "x"), "count"),
        (Gift(Money(1, "CNY"), 101, "x"), "count"),
        (Gift(Money(1, "CNY"), 1, " "), "reason"),
        (Gift(Money(1, "CNY"), 1, "x" * 121), "reason"),
    ],
)
def test_a_batch_that_makes_no_sense_leaves_nothing(till: Till, gift: Gift, problem: str) -> None:
    with till.transaction() as session, pytest.raises(Invalid, match=problem):
        issue_batch(
            session,
            merchant_id=till.shop.id,
            batch_id="gcb_2",
            gift=gift,
            by="owner",
            now=till.clock.now(),
        )
    with till.looking() as session:
        assert session.scalar(select(func.count()).select_from(GiftCard)) == 0


def test_who_blocked_a_card_is_written_down_once(till: Till) -> None:
    with till.transaction() as session:
        now = till.clock.now()
        shop = till.shop.id
        ((card, _),) = issue_batch(
            session,
            merchant_id=shop,
            batch_id="gcb_3",
            gift=Gift(Money(1, "CNY"), 1, "x"),
            by="owner",
            now=now,
        )
        for by in ("ann", "bob"):
            block_gift_card(session, merchant_id=shop, card_id=card.id, by=by, now=now)
        card_id = card.id
    assert deeds(till, card_id) == [("blocked", "ann")]


def test_a_guesser_is_stopped_for_a_day_and_forgotten_after_it(each_till: Till) -> None:
    till = each_till

    def miss() -> None:
        with till.transaction() as session:
            refuse_guesser(session, person_id=till.buyer.id, now=till.clock.now())
            note_miss(
                session,
                merchant_id=till.shop.id,
                person_id=till.buyer.id,
                now=till.clock.now(),
            )

    for _ in range(MOST):
        miss()
    with pytest.raises(TooOften):
        miss()
    till.later(timedelta(days=1, seconds=1))
    miss()
    with till.looking() as session:
        assert session.scalar(select(func.count()).select_from(CodeMiss)) == 1
