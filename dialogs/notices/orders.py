"""Receipts and everything else an order has to tell its buyer, in private."""

from collections.abc import Mapping
from typing import Any

from data.delivery.messages import Option, Options
from data.group_buys import SeatState, Team, TeamState, seat_of_order, takes_money
from data.group_buys.nudges import may_be_nudged
from data.kernel.facts import Fact
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.orders import (
    Order,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderKind,
    OrderPaid,
    OrderReady,
    OrderRefunded,
    OrderShipped,
    can_go_elsewhere,
)
from data.payments import PaymentFailed, Refund, RefundFailed, was_only_held
from data.people import Person
from dialogs.notices.bills import mark_paid
from dialogs.notices.herald import Herald, Notice, Tell
from dialogs.wording import money

_NUDGE = "utter_team_nudge_button"
_LAST = "utter_receipt_last"


def _values(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "number": order.number,
        "total": _total(order),
        "tracking": order.tracking or "",
    }


def _total(order: Order) -> Money:
    return Money(order.total_minor, order.currency)


def _tell(  # of what, in which words, with which ways on: each has a name
    herald: Herald,
    fact: OrderFact,
    response: str,
    *,
    about: str = "",
    ways: tuple[Option, ...] = (),
    **values: object,
) -> None:
    """`about` is what makes it another message where the same can befall an order again."""
    order = herald.session.get_one(Order, fact.order_id)
    key = f"{response}:{order.id}:{about}"
    more = (Options(ways),) if ways else ()
    notice = Notice(key, response, {**_values(order), **values}, more)
    herald.tell_person(fact.person_id, notice, conversation_id=fact.conversation_id)


def _paid(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, OrderPaid)  # noqa: S101  # wired by type below
    order = herald.session.get_one(Order, fact.order_id)
    buyer = herald.session.get_one(Person, order.person_id)
    if order.kind == OrderKind.NORMAL:
        _tell(herald, fact, "utter_receipt")
    elif order.kind == OrderKind.GROUP and _is_in_time(herald, order):
        response = _if_held(herald, order, "utter_receipt_hold", _of_seat(herald, order))
        _tell(herald, fact, response, ways=_nudge_button(herald, order, buyer))
    mark_paid(herald, order, buyer)
    herald.tell_flows("payment_paid", order.id, **_told_of(order, buyer))


def _of_seat(herald: Herald, order: Order) -> str:
    """Whoever pays last waits for nobody; that it is complete the group is told right after."""
    seat = seat_of_order(herald.session, order_id=order.id)
    team = herald.session.get_one(Team, seat.team_id) if seat else None
    is_last = team is not None and team.state == TeamState.OPEN and team.target - team.paid == 1
    return _LAST if is_last and herald.knows(_LAST) else "utter_receipt_group"


def _nudge_button(herald: Herald, order: Order, buyer: Person) -> tuple[Option, ...]:
    """Who leads a team that still lacks somebody may have the others reminded."""
    seat = seat_of_order(herald.session, order_id=order.id)
    team = herald.session.get_one(Team, seat.team_id) if seat else None
    if team is None or team.leader_id != buyer.id or not may_be_nudged(team, herald.now):
        return ()
    if not herald.knows(_NUDGE) or team.state != TeamState.OPEN:
        return ()
    payload = f"/Act(action_nudge_team, team={team.id})"
    return (herald.option(_NUDGE, payload, Locale(buyer.locale)),)


def _told_of(order: Order, buyer: Person) -> dict[str, str]:
    """What flows hear of an order. The receipt is the shop's own word and hangs on no flow."""
    return {"number": order.number, "total": money(_total(order), Locale(buyer.locale))}


def _is_in_time(herald: Herald, order: Order) -> bool:
    """Money that came for a seat after all goes straight back: then there is no receipt."""
    seat = seat_of_order(herald.session, order_id=order.id)
    if seat is None or seat.state != SeatState.HELD:
        return False
    team = herald.session.get_one(Team, seat.team_id)
    if team.state == TeamState.SUCCESS:  # asked again, when what was reserved could not be taken
        return seat.held_until > herald.now
    return takes_money(team, herald.now)


def _failed(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, PaymentFailed)  # noqa: S101
    _tell(herald, fact, "utter_payment_failed", about=fact.attempt_id)
    order = herald.session.get_one(Order, fact.order_id)
    told = _told_of(order, herald.session.get_one(Person, order.person_id))
    herald.tell_flows("payment_failed", order.id, once=fact.attempt_id, **told)


def _refunded(herald: Herald, fact: Fact) -> None:
    """Money that went back may come back, and go again."""
    assert isinstance(fact, OrderRefunded)  # noqa: S101
    order = herald.session.get_one(Order, fact.order_id)
    # What others gave is theirs, and each is told; what cost nothing more gives nothing back.
    if order.kind == OrderKind.POOLED or not order.total_minor:
        return
    response = _if_held(herald, order, "utter_hold_let_go", "utter_refunded")
    _tell(herald, fact, response, about=str(order.version))


def _if_held(herald: Herald, order: Order, held: str, taken: str) -> str:
    """Which response fits; older versions of a shop's flows know the second only."""
    is_held = herald.knows(held) and was_only_held(herald.session, order_id=order.id)
    return held if is_held else taken


def _refund_failed(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, RefundFailed)  # noqa: S101
    refund = herald.session.get(Refund, fact.refund_id)  # it may be a part of the order's sum
    part: dict[str, Any] = {"total": refund.amount} if refund else {}
    _tell(herald, fact, "utter_refund_delayed", about=fact.refund_id, **part)


def _ready(herald: Herald, fact: Fact) -> None:
    """What is owed so late that nobody knows any more where to: late money brought it back, or the
    goods that it comes instead of came long before."""
    assert isinstance(fact, OrderReady)  # noqa: S101
    order = herald.session.get_one(Order, fact.order_id)
    was_known = order.address_cleared_at is not None or order.kind == OrderKind.EXCHANGE
    is_lost = order.ship_to is None and order.goes_with is None and was_known
    if is_lost and can_go_elsewhere(order):
        _tell(herald, fact, "utter_address_again", about=str(order.version))


def _shipped(herald: Herald, fact: Fact) -> None:
    assert isinstance(fact, OrderShipped)  # noqa: S101
    order = herald.session.get_one(Order, fact.order_id)
    _tell(herald, fact, "utter_shipped_tracking" if order.tracking else "utter_shipped")


def _simply(response: str) -> Tell:
    """Of an order for a seat its own notice speaks (group_buys.py), and of a dearer variant's
    difference that of the order which it changes (returns.py)."""

    def told(herald: Herald, fact: Fact) -> None:
        assert isinstance(fact, OrderFact)  # noqa: S101
        order = herald.session.get_one(Order, fact.order_id)
        if order.kind == OrderKind.NORMAL:
            _tell(herald, fact, response)

    return told


TOLD: Mapping[type[Fact], Tell] = {
    OrderPaid: _paid,
    PaymentFailed: _failed,
    OrderExpired: _simply("utter_order_expired"),
    OrderCancelled: _simply("utter_order_cancelled_notice"),
    OrderRefunded: _refunded,
    OrderReady: _ready,
    OrderShipped: _shipped,
    RefundFailed: _refund_failed,
}
