"""What a story can ask of the shop: counts and states by short names."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.conversations import (
    Conversation,
    ConversationEvent,
    ConversationWait,
    ToldEvent,
)
from data.delivery.models import OutboxRow
from data.flows import FlowChannel, FlowMove
from data.group_buys import EntryState, Seat, SeatState, Team, WaitlistEntry
from data.ledger import Posting
from data.merchants import Merchant
from data.occasions import Occasion, Reminder
from data.orders import Order, OrderLine, OrderState, address_of
from data.orders.models import BasketLine
from data.orders.share_states import GIVEN
from data.payments import AttemptState, PaymentAttempt, Refund, RefundState
from data.people import ChannelIdentity, Chat, Consent, Person
from data.pools import Contribution, Pool
from data.split_orders import SplitOrder, SplitPart

_OPEN = (OrderState.PAID, OrderState.WAITING_GROUP, OrderState.READY, OrderState.SHIPPED)
_PAID = (SeatState.PAID, SeatState.FULFILLED)
Fact = Callable[[Session], Any]


def fact(session: Session, name: str) -> Any:
    """`order`, `group_buy` are the state of the newest one; the rest are counts. `group_buy.paid`
    is a fact about the newest one alone."""
    noun, _, part = name.partition(".")
    return NESTED[noun][part](session) if part else FACTS[noun](session)


def _count(model: Any, *where: Any) -> Fact:
    return lambda session: (
        session.scalar(select(func.count()).select_from(model).where(*where)) or 0
    )


def _sum(column: Any) -> Fact:
    return lambda session: session.scalar(select(func.coalesce(func.sum(column), 0)))


def _newest(column: Any, moment: Any) -> Fact:
    return lambda session: session.scalar(select(column).order_by(moment.desc()).limit(1))


def _seats(*states: SeatState) -> Fact:
    """Of the newest team."""
    newest = select(Team.id).order_by(Team.opened_at.desc()).limit(1).scalar_subquery()
    return _count(Seat, Seat.team_id == newest, Seat.state.in_(states))


def _told(satisfied: bool) -> Fact:
    """How many of the questions whether it had helped were answered so, in the end."""

    def count(session: Session) -> int:
        told = session.scalars(
            select(ConversationEvent)
            .where(ConversationEvent.kind == "satisfaction_told")
            .order_by(ConversationEvent.id)
        )
        last = {
            (event.conversation_id, event.body["data"]["asked"]): event.body["data"]["satisfied"]
            for event in told
        }
        return list(last.values()).count(satisfied)

    return count


def _ships_to(session: Session) -> str | None:
    """Name, phone and street of the newest order."""
    order = session.scalar(select(Order).order_by(Order.created_at.desc()).limit(1))
    address = address_of(session, order) if order else None
    return f"{address.name} {address.phone} {address.line}" if address else None


def _ledger(session: Session) -> str:
    """Every currency's postings sum to zero, over all accounts."""
    sums = session.execute(
        select(func.sum(Posting.amount_minor)).group_by(Posting.entry_id, Posting.currency)
    )
    return "balanced" if all(total == 0 for (total,) in sums) else "unbalanced"


def _given_again(session: Session) -> bool:
    """Whether something that was ordered has been offered again since then."""
    bought = select(OrderLine.product_id, Order.created_at).join(Order)
    told = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
    return any(
        segment.get("product_id") == product
        for product, since in session.execute(bought)
        for row in told
        if row.created_at > since
        for segment in row.segments
    )


_ORDER = _newest(Order.state, Order.created_at)
_TEAM = _newest(Team.state, Team.opened_at)
_OF_DAY = _newest(Order.occasion_id, Order.created_at)
FACTS: Mapping[str, Fact] = {
    "orders": _count(Order),
    "paid_orders": _count(Order, Order.state.in_(_OPEN)),
    "order": _ORDER,
    "ships_to": _ships_to,
    "gift_of_day": lambda session: _OF_DAY(session) is not None,
    "given_again": _given_again,
    "charges": _count(PaymentAttempt, PaymentAttempt.state == AttemptState.CAPTURED),
    "refunds": _count(Refund, Refund.state == RefundState.SUCCEEDED),
    "ledger": _ledger,
    "group_buy": _TEAM,
    "group_buys": _count(Team),
    "pool": _newest(Pool.state, Pool.opened_at),
    "shares_paid": _count(Contribution, Contribution.state.in_(GIVEN)),
    "split_order": _newest(SplitOrder.state, SplitOrder.opened_at),
    "parts_paid": _count(SplitPart, SplitPart.state.in_(GIVEN)),
    "seats_paid": _count(Seat, Seat.state.in_(_PAID)),
    "seats_held": _count(Seat, Seat.state == SeatState.HELD),
    "in_line": _count(WaitlistEntry, WaitlistEntry.state == EntryState.WAITING),
    "occasions": _count(Occasion),
    "reminders_due": _count(Reminder, Reminder.state == "due"),
    "reminders_sent": _count(Reminder, Reminder.state == "sent"),
    "told": _count(ToldEvent),
    "waiting": _count(ConversationWait),
    "mode": _newest(Conversation.mode, Conversation.last_at),
    "unanswered": _count(Conversation, Conversation.unanswered_at.is_not(None)),
    "satisfied": _told(True),
    "dissatisfied": _told(False),
    "consents": _count(Consent, Consent.revoked_at.is_(None)),
    "merged": _count(Person, Person.merged_into.is_not(None)),
    "erased": _count(Person, Person.erased_at.is_not(None)),
    "baskets": _sum(BasketLine.quantity),
    "merchants": _count(Merchant),
    "flow_moves": _count(FlowMove),
    "flow_drafts": _count(FlowChannel, FlowChannel.draft_sha != FlowChannel.live_sha),
}
NESTED: Mapping[str, Mapping[str, Fact]] = {
    "group_buy": {
        "state": _TEAM,
        "paid": _seats(*_PAID),
        "held": _seats(SeatState.HELD),
    },
    "order": {
        "state": _ORDER,
        "ships_to": _ships_to,
        "gift_of_day": FACTS["gift_of_day"],
    },
}


def slots_of(session: Session, *, chat: str, person: str) -> Mapping[str, Any]:
    """The slots of one person's conversation in one chat, by the names a story uses."""
    snapshot = session.scalar(
        select(Conversation.snapshot)
        .join(Chat, Chat.id == Conversation.chat_id)
        .join(ChannelIdentity, ChannelIdentity.person_id == Conversation.person_id)
        .where(Chat.external_id == chat, ChannelIdentity.external_id == person)
    )
    slots: Mapping[str, Any] = (snapshot or {}).get("slots", {})
    return slots


def events_since(session: Session, after: int) -> Sequence[ConversationEvent]:
    return session.scalars(
        select(ConversationEvent).where(ConversationEvent.id > after).order_by(ConversationEvent.id)
    ).all()


def last_event_id(session: Session) -> int:
    return session.scalar(select(func.max(ConversationEvent.id))) or 0
