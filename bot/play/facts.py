"""What a story can ask of the shop: counts and states by short names."""

from collections.abc import Mapping, Sequence
from datetime import datetime
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
from data.group_buys import Seat, SeatState, Team
from data.ledger import Posting
from data.merchants import Merchant
from data.occasions import Occasion, Reminder
from data.orders import Order, OrderLine, OrderState, address_of
from data.payments import AttemptState, PaymentAttempt, Refund, RefundState
from data.people import ChannelIdentity, Chat, Consent

_OPEN = (OrderState.PAID, OrderState.WAITING_GROUP, OrderState.READY, OrderState.SHIPPED)


def facts(session: Session, *, now: datetime) -> Mapping[str, Any]:
    """`order`, `group_buy` are the state of the newest one; the rest are counts."""
    del now

    def count(model: Any, *where: Any) -> int:
        return session.scalar(select(func.count()).select_from(model).where(*where)) or 0

    def newest(column: Any, moment: Any) -> Any:
        return session.scalar(select(column).order_by(moment.desc()).limit(1))

    return {
        "orders": count(Order),
        "paid_orders": count(Order, Order.state.in_(_OPEN)),
        "order": newest(Order.state, Order.created_at),
        "ships_to": _ships_to(session),
        "gift_of_day": newest(Order.occasion_id, Order.created_at) is not None,
        "given_again": _given_again(session),
        "charges": count(PaymentAttempt, PaymentAttempt.state == AttemptState.CAPTURED),
        "refunds": count(Refund, Refund.state == RefundState.SUCCEEDED),
        "ledger": "balanced" if _balanced(session) else "unbalanced",
        "group_buy": newest(Team.state, Team.opened_at),
        "group_buys": count(Team),
        "seats_paid": count(Seat, Seat.state.in_([SeatState.PAID, SeatState.FULFILLED])),
        "seats_held": count(Seat, Seat.state == SeatState.HELD),
        "occasions": count(Occasion),
        "reminders_due": count(Reminder, Reminder.state == "due"),
        "reminders_sent": count(Reminder, Reminder.state == "sent"),
        "told": count(ToldEvent),
        "waiting": count(ConversationWait),
        "mode": newest(Conversation.mode, Conversation.last_at),
        "unanswered": count(Conversation, Conversation.unanswered_at.is_not(None)),
        **_satisfaction(session),
        "consents": count(Consent, Consent.revoked_at.is_(None)),
        "merchants": count(Merchant),
        "flow_moves": count(FlowMove),
        "flow_drafts": count(FlowChannel, FlowChannel.draft_sha != FlowChannel.live_sha),
    }


def _satisfaction(session: Session) -> Mapping[str, int]:
    """What people said of each question whether it had helped, in the end."""
    told = session.scalars(
        select(ConversationEvent)
        .where(ConversationEvent.kind == "satisfaction_told")
        .order_by(ConversationEvent.id)
    )
    last = {
        (event.conversation_id, event.body["data"]["asked"]): event.body["data"]["satisfied"]
        for event in told
    }
    answers = list(last.values())
    return {"satisfied": answers.count(True), "dissatisfied": answers.count(False)}


def _ships_to(session: Session) -> str | None:
    """Name, phone and street of the newest order."""
    order = session.scalar(select(Order).order_by(Order.created_at.desc()).limit(1))
    address = address_of(session, order) if order else None
    return f"{address.name} {address.phone} {address.line}" if address else None


def _balanced(session: Session) -> bool:
    """Every currency's postings sum to zero, over all accounts."""
    sums = session.execute(
        select(func.sum(Posting.amount_minor)).group_by(Posting.entry_id, Posting.currency)
    )
    return all(total == 0 for (total,) in sums)


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
