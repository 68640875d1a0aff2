"""What customers pay besides prices: the way to coupons, gift cards, tax and what common orders
cost, and how they stand."""

from fastapi import APIRouter
from starlette.responses import Response

from bot.api.paging import Where
from bot.api.reads.prices import card_figures, list_coupons
from bot.console.desk import AtDesk
from bot.console.pages import page
from bot.web.scope import looking
from bot.web.shop import Shop
from data.merchants import Merchant
from data.orders.coupon_turns import state_of
from data.orders.taxes import tax_of
from data.split_orders import split_terms_of

ROOM = "/prices"
router = APIRouter(prefix=ROOM)
_LATEST = Where(limit=5)


@router.get("")
def show_prices(desk: AtDesk, shop: Shop) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        merchant = session.get_one(Merchant, desk.merchant_id)
        coupons = list_coupons(session, merchant_id=desk.merchant_id, where=_LATEST).items
        return page(
            "prices.html",
            desk,
            coupons=[(coupon, state_of(coupon, desk.now)) for coupon in coupons],
            figures=card_figures(session, merchant_id=desk.merchant_id),
            tax=tax_of(merchant),
            together=split_terms_of(merchant),
        )
