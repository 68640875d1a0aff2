"""Five people, four seats, a price that falls: one leaves, one comes instead, all get their share.

Through Telegram's stand-in, over real sockets; the bank is the sandbox's.
"""

import re

from sqlalchemy import select

from data.group_buys import Seat, SeatState
from data.payments import PaymentAttempt, Refund, RefundState
from tests.peers.telegram_world import USERNAME, Group, Person, Street, wait
from tests.peers.test_telegram_journeys import (
    assert_sound,
    follow_link,
    mention,
    take_seat,
    verdict,
)

LAN, WEI, JUN, QI, BO = (
    Person(301 + n, name) for n, name in enumerate(("Lan", "Wei", "Jun", "Qi", "Bo"))
)
CREW = Group(-1001)
ADDRESSES = {
    LAN: "Lan Zhang, 13800138000, 1 Caoxi Road, Xuhui, Shanghai",
    WEI: "Wei Li, 13900139000, 8 Jianguo Road, Chaoyang, Beijing",
    QI: "Qi Sun, 13600136000, 9 Zhongshan Road, Nanjing, Jiangsu",
    BO: "Bo Wang, 13500135000, 3 Renmin Road, Chengdu, Sichuan",
}
# Of the chalk bag, in fen: for a team of two, for four, and what sending it costs.
FIRST, LAST, SHIPPING = 7500, 6500, 1200


def test_five_meet_one_leaves_one_comes_and_four_get_the_difference_back(
    quiet_street: Street,
) -> None:
    street = quiet_street
    four_come(street)
    street.say(BO, "count me in", CREW)
    street.wait_for("Every seat of this team is taken", CREW)
    street.say(JUN, "count me out", CREW)
    street.wait_for("given up", JUN)
    street.say(BO, "count me in", CREW)
    street.settle()
    follow_link(street, BO)
    for who, address in ADDRESSES.items():
        take_seat(street, who, address)
    street.wait_for("is complete", CREW)
    for who in ADDRESSES:
        street.wait_for(r"comes to CN¥65 each\. CN¥10 of order .* goes back to you", who)
    street.settle()
    assert_group_saw_one_card_and_nothing_private(street)
    assert not any("/pay/" in text for text in street.told(JUN))
    assert_money_to_the_cent(street)
    judged = verdict(street.journal, "answerCallbackQuery", "editMessageText", "sendMessage")
    assert judged["ok"], judged
    assert_sound(street)


def four_come(street: Street) -> None:
    """One begins, one says it, two tap; each is led into their own chat."""
    street.say(LAN, f"@{USERNAME} start a group buy for the chalk bag", CREW, entities=mention())
    street.wait_for("Lan has started a group buy", CREW)
    street.settle()
    follow_link(street, LAN)
    street.say(WEI, "+1", CREW)
    street.settle()
    follow_link(street, WEI)
    for who in (JUN, QI):
        street.press(who, "Join", CREW)
        street.settle()
        follow_link(street, who)
    for who in (LAN, WEI, JUN, QI):
        street.wait_for(r"A seat in .* is yours .* at CN¥75\.", who)


def assert_group_saw_one_card_and_nothing_private(street: Street) -> None:
    cards = [bubble for bubble in street.bubbles(CREW) if "It's a team!" in bubble.text]
    assert len(cards) == 1, street.told(CREW)
    assert "CN¥65 each for a team of 4" in cards[0].text
    for text in street.told(CREW):
        assert not re.search(r"Road|/pay/|\d{11}", text)


def assert_money_to_the_cent(street: Street) -> None:
    """Once the bank has given back what it was asked to."""
    done = {RefundState.SUCCEEDED, RefundState.FAILED}
    wait(
        lambda: {state for state, _ in refunds_of(street)} <= done or None,
        lambda: refunds_of(street),
    )
    with street.tuanzi.database.reading() as session:
        seats = sorted(session.scalars(select(Seat.state)))
        paid = list(session.scalars(select(PaymentAttempt.amount_minor)))
    assert seats == sorted([SeatState.FULFILLED] * 4 + [SeatState.RELEASED])
    assert paid == [FIRST + SHIPPING] * 4
    assert refunds_of(street) == [(RefundState.SUCCEEDED, FIRST - LAST)] * 4


def refunds_of(street: Street) -> list[tuple[str, int]]:
    with street.tuanzi.database.reading() as session:
        rows = session.execute(select(Refund.state, Refund.amount_minor)).all()
    return [(row.state, row.amount_minor) for row in rows]
