"""Who invited whom into a team: one level, never oneself, the first invitation of a seat and no
other. Who joins by the card in the team's own chat was invited by nobody.

How somebody first came into a team counts. Who had a seat in it before and comes back by another's
link is nobody's new member, so that two cannot invite each other in turn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from data.group_buys.invitation_models import Invitation, InvitedSeat
from data.group_buys.models import LIVE, PAYING, Seat, Team
from data.group_buys.queries import live_seat, team_of
from data.group_buys.reward_models import InviteBudget
from data.group_buys.share_models import TeamShare
from data.group_buys.sharing import offer_share, share_team
from data.group_buys.waitlist_models import InvitedBy, WaitlistEntry
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
    found = _that_counts(
        session, team_id=seat.team_id, person_id=seat.person_id, link=came.share_hash, but=seat.id
    )
    if found is not None:
        team = session.get_one(Team, seat.team_id)
        _note(session, seat, found, rewarded=_rewards(session, team, found, came, allows), now=now)


def invited_by(
    session: Session, *, team_id: str, person_id: str, came: Came, allows: Allows
) -> InvitedBy | None:
    """Whose invitation brings this person to a line; told now, noted with the seat (`note_waited`)
    where the shop's terms and the messenger are known no more."""
    link = came.share_hash
    found = _that_counts(session, team_id=team_id, person_id=person_id, link=link)
    if found is None or _inviter(session, found, person_id) is None:
        return None
    _keep_link(session, found.token_hash)
    team = session.get_one(Team, team_id)
    return InvitedBy(found.token_hash, _rewards(session, team, found, came, allows))


def note_waited(session: Session, *, seat: Seat, entry: WaitlistEntry, now: datetime) -> None:
    """This seat was waited for by somebody's invitation, which may have been closed since."""
    if entry.share_hash is None:
        return
    found = _that_counts(
        session, team_id=seat.team_id, person_id=seat.person_id, link=None, but=seat.id
    )
    if found is not None:
        _note(session, seat, found, rewarded=entry.rewarded, now=now)


def _note(
    session: Session, seat: Seat, found: Invitation, *, rewarded: bool, now: datetime
) -> None:
    inviter_id = _inviter(session, found, seat.person_id)
    if inviter_id is None:
        return
    insert_once(
        session,
        InvitedSeat,
        seat_id=seat.id,
        merchant_id=seat.merchant_id,
        campaign_id=seat.campaign_id,
        share_hash=found.token_hash,
        inviter_id=inviter_id,
        level=1,
        rewarded=rewarded,
        created_at=now,
    )
    _keep_link(session, found.token_hash)


def _inviter(session: Session, found: Invitation, person_id: str) -> str | None:
    """Nobody is invited by themselves, nor by whom the shop has forgotten."""
    inviter = known_as(session, found.person_id)
    themselves = inviter.id == known_as(session, person_id).id
    return None if themselves or inviter.erased_at is not None else inviter.id


def _rewards(session: Session, team: Team, found: Invitation, came: Came, allows: Allows) -> bool:
    """Both were in messengers whose rules allow it, and the shop rewards it there."""
    return all(
        rewarding_budget(session, team.campaign_id, channel=channel, allows=allows) is not None
        for channel in (found.channel, came.channel)
    )


def _that_counts(
    session: Session, *, team_id: str, person_id: str, link: str | None, but: str | None = None
) -> Invitation | None:
    """That of their first seat here, but for this one; else of their first wait; else the link's,
    if it leads to this very team."""
    everybody = been(session, person_id)
    sat = _first_seat(session, team_id, everybody, but)
    if sat is not None:
        noted = session.get(InvitedSeat, sat)
        return session.get(Invitation, noted.share_hash) if noted is not None else None
    waited = _first_wait(session, team_id, everybody)
    if waited is not None:
        return session.get(Invitation, waited.share_hash) if waited.share_hash else None
    share = session.get(TeamShare, link) if link else None
    good = share is not None and share.team_id == team_id and share.revoked_at is None
    return session.get(Invitation, link) if good else None


def _first_seat(
    session: Session, team_id: str, everybody: Sequence[str], but: str | None
) -> str | None:
    return session.scalar(
        select(Seat.id)
        .where(Seat.team_id == team_id, Seat.id != (but or ""), Seat.person_id.in_(everybody))
        .order_by(Seat.created_at, Seat.id)
        .limit(1)
    )


def _first_wait(session: Session, team_id: str, everybody: Sequence[str]) -> WaitlistEntry | None:
    return session.scalar(
        select(WaitlistEntry)
        .where(WaitlistEntry.team_id == team_id, WaitlistEntry.person_id.in_(everybody))
        .order_by(WaitlistEntry.id)
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
