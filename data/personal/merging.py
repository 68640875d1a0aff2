"""Two people become one: all that was the one's is the other's, in the one transaction.

Order of locks: both people by their ids; then every conversation of the one who goes, whose `rev`
moves on: a turn of theirs that is under way sees that it is late and begins again, as the one who
stays. What it wrote before is committed or gone by then, so nothing is left behind.
"""

from datetime import datetime

from sqlalchemy import Column, ColumnElement, and_, select, update
from sqlalchemy.orm import Session, aliased

from data.conversations import Conversation
from data.group_buys.invite_rewards import forget_self_invitations
from data.group_buys.models import LIVE, Seat
from data.group_buys.waiting import join_lines
from data.orders.share_states import LIVE as LIVE_SHARES
from data.people import ChatMember, Person
from data.personal.columns import columns_naming_people
from data.personal.merging_agreements import Agreements, agreements_of, keep_the_stricter
from data.personal.merging_counts import add_baskets, add_counts, add_memberships, add_takers
from data.personal.merging_days import join_days
from data.personal.models import MoveKind, PersonMove
from data.personal.obstacles import Obstacle, obstacle_between
from data.split_orders import SplitPart

# Where one row a person stands, so that two are added up; and what tells how it was then.
_ADDED_UP = frozenset({"basket_lines", "chat_members", "seat_takers"})
_HISTORY = frozenset({"person_links", "person_moves"})
# By their own index a person's rows are not found here, but by that of the chats they are in.
_BY_CHAT = frozenset({"outbox", "offered_options"})


def merge(
    session: Session, *, kept: str, gone: str, link_id: str | None, now: datetime
) -> Obstacle | None:
    """`gone` is `kept` from here on. What stands in the way is given, and nothing has happened."""
    _lock(session, kept, gone)
    obstacle = obstacle_between(session, kept=kept, gone=gone)
    if obstacle is not None:
        return obstacle
    before = agreements_of(session, kept=kept, gone=gone)
    _stop_turns(session, gone)
    join_days(session, kept=kept, gone=gone, now=now)
    join_lines(session, kept=kept, gone=gone, now=now)
    for add in (add_baskets, add_takers, add_counts):
        add(session, kept=kept, gone=gone)
    for column in columns_naming_people():
        _repoint(session, column, kept, gone)
    add_memberships(session, kept=kept, gone=gone)
    _settle(session, kept, gone, before, now)
    forget_self_invitations(session, person_id=kept)
    session.add(
        PersonMove(
            merchant_id=session.get_one(Person, kept).merchant_id,
            kind=MoveKind.MERGED,
            person_id=gone,
            into_id=kept,
            link_id=link_id,
            by=kept,
            at=now,
        )
    )
    session.flush()
    return None


def _lock(session: Session, *people: str) -> None:
    """In the order of their ids: two links that cross come one after the other. Rows that name
    these people can be written meanwhile; what stops those turns is their conversation."""
    session.flush()
    locked = select(Person).where(Person.id.in_(people)).order_by(Person.id)
    session.scalars(
        locked.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).all()


def _stop_turns(session: Session, gone: str) -> None:
    session.execute(
        update(Conversation)
        .where(Conversation.person_id == gone)
        .values(rev=Conversation.rev + 1)
        .execution_options(synchronize_session=False)
    )


def _repoint(session: Session, column: Column[str], kept: str, gone: str) -> None:
    table = column.table
    if table.name in _ADDED_UP | _HISTORY:
        return
    where: list[ColumnElement[bool]] = [column == gone]
    if table.name in _BY_CHAT:
        chats = select(ChatMember.chat_id).where(ChatMember.person_id == gone)
        where.append(table.c.chat_id.in_(chats))
    if table.name in _STAYS:
        where.append(~_STAYS[table.name](kept))
    session.execute(update(table).where(*where).values({column.name: kept}))


def _twice_in_team(kept: str) -> ColumnElement[bool]:
    """A team that is decided knew them as two, and its seats stay two (an open one is an obstacle).
    The orders of both are theirs all the same: asked for, shipped, told of as any other."""
    other = aliased(Seat)
    also = select(other.id).where(
        other.team_id == Seat.team_id, other.person_id == kept, other.state.in_(LIVE)
    )
    return and_(Seat.state.in_(LIVE), also.exists())


def _twice_in_split(kept: str) -> ColumnElement[bool]:
    """What they put into one basket as two stays two parts of it, with an order each."""
    other = aliased(SplitPart)
    also = select(other.id).where(
        other.split_id == SplitPart.split_id, other.person_id == kept, other.state.in_(LIVE_SHARES)
    )
    return and_(SplitPart.state.in_(LIVE_SHARES), also.exists())


def _talked_twice(kept: str) -> ColumnElement[bool]:
    """In a group where both have spoken the one who stays goes on with what is theirs."""
    other = aliased(Conversation)
    also = select(other.id).where(other.chat_id == Conversation.chat_id, other.person_id == kept)
    return also.exists()


_STAYS = {
    "seats": _twice_in_team,
    "split_parts": _twice_in_split,
    "conversations": _talked_twice,
}


def _settle(session: Session, kept: str, gone: str, before: Agreements, now: datetime) -> None:
    session.flush()
    session.expire_all()  # the rows were changed behind the objects' backs
    stays, went = session.get_one(Person, kept), session.get_one(Person, gone)
    stays.model_asked = stays.model_asked or went.model_asked
    stays.created_at = min(stays.created_at, went.created_at)
    stays.name = stays.name or went.name
    went.merged_into, went.name = kept, ""
    went.locale_hint = went.model_asked = None
    session.flush()
    keep_the_stricter(session, person=stays, before=before, now=now)
