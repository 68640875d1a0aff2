"""A group gets another id at the messenger, and everything in it goes on: teams, buttons, words."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from data.conversations.models import OfferedOption
from data.delivery.models import OutboxRow, OutboxState
from data.people import Chat


def move_chat(session: Session, *, account_id: str, before: str, after: str) -> None:
    """`before` and `after` are the messenger's ids. Told twice, it is done once.

    Somebody may have spoken in the new group before we heard of the move: that chat gives up its
    name to the one with the history, and what is still unsaid in it is said there.
    """
    moving = _find(session, account_id, before)
    if moving is None or before == after:
        return
    newcomer = _find(session, account_id, after)
    if newcomer is not None:
        newcomer.external_id = f"{after}:{newcomer.id}"
        newcomer.reachable = False
        _hand_over(session, newcomer, moving)
        session.flush()  # the name must be free before it is taken
    moving.external_id = after
    moving.reachable = True
    session.flush()


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
    session.execute(
        update(OfferedOption)
        .where(OfferedOption.chat_id == newcomer.id)
        .values(chat_id=moving.id)
        .execution_options(synchronize_session=False)
    )
