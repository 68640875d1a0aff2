"""A group gets another id at the messenger, and everything in it goes on: teams, buttons, words."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from data.conversations.models import Conversation, OfferedOption
from data.conversations.votes import close_cards
from data.delivery.models import OutboxRow, OutboxState
from data.kernel.facts import Fact, announce
from data.people import Chat

_GAVE_UP = ":"  # between the name that a chat gave up and its own


@dataclass(frozen=True, slots=True)
class ChatMoved(Fact):
    """What was begun in `chat_id` goes on in `into_id`, which has taken its name."""

    chat_id: str
    into_id: str


def move_chat(session: Session, *, account_id: str, before: str, after: str, now: datetime) -> None:
    """`before` and `after` are the messenger's ids. Told twice, it is done once.

    Somebody may have spoken in the new group before we heard of the move: that chat gives up its
    name to the one with the history, and what is still unsaid in it is said there. So does what
    waits in it: at once for whoever has no talk in the old one, else when it is woken. What people
    do together in it goes on there, too.
    """
    moving = _find(session, account_id, before)
    if moving is None or before == after:
        return
    newcomer = _find(session, account_id, after)
    if newcomer is not None:
        newcomer.external_id = f"{after}{_GAVE_UP}{newcomer.id}"
        newcomer.reachable = False
        _hand_over(session, newcomer, moving)
        session.flush()  # the name must be free before it is taken
    close_cards(session, chat_id=moving.id)
    moving.external_id = after
    moving.reachable = True
    session.flush()
    if newcomer is not None:
        moved = ChatMoved(moving.merchant_id, chat_id=newcomer.id, into_id=moving.id)
        announce(session, moved, now=now)


def take_along(
    session: Session,
    chat_id: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    moved: ChatMoved,
) -> None:
    """The rows of this column are in the chat that stays, from now on."""
    session.execute(
        update(chat_id.class_)
        .where(chat_id == moved.chat_id)
        .values({chat_id: moved.into_id})
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def moved_to(session: Session, conversation: Conversation) -> Conversation:
    """Of the same person in the chat that took its chat's name; mostly it is where it was."""
    chat = session.get_one(Chat, conversation.chat_id)
    sign = f"{_GAVE_UP}{chat.id}"
    if not chat.external_id.endswith(sign):
        return conversation
    onward = (
        select(Conversation)
        .join(Chat, Chat.id == Conversation.chat_id)
        .where(
            Chat.account_id == chat.account_id,
            Chat.external_id == chat.external_id.removesuffix(sign),
            Conversation.person_id == conversation.person_id,
        )
    )
    return session.scalar(onward) or conversation


def _find(session: Session, account_id: str, external_id: str) -> Chat | None:
    return session.scalar(
        select(Chat)
        .where(Chat.account_id == account_id, Chat.external_id == external_id)
        .execution_options(populate_existing=True)
    )


def _hand_over(session: Session, newcomer: Chat, moving: Chat) -> None:
    waiting = (OutboxState.PENDING, OutboxState.SENDING)
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.chat_id == newcomer.id, OutboxRow.state.in_(waiting))
        .values(chat_id=moving.id)
        .execution_options(synchronize_session=False)
    )
    known = aliased(Conversation)
    talked = select(known.id).where(
        known.chat_id == moving.id, known.person_id == Conversation.person_id
    )
    session.execute(
        update(Conversation)
        .where(Conversation.chat_id == newcomer.id, ~talked.exists())
        .values(chat_id=moving.id, rev=Conversation.rev + 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(OfferedOption)
        .where(OfferedOption.chat_id == newcomer.id)
        .values(chat_id=moving.id)
        .execution_options(synchronize_session=False)
    )
