"""The order of waiting lists (I2): nobody waits beside a free place, and nobody is passed."""

from typing import Any

from sqlalchemy import Select, and_, func, literal, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from data.audit.checks import Check, Moment
from data.delivery.models import Job
from data.group_buys.models import LIVE, RUNNING, Seat, Team, TeamState
from data.group_buys.turns import NEXT
from data.group_buys.waitlist_models import EntryState, WaitlistEntry

_WAITS = WaitlistEntry.state == EntryState.WAITING


def _counter_differs(_: Moment) -> Select[Any]:
    line = select(func.count()).select_from(WaitlistEntry)
    mine = line.where(WaitlistEntry.team_id == Team.id, _WAITS).scalar_subquery()
    return select(Team.id).where(Team.waiting != mine)


def _beside_a_free_place(moment: Moment) -> Select[Any]:
    """Longer than it takes to call the next one: that is a job, and it is late or there is none."""
    still_open = and_(Team.state == TeamState.OPEN, Team.expires_at > moment.now)
    paying = and_(Team.state == TeamState.PAYING, Team.pay_until > moment.now)
    free = or_(and_(still_open, Team.held < Team.target), and_(paying, Team.held < Team.final_size))
    called = select(Job.id).where(
        Job.kind == NEXT,
        Job.key.like(literal(f"{NEXT}:") + Team.id + literal(":%")),
        Job.state == "due",
        Job.run_at > moment.settled,
    )
    return select(Team.id).where(Team.waiting > 0, free, ~called.exists())


def _out_of_order(_: Moment) -> Select[Any]:
    """Somebody was seated, or told that it is over, before one who stood in front of them."""
    earlier = aliased(WaitlistEntry)
    in_front = and_(earlier.team_id == WaitlistEntry.team_id, earlier.id < WaitlistEntry.id)
    passed = or_(
        earlier.state == EntryState.WAITING,
        and_(
            earlier.state.in_((EntryState.SEATED, EntryState.CLOSED)),
            earlier.ended_version > WaitlistEntry.ended_version,
        ),
    )
    return (
        select(WaitlistEntry.id)
        .join(earlier, in_front)
        .where(WaitlistEntry.state == EntryState.SEATED, passed)
    )


def _after_the_end(_: Moment) -> Select[Any]:
    over = Team.state.not_in(RUNNING)
    return select(WaitlistEntry.id).join(Team, Team.id == WaitlistEntry.team_id).where(_WAITS, over)


def _has_a_place(_: Moment) -> Select[Any]:
    return select(WaitlistEntry.id).join(Seat, _same_person()).where(_WAITS, Seat.state.in_(LIVE))


def _same_person() -> ColumnElement[bool]:
    return and_(Seat.team_id == WaitlistEntry.team_id, Seat.person_id == WaitlistEntry.person_id)


def _without_their_seat(_: Moment) -> Select[Any]:
    """Seated means: a place of theirs in that team, whatever became of it."""
    theirs = and_(Seat.id == WaitlistEntry.seat_id, Seat.team_id == WaitlistEntry.team_id)
    seated = WaitlistEntry.state == EntryState.SEATED
    return select(WaitlistEntry.id).outerjoin(Seat, theirs).where(seated != Seat.id.is_not(None))


CHECKS = (
    Check("I2", "team_waiting_is_not_its_list", _counter_differs),
    Check("I2", "somebody_waits_beside_a_free_place", _beside_a_free_place),
    Check("I2", "seated_out_of_order", _out_of_order),
    Check("I2", "somebody_waits_for_a_team_that_ended", _after_the_end),
    Check("I2", "somebody_waits_and_has_a_place", _has_a_place),
    Check("I2", "seated_without_a_seat", _without_their_seat),
)
