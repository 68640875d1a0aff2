"""A team's card may stand in many chats; all of them show the same count."""

from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from data.group_buys.models import LIVE, Campaign, Seat, Team, TeamState
from data.group_buys.place_models import TeamPlace
from data.kernel.once import insert_once
from data.kernel.prepared import Prepared

_MOST_PLACES = 50  # each is one edit for every change; a card shared further stays as it was
_PLACES = Prepared(
    select(TeamPlace.chat_id)
    .where(TeamPlace.team_id == bindparam("team"))
    .order_by(TeamPlace.created_at, TeamPlace.chat_id)
)


def note_place(
    session: Session, *, team: Team, chat_id: str, share_hash: str | None = None, now: datetime
) -> None:
    """From now on this chat's card changes with the team. Told twice, noted once."""
    if chat_id == team.chat_id or _count(session, team.id) >= _MOST_PLACES:
        return
    insert_once(
        session,
        TeamPlace,
        team_id=team.id,
        chat_id=chat_id,
        merchant_id=team.merchant_id,
        share_hash=share_hash,
        created_at=now,
    )


def places_of(session: Session, *, team_id: str) -> list[str]:
    """Chats that show the card, besides the team's own."""
    return [chat_id for (chat_id,) in _PLACES.rows(session, team=team_id)]


def shared_there(session: Session, *, team_id: str, chat_id: str) -> str | None:
    """By which link the card came into this chat, if it was shared into it."""
    place = session.get(TeamPlace, (team_id, chat_id))
    return place.share_hash if place is not None else None


def teams_joined_by(
    session: Session, *, merchant_id: str, person_id: str, now: datetime, limit: int
) -> list[Team]:
    """Open teams in which this person has a seat and that may be shown anywhere, what ends soonest
    first."""
    mine = select(Seat.team_id).where(
        Seat.merchant_id == merchant_id, Seat.person_id == person_id, Seat.state.in_(LIVE)
    )
    return list(
        session.scalars(
            select(Team)
            .join(Campaign, Campaign.id == Team.campaign_id)
            .where(Campaign.named_chats_only.is_(False))  # those are for their own groups alone
            .where(Team.id.in_(mine), Team.state == TeamState.OPEN, Team.expires_at > now)
            .order_by(Team.expires_at, Team.id)
            .limit(limit)
        )
    )


def _count(session: Session, team_id: str) -> int:
    counted = select(func.count()).select_from(TeamPlace).where(TeamPlace.team_id == team_id)
    return session.scalar(counted) or 0
