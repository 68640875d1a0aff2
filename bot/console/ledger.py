"""The books: one line per account, whether every entry sums to zero, and what moved on each."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from bot.api.reads.ledger import orders_behind
from bot.console.desk import AtDesk, Desk
from bot.console.pages import page
from bot.shop_days import between
from bot.web.scope import looking
from bot.web.shop import Shop
from data.kernel.errors import Invalid
from data.ledger import Span, statement, trial_balance, unbalanced_entries
from data.payments import fees_elsewhere

router = APIRouter(prefix="/ledger")
_OK, _UNPROCESSABLE = 200, 422
_MOST = 2**53


@router.get("")
def show_ledger(desk: AtDesk, shop: Shop) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        accounts = trial_balance(session, merchant_id=desk.merchant_id)
        broken = unbalanced_entries(session, merchant_id=desk.merchant_id)
        elsewhere = fees_elsewhere(session, merchant_id=desk.merchant_id)
        return page("ledger.html", desk, accounts=accounts, broken=broken, elsewhere=elsewhere)


@router.get("/statement")
def show_statement(
    desk: AtDesk,
    shop: Shop,
    account: Annotated[str, Query()] = "",
    first: Annotated[str, Query()] = "",
    last: Annotated[str, Query()] = "",
    after: Annotated[int, Query(ge=0, le=_MOST)] = 0,
) -> Response:
    """Days that make no sense are said; the whole of the account is shown then."""
    try:
        span, wrong = _span(desk, first, last, after), ""
    except Invalid:
        span, wrong = Span(), "error_days"
    with looking(shop.database, desk.merchant_id) as session:
        told = statement(session, merchant_id=desk.merchant_id, account=account, span=span)
        orders = orders_behind(session, merchant_id=desk.merchant_id, movements=told.movements)
        return page(
            "statement.html",
            desk,
            status=_UNPROCESSABLE if wrong else _OK,
            told=told,
            orders=orders,
            days={"first": first, "last": last},
            wrong=wrong,
        )


def _span(desk: Desk, first: str, last: str, after: int) -> Span:
    since, until = between(first, last, desk.timezone)
    return Span(since, until, after)
