"""What cards and the console read of pools; nothing here changes anything."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from data.catalogue import Variant
from data.kernel.errors import NotFound
from data.kernel.locales import Locale
from data.kernel.money import Money
from data.orders.share_states import GIVEN, LIVE
from data.people import names_on_cards
from data.pools.models import RUNNING, Contribution, EndRule, Pool, PoolState
from data.pools.moving import is_running, pool_now
from data.pools.service import present_title
from data.pools.terms import next_share

_FEWEST_NAMED = 3


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool as a card may show it: sums of all, and nobody's own.

    `raised` is paid, `promised` about to be, `missing` neither. `share`: what the next one costs,
    with fixed shares. `people` have paid; `names`: those of them who agreed to be named (T16), of
    free amounts only where they are some: beside the sum one name is an amount, and of two givers
    each could work out the other's.
    """

    id: str
    product_id: str
    variant_id: str
    chat_id: str | None
    organiser_id: str
    locale: Locale
    for_name: str
    title: dict[str, str]
    raised: Money
    promised: Money
    missing: Money
    target: Money
    share: Money | None
    shares_left: int | None
    least: Money
    cap: Money | None
    people: int
    names: tuple[str, ...]
    end_rule: EndRule
    deadline: datetime
    state: PoolState
    why: str | None
    is_open: bool
    version: int


def pool_view(session: Session, pool: Pool | str, *, now: datetime) -> PoolView:
    """The pool as it is now."""
    pool = pool_now(session, pool if isinstance(pool, str) else pool.id)
    is_fixed = pool.shares is not None and pool.free.minor > 0
    people = _people(session, pool)
    may_name = pool.shares is not None or people >= _FEWEST_NAMED
    return PoolView(
        id=pool.id,
        product_id=session.get_one(Variant, pool.variant_id).product_id,
        variant_id=pool.variant_id,
        chat_id=pool.chat_id,
        organiser_id=pool.organiser_id,
        locale=Locale(pool.locale),
        for_name=pool.for_name,
        title=present_title(session, pool),
        raised=pool.paid,
        promised=Money(pool.held_minor - pool.paid_minor, pool.currency),
        missing=pool.free,
        target=pool.target,
        share=next_share(pool) if is_fixed else None,
        shares_left=None if pool.shares is None else pool.shares - pool.places,
        least=min(Money(pool.least_minor, pool.currency), pool.target),
        cap=None if pool.cap_minor is None else Money(pool.cap_minor, pool.currency),
        people=people,
        names=_names(session, pool) if may_name else (),
        end_rule=EndRule(pool.end_rule),
        deadline=pool.expires_at,
        state=PoolState(pool.state),
        why=pool.why,
        is_open=is_running(pool, now),
        version=pool.version,
    )


def _people(session: Session, pool: Pool) -> int:
    counted = select(func.count(Contribution.person_id.distinct()))
    mine = counted.where(Contribution.pool_id == pool.id, Contribution.state.in_(GIVEN))
    return session.scalar(mine) or 0


def _names(session: Session, pool: Pool) -> tuple[str, ...]:
    gave = select(Contribution.person_id).where(
        Contribution.pool_id == pool.id, Contribution.state.in_(GIVEN)
    )
    return names_on_cards(session, merchant_id=pool.merchant_id, people=gave)


def pool_of(session: Session, *, merchant_id: str, pool_id: str) -> Pool:
    """A pool of this shop, or NotFound."""
    pool = session.get(Pool, pool_id, populate_existing=True)
    if pool is None or pool.merchant_id != merchant_id:
        raise NotFound("pool")
    return pool


def open_pools_in(session: Session, *, chat_id: str, now: datetime) -> list[Pool]:
    """Pools whose card lives in this chat and that still take money, the oldest first."""
    return list(
        session.scalars(
            select(Pool)
            .where(Pool.chat_id == chat_id, Pool.state == PoolState.OPEN, Pool.expires_at > now)
            .order_by(Pool.opened_at, Pool.id)
        )
    )


def pools_by(session: Session, *, merchant_id: str, person_id: str) -> list[Pool]:
    """Those this person organises that are not over, the newest first."""
    return list(
        session.scalars(
            select(Pool)
            .where(Pool.merchant_id == merchant_id, Pool.organiser_id == person_id)
            .where(Pool.state.in_(RUNNING))
            .order_by(Pool.opened_at.desc(), Pool.id)
        )
    )


def pools_with(session: Session, *, merchant_id: str, person_id: str) -> list[Pool]:
    """Those that still collect and this person organises or gives to, the newest first."""
    gives = select(Contribution.pool_id).where(
        Contribution.person_id == person_id, Contribution.state.in_(LIVE)
    )
    mine = or_(Pool.organiser_id == person_id, Pool.id.in_(gives))
    found = select(Pool).where(Pool.merchant_id == merchant_id, Pool.state == PoolState.OPEN, mine)
    return list(session.scalars(found.order_by(Pool.opened_at.desc(), Pool.id)))


def contributors(session: Session, *, pool_id: str) -> list[str]:
    """Everybody who gave and has not been given back, once each, the organiser not among them
    unless they gave too."""
    given = select(Contribution.person_id).where(
        Contribution.pool_id == pool_id, Contribution.state.in_(GIVEN)
    )
    return list(session.scalars(given.distinct().order_by(Contribution.person_id)))
