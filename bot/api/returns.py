"""/api/v1/returns: goods that buyers send back: decided, received; the money follows by itself."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from bot.api.access import Client, Known
from bot.api.paging import DEFAULT_LIMIT, After, Limit, Where
from bot.api.reads import returns as reads
from bot.api.shapes import Listed, MoneyOut, listed
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.kernel.storable import storable
from data.orders import Decision, Exchange, Return, ReturnState, decide_return
from data.payments.returning import receive_return as take_in

router = APIRouter(prefix="/returns", tags=["returns"])


class ReturnOut(BaseModel):
    """`back`: what was told would go back; `given`: what then did."""

    id: str
    order_id: str
    state: str
    back: MoneyOut
    given: MoneyOut
    note: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, asked: Return) -> "ReturnOut":
        return cls(
            id=asked.id,
            order_id=asked.order_id,
            state=asked.state,
            back=MoneyOut.of(asked.back),
            given=MoneyOut.of(asked.given),
            note=asked.note,
            created_at=asked.created_at,
            updated_at=asked.updated_at,
        )


class ReturnedLine(BaseModel):
    product_id: str
    variant_id: str
    quantity: int


class ExchangeOut(BaseModel):
    """What is wanted instead: `more` is to be paid for one of it, `keeps` of what was paid for the
    goods stays. `order_id` brings it, once they are here; one that `fell_through` is a return."""

    variant_id: str
    more: MoneyOut
    keeps: MoneyOut
    order_id: str | None
    fell_through: bool

    @classmethod
    def of(cls, wanted: Exchange) -> "ExchangeOut":
        return cls(
            variant_id=wanted.variant_id,
            more=MoneyOut.of(wanted.more),
            keeps=MoneyOut.of(wanted.keeps),
            order_id=wanted.order_id,
            fell_through=wanted.fell_through,
        )


class ReturnDetail(ReturnOut):
    lines: list[ReturnedLine] = Field(default_factory=list)
    exchange: ExchangeOut | None = None


class Note(BaseModel):
    """Told to the buyer: where to send it, or why not."""

    note: str = Field(default="", max_length=300)


class Received(BaseModel):
    """`restocked`: it can be sold again."""

    restocked: bool = True


@router.get("")
def list_returns(
    client: Known,
    shop: Shop,
    state: Annotated[ReturnState | None, Query()] = None,
    after: After = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Listed[ReturnOut]:
    with looking(shop.database, client.merchant_id) as session:
        page = reads.list_returns(
            session, merchant_id=client.merchant_id, state=state, where=Where(after, limit)
        )
        return listed(page, ReturnOut.of)


@router.get("/{return_id}")
def get_return(return_id: str, client: Known, shop: Shop) -> ReturnDetail:
    with looking(shop.database, client.merchant_id) as session:
        asked = reads.find_return(session, merchant_id=client.merchant_id, return_id=return_id)
        return _detail(session, asked)


@router.post("/{return_id}/approve")
def approve_return(return_id: str, body: Note, client: Known, shop: Shop) -> ReturnOut:
    return _decide(shop, client, return_id, Decision(True, client.name, storable(body.note)))


@router.post("/{return_id}/refuse")
def refuse_return(return_id: str, body: Note, client: Known, shop: Shop) -> ReturnOut:
    return _decide(shop, client, return_id, Decision(False, client.name, storable(body.note)))


@router.post("/{return_id}/receive")
def receive_return(return_id: str, body: Received, client: Known, shop: Shop) -> ReturnOut:
    """The money goes back from here on; said again, the same."""
    with changing(shop.database, client.merchant_id) as session:
        asked = take_in(
            session,
            merchant_id=client.merchant_id,
            return_id=return_id,
            restocked=body.restocked,
            by=client.name,
            now=client.now,
        )
        return ReturnOut.of(asked)


def _decide(shop: OpenShop, client: Client, return_id: str, decision: Decision) -> ReturnOut:
    with changing(shop.database, client.merchant_id) as session:
        asked = decide_return(
            session,
            merchant_id=client.merchant_id,
            return_id=return_id,
            decision=decision,
            now=client.now,
        )
        return ReturnOut.of(asked)


def _detail(session: Session, asked: Return) -> ReturnDetail:
    view = reads.view_return(session, asked)
    lines = [
        ReturnedLine(product_id=line.product_id, variant_id=line.variant_id, quantity=quantity)
        for line, quantity in view.lines
    ]
    wanted = ExchangeOut.of(view.wanted.exchange) if view.wanted else None
    return ReturnDetail(**ReturnOut.of(asked).model_dump(), lines=lines, exchange=wanted)
