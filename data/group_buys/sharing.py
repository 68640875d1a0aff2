"""A team is shared by a link: whoever has it sees the count and the price, and nobody's name (T16).

The token is shown once and kept as its hash; opening the page changes nothing. One that was made
for a list to choose from is collected when its team is long over, unless somebody sent or used it.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from data.delivery.jobs import NewJob, enqueue
from data.delivery.models import Job
from data.group_buys.invitation_models import Invitation
from data.group_buys.models import Campaign, Team, TeamState
from data.group_buys.queries import team_of
from data.group_buys.share_models import TeamShare
from data.group_buys.teams import team_now
from data.kernel.errors import NotFound, Refused
from data.kernel.tokens import fingerprint, new_token

REVOKED = "team_share_revoked"  # the detail of that refusal
COLLECT = "unsent_shares"  # the job kind; args: team_id
# Messengers need not tell what was sent, so while a seat can be had every link stays good. A week
# after that a card which nobody ever pressed leads to nothing anyway.
_KEPT_AFTER = timedelta(days=7)
_MARK = 16  # figures of the hash: enough to tell the links of one team apart


def share_team(session: Session, *, merchant_id: str, team_id: str, now: datetime) -> str:
    """A fresh token for `/g/<token>`; earlier ones stay good."""
    team = team_of(session, merchant_id=merchant_id, team_id=team_id)
    return _new_share(session, team, now, unsent_since=None)


def offer_share(session: Session, *, merchant_id: str, team_id: str, now: datetime) -> str:
    """The same for a list of cards, most of which nobody chooses: `note_sent` keeps it."""
    team = team_of(session, merchant_id=merchant_id, team_id=team_id)
    _collect_later(session, team, at=team.expires_at + _KEPT_AFTER, now=now)
    return _new_share(session, team, now, unsent_since=now)


def mark_of(token: str) -> str:
    """What the card of an offered link is called by: no token, and nobody can make one of it."""
    return fingerprint(token)[:_MARK]


def note_sent(session: Session, *, merchant_id: str, team_id: str, mark: str) -> str | None:
    """Its card stands in a chat: it is kept. A press is as good a sign as being told. Gives the
    hash of the link."""
    if len(mark) < _MARK:
        return None
    session.execute(
        update(TeamShare)
        .where(
            TeamShare.merchant_id == merchant_id,
            TeamShare.team_id == team_id,
            TeamShare.token_hash.startswith(mark[:_MARK], autoescape=True),
            TeamShare.unsent_since.is_not(None),
        )
        .values(unsent_since=None)
        .execution_options(synchronize_session=False)
    )
    named = TeamShare.token_hash.startswith(mark[:_MARK], autoescape=True)
    return session.scalar(select(TeamShare.token_hash).where(TeamShare.team_id == team_id, named))


def _new_share(
    session: Session, team: Team, now: datetime, *, unsent_since: datetime | None
) -> str:
    if session.get_one(Campaign, team.campaign_id).named_chats_only:
        raise Refused("named_chats_only")  # a link would show it anywhere
    token = new_token()
    session.add(
        TeamShare(
            token_hash=fingerprint(token),
            merchant_id=team.merchant_id,
            team_id=team.id,
            created_at=now,
            unsent_since=unsent_since,
        )
    )
    session.flush()
    return token


def _collect_later(session: Session, team: Team, *, at: datetime, now: datetime) -> None:
    job = NewJob(
        lane=f"team:{team.id}",
        kind=COLLECT,
        key=f"{COLLECT}:{team.id}:{at.isoformat()}",
        run_at=at,
        args={"team_id": team.id},
        merchant_id=team.merchant_id,
    )
    enqueue(session, job, now=now)


def collect_unsent(session: Session, job: Job, now: datetime) -> None:
    """Of a team that is over; one that is not has its deadline still to come."""
    team = team_now(session, job.args["team_id"])
    if team.state == TeamState.OPEN:
        _collect_later(session, team, at=now + _KEPT_AFTER, now=now)
        return
    unsent = (TeamShare.team_id == team.id, TeamShare.unsent_since.is_not(None))
    theirs = Invitation.token_hash.in_(select(TeamShare.token_hash).where(*unsent))
    for gone in (delete(Invitation).where(theirs), delete(TeamShare).where(*unsent)):
        session.execute(gone.execution_options(synchronize_session=False))


def find_shared(session: Session, *, token: str) -> Team:
    """The team behind a link as it is now; NotFound for a guess, Refused for a revoked link."""
    share = session.get(TeamShare, fingerprint(token))
    if share is None:
        raise NotFound("team_share")
    if share.revoked_at is not None:
        raise Refused(REVOKED)
    return team_now(session, share.team_id)


def team_shared_by(session: Session, *, merchant_id: str, token: str) -> Team | None:
    """The team of this shop that a link leads to; None for any other token."""
    try:
        team = find_shared(session, token=token)
    except (NotFound, Refused):
        return None
    return team if team.merchant_id == merchant_id else None


def revoke_shares(session: Session, *, merchant_id: str, team_id: str, now: datetime) -> None:
    """Close every link to a team, where one fell into the wrong hands: those of its members, too,
    who are given a fresh one when they ask. NotFound: no team of this shop."""
    team_of(session, merchant_id=merchant_id, team_id=team_id)
    session.execute(
        update(TeamShare)
        .where(
            TeamShare.merchant_id == merchant_id,
            TeamShare.team_id == team_id,
            TeamShare.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
