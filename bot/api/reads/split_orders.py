"""Orders that groups fill together, by page, with what is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api.paging import Page, Where, newest_first
from data.kernel.money import Money
from data.orders import Order
from data.orders.share_states import LIVE
from data.people import Chat, Person
from data.split_orders import SplitOrder, SplitPart, SplitStep, SplitView, split_view

_MOST_PARTS = 200  # of one; those that were taken out and put in anew count


@dataclass(frozen=True, slots=True)
class SplitRow:
    """`group`: where its card lives, if that has a name."""

    split: SplitOrder
    view: SplitView
    organiser: str
    group: str

    @property
    def can_be_cancelled(self) -> bool:
        return self.view.is_open

    @property
    def fee(self) -> Money:
        """What the delivery costs, or in the end did."""
        final = self.split.final_fee_minor
        return self.view.fee if final is None else Money(final, self.split.currency)

    def sum(self, step: SplitStep) -> Money:
        return Money(step.paid_minor, self.split.currency)


@dataclass(frozen=True, slots=True)
class PartRow:
    part: SplitPart
    order: Order
    buyer: str

    @property
    def is_in(self) -> bool:
        return self.part.state in LIVE


def list_split_orders(
    session: Session, *, merchant_id: str, state: str | None, where: Where
) -> Page[SplitOrder]:
    query = select(SplitOrder).where(SplitOrder.merchant_id == merchant_id)
    if state:
        query = query.where(SplitOrder.state == state)
    return newest_first(session, query, at=SplitOrder.opened_at, key=SplitOrder.id, where=where)


def view_split_order(session: Session, split: SplitOrder, *, now: datetime) -> SplitRow:
    organiser = session.get_one(Person, split.organiser_id)
    chat = session.get(Chat, split.chat_id) if split.chat_id else None
    view = split_view(session, split, now=now)
    return SplitRow(split, view, organiser.name, chat.title or "" if chat else "")


def parts_in(session: Session, split: SplitOrder) -> list[PartRow]:
    """Those that were taken out too, in the order they came."""
    rows = session.execute(
        select(SplitPart, Order, Person.name)
        .join(Order, Order.id == SplitPart.order_id)
        .join(Person, Person.id == SplitPart.person_id)
        .where(SplitPart.split_id == split.id)
        .order_by(SplitPart.created_at, SplitPart.id)
        .limit(_MOST_PARTS)
    )
    return [PartRow(*row) for row in rows]


def steps_of(session: Session, split: SplitOrder) -> Sequence[SplitStep]:
    mine = select(SplitStep).where(SplitStep.split_id == split.id)
    return session.scalars(mine.order_by(SplitStep.id)).all()
