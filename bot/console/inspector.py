"""One conversation replayed: event ▸ step ▸ rows written ▸ messages sent."""

from dataclasses import dataclass

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from bot.api.reads import chats as reads
from bot.api.reads.orders import made_in_turn
from bot.console.desk import AtDesk
from bot.console.pages import page
from bot.web.scope import looking
from bot.web.shop import Shop
from data.conversations import ConversationEvent
from data.delivery.messages import Segment, segment_from_json
from data.delivery.models import OutboxRow
from data.orders import Order

router = APIRouter(prefix="/chats")
# Shown in columns of their own.
_TOLD = frozenset({"kind", "event", "flow", "step", "version", "frame"})


@dataclass(frozen=True, slots=True)
class Moment:
    turn: reads.Turn
    orders: list[Order]


@router.get("/{conversation_id}/inspect")
def inspect_chat(conversation_id: str, desk: AtDesk, shop: Shop) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        view = reads.find_chat(
            session, merchant_id=desk.merchant_id, conversation_id=conversation_id
        )
        moments = [_moment(session, view, turn) for turn in reads.turns_of(session, view)]
        return page(
            "inspector.html", desk, view=view, moments=moments, details=details, parts=parts
        )


def details(event: ConversationEvent) -> list[tuple[str, object]]:
    """What an event says besides its kind and place."""
    body = {**event.body, **event.body.get("data", {})}
    return [(name, body[name]) for name in sorted(body) if name not in _TOLD | {"data"}]


def parts(row: OutboxRow) -> list[Segment]:
    return [segment_from_json(part) for part in row.segments]


def _moment(session: Session, view: reads.ChatView, turn: reads.Turn) -> Moment:
    orders = made_in_turn(session, conversation_id=view.conversation.id, at=turn.at)
    return Moment(turn, list(orders))
