"""What one process does when links cross; the naive one is the control."""

from datetime import datetime
from multiprocessing.synchronize import Barrier

from sqlalchemy import select, update

from data.conversations import Conversation, StaleConversation, save
from data.kernel.database import Database
from data.kernel.errors import Refused
from data.orders import NewLine, put_in_basket
from data.people import Person
from data.people.merged import known_as
from data.personal.linking import type_code
from data.personal.merging import merge


def join(database: Database, barrier: Barrier, kept: str, gone: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        obstacle = merge(session, kept=kept, gone=gone, link_id=None, now=now)
    if obstacle is not None:
        raise Refused(obstacle)


def type_one(database: Database, barrier: Barrier, talk: str, code: str, now: datetime) -> None:
    barrier.wait()
    with database.transaction() as session:
        conversation = session.get_one(Conversation, talk)
        if type_code(session, conversation=conversation, code=code, now=now).link_id is None:
            raise Refused("unknown")


def want(database: Database, barrier: Barrier, talk: str, variant: str, now: datetime) -> None:
    """A turn: what it does for its person and that it was the next one commit together."""
    with database.reading() as session:
        seen = session.get_one(Conversation, talk)
        session.expunge(seen)
    barrier.wait()
    while True:
        try:
            with database.transaction() as session:
                put_in_basket(session, merchant_id=seen.merchant_id, person_id=seen.person_id,
                              line=NewLine(variant, 1), now=now)  # fmt: skip
                save(session, session.merge(seen, load=False), snapshot={}, now=now)
            return
        except StaleConversation:
            with database.reading() as session:
                seen = session.get_one(Conversation, talk)
                session.expunge(seen)


def naive_join(database: Database, barrier: Barrier, kept: str, gone: str) -> None:
    """Looks first and writes then."""
    with database.reading() as session:
        free = all(known_as(session, one).id == one for one in (kept, gone))
    barrier.wait()
    if free:
        with database.transaction() as session:
            session.execute(update(Person).where(Person.id == gone).values(merged_into=kept))
            session.scalars(select(Person.id)).all()
