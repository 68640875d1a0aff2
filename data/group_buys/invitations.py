"""Who invited whom into a team: one level, never oneself, the first invitation of a seat and no
other. Who joins by the card in the team's own chat was invited by nobody.

How somebody first came into a team counts. Who had a seat in it before and comes back by another's
link is nobody's new member, so that two cannot invite each other in turn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from data.group_buys.invitation_models import Invitation, InvitedSeat
from data.group_buys.models import LIVE, PAYING, Seat
from data.group_buys.queries import live_seat, team_of
from data.group_buys.reward_models import InviteBudget
from data.group_buys.share_models import TeamShare
from data.group_buys.sharing import offer_share, share_team
from data.kernel.errors import Refused
from data.kernel.once import insert_once
from data.kernel.tokens import fingerprint
from data.people.merged import been, known_as

NOT_INSIDE = "not_in_team"  # the detail of that refusal


@dataclass(frozen=True, slots=True)
class Inviting:
    """Who shares a team, and in which messenger."""

    person_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class Came:
    """By which link (its hash) somebody came, and in which messenger they are."""

    share_hash: str
    channel: str


# Do a messenger's rules allow a reward for inviting? By its name; the adapters know.
Allows = Callable[[str], bool]


def invite(session: Session, *, merchant_id: str, team_id: str, by: Inviting, now: datetime) -> str:
    """A token for `/g/<token>` that is this member's own. Refused where they have no seat."""
    if live_seat(session, team_id=team_id, person_id=by.person_id) is None:
        raise Refused(NOT_INSIDE)
    token = share_team(session, merchant_id=merchant_id, team_id=team_id, now=now)
    return _signed(session, token, merchant_id, team_id, by)


def offer_invitation(
    session: Session, *, merchant_id: str, team_id: str, by: Inviting, now: datetime
) -> str:
    """The same for a list of cards, most of which nobody chooses."""
    token = offer_share(session, merchant_id=merchant_id, team_id=team_id, now=now)
    return _signed(session, token, merchant_id, team_id, by)


def _signed(session: Session, token: str, merchant_id: str, team_id: str, by: Inviting) -> str:
    signed = Invitation(
        token_hash=fingerprint(token),
        merchant_id=merchant_id,
        campaign_id=team_of(session, merchant_id=merchant_id, team_id=team_id).campaign_id,
        person_id=by.person_id,
        channel=by.channel,
    )
    session.add(signed)
    session.flush()
    return token


def note_invited(
    session: Session, *, seat: Seat, came: Came, allows: Allows, now: datetime
) -> None:
    """This seat was taken by somebody's invitation; where it was not, or it is noted already,
    nothing happens."""
    found = _that_counts(session, seat, came.share_hash)
    if found is None:
        return
    inviter = known_as(session, found.person_id)
    if inviter.erased_at is not None or inviter.id == known_as(session, seat.person_id).id:
        return
    rewarded = all(
        rewarding_budget(session, seat.campaign_id, channel=channel, allows=allows) is not None
        for channel in (found.channel, came.channel)
    )
    insert_once(
        session,
        InvitedSeat,
        seat_id=seat.id,
        merchant_id=seat.merchant_id,
        campaign_id=seat.campaign_id,
        share_hash=found.token_hash,
        inviter_id=inviter.id,
        level=1,
        rewarded=rewarded,
        created_at=now,
    )
    _keep_link(session, found.token_hash)


def _that_counts(session: Session, seat: Seat, share_hash: str) -> Invitation | None:
    """Theirs, of this very team; and the one of their first seat here, if they had one before."""
    before = _first_before(session, seat)
    if before is not None:
        noted = session.get(InvitedSeat, before.id)
        return session.get(Invitation, noted.share_hash) if noted is not None else None
    share = session.get(TeamShare, share_hash)
    good = share is not None and share.team_id == seat.team_id and share.revoked_at is None
    return session.get(Invitation, share_hash) if good else None


def _first_before(session: Session, seat: Seat) -> Seat | None:
    return session.scalar(
        select(Seat)
        .where(Seat.team_id == seat.team_id, Seat.id != seat.id)
        .where(Seat.person_id.in_(been(session, seat.person_id)))
        .order_by(Seat.created_at, Seat.id)
        .limit(1)
    )


def _keep_link(session: Session, share_hash: str) -> None:
    """It was made for a list, and somebody has used it."""
    session.execute(
        update(TeamShare)
        .where(TeamShare.token_hash == share_hash, TeamShare.unsent_since.is_not(None))
        .values(unsent_since=None)
        .execution_options(synchronize_session=False)
    )


def rewarding_budget(
    session: Session, campaign_id: str, *, channel: str, allows: Allows
) -> InviteBudget | None:
    """What this campaign gives for inviting in that messenger; None where it gives nothing."""
    budget = session.get(InviteBudget, campaign_id, populate_existing=True)
    if budget is None or not budget.enabled or not allows(channel):
        return None
    named = budget.channels
    return budget if named is None or channel in named else None


def came_by(session: Session, seat_id: str) -> str | None:
    """The hash of the link by which somebody was invited to this seat."""
    noted = session.get(InvitedSeat, seat_id)
    return noted.share_hash if noted is not None else None


@dataclass(frozen=True, slots=True)
class OwnInvitations:
    """Of one person in one team, as counts: who they are is nobody's to know. `joined` are in it,
    `paid` of them have paid."""

    joined: int = 0
    paid: int = 0


def own_invitations(session: Session, *, team_id: str, person_id: str) -> OwnInvitations:
    paid = func.coalesce(func.sum(case((Seat.state.in_(PAYING), 1), else_=0)), 0)
    row = session.execute(
        select(func.count(), paid)
        .select_from(InvitedSeat)
        .join(Seat, Seat.id == InvitedSeat.seat_id)
        .where(InvitedSeat.inviter_id == person_id, Seat.team_id == team_id)
        .where(Seat.state.in_(LIVE))
    ).one()
    return OwnInvitations(*map(int, row))


def forget_own(session: Session, *, person_id: str) -> list[str]:
    """Two turned out to be one, whom this id names now: what the one invited the other to was no
    invitation. Gives the seats."""
    everybody = been(session, person_id)
    own = session.scalars(
        select(InvitedSeat)
        .join(Seat, Seat.id == InvitedSeat.seat_id)
        .where(InvitedSeat.inviter_id.in_(everybody), Seat.person_id.in_(everybody))
        .order_by(InvitedSeat.seat_id)
    ).all()
    seats = [noted.seat_id for noted in own]
    for noted in own:
        session.delete(noted)
    session.flush()
    return seats
