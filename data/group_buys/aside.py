"""Goods set aside: a campaign holds its whole stock from the start, and seats take from that.

Nobody else can buy those units meanwhile. A seat given up gives back to the campaign; what no seat
took goes back to the shelf when the campaign is over and none of its teams runs any more.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from data.catalogue import Variant, hold_more, hold_within, pass_hold, release_hold
from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.group_buys.models import RUNNING, Campaign, CampaignState, Seat, Team
from data.group_buys.pledges import is_pledge
from data.kernel.entities import known
from data.kernel.errors import OutOfStock

RETURN = "campaign_aside"  # the job kind; args: campaign_id
# Longer than the last team of a campaign can run: should the job be lost, the shelf's own sweep
# lets the units go.
_LONGEST = timedelta(days=38)


def set_aside(
    session: Session, campaign: Campaign, *, units: int, until: datetime, now: datetime
) -> None:
    """Off the shelf for this campaign alone; OutOfStock where there are not as many."""
    if units > 0:
        hold_more(
            session,
            variant_id=campaign.variant_id,
            quantity=units,
            owner_ref=campaign.id,
            expires_at=until + _LONGEST,
            now=now,
        )
    return_later(session, campaign, at=until, now=now)


def keeps_aside(campaign: Campaign) -> bool:
    return campaign.set_aside and campaign.aside_returned_at is None


def hold_for_seat(session: Session, seat: Seat, *, team: Team, now: datetime) -> None:
    """A seat's units: out of what was set aside, or from the shelf. Those of a pledge are kept to
    the end of the window in which it is paid for. Within a savepoint of the caller's, who goes
    back to it when this raises."""
    campaign = known(session, Campaign, seat.campaign_id)
    assert campaign is not None  # noqa: S101  # its seats refer to it
    until = team.expires_at + team.pay_window if is_pledge(team) else seat.held_until
    if keeps_aside(campaign):
        pass_hold(
            session,
            variant_id=team.variant_id,
            quantity=seat.quantity,
            owners=(campaign.id, seat.id),
            expires_at=until,
            now=now,
        )
        return
    hold_within(session, team.variant_id, seat.quantity, seat.id, expires_at=until, now=now)


def put_back(session: Session, seat: Seat, *, now: datetime) -> None:
    """A seat is given up: its units are the campaign's again. Its order may have let go of them
    just now, or be about to; either way nobody can take them in between."""
    campaign = session.get_one(Campaign, seat.campaign_id, populate_existing=True)
    if not keeps_aside(campaign):
        return
    until = campaign.ends_at + _LONGEST
    variant_id, quantity = campaign.variant_id, seat.quantity
    try:
        pass_hold(
            session,
            variant_id=variant_id,
            quantity=quantity,
            owners=(seat.id, campaign.id),
            expires_at=until,
            now=now,
        )
    except OutOfStock:
        with suppress(OutOfStock):  # nobody's refund waits for goods; the audit tells of a gap
            hold_more(
                session,
                variant_id=variant_id,
                quantity=quantity,
                owner_ref=campaign.id,
                expires_at=until,
                now=now,
                back=True,
            )


def return_aside(session: Session, *, campaign_id: str, now: datetime) -> bool:
    """To the shelf, once the campaign is over for good. False: not yet, or not any more."""
    campaign = session.get_one(Campaign, campaign_id, populate_existing=True)
    if not keeps_aside(campaign):
        return False
    over = campaign.state == CampaignState.ENDED or campaign.ends_at <= now
    until = _last_deadline(session, campaign.id)
    if not over or until is not None:
        return_later(session, campaign, at=until if over and until else campaign.ends_at, now=now)
        return False
    # The shelf's row first: who gives a seat up has it before they touch the campaign's hold.
    session.execute(select(Variant.id).where(Variant.id == campaign.variant_id).with_for_update())
    release_hold(session, owner_ref=campaign.id, now=now)
    session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id)
        .values(aside_returned_at=now)
        .execution_options(synchronize_session="fetch")
    )
    return True


def _last_deadline(session: Session, campaign_id: str) -> datetime | None:
    """Of the teams that still run, the window to pay in included."""
    running = select(func.max(func.coalesce(Team.pay_until, Team.expires_at))).where(
        Team.campaign_id == campaign_id, Team.state.in_(RUNNING)
    )
    return session.scalar(running)


def return_later(session: Session, campaign: Campaign, *, at: datetime, now: datetime) -> None:
    """A team whose time is up may still wait for its own job: a minute later, then."""
    run_at = at if at > now else now + timedelta(minutes=1)
    job = NewJob(
        lane=f"campaign:{campaign.id}",
        kind=RETURN,
        key=f"{RETURN}:{campaign.id}:{run_at.isoformat()}",
        run_at=run_at,
        args={"campaign_id": campaign.id},
        merchant_id=campaign.merchant_id,
    )
    enqueue(session, job, now=now)


def _run_return(session: Session, job: Job, now: datetime) -> None:
    return_aside(session, campaign_id=job.args["campaign_id"], now=now)


JOBS: Mapping[str, JobRunner] = {RETURN: _run_return}
