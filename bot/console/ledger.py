"""The books: one line per account, and whether every entry sums to zero."""

from fastapi import APIRouter
from starlette.responses import Response

from bot.console.desk import AtDesk
from bot.console.pages import page
from bot.web.scope import looking
from bot.web.shop import Shop
from data.ledger import trial_balance, unbalanced_entries
from data.payments import fees_elsewhere

router = APIRouter(prefix="/ledger")


@router.get("")
def show_ledger(desk: AtDesk, shop: Shop) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        accounts = trial_balance(session, merchant_id=desk.merchant_id)
        broken = unbalanced_entries(session, merchant_id=desk.merchant_id)
        elsewhere = fees_elsewhere(session, merchant_id=desk.merchant_id)
        return page("ledger.html", desk, accounts=accounts, broken=broken, elsewhere=elsewhere)
