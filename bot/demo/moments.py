"""What one moment brought: heard, understood, steps, rows written, messages sent.

A turn, a job and a bank's answer each have one moment: everything they write carries it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, func, or_, select
from sqlalchemy.orm import Session

from data.conversations import ConversationEvent
from data.delivery.models import InboxRow, OutboxRow
from data.group_buys import Seat, Team
from data.kernel.database import Base
from data.occasions import Occasion, Reminder
from data.orders import Order
from data.payments import PaymentAttempt, Refund

Json = dict[str, Any]
# Shown elsewhere, as slots, or as what comes instead.
_NOT_STEPS = frozenset({"user_said", "understood", "action_done", "flow_left"})
# The columns that say when a row came or changed; a deadline says neither.
_WHEN = (
    *("at", "created_at", "updated_at", "opened_at", "paid_at", "joined_at", "granted_at"),
    *("sent_at", "added_at", "last_at"),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """`said` are the messages of this moment that the page may show."""

    at: datetime
    events: Sequence[ConversationEvent]
    said: Sequence[OutboxRow]


def steps_of(moment: Moment) -> list[Json]:
    """The events as the page shows them: kind, place in the flow, and what else they tell."""
    return [
        {
            "kind": event.kind,
            "flow": event.flow,
            "step": event.step,
            "data": event.body.get("data") or event.body,
        }
        for event in moment.events
        if event.kind not in _NOT_STEPS
    ]


def understood_in(moment: Moment) -> Json | None:
    for event in moment.events:
        told = event.body.get("data", {})
        if event.kind == "understood" and "commands" in told:  # else it is sealed
            return {
                name: told.get(name)
                for name in ("intent", "confidence", "language", "link", "commands", "entities")
            }
    return None


def rows_of(session: Session, moment: Moment) -> list[Json]:
    """How many rows of each table this moment wrote, and how the ones people ask about stand."""
    told: dict[str, list[Json]] = {}
    for table, fact in _facts(session, moment.at):
        told.setdefault(table, []).append(fact)
    counted = {
        table.name: _count(session, table, moment.at) for table in Base.metadata.sorted_tables
    }
    # An update is stamped when it arrives, a breath before its turn.
    counted[InboxRow.__tablename__] = len({event.inbox_id for event in moment.events} - {None})
    names = [name for name in counted if counted[name] or name in told]
    return [
        {
            "table": name,
            "count": max(counted[name], len(told.get(name, ()))),
            "told": told.get(name),
        }
        for name in names
    ]


def _count(session: Session, table: Table, at: datetime) -> int:
    when = [table.c[name] == at for name in _WHEN if name in table.c]
    if not when:
        return 0
    return session.scalar(select(func.count()).select_from(table).where(or_(*when))) or 0


def _facts(session: Session, at: datetime) -> Iterator[tuple[str, Json]]:
    for order in session.scalars(select(Order).where(_at(Order, at))):
        yield "orders", {"name": f"#{order.number}", "state": order.state}
    for attempt in session.scalars(select(PaymentAttempt).where(_at(PaymentAttempt, at))):
        yield "payment_attempts", {"name": f"#{attempt.number}", "state": attempt.state}
    for refund in session.scalars(select(Refund).where(_at(Refund, at))):
        yield "refunds", {"name": "", "state": refund.state}
    seated = select(Seat.team_id).where(or_(Seat.created_at == at, Seat.paid_at == at))
    for team in session.scalars(select(Team).where(or_(Team.opened_at == at, Team.id.in_(seated)))):
        yield "teams", {"name": f"{team.held}/{team.target}", "state": team.state}
    for occasion in session.scalars(select(Occasion).where(_at(Occasion, at))):
        told = session.scalars(select(Reminder.due_at).where(Reminder.occasion_id == occasion.id))
        due = min((moment for moment in told if moment > at), default=None)
        yield "occasions", {"name": occasion.kind, "due": due and due.isoformat()}


def _at(model: type[Any], at: datetime) -> ColumnElement[bool]:
    return or_(model.created_at == at, model.updated_at == at)
