"""What cards, pages and the console read of group-buys; nothing here changes anything."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import Session

from data.catalogue import Variant
from data.group_buys.models import (
    LIVE,
    PAYING,
    RUNNING,
    Campaign,
    CampaignState,
    PayMode,
    Seat,
    SeatState,
    Team,
    TeamState,
)
from data.group_buys.pledges import is_pledge
from data.group_buys.reward_models import LeaderReward, RewardState
from data.group_buys.teams import team_now
from data.group_buys.tiers import Tier, team_tiers
from data.group_buys.visibility import shown_in
from data.group_buys.waiting import MOST_WAITING
from data.kernel.entities import known, remembered
from data.kernel.errors import NotFound
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.kernel.prepared import Prepared
from data.people import Person, may_be_named

# What every card tells is compiled once (docs/adr/0040).
_NAMES = Prepared(
    select(Person.name)
    .join(Seat, Seat.person_id == Person.id)
    .where(Seat.team_id == bindparam("team"), or_(*(Seat.state == state for state in PAYING)))
    .where(*may_be_named(bindparam("merchant")))
    .order_by(Seat.paid_at, Seat.id)
)


@dataclass(frozen=True, slots=True)
class TeamView:
    """A team as a card may show it: only people who are really there are counted.

    `have` have paid, `paying` hold a seat and have not paid yet, `need` more must pay; where people
    join first and pay when full, `need` more must join. `free` places can still be taken, `waiting`
    people wait for one that comes free. `price`: what is paid now, and once it is decided, what it
    came to; `final_size` is for how many. `names`: those of `have` who agreed to be named (T16).
    `shareable`: a link may show it anywhere. `by_shop`: the shop completed it, or called it off.
    """

    id: str
    campaign_id: str
    product_id: str
    variant_id: str
    chat_id: str | None
    leader_id: str
    locale: Locale
    title: dict[str, str]
    have: int
    paying: int
    need: int
    free: int
    waiting: int
    target: int
    tiers: tuple[Tier, ...]
    mode: PayMode
    price: Money
    deadline: datetime
    state: TeamState
    final_size: int | None
    version: int
    names: tuple[str, ...]
    ship_to_one: bool
    shareable: bool
    by_shop: bool

    @property
    def minimum(self) -> int:
        return self.tiers[0].min_size

    @property
    def fell_short(self) -> bool:
        """Did it come together and fail all the same, as too few of them paid?"""
        return self.state == TeamState.FAILED and self.final_size is not None

    @property
    def takes_waiters(self) -> bool:
        """May who comes now get in line, and do nothing else?"""
        full = self.state == TeamState.OPEN and (not self.free or self.waiting > 0)
        return (full or self.state == TeamState.PAYING) and self.waiting < MOST_WAITING

    @property
    def counted(self) -> int:
        """Who counts so far: who paid, or who joined as long as nobody pays."""
        pledged = self.mode == PayMode.JOIN_FIRST and self.state == TeamState.OPEN
        return self.have + self.paying if pledged else self.have


def team_view(session: Session, team: Team | str, *, version: int | None = None) -> TeamView:
    """The team as it is now. `version`: what it was told to be (TeamMoved); whoever remembers that
    one need not ask."""
    team_id = team if isinstance(team, str) else team.id
    there = remembered(session, Team, team_id)
    team = there if there and there.version == version else team_now(session, team_id)
    campaign = known(session, Campaign, team.campaign_id)
    variant = known(session, Variant, team.variant_id)
    assert campaign is not None  # noqa: S101  # the team refers to both
    assert variant is not None  # noqa: S101
    return TeamView(
        id=team.id,
        campaign_id=team.campaign_id,
        product_id=variant.product_id,
        variant_id=team.variant_id,
        chat_id=team.chat_id,
        leader_id=team.leader_id,
        locale=Locale(team.locale),
        title=campaign.title,
        have=team.paid,
        paying=team.held - team.paid,
        need=max(team.minimum - (team.held if is_pledge(team) else team.paid), 0),
        free=team.target - team.held if team.state == TeamState.OPEN else 0,
        waiting=team.waiting,
        target=team.target,
        tiers=team_tiers(session, team),
        mode=PayMode(team.mode),
        price=team.final_price or team.price,
        deadline=team.ends_at,
        state=TeamState(team.state),
        final_size=team.final_size,
        version=team.version,
        names=_names(session, team),
        ship_to_one=team.ship_to_one,
        shareable=not campaign.named_chats_only,
        by_shop=team.closed_by is not None,
    )


def _names(session: Session, team: Team) -> tuple[str, ...]:
    if not team.paid:
        return ()
    found = _NAMES.rows(session, team=team.id, merchant=team.merchant_id)
    return tuple(name for (name,) in found)


def team_of(session: Session, *, merchant_id: str, team_id: str) -> Team:
    """A team of this shop, or NotFound."""
    team = session.get(Team, team_id)
    if team is None or team.merchant_id != merchant_id:
        raise NotFound("team")
    return team


def open_teams_in(session: Session, *, chat_id: str, now: datetime) -> list[Team]:
    """Teams of this chat that can still be joined or filled, the oldest first."""
    return list(
        session.scalars(
            select(Team)
            .where(Team.chat_id == chat_id, Team.state == TeamState.OPEN, Team.expires_at > now)
            .order_by(Team.opened_at, Team.id)
        )
    )


def running_teams_in(session: Session, *, chat_id: str) -> list[Team]:
    """Teams of this chat that are joined, filled or paid for, the oldest first; some may be past
    their time."""
    return list(
        session.scalars(
            select(Team)
            .where(Team.chat_id == chat_id, Team.state.in_(RUNNING))
            .order_by(Team.opened_at, Team.id)
        )
    )


def open_to_join(
    session: Session, *, merchant_id: str, person_id: str | None, now: datetime, limit: int
) -> list[Team]:
    """Teams that anybody may join and that still need people: fewest missing first, then least
    time left. Not those that this person is in."""
    mine = select(Seat.team_id).where(Seat.person_id == person_id, Seat.state.in_(LIVE))
    return list(
        session.scalars(
            select(Team)
            .join(Campaign, Campaign.id == Team.campaign_id)
            .where(Team.merchant_id == merchant_id, Campaign.open_to_others, shown_in(None))
            .where(Team.state == TeamState.OPEN, Team.expires_at > now, *_has_room())
            .where(Team.id.not_in(mine))
            .order_by(Team.target - Team.held, Team.expires_at, Team.id)
            .limit(limit)
        )
    )


def _has_room() -> tuple[ColumnElement[bool], ...]:
    return (Team.held < Team.target, Team.waiting == 0)


def teams_with(
    session: Session,
    *,
    merchant_id: str,
    person_id: str,
    states: Collection[TeamState] = tuple(TeamState),
    limit: int,
) -> list[Team]:
    """Teams in these states that this person has a seat in, the newest first."""
    seats = select(Seat.team_id).where(Seat.person_id == person_id, Seat.state.in_(LIVE))
    return list(
        session.scalars(
            select(Team)
            .where(Team.merchant_id == merchant_id, Team.id.in_(seats), Team.state.in_(states))
            .order_by(Team.opened_at.desc(), Team.id)
            .limit(limit)
        )
    )


def own_team(session: Session, *, campaign_id: str, person_id: str, now: datetime) -> Team | None:
    """Their team of this campaign that runs and belongs to no chat."""
    return session.scalar(
        select(Team)
        .where(Team.campaign_id == campaign_id, Team.leader_id == person_id)
        .where(Team.chat_id.is_(None), Team.state == TeamState.OPEN, Team.expires_at > now)
        .order_by(Team.opened_at)
        .limit(1)
    )


def live_seat(session: Session, *, team_id: str, person_id: str) -> Seat | None:
    """This person's seat in this team, if they have one."""
    return session.scalar(
        select(Seat).where(
            Seat.team_id == team_id, Seat.person_id == person_id, Seat.state.in_(LIVE)
        )
    )


