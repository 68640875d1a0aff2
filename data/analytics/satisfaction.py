"""What customers said when they were asked whether a person of the shop had helped.

A question belongs to the range in which it was asked; of its answers the last one counts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, literal_column, select
from sqlalchemy.orm import Session, aliased

from data.conversations import ConversationEvent

TOLD = "satisfaction_told"  # the event of an answer; `asked` in it is the question's revision


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """How many were asked, and how they answered; the others said nothing."""

    asked: int
    helped: int
    not_helped: int

    @property
    def silent(self) -> int:
        return self.asked - self.helped - self.not_helped


def satisfaction(
    session: Session, *, merchant_id: str, pattern: str, since: datetime, until: datetime
) -> Satisfaction:
    """`pattern`: the flow that asks."""
    answers: dict[tuple[str, int], bool | None] = {}
    for place, rev, body in session.execute(_asked(merchant_id, pattern, since, until)):
        answers.setdefault((place, rev))
        told = body["data"] if body else {}
        if told.get("asked") == rev:
            answers[place, rev] = bool(told["satisfied"])
    said = list(answers.values())
    return Satisfaction(len(said), said.count(True), said.count(False))


def _asked(
    merchant_id: str, pattern: str, since: datetime, until: datetime
) -> Select[str, int, dict[str, Any] | None]:
    """Each question with each answer of its conversation, in their order; few are ever asked."""
    start, answer = aliased(ConversationEvent), aliased(ConversationEvent)
    told = and_(
        answer.conversation_id == start.conversation_id,
        answer.merchant_id == merchant_id,
        answer.kind == TOLD,
        answer.id > start.id,
    )
    return (
        select(start.conversation_id, start.rev, answer.body)
        .outerjoin(answer, told)
        .where(
            start.merchant_id == merchant_id,
            start.kind == literal_column("'flow_started'"),  # as the index has it
            start.flow == pattern,
            start.at >= since,
            start.at < until,
        )
        .order_by(answer.id)
    )
