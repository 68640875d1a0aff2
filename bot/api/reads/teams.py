"""One team as a shop's people look at it: who is in it, what they ordered, what may be decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api.reads.group_buys import seats_of
from bot.api.reads.people import names_of
from data.group_buys import Seat, Team, TeamView, enough_in, may_cancel, team_view
from data.orders import Order
from data.people import Chat


@dataclass(frozen=True, slots=True)
class Place:
    """`name` may be empty; `order` is none as long as nobody has said where it goes."""

    seat: Seat
    name: str
    order: Order | None


@dataclass(frozen=True, slots=True)
class TeamSheet:
    """`group`: where it was opened, none where it is shared by its page alone. `enough`: so many
    are there that the shop could complete it with them; 0 while it could not."""

    team: Team
    view: TeamView
    places: Sequence[Place]
    leader: str
    group: Chat | None
    enough: int
    can_be_cancelled: bool


def team_sheet(session: Session, team: Team, *, now: datetime) -> TeamSheet:
    seats = seats_of(session, merchant_id=team.merchant_id, team_id=team.id)
    people = {seat.person_id for seat in seats} | {team.leader_id}
    names = names_of(session, merchant_id=team.merchant_id, ids=people)
    orders = _orders(session, seats)
    return TeamSheet(
        team=team,
        view=team_view(session, team),
        places=[
            Place(seat, names.get(seat.person_id, ""), orders.get(seat.order_id)) for seat in seats
        ],
        leader=names.get(team.leader_id, ""),
        group=session.get(Chat, team.chat_id) if team.chat_id else None,
        enough=enough_in(team, now),
        can_be_cancelled=may_cancel(team, now),
    )


def _orders(session: Session, seats: Sequence[Seat]) -> dict[str | None, Order]:
    placed = [seat.order_id for seat in seats if seat.order_id is not None]
    found = session.scalars(select(Order).where(Order.id.in_(placed)))
    return {order.id: order for order in found}