def seat_of_order(session: Session, *, order_id: str) -> Seat | None:
    """The seat an order pays for; None for an order that is no seat's."""
    return session.scalar(
        select(Seat).where(Seat.order_id == order_id).execution_options(populate_existing=True)
    )


def unpaid_seats(session: Session, *, merchant_id: str, person_id: str) -> list[Seat]:
    """Seats this person still has to pay for, the most urgent first."""
    return list(
        session.scalars(
            select(Seat)
            .where(Seat.merchant_id == merchant_id, Seat.person_id == person_id)
            .where(Seat.state == SeatState.HELD)
            .order_by(Seat.held_until)
        )
    )


def active_campaigns(
    session: Session, *, merchant_id: str, chat_id: str | None = None, now: datetime
) -> list[Campaign]:
    """What the shop offers to teams now, in this chat or (without one) to anybody anywhere; what
    ends soonest first, of those the cheapest."""
    return list(
        session.scalars(
            select(Campaign)
            .where(Campaign.merchant_id == merchant_id, *_on_offer(now), shown_in(chat_id))
            .order_by(Campaign.ends_at, Campaign.team_price_minor, Campaign.id)
        )
    )


def _on_offer(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Campaign.state == CampaignState.ACTIVE,
        Campaign.starts_at <= now,
        Campaign.ends_at > now,
    )


@dataclass(frozen=True, slots=True)
class CampaignFigures:
    """How a campaign does: teams by state, seats that are paid now, people who ever took a place
    in a team, and what its leaders got, in minor units."""

    opened: int
    success: int
    failed: int
    paid_seats: int
    joins: int
    rewards_minor: int
    cancelled: int

    @property
    def success_rate(self) -> int | None:
        """Per cent of the teams that are decided; None while none is."""
        decided = self.success + self.failed + self.cancelled
        return round(100 * self.success / decided) if decided else None


def campaign_figures(session: Session, *, merchant_id: str, campaign_id: str) -> CampaignFigures:
    rows = session.execute(
        select(Team.state, func.count(), func.sum(Team.paid))
        .where(Team.merchant_id == merchant_id, Team.campaign_id == campaign_id)
        .group_by(Team.state)
    ).all()
    counts = {state: count for state, count, _paid in rows}
    joins = select(func.count()).select_from(Seat).where(Seat.campaign_id == campaign_id)
    given = select(func.coalesce(func.sum(LeaderReward.amount_minor), 0)).where(
        LeaderReward.campaign_id == campaign_id, LeaderReward.state == RewardState.GIVEN
    )
    return CampaignFigures(
        opened=sum(counts.values()),
        success=counts.get(TeamState.SUCCESS, 0),
        failed=counts.get(TeamState.FAILED, 0),
        paid_seats=sum(int(paid or 0) for _state, _count, paid in rows),
        joins=session.scalar(joins) or 0,
        rewards_minor=int(session.scalar(given) or 0),
        cancelled=counts.get(TeamState.CANCELLED, 0),
    )
