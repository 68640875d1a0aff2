"""One conversation replayed: event ▸ step ▸ rows written ▸ messages sent."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from bot.api.reads import chats as reads
from bot.api.reads.orders import made_in_turn
from bot.console.desk import AtDesk
from bot.console.pages import page
from bot.web.scope import looking
from bot.web.shop import Shop
from data.orders import Order

router = APIRouter(prefix="/chats")
_EMPTY: tuple[object, ...] = (None, "", [], {}, False)


@dataclass(frozen=True, slots=True)
class Moment:
    turn: reads.Turn
    orders: Sequence[Order]


@router.get("/{conversation_id}/inspect")
def inspect_chat(conversation_id: str, desk: AtDesk, shop: Shop) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        view = reads.find_chat(
            session, merchant_id=desk.merchant_id, conversation_id=conversation_id
        )
        moments = [
            Moment(turn, made_in_turn(session, conversation_id=view.conversation.id, at=turn.at))
            for turn in reads.turns_of(session, view)
        ]
        return page("inspector.html", desk, view=view, moments=moments, pairs=pairs)


def pairs(step: reads.Step) -> list[tuple[str, str]]:
    """What a step says; what it leaves empty is left out."""
    told = [name for name in sorted(step.details) if step.details[name] not in _EMPTY]
    return [(name, _plain(step.details[name])) for name in told]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
