"""The first room: how the shop stands, and who waits for an answer."""

from fastapi import APIRouter
from starlette.responses import Response

from bot.api.reads import chats, group_buys, orders, returns
from bot.api.reads.payment_trouble import count_trouble
from bot.console.desk import AtDesk
from bot.console.pages import go, page
from bot.web.scope import looking
from bot.web.shop import Shop
from data.actions import server_of
from data.catalogue.queries import count_products
from data.merchants import StaffRole
from data.orders import OrderState

router = APIRouter()
# What somebody has to do something about, in that order.
_SHOWN = (
    OrderState.AWAITING_PAYMENT,
    OrderState.WAITING_GROUP,
    OrderState.READY,
    OrderState.SHIPPED,
    OrderState.REFUND_PENDING,
)


@router.get("/")
def overview(desk: AtDesk, shop: Shop) -> Response:
    if desk.role is StaffRole.SHIPPING:
        return go("/parcels")
    with looking(shop.database, desk.merchant_id) as session:
        merchant_id = desk.merchant_id
        server = server_of(session, merchant_id=merchant_id)
        counts = orders.count_by_state(session, merchant_id=merchant_id)
        return page(
            "overview.html",
            desk,
            counts=[(state, counts.get(state, 0)) for state in _SHOWN],
            trouble=server.trouble if server else "",
            money_trouble=(
                count_trouble(session, merchant_id=merchant_id) if desk.may("show_payments") else 0
            ),
            waiting=chats.count_chats(session, merchant_id=merchant_id, among=chats.Among.WAITING),
            unanswered=chats.count_chats(
                session, merchant_id=merchant_id, among=chats.Among.UNANSWERED
            ),
            returns_asked=returns.count_asked(session, merchant_id=merchant_id),
            open_teams=group_buys.count_open_teams(session, merchant_id=merchant_id),
            products=count_products(session, merchant_id=merchant_id),
            latest=orders.latest(session, merchant_id=merchant_id),
        )
