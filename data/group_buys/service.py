"""What people do in a group-buy: open a team, join, say where to send it, leave before paying."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from data.catalogue import Product, Variant
from data.delivery.jobs import NewJob, enqueue
from data.group_buys.facts import SeatEnd, TeamChanged, TeamOpened
from data.group_buys.limits import SEAT_TTL
from data.group_buys.models import (
    Campaign,
    CampaignState,
    PayMode,
    Seat,
    SeatState,
    Team,
    TeamState,
)
from data.group_buys.modes import chosen_mode
from data.group_buys.pledges import is_pledge
from data.group_buys.seats import end_seat, seat_now, take_seat
from data.group_buys.teams import note_step, takes_money, team_now, tell
from data.group_buys.tiers import Tier, campaign_tiers, copy_tiers
from data.group_buys.visibility import is_shown_in
from data.kernel.database import changed
from data.kernel.entities import Entities
from data.kernel.errors import GroupBuyClosed, NotFound, WrongState
from data.kernel.ids import new_id
from data.kernel.savepoints import all_or_nothing
from data.merchants import ChannelAccount
from data.orders import NewLine, Order, OrderDetails, OrderKind, place_order
from data.payments import cancel_order
from data.people import Chat, Person, chat_of, person_of

DEADLINE = "team_deadline"
# With all that its card tells of it, and where (docs/adr/0040).
_TEAM = Entities(
    select(Team, Campaign, Variant, Product, Chat, ChannelAccount)
    .join(Campaign, Campaign.id == Team.campaign_id)
    .join(Variant, Variant.id == Team.variant_id)
    .join(Product, Product.id == Variant.product_id)
    .outerjoin(Chat, Chat.id == Team.chat_id)
    .outerjoin(ChannelAccount, ChannelAccount.id == Chat.account_id)
    .where(Team.id == bindparam("team")),
    fresh=True,
)


def open_team(  # noqa: PLR0913  # which offer, where, who, how many, how paid: each has a name
    session: Session,
    *,
    campaign_id: str,
    chat_id: str | None,
    leader_id: str,
    quantity: int = 1,
    mode: PayMode | None = None,
    now: datetime,
) -> Team:
    """Start a team; who starts it takes the first seat. The deadline counts from now. `mode`:
    one of the campaign's; left out, its first.

    An offer that is not shown in this chat is not known there.
    """
    with session.begin_nested():  # a caller may say why not, and go on
        campaign = _campaign_on_offer(session, campaign_id, chat_id, now)
        merchant_id = campaign.merchant_id
        leader = person_of(session, merchant_id=merchant_id, person_id=leader_id)
        if chat_id:
            chat_of(session, merchant_id=merchant_id, chat_id=chat_id)
        tiers = campaign_tiers(session, campaign)
        team = _new_team(campaign, tiers, chat_id, leader, now)
        team.mode = chosen_mode(campaign, mode)
        team.pay_window_seconds, team.underpaid = campaign.pay_window_seconds, campaign.underpaid
        session.add(team)
        session.flush()
        copy_tiers(session, team, tiers)
        note_step(session, team, now=now)
        _remember_deadline(session, team, now)
        take_seat(session, team=team, person_id=leader_id, quantity=quantity, now=now)
    team = team_now(session, team.id)
    tell(session, TeamOpened, team, now=now)
    return team


def join(
    session: Session, *, team_id: str, person_id: str, quantity: int = 1, now: datetime
) -> Seat:
    """Take a seat of so many units, before any money moves; unpaid, it is held for ten minutes, and
    where everybody pays when the team is full, until then.

    GroupBuyClosed, NoSeatLeft, AlreadyJoined, OutOfStock, TooOften, Refused: nothing changed.
    """
    with all_or_nothing(session):
        found = _TEAM.first(session, team=team_id)  # kept to the end, so that nobody asks again
        if found is None:
            raise NotFound("team")
        team: Team = found[0]
        person_of(session, merchant_id=team.merchant_id, person_id=person_id)
        seat = take_seat(session, team=team, person_id=person_id, quantity=quantity, now=now)
    tell(session, TeamChanged, team, now=now)
    return seat


def place_seat_order(
    session: Session, *, seat_id: str, details: OrderDetails, now: datetime
) -> Order:
    """The order that pays for a held seat, at what the team pays now; asked again, the same."""
    seat = seat_now(session, seat_id)
    if seat.state == SeatState.HELD and seat.order_id is not None:
        return session.get_one(Order, seat.order_id)
    with session.begin_nested():
        team = team_now(session, seat.team_id)
        until = _hold_longer(session, seat, team, now)
        order = place_order(
            session,
            merchant_id=seat.merchant_id,
            person_id=seat.person_id,
            lines=[NewLine(team.variant_id, seat.quantity, team.final_price or team.price)],
            details=replace(details, kind=OrderKind.GROUP, stock_held_by=seat.id),
            hold_until=until,
            now=now,
        )
        _write(session, seat, order_id=order.id)
    return order


def _hold_longer(session: Session, seat: Seat, team: Team, now: datetime) -> datetime:
    """Ten minutes more to pay in, once, or what is left of a longer turn (turns.py), never past the
    deadline; all of the window where everybody is asked to pay."""
    if is_pledge(team):
        raise WrongState("pledged")
    if not takes_money(team, now):
        raise GroupBuyClosed(team.id)
    ends = team.ends_at
    longer = max(now + SEAT_TTL, seat.held_until)
    until = ends if team.state == TeamState.PAYING else min(longer, ends)
    if not _write(session, seat, held_until=until):
        raise WrongState("seat")
    return until


def _write(session: Session, seat: Seat, **values: object) -> bool:
    won = session.execute(
        update(Seat)
        .where(Seat.id == seat.id, Seat.state == SeatState.HELD, Seat.order_id.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(seat)
    return bool(changed(won))


def leave(session: Session, *, team_id: str, person_id: str, now: datetime) -> None:
    """Give the seat up before paying. What is paid goes back by cancelling its order."""
    seat = session.scalar(
        select(Seat).where(
            Seat.team_id == team_id, Seat.person_id == person_id, Seat.state == SeatState.HELD
        )
    )
    if seat is None:
        raise WrongState("seat")
    if seat.order_id is not None:
        cancel_order(
            session, order_id=seat.order_id, person_id=person_id, now=now
        )  # whose end ends the seat
    elif not end_seat(session, seat, cause=SeatEnd.LEFT, now=now):
        raise WrongState("seat")


def _campaign_on_offer(
    session: Session, campaign_id: str, chat_id: str | None, now: datetime
) -> Campaign:
    campaign = session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None or not is_shown_in(session, campaign, chat_id):
        raise NotFound("campaign")
    if campaign.state != CampaignState.ACTIVE or not campaign.starts_at <= now < campaign.ends_at:
        raise GroupBuyClosed(campaign_id)
    return campaign


def _new_team(
    campaign: Campaign, tiers: Sequence[Tier], chat_id: str | None, leader: Person, now: datetime
) -> Team:
    return Team(
        id=new_id("tm"),
        merchant_id=campaign.merchant_id,
        campaign_id=campaign.id,
        variant_id=campaign.variant_id,
        chat_id=chat_id,
        leader_id=leader.id,
        locale=leader.locale,
        price_minor=campaign.team_price_minor,
        currency=campaign.currency,
        minimum=tiers[0].min_size,
        target=tiers[-1].min_size,
        ship_to_one=campaign.ship_to_one,
        held=0,
        paid=0,
        state=TeamState.OPEN,
        opened_at=now,
        expires_at=now + timedelta(seconds=campaign.window_seconds),
    )


def _remember_deadline(session: Session, team: Team, now: datetime) -> None:
    job = NewJob(
        lane=f"team:{team.id}",
        kind=DEADLINE,
        key=f"{DEADLINE}:{team.id}",
        run_at=team.expires_at,
        args={"team_id": team.id},
        merchant_id=team.merchant_id,
    )
    enqueue(session, job, now=now)
