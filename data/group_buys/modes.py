"""How a team is paid for, and what that asks of a payer's provider."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from data.group_buys.models import Campaign, PayMode
from data.group_buys.queries import seat_of_order
from data.group_buys.teams import is_running, team_now
from data.kernel.errors import Refused

# Between a team's deadline and the end of a hold: for a provider that does not answer at once.
MARGIN = timedelta(hours=12)
PAY_WINDOW = timedelta(days=1)  # for who is asked to pay when a team has come together


def outlives(hold: timedelta | None, window: timedelta) -> bool:
    """Is money that is reserved when a team opens still reserved well after its deadline?"""
    return hold is not None and window + MARGIN <= hold


def chosen_mode(campaign: Campaign, wanted: PayMode | None) -> PayMode:
    """Refused("pay_mode"): the shop does not offer that one."""
    mode = wanted or PayMode(campaign.modes[0])
    if mode not in campaign.modes:
        raise Refused("pay_mode")
    return mode


def working_mode(campaign: Campaign, longest_hold: timedelta | None) -> PayMode:
    """The first of a campaign's modes that the shop's providers can do by now. Where none is, its
    first: then each payment does what its own provider can."""
    window = timedelta(seconds=campaign.window_seconds)
    modes = [PayMode(mode) for mode in campaign.modes]
    able = (mode for mode in modes if mode != PayMode.HOLD or outlives(longest_hold, window))
    return next(able, modes[0])


def is_reserved(
    session: Session, *, order_id: str, longest_hold: timedelta | None, now: datetime
) -> bool:
    """Should a provider that can hold money so long only reserve what this order costs? Else, and
    for any order that is no seat's, it is charged."""
    seat = seat_of_order(session, order_id=order_id)
    if seat is None:
        return False
    team = team_now(session, seat.team_id)
    is_wanted = team.mode == PayMode.HOLD and is_running(team, now)
    return is_wanted and outlives(longest_hold, team.expires_at - now)


def only_reserves(session: Session, *, order_id: str) -> bool:
    """For its pay page: may it be that money is only reserved?"""
    seat = seat_of_order(session, order_id=order_id)
    return seat is not None and team_now(session, seat.team_id).mode == PayMode.HOLD
