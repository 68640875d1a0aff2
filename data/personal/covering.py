"""What was said in chats is kept longer than an address: covered up, its street and phone stand in
none of it. A sentence may hold them that shows a short address again, or that somebody of the shop
typed; and the log has, sealed, the words in which it was given (T14)."""

import json
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from data.conversations import Conversation, ConversationEvent
from data.delivery.models import OutboxRow, OutboxState
from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.orders import Address, AddressParts, parts_of
from data.people import Chat, ChatMember, Person

COVER = "•••"
_SAID = ("user_said", "staff_said")
_UNSENT = (OutboxState.PENDING, OutboxState.SENDING)
_SHORTEST = 4  # letters: a shorter one stands in every other message
_TOKEN = "gAAAA"  # noqa: S105  # how every ciphertext begins (Fernet's version, and a time)
_READ = "entities"  # what was read in a message, beside what it is taken for
_SEALED = "sealed"  # what of a log's event holds private words


def covered(value: Any, secrets: Sequence[str]) -> Any:
    """The same JSON without these, the first of them first."""

    def cover(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, COVER)
        return text

    return _with_each(value, cover)


def _with_each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_with_each(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _with_each(item, change) for key, item in value.items()}
    return value


def secrets_of(address: Address) -> list[str]:
    """What nobody who reads a chat needs to see."""
    return [part.strip() for part in (address.line, address.phone) if part.strip()]


def cover_up(session: Session, people: list[str], address: Address) -> None:
    """In all that was said to these people, and by them or to them in what is in the log. What is
    still to be sent stays whole."""
    secrets = [one for one in secrets_of(address) if len(one) >= _SHORTEST]
    if not secrets:
        return
    secrets.sort(key=len, reverse=True)
    _cover_messages(session, people, secrets)
    talks = select(Conversation.id).where(Conversation.person_id.in_(people))
    log = select(ConversationEvent).where(ConversationEvent.conversation_id.in_(talks))
    said = log.where(ConversationEvent.kind.in_(_SAID))
    for event in session.scalars(said.where(_holds(ConversationEvent.body, secrets))):
        event.body = covered(event.body, secrets)
    written = cast(ConversationEvent.body, Text).contains(f'"{_SEALED}"')
    for event in session.scalars(log.where(written)):
        _cover_sealed(session, people, event, secrets)
    session.flush()


def _cover_messages(session: Session, people: list[str], secrets: Sequence[str]) -> None:
    chats = (
        select(ChatMember.chat_id)
        .join(Chat, Chat.id == ChatMember.chat_id)
        .where(ChatMember.person_id.in_(people), Chat.kind == "private")
    )
    sent = select(OutboxRow).where(OutboxRow.chat_id.in_(chats), OutboxRow.state.not_in(_UNSENT))
    for row in session.scalars(sent.where(_holds(OutboxRow.segments, secrets))):
        row.segments = covered(row.segments, secrets)


def _holds(column: InstrumentedAttribute[Any], secrets: Sequence[str]) -> ColumnElement[bool]:
    """As JSON spells them: letters beyond ASCII, quotes and backslashes are escaped."""
    spelt = (json.dumps(one)[1:-1] for one in secrets)
    return or_(*(cast(column, Text).contains(one, autoescape=True) for one in spelt))


def _cover_sealed(
    session: Session, people: list[str], event: ConversationEvent, secrets: Sequence[str]
) -> None:
    """There it stands as it was typed, among other words: all that was said with it goes."""
    data = event.body.get("data", {})
    place = place_of(event.merchant_id, ConversationEvent.__tablename__, event.conversation_id)
    try:
        words = json.loads(cipher_of(session).decrypt(data.get(_SEALED, ""), place=place))
    except Unreadable:
        return
    bare = [_bare(one) for one in secrets]

    def cover(text: str) -> str:
        told = _bare(text + _begun(session, people, text))
        return COVER if any(one in told for one in bare) else text

    left = _with_each(words, cover)
    if left != words:
        if _READ in left:  # a street, a postcode: parts of it, each by itself
            left[_READ] = []
        text = json.dumps(left, ensure_ascii=False, separators=(",", ":"))
        token = cipher_of(session).encrypt(text, place=place)
        event.body = {**event.body, "data": {**data, _SEALED: token}}


def _begun(session: Session, people: list[str], text: str) -> str:
    """What of an address was said at first: sealed once more, for its person."""
    if not text.startswith(_TOKEN):
        return ""
    for one in people:
        person = session.get_one(Person, one)
        parts = parts_of(session, person=person, sealed=text)
        if parts != AddressParts():
            return f"{parts.phone} {parts.line}"
    return ""


def _bare(text: str) -> str:
    """Letters and figures alone: how somebody set spaces and commas is not remembered."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())
