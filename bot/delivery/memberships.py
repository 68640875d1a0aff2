"""Who came and who left, and where we may speak: told by the messenger, answered by nobody."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.conversations.moving import move_chat
from data.delivery.inbound import EventKind, InboundEvent
from data.merchants import ChannelAccount
from data.people import meet_chat
from data.people.membership import note_back, note_left, set_reachable

MOVES = frozenset(
    {
        EventKind.BOT_ADDED,
        EventKind.BOT_REMOVED,
        EventKind.JOINED,
        EventKind.LEFT,
        EventKind.MIGRATED,
    }
)


def note_move(
    session: Session, *, account: ChannelAccount, event: InboundEvent, now: datetime
) -> None:
    """Only about chats and people: nothing is said, for nobody spoke to us."""
    chat, person = event.chat.external_id, event.sender.external_id
    match event.kind:
        case EventKind.BOT_ADDED:
            _welcome(session, account, event, now)
        case EventKind.BOT_REMOVED:
            set_reachable(session, account=account, external_id=chat, reachable=False)
        case EventKind.JOINED:
            note_back(session, account=account, chat=chat, person=person)
        case EventKind.LEFT:
            note_left(session, account=account, chat=chat, person=person, now=now)
        case EventKind.MIGRATED if event.migrated_to:
            after = event.migrated_to
            move_chat(session, account_id=account.id, before=chat, after=after, now=now)


def _welcome(session: Session, account: ChannelAccount, event: InboundEvent, now: datetime) -> None:
    chat = event.chat
    meet_chat(
        session,
        account=account,
        external_id=chat.external_id,
        kind=chat.kind,
        title=chat.title,
        now=now,
    )
    set_reachable(session, account=account, external_id=chat.external_id, reachable=True)
