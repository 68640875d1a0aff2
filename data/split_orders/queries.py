"""What cards, people and the console read of split orders; nothing here changes anything."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.kernel.errors import NotFound
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.orders.share_states import GIVEN, LIVE
from data.people import names_on_cards
from data.people.merged import been
from data.split_orders.models import SplitOrder, SplitPart, SplitState, SplitStep
from data.split_orders.moving import is_running, split_now
from data.split_orders.terms import told_fee


@dataclass(frozen=True, slots=True)
class SplitView:
    """As a card may show it: sums of all, and nobody's own.

    `goods` is what is paid for, `missing` what of the minimum is not; `share` is the most that
    whoever joins now pays for the delivery, and once it is ordered what each of them paid, a cent
    less for some. `people` have paid, `paying` are about to; `names`: those who paid and agreed to
    be named (T16). `said`: why the shop called it off.
    """

    id: str
    chat_id: str | None
    organiser_id: str
    locale: Locale
    goods: Money
    minimum: Money
    missing: Money
    fee: Money
    free_from: Money | None
    share: Money
    people: int
    paying: int
    names: tuple[str, ...]
    deadline: datetime
    state: SplitState
    why: str | None
    said: str | None
    is_open: bool
    version: int


def split_view(session: Session, split: SplitOrder | str, *, now: datetime) -> SplitView:
    """It as it is now."""
    split = split_now(session, split if isinstance(split, str) else split.id)
    free_from = split.free_from_minor
    return SplitView(
        id=split.id,
        chat_id=split.chat_id,
        organiser_id=split.organiser_id,
        locale=Locale(split.locale),
        goods=split.paid,
        minimum=split.minimum,
        missing=split.missing,
        fee=split.fee,
        free_from=None if free_from is None else Money(free_from, split.currency),
        share=_share(split),
        people=split.people,
        paying=split.places - split.people,
        names=_names(session, split),
        deadline=split.expires_at,
        state=SplitState(split.state),
        why=split.why,
        said=_said(session, split),
        is_open=is_running(split, now),
        version=split.version,
    )


def _share(split: SplitOrder) -> Money:
    if split.final_people is None or split.final_fee_minor is None:
        return told_fee(split, Money(0, split.currency))
    return Money(split.final_fee_minor, split.currency).split([1] * split.final_people)[0]


def _said(session: Session, split: SplitOrder) -> str | None:
    if split.state != SplitState.CANCELLED:
        return None
    step = last_step(session, split.id)
    return step.said if step else None


def last_step(session: Session, split_id: str) -> SplitStep | None:
    """How it came to where it is."""
    mine = select(SplitStep).where(SplitStep.split_id == split_id)
    return session.scalar(mine.order_by(SplitStep.id.desc()).limit(1))


def _names(session: Session, split: SplitOrder) -> tuple[str, ...]:
    mine = (SplitPart.split_id == split.id, SplitPart.state.in_(GIVEN))
    gave = select(SplitPart.person_id).where(*mine)
    return names_on_cards(session, merchant_id=split.merchant_id, people=gave)


def split_of(session: Session, *, merchant_id: str, split_id: str) -> SplitOrder:
    """One of this shop, or NotFound."""
    split = session.get(SplitOrder, split_id, populate_existing=True)
    if split is None or split.merchant_id != merchant_id:
        raise NotFound("split_order")
    return split


def open_splits_in(session: Session, *, chat_id: str, now: datetime) -> list[SplitOrder]:
    """Those whose card lives in this chat and that people may still join, the oldest first."""
    mine = select(SplitOrder).where(
        SplitOrder.chat_id == chat_id,
        SplitOrder.state == SplitState.OPEN,
        SplitOrder.expires_at > now,
    )
    return list(session.scalars(mine.order_by(SplitOrder.opened_at, SplitOrder.id)))


def splits_by(session: Session, *, person_id: str) -> list[SplitOrder]:
    """Those this person organises that are not over, the newest first."""
    mine = select(SplitOrder).where(
        SplitOrder.organiser_id.in_(been(session, person_id)),
        SplitOrder.state == SplitState.OPEN,
    )
    return list(session.scalars(mine.order_by(SplitOrder.opened_at.desc(), SplitOrder.id)))


@dataclass(frozen=True, slots=True)
class OwnSplits:
    """What one person organises, and what they are in: while people may still join."""

    organised: tuple[SplitOrder, ...]
    joined: tuple[SplitOrder, ...]


def own_splits(
    session: Session, *, person_id: str, chat_id: str | None, now: datetime
) -> OwnSplits:
    """The newest first. `chat_id`: only those whose card lives there."""
    own = been(session, person_id)
    live = (SplitPart.person_id.in_(own), SplitPart.state.in_(LIVE))
    running = (SplitOrder.state == SplitState.OPEN, SplitOrder.expires_at > now)
    here = (SplitOrder.chat_id == chat_id,) if chat_id else ()
    found = select(SplitOrder).where(*running, *here)
    found = found.order_by(SplitOrder.opened_at.desc(), SplitOrder.id)
    joined = SplitOrder.id.in_(select(SplitPart.split_id).where(*live))
    return OwnSplits(
        tuple(session.scalars(found.where(SplitOrder.organiser_id.in_(own)))),
        tuple(session.scalars(found.where(joined))),
    )


def payers(session: Session, *, split_id: str) -> list[str]:
    """Everybody who has paid and has not been given back, once each."""
    paid = select(SplitPart.person_id).where(
        SplitPart.split_id == split_id, SplitPart.state.in_(GIVEN)
    )
    return list(session.scalars(paid.distinct().order_by(SplitPart.person_id)))
