"""What people do with teams in their chats, SIMULATED by routes that are one transaction each:
opening one and sharing it, ordering for a seat, giving it up. They join on the product's own page.
"""

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from data.group_buys import (
    Seat,
    Team,
    leave,
    live_seat,
    open_team,
    place_seat_order,
    share_team,
)
from data.kernel.errors import WrongState
from data.orders import OrderDetails
from data.payments import create_link

router = APIRouter(prefix="/counter/teams")


@router.post("/open/{campaign_id}/{person_id}/{quantity}")
def open_one(campaign_id: str, person_id: str, quantity: int, request: Request) -> dict[str, str]:
    """One a person, as often as they say it: a chat's message is taken once."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        team = session.scalar(select(Team).where(Team.leader_id == person_id)) or open_team(
            session,
            campaign_id=campaign_id,
            chat_id=None,
            leader_id=person_id,
            quantity=quantity,
            now=now,
        )
        token = share_team(session, merchant_id=team.merchant_id, team_id=team.id, now=now)
        return {"id": team.id, "token": token}


@router.post("/order/{team_id}/{person_id}")
def order(team_id: str, person_id: str, request: Request) -> dict[str, str]:
    """The order of their seat, and the link to its pay page."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        seat = _seat(session, team_id, person_id)
        placed = place_seat_order(session, seat_id=seat.id, details=OrderDetails(), now=now)
        return {"id": placed.id, "token": create_link(session, order_id=placed.id, now=now)}


@router.post("/leave/{team_id}/{person_id}")
def give_up(team_id: str, person_id: str, request: Request) -> None:
    tuanzi: Tuanzi = request.app.state.tuanzi
    with tuanzi.database.transaction() as session:
        leave(session, team_id=team_id, person_id=person_id, now=tuanzi.clock.now())


def _seat(session: Session, team_id: str, person_id: str) -> Seat:
    seat = live_seat(session, team_id=team_id, person_id=person_id)
    if seat is None:
        raise WrongState("seat")
    return seat
