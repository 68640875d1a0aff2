"""Which versions conversations stand in, as rows: what is pinned may not be collected.

A row says that some frame of the conversation, running, parked or calling, is of that version. Its
foreign key makes a pin and the end of its version shut each other out; how long a pin has been
idle is said by its conversation.
"""

from collections.abc import Set

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.flows.models import ConversationPin
from data.kernel.database import table_of
from data.kernel.once import insert_once
from data.kernel.prepared import Prepared

_LOOSEN = Prepared(
    table_of(ConversationPin)
    .delete()
    .where(
        ConversationPin.conversation_id == bindparam("conversation"),
        ConversationPin.sha == bindparam("version"),
    )
)


class VersionGone(Exception):
    """A version that was to be pinned has been collected meanwhile."""


def move_pins(
    session: Session,
    *,
    merchant_id: str,
    conversation_id: str,
    before: Set[str],
    after: Set[str],
) -> None:
    """Write what has changed; in most turns nothing has. VersionGone: undo the transaction."""
    for sha in after - before:
        _pin(session, merchant_id, conversation_id, sha)
    for sha in before - after:
        _LOOSEN.run(session, conversation=conversation_id, version=sha)


def _pin(session: Session, merchant_id: str, conversation_id: str, sha: str) -> None:
    try:
        insert_once(
            session,
            ConversationPin,
            conversation_id=conversation_id,
            sha=sha,
            merchant_id=merchant_id,
        )
    except IntegrityError as error:
        raise VersionGone(sha) from error


def pinned_versions(session: Session, *, merchant_id: str) -> set[str]:
    """Every version of this shop that somebody stands in."""
    return set(
        session.scalars(
            select(ConversationPin.sha).where(ConversationPin.merchant_id == merchant_id).distinct()
        )
    )
