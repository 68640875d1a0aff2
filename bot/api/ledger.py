"""/api/v1/ledger: the shop's books in one line per account, and what moved on one of them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from bot.api.access import Known
from bot.api.paging import DEFAULT_LIMIT, Limit
from bot.api.reads.ledger import orders_behind
from bot.api.shapes import MoneyOut
from bot.web.scope import looking
from bot.web.shop import Shop
from data.ledger import (
    Movement,
    Span,
    statement,
    trial_balance,
    unbalanced_entries,
)
from data.orders import Order

router = APIRouter(prefix="/ledger", tags=["ledger"])
_MOST = 2**53  # a number that JSON carries whole


class TrialBalance(BaseModel):
    """Credit-positive; all accounts of a currency sum to zero. `balanced`: every entry does."""

    accounts: dict[str, MoneyOut]
    balanced: bool


class MovementOut(BaseModel):
    """`source_ref` names the row that moved the money (a payment, a refund, a gift card's use);
    `balance` is the account's after it."""

    number: int
    kind: str
    source_ref: str
    order_id: str | None
    event_at: datetime
    written_at: datetime
    amount: MoneyOut
    balance: MoneyOut

    @classmethod
    def of(cls, move: Movement, order: Order | None) -> "MovementOut":
        return cls(
            number=move.number,
            kind=move.kind,
            source_ref=move.source_ref,
            order_id=order.id if order else None,
            event_at=move.event_at,
            written_at=move.written_at,
            amount=MoneyOut.of(move.amount),
            balance=MoneyOut.of(move.balance),
        )


class StatementOut(BaseModel):
    """`opening` is the balance before the first of these movements, `closing` after the last. Ask
    with `after=next` for those that follow; `next` is null at the end."""

    account: str
    opening: MoneyOut
    movements: list[MovementOut]
    closing: MoneyOut
    next: str | None


@router.get("/trial-balance")
def get_trial_balance(client: Known, shop: Shop) -> TrialBalance:
    with looking(shop.database, client.merchant_id) as session:
        accounts = trial_balance(session, merchant_id=client.merchant_id)
        return TrialBalance(
            accounts={name: MoneyOut.of(balance) for name, balance in accounts.items()},
            balanced=not unbalanced_entries(session, merchant_id=client.merchant_id),
        )


@router.get("/accounts/{account:path}/statement")
def get_statement(  # noqa: PLR0913, PLR0917  # a query's fields
    account: str,
    client: Known,
    shop: Shop,
    since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
    after: Annotated[int, Query(ge=0, le=_MOST)] = 0,
    limit: Limit = DEFAULT_LIMIT,
) -> StatementOut:
    """Written from `from` on and before `to`; an account as the trial balance calls it."""
    with looking(shop.database, client.merchant_id) as session:
        span = Span(since, until, after, limit)
        told = statement(session, merchant_id=client.merchant_id, account=account, span=span)
        orders = orders_behind(session, merchant_id=client.merchant_id, movements=told.movements)
        return StatementOut(
            account=told.account,
            opening=MoneyOut.of(told.opening),
            movements=[MovementOut.of(move, orders.get(move.number)) for move in told.movements],
            closing=MoneyOut.of(told.closing),
            next=None if told.next is None else str(told.next),
        )
