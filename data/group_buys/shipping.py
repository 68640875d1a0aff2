"""One address for a whole team: its leader gives it, the others are not asked and never see it.

It is the address of the leader's own order; the other orders go with that one (orders.goes_with),
so nobody else's order, and no file about anybody else, holds it. Goods wait until it is known.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.group_buys.facts import AddressWanted, SeatLost, TeamReached
from data.group_buys.models import LIVE, RUNNING, Seat, Team, TeamState
from data.group_buys.queries import seat_of_order
from data.group_buys.seats import seat_now
from data.group_buys.teams import change_team, for_each_seat, next_leader, team_now
from data.kernel.errors import NotFound
from data.kernel.facts import Fact, announce
from data.orders import Address, Order, OrderKind, OrderPaid, lock_order, set_address, ship_with
from data.orders.address import is_here
from data.people.merged import been, known_as

ASK = "team_address"  # the job kinds; args: team_id, leader_id, again · seat_id
TOGETHER = "seat_goes_with"
_REMIND_AFTER = timedelta(hours=20)
_RUNS = (*RUNNING, TeamState.SUCCESS)


def asks_for_address(team: Team, person_id: str) -> bool:
    """Who takes a seat says where it goes; but of a team with one address only its leader."""
    return not team.ship_to_one or team.leader_id == person_id


def lacks_address(session: Session, team: Team) -> bool:
    """The leader has ordered, and nobody has said where all of it goes. Of what has left long ago
    nobody knows it any more."""
    if not team.ship_to_one or team.state not in _RUNS:
        return False
    seat = _leading_seat(session, team)
    order = session.get(Order, seat.order_id) if seat is not None and seat.order_id else None
    return order is not None and order.ship_to is None and is_here(order)


def give_team_address(
    session: Session, *, team_id: str, person_id: str, address: Address, now: datetime
) -> None:
    """Where everything goes. NotFound for whoever does not lead; WrongState once it has left."""
    team = team_now(session, team_id)
    seat = _leading_seat(session, team)
    leads = team.ship_to_one and team.leader_id == person_id
    if not leads or seat is None or seat.order_id is None:
        raise NotFound("team")
    set_address(session, order_id=seat.order_id, person_id=person_id, address=address, now=now)


def listen(session: Session, fact: Fact, now: datetime) -> None:
    if isinstance(fact, SeatLost):
        team = team_now(session, fact.team_id)
        if team.ship_to_one:
            _go_on_without(session, team, fact.person_id, now)
    elif isinstance(fact, OrderPaid):
        _leader_may_have_paid(session, fact, now)
    elif isinstance(fact, TeamReached):
        team = team_now(session, fact.team_id)
        if team.ship_to_one:
            _go_together(session, team, now)
            _ask_if_missing(session, team, now)


def _leader_may_have_paid(session: Session, fact: OrderPaid, now: datetime) -> None:
    """Who came to lead amid their own checkout was not asked there."""
    if session.get_one(Order, fact.order_id).kind != OrderKind.GROUP:
        return
    seat = seat_of_order(session, order_id=fact.order_id)
    if seat is not None:
        _ask_if_missing(session, team_now(session, seat.team_id), now)


def _go_on_without(session: Session, team: Team, person_id: str, now: datetime) -> None:
    """An open team has its next leader by now; one that succeeded needs one for the parcels."""
    if team.state == TeamState.SUCCESS and person_id in been(session, team.leader_id):
        if _leading_seat(session, team) is None:
            heir = next_leader(session, team.id)
            if heir is None:
                return
            leader_id = known_as(session, heir).id
            change_team(session, Team.id == team.id, leader_id=leader_id)
            team = team_now(session, team.id)
        _go_together(session, team, now)
    _ask_if_missing(session, team, now)


def _go_together(session: Session, team: Team, now: datetime) -> None:
    """One small job an order: orders are locked before teams."""
    leading = _leading_seat(session, team)
    if leading is not None:
        for_each_seat(session, team.id, TOGETHER, now=now, of=leading.id)


def _ask_if_missing(session: Session, team: Team, now: datetime) -> None:
    """Once, and a reminder once, for each who comes to lead."""
    if not lacks_address(session, team):
        return
    for again, at in ((False, now), (True, now + _REMIND_AFTER)):
        job = NewJob(
            lane=f"team:{team.id}",
            kind=ASK,
            key=f"{ASK}:{team.id}:{team.leader_id}:{again}",
            run_at=at,
            args={"team_id": team.id, "leader_id": team.leader_id, "again": again},
            merchant_id=team.merchant_id,
        )
        enqueue(session, job, now=now)


def _run_ask(session: Session, job: Job, now: datetime) -> None:
    """Unless they said it meanwhile, or somebody else leads."""
    team = team_now(session, job.args["team_id"])
    if team.leader_id != job.args["leader_id"] or not lacks_address(session, team):
        return
    wanted = AddressWanted(
        merchant_id=team.merchant_id,
        team_id=team.id,
        chat_id=team.chat_id,
        person_id=team.leader_id,
        again=job.args["again"],
    )
    announce(session, wanted, now=now)


def _run_together(session: Session, job: Job, now: datetime) -> None:
    """This seat's order goes where the leader's goes; the leader's own goes by itself."""
    seat = seat_now(session, job.args["seat_id"])
    if seat.order_id is None:
        return
    order = lock_order(session, order_id=seat.order_id)
    team = team_now(session, seat.team_id)
    leading = _leading_seat(session, team)
    other = leading.order_id if leading is not None and leading.id != seat.id else None
    ship_with(session, order, other, now=now)


def _leading_seat(session: Session, team: Team) -> Seat | None:
    """Its leader's. Of one who was two of its members: that with whose order the others go."""
    theirs = Seat.person_id.in_(been(session, team.leader_id))
    return session.scalar(
        select(Seat)
        .outerjoin(Order, Order.id == Seat.order_id)
        .where(Seat.team_id == team.id, theirs, Seat.state.in_(LIVE))
        .order_by(Order.goes_with.is_not(None), Seat.created_at, Seat.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )


JOBS: Mapping[str, JobRunner] = {ASK: _run_ask, TOGETHER: _run_together}
