"""What is counted by person, when two are one: baskets are added, caps and pauses the stricter."""

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from data.kernel.once import insert_once
from data.orders.models import BasketLine
from data.people import ChatMember, ProactiveCount
from data.people.contact import A_DAY
from data.people.taker_models import SeatTaker


def add_baskets(session: Session, *, kept: str, gone: str) -> None:
    """So many more of what both want; everything else as it is."""
    theirs = session.scalars(select(BasketLine).where(BasketLine.person_id == gone)).all()
    for line in theirs:
        mine = {
            "merchant_id": line.merchant_id,
            "person_id": kept,
            "variant_id": line.variant_id,
        }
        if (
            insert_once(session, BasketLine, **mine, quantity=line.quantity, added_at=line.added_at)
            is None
        ):
            session.execute(
                update(BasketLine)
                .filter_by(**mine)
                .values(quantity=BasketLine.quantity + line.quantity)
                .execution_options(synchronize_session=False)
            )
    session.execute(delete(BasketLine).where(BasketLine.person_id == gone))


def add_takers(session: Session, *, kept: str, gone: str) -> None:
    """How they treat seats: the pause that lasts longer, the more lapses in a row (T38)."""
    theirs = session.get(SeatTaker, gone, populate_existing=True)
    if theirs is None:
        return
    insert_once(session, SeatTaker, person_id=kept, merchant_id=theirs.merchant_id, lapses=0)
    mine = session.get_one(SeatTaker, kept, populate_existing=True, with_for_update=True)
    mine.lapses = max(mine.lapses, theirs.lapses)
    pauses = [at for at in (mine.paused_until, theirs.paused_until) if at is not None]
    mine.paused_until = max(pauses, default=None)
    session.delete(theirs)
    session.flush()


def add_counts(session: Session, *, kept: str, gone: str) -> None:
    """How often we spoke first today, to both together, and never more than the cap: it is theirs
    from now on (I12)."""
    theirs = session.scalars(select(ProactiveCount).where(ProactiveCount.whom == gone)).all()
    for count in theirs:
        insert_once(
            session,
            ProactiveCount,
            whom=kept,
            day=count.day,
            merchant_id=count.merchant_id,
            n=0,
        )
        both = ProactiveCount.n + count.n
        session.execute(
            update(ProactiveCount)
            .where(ProactiveCount.whom == kept, ProactiveCount.day == count.day)
            .values(n=case((both > A_DAY, A_DAY), else_=both))
            .execution_options(synchronize_session=False)
        )
    session.execute(delete(ProactiveCount).where(ProactiveCount.whom == gone))


def add_memberships(session: Session, *, kept: str, gone: str) -> None:
    """In a chat as long as one of the two was, and since the first of them came."""
    theirs = session.scalars(select(ChatMember).where(ChatMember.person_id == gone)).all()
    for member in theirs:
        here = {"chat_id": member.chat_id, "person_id": kept}
        if (
            insert_once(
                session,
                ChatMember,
                **here,
                merchant_id=member.merchant_id,
                joined_at=member.joined_at,
                left_at=member.left_at,
            )
            is None
            and member.left_at is None
        ):
            session.execute(
                update(ChatMember)
                .filter_by(**here)
                .values(left_at=None)
                .execution_options(synchronize_session=False)
            )
    session.execute(delete(ChatMember).where(ChatMember.person_id == gone))
