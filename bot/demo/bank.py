"""The bills that wait: every payment link the page was given whose order is not paid yet."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.delivery.models import OutboxRow
from data.kernel.errors import ShopError
from data.payments import PayState, find_payable
from data.people import Chat

_LOOKED_AT = 200  # messages back: whoever pays a bill older than that goes to its page
_WAITING = frozenset({PayState.PAYABLE, PayState.CHECKING})


def bills(session: Session, *, chats: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """The newest link of each order, the newest order first."""
    found: dict[str, dict[str, Any]] = {}
    for chat, link in _links(session, chats):
        bill = None if link["order_id"] in found else _bill(session, chat, link, now)
        if bill is not None:
            found[link["order_id"]] = bill
    return [bill for bill in found.values() if bill["state"] in _WAITING]


def _links(session: Session, chats: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = session.execute(
        select(OutboxRow, Chat.external_id)
        .join(Chat, Chat.id == OutboxRow.chat_id)
        .where(Chat.external_id.in_(chats))
        .order_by(OutboxRow.id.desc())
        .limit(_LOOKED_AT)
    )
    for row, chat in rows:
        yield from ((chat, part) for part in row.segments if part["type"] == "payment_link")


def _bill(
    session: Session, chat: str, link: dict[str, Any], now: datetime
) -> dict[str, Any] | None:
    token = link["url"].rsplit("/", 1)[-1]
    try:
        payable = find_payable(session, token=token, now=now)
    except ShopError:
        return None
    return {
        "order": payable.order.id,
        "number": payable.order.number,
        "who": chat,
        "path": f"/pay/{token}",
        "state": payable.state,
        "declined": payable.declined,
        "amount": {"amount_minor": payable.order.total_minor, "currency": payable.order.currency},
    }
