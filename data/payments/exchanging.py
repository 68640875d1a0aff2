"""Another variant instead of goods that have arrived: a return that is not paid out.

Same price   its order is owed as soon as the goods are here; nothing moves but the goods.
Cheaper      the same, and the price's share of what was paid for the goods goes back.
Dearer       its order waits for the difference, asked for once the goods are here: nobody pays for
             what may never be sent. Not paid, or called off: a return like any other.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.catalogue import Variant, get_variant, price_of
from data.catalogue.models import Shown
from data.delivery.jobs import JobRunner, NewJob, enqueue
from data.delivery.models import Job
from data.kernel.errors import NotFound, OutOfStock, Refused
from data.kernel.facts import Fact
from data.kernel.money import Money
from data.orders import (
    ExchangeLapsed,
    LineWorth,
    Order,
    OrderCancelled,
    OrderExpired,
    OrderKind,
    OrderReady,
    Return,
    ReturnExchanged,
    ReturnState,
    lock_order,
    request_return,
    returnable,
)
from data.orders.exchange_holds import exchange_of
from data.orders.return_models import Exchange
from data.orders.returns import lock_return, move_return
from data.orders.states import tell
from data.payments.prices_now import cheaper_by, price_now
from data.payments.returning import close_if_back, give_back

LAPSE = "exchange_lapse"
_ALONE = (OrderKind.NORMAL, OrderKind.EXCHANGE, OrderKind.CHANGE)
UNDONE = "exchange:"  # why what had stayed goes back after all


@dataclass(frozen=True, slots=True)
class ExchangeTerms:
    """What it would mean: `more` is to be paid for all of them, `back` goes back."""

    worth: LineWorth
    units: int
    variant: Variant
    was: Money  # one of them
    becomes: Money
    more: Money
    back: Money


def exchangeable(session: Session, order: Order, *, now: datetime) -> str:
    """Why nothing of it can be exchanged, or "": "exchange_group" (what several bought together is
    theirs together), else as for a return."""
    if order.kind not in _ALONE:
        return "exchange_group"
    return returnable(session, order, now=now).why_not


def exchange_terms(
    session: Session, order: Order, *, line_id: int, units: int, variant_id: str, now: datetime
) -> ExchangeTerms:
    """Changes nothing; under the order's lock it is what `request_exchange` decides by.

    Refused: as `exchangeable` says, "return_all" (fewer are left), "exchange_same". OutOfStock.
    NotFound: not of this product, or not on the shelf any more.
    """
    why_not = exchangeable(session, order, now=now)
    if why_not:
        raise Refused(why_not)
    can = returnable(session, order, now=now)
    worth = next((one for one in can.lines if one.line.id == line_id), None)
    if worth is None or not 0 < units <= worth.units:
        raise Refused("return_all")
    variant = _other(session, order, worth, variant_id)
    if variant.available < units:
        raise OutOfStock
    was, becomes = price_now(session, order, worth.line), price_of(variant)
    none = Money(0, order.currency)
    more = max((becomes - was) * units, none)
    back = cheaper_by(worth.of(units), was, becomes) if becomes < was else none
    return ExchangeTerms(worth, units, variant, was, becomes, more, back)


def request_exchange(  # noqa: PLR0913  # whose, of what, how many, for what: each has a name
    session: Session,
    *,
    order_id: str,
    person_id: str,
    line_id: int,
    units: int,
    variant_id: str,
    asked_ref: str,
    now: datetime,
) -> Return:
    """The shop is asked; what it costs or gives back is settled here. The same `asked_ref` gives
    the same. Refused, OutOfStock, NotFound: see `exchange_terms`."""
    order = lock_order(session, order_id=order_id, person_id=person_id)
    same = select(Return).where(Return.order_id == order.id, Return.asked_ref == asked_ref)
    known = session.scalar(same)
    if known is not None:
        return known
    terms = exchange_terms(
        session, order, line_id=line_id, units=units, variant_id=variant_id, now=now
    )
    asked = request_return(
        session,
        order_id=order.id,
        person_id=person_id,
        units={line_id: units},
        asked_ref=asked_ref,
        now=now,
    )
    session.add(_noted(asked, terms))
    session.flush()
    return asked


def listen(session: Session, fact: Fact, now: datetime) -> None:
    """An exchange's order is owed now; or it was not paid, or called off."""
    if not isinstance(fact, OrderReady | OrderExpired | OrderCancelled):
        return
    return_id = _behind(session, fact.order_id)
    if return_id is None:
        return
    if isinstance(fact, OrderReady):
        _exchanged(session, return_id, now)
    else:
        _lapse_later(session, fact, return_id, now)


def _other(session: Session, order: Order, worth: LineWorth, variant_id: str) -> Variant:
    variant = get_variant(session, merchant_id=order.merchant_id, variant_id=variant_id)
    if variant.product_id != worth.line.product_id or variant.state != Shown.ACTIVE:
        raise NotFound("variant")
    if variant.id == worth.line.variant_id:
        raise Refused("exchange_same")
    return variant


def _noted(asked: Return, terms: ExchangeTerms) -> Exchange:
    more = max(terms.becomes - terms.was, Money(0, asked.currency))
    return Exchange(
        return_id=asked.id,
        merchant_id=asked.merchant_id,
        variant_id=terms.variant.id,
        unit_minor=terms.becomes.minor,
        more_minor=more.minor,
        keeps_minor=(asked.back - terms.back).minor,
        currency=asked.currency,
        fell_through=False,
    )


def _behind(session: Session, order_id: str) -> str | None:
    if session.get_one(Order, order_id).kind != OrderKind.EXCHANGE:
        return None
    return session.scalar(select(Exchange.return_id).where(Exchange.order_id == order_id))


def _exchanged(session: Session, return_id: str, now: datetime) -> None:
    """Whoever pays has only the exchange's order locked. That is enough: what is given back for the
    first one is no more than before."""
    asked = session.get_one(Return, return_id, populate_existing=True, with_for_update=True)
    move_return(session, asked, ReturnState.EXCHANGED, now=now)
    order = session.get_one(Order, asked.order_id)
    tell(session, ReturnExchanged, order, now=now, return_id=asked.id)


def _lapse_later(
    session: Session, fact: OrderExpired | OrderCancelled, return_id: str, now: datetime
) -> None:
    """Money of the first order goes back, and that is locked before the exchange's: so it is a job
    of its own lane (docs/adr/0030)."""
    job = NewJob(
        lane=f"exchange:{return_id}",
        kind=LAPSE,
        key=f"{LAPSE}:{return_id}",
        run_at=now,
        args={"return_id": return_id},
        merchant_id=fact.merchant_id,
    )
    enqueue(session, job, now=now)


def _run_lapse(session: Session, job: Job, now: datetime) -> None:
    """What had stayed, or was to stay, goes back."""
    asked = session.get_one(Return, job.args["return_id"])
    order, asked = lock_return(session, merchant_id=asked.merchant_id, return_id=asked.id)
    wanted = exchange_of(session, asked)
    if wanted is None:
        return
    if asked.state == ReturnState.EXCHANGED:
        move_return(session, asked, ReturnState.RECEIVED, now=now)
    wanted.fell_through = True
    cause = f"{UNDONE}{asked.id}"
    given = give_back(session, order, wanted.keeps, cause_ref=cause, now=now)
    asked.given_minor += given.minor
    session.flush()
    tell(session, ExchangeLapsed, order, now=now, return_id=asked.id)
    close_if_back(session, order, asked, now)


JOBS: dict[str, JobRunner] = {LAPSE: _run_lapse}
