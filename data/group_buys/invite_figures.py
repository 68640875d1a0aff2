"""What a merchant sees of inviting: counts; and who shares most, once enough do that it tells of
nobody in particular."""

from dataclasses import dataclass

from sqlalchemy import case, distinct, func, select
from sqlalchemy.orm import Session

from data.group_buys.invitation_models import Invitation, InvitedSeat
from data.group_buys.models import PAYING, Seat
from data.group_buys.share_models import TeamShare
from data.people import Person

FEWEST_SHARERS = 5  # below that nobody is named (domain design, "merchant dashboard")
_MOST_NAMED = 5
# A seat in one of these has a paid order that did not go back.
_PAID = func.coalesce(func.sum(case((Seat.state.in_(PAYING), 1), else_=0)), 0)


@dataclass(frozen=True, slots=True)
class Sharer:
    """`joins`: seats that were taken by their invitation; `paid` of these are paid."""

    person_id: str
    name: str
    joins: int
    paid: int


@dataclass(frozen=True, slots=True)
class InviteFigures:
    """Of one campaign: links that somebody took to share, seats taken by them, and how many of
    those are paid. `top` is empty while fewer than FEWEST_SHARERS people share."""

    shares: int
    joins: int
    paid: int
    top: tuple[Sharer, ...]

    @property
    def joins_per_share(self) -> float | None:
        return round(self.joins / self.shares, 2) if self.shares else None


def invite_figures(session: Session, *, campaign_id: str) -> InviteFigures:
    shares, sharers = session.execute(
        select(func.count(), func.count(distinct(Invitation.person_id)))
        .select_from(Invitation)
        .join(TeamShare, TeamShare.token_hash == Invitation.token_hash)
        .where(Invitation.campaign_id == campaign_id, TeamShare.unsent_since.is_(None))
    ).one()
    joins, paid = session.execute(
        select(func.count(), _PAID)
        .select_from(InvitedSeat)
        .join(Seat, Seat.id == InvitedSeat.seat_id)
        .where(InvitedSeat.campaign_id == campaign_id)
    ).one()
    top = _top(session, campaign_id) if sharers >= FEWEST_SHARERS else ()
    return InviteFigures(shares, joins, int(paid), top)


def _top(session: Session, campaign_id: str) -> tuple[Sharer, ...]:
    """By paid orders, then by joins."""
    joins = func.count()
    rows = session.execute(
        select(InvitedSeat.inviter_id, Person.name, joins, _PAID)
        .join(Seat, Seat.id == InvitedSeat.seat_id)
        .join(Person, Person.id == InvitedSeat.inviter_id)
        .where(InvitedSeat.campaign_id == campaign_id)
        .group_by(InvitedSeat.inviter_id, Person.name)
        .order_by(_PAID.desc(), joins.desc(), InvitedSeat.inviter_id)
        .limit(_MOST_NAMED)
    )
    return tuple(Sharer(who, name, count, int(paid)) for who, name, count, paid in rows)
