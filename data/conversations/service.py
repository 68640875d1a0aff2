"""Reading and writing conversations: the revision decides who was first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session

from data.conversations.models import Conversation, ConversationEvent, Mode, OfferedOption
from data.kernel.database import UtcDateTime, table_of
from data.kernel.ids import new_id
from data.kernel.once import insert_once
from data.kernel.prepared import Prepared
from data.people import Chat

# A button is good for a week (our decision): longer than a group-buy's window in the demo shop,
# short enough that a price on an old card is not mistaken for today's.
OFFER_LIFE = timedelta(days=7)
_REMEMBERED = 40  # options read back per chat: four messages of ten

_COLUMNS = frozenset({"kind", "event", "flow", "step", "version", "frame"})  # of an event

# A turn runs each of these once; made once, they cost what they do and not what they say.
_EVENT = Prepared(
    table_of(ConversationEvent).insert(),
    (
        "merchant_id",
        "conversation_id",
        "rev",
        "kind",
        "flow",
        "step",
        "version",
        "frame",
        "body",
        "inbox_id",
        "at",
    ),
)
_OFFER = Prepared(
    table_of(OfferedOption).insert(),
    (
        "token",
        "merchant_id",
        "chat_id",
        "person_id",
        "batch",
        "number",
        "label",
        "payload",
        "expires_at",
    ),
)
_SAVE = Prepared(
    table_of(Conversation)
    .update()
    .where(Conversation.id == bindparam("this"), Conversation.rev == bindparam("seen"))
    .values(rev=bindparam("seen") + 1, snapshot=bindparam("state"), last_at=bindparam("moment"))
)
_OFFERED = Prepared(
    select(
        OfferedOption.label,
        OfferedOption.payload,
        OfferedOption.number,
        OfferedOption.batch,
        OfferedOption.token,
    )
    .where(
        OfferedOption.chat_id == bindparam("chat"),
        or_(OfferedOption.person_id == bindparam("person"), OfferedOption.person_id.is_(None)),
        OfferedOption.expires_at > bindparam("now", type_=UtcDateTime),
    )
    .order_by(OfferedOption.id.desc())
    .limit(_REMEMBERED)
)


class StaleConversation(Exception):
    """Somebody else's turn was committed first; read again and redo."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A button about to be shown; `person_id` None lets anybody in the chat press it."""

    person_id: str | None
    token: str
    label: str
    payload: str
    number: int


class Offered(NamedTuple):
    """A button that somebody may press; those of one `batch` were shown together."""

    label: str
    payload: str
    number: int
    batch: str
    token: str


def find(session: Session, *, chat_id: str, person_id: str) -> Conversation | None:
    return session.scalar(
        select(Conversation).where(
            Conversation.chat_id == chat_id, Conversation.person_id == person_id
        )
    )


def resume(
    session: Session, *, merchant_id: str, chat_id: str, person_id: str, now: datetime
) -> Conversation:
    """The conversation of this person in this chat, begun if there was none."""
    conversation = find(session, chat_id=chat_id, person_id=person_id)
    if conversation is None:
        begin(session, merchant_id=merchant_id, chat_id=chat_id, person_id=person_id, now=now)
        conversation = find(session, chat_id=chat_id, person_id=person_id)
    assert conversation is not None  # noqa: S101  # it was begun, by us or at the same moment
    return conversation


def begin(
    session: Session, *, merchant_id: str, chat_id: str, person_id: str, now: datetime
) -> None:
    """Their first word here."""
    insert_once(
        session,
        Conversation,
        id=new_id("cnv"),
        merchant_id=merchant_id,
        chat_id=chat_id,
        person_id=person_id,
        mode=Mode.BOT,
        rev=0,
        snapshot={},
        created_at=now,
        last_at=now,
    )


def save(
    session: Session, conversation: Conversation, *, snapshot: dict[str, Any], now: datetime
) -> None:
    """Write the state a turn ended in, unless another turn came between."""
    seen = conversation.rev
    if not _SAVE.run(session, this=conversation.id, seen=seen, state=snapshot, moment=now):
        raise StaleConversation(conversation.id)
    session.expire(conversation, ["rev", "snapshot", "last_at"])


def record_events(
    session: Session,
    conversation: Conversation,
    events: Sequence[dict[str, Any]],
    *,
    inbox_id: int | None,
    now: datetime,
) -> None:
    """Append what happened; each names its kind, and version, flow, step and frame if it has them;
    all else is its body."""
    if not events:
        return
    rows = [
        {
            "kind": event["kind"],
            "flow": event.get("flow") or None,
            "step": event.get("step") or None,
            "version": event.get("version") or None,
            "frame": event.get("frame") or None,
            "body": {name: value for name, value in event.items() if name not in _COLUMNS},
        }
        for event in events
    ]
    _EVENT.run_each(
        session,
        rows,
        merchant_id=conversation.merchant_id,
        conversation_id=conversation.id,
        rev=conversation.rev,
        inbox_id=inbox_id,
        at=now,
    )


def events_of(
    session: Session, *, conversation_id: str, kinds: Iterable[str]
) -> Iterable[ConversationEvent]:
    """What happened here, in order, as far as it is one of these kinds."""
    return session.scalars(
        select(ConversationEvent)
        .where(
            ConversationEvent.conversation_id == conversation_id,
            ConversationEvent.kind.in_(kinds),
        )
        .order_by(ConversationEvent.id)
    )


def remember_offer(
    session: Session,
    *,
    chat: Chat,
    batch: str,
    offers: Sequence[Offer],
    now: datetime,
) -> None:
    """Note the buttons just shown: only these can be pressed, by this person or by anybody."""
    if not offers:
        return
    rows = [
        {
            "token": offer.token,
            "person_id": offer.person_id,
            "number": offer.number,
            "label": offer.label[:200],
            "payload": offer.payload,
        }
        for offer in offers
    ]
    _OFFER.run_each(
        session,
        rows,
        merchant_id=chat.merchant_id,
        chat_id=chat.id,
        batch=batch,
        expires_at=now + OFFER_LIFE,
    )


def offered_to(
    session: Session, *, chat_id: str, person_id: str | None, now: datetime
) -> list[Offered]:
    """Options this person may press here, the newest first; None: somebody we do not know yet."""
    found = _OFFERED.rows(session, chat=chat_id, person=person_id, now=now)
    return [Offered._make(row) for row in found]


def pressed(session: Session, *, chat_id: str, token: str) -> OfferedOption | None:
    """The button behind a token, whoever may press it; the caller compares the person (T05)."""
    return session.scalar(
        select(OfferedOption).where(OfferedOption.chat_id == chat_id, OfferedOption.token == token)
    )


def set_mode(
    session: Session,
    *,
    conversation_id: str,
    mode: Mode,
    now: datetime,
    unanswered: bool = False,
) -> None:
    """Hand over to a person, or back to the bot; `unanswered`: because no person has answered."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id)
        .values(
            mode=mode,
            handed_over_at=now if mode is Mode.HUMAN else None,
            unanswered_at=now if unanswered else None,
        )
    )


def look_after(session: Session, *, conversation_id: str) -> None:
    """Somebody of the shop has seen that nobody had answered."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.unanswered_at.is_not(None))
        .values(unanswered_at=None)
    )
