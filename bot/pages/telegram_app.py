"""`/visit/telegram/<bot>`: opened inside Telegram, it leads to the visitor's own open payment, and
`/visit/telegram/<bot>/<order>`, which the chat's button opens, to this one of theirs.

Who they are is what Telegram signed, and nothing else of the request; the page itself knows
nobody. A link to pay is made anew, as the chat does when it is asked to.
"""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.delivery.telegram_accounts import bot_token_of
from bot.pages.pay import PAGES
from bot.web.headers import VISIT_POLICY
from bot.web.rates import Rate
from bot.web.telegram_init_data import InitData, read_init_data
from data.delivery import inbox
from data.kernel.errors import NotFound, Unauthorised
from data.kernel.locales import Locale
from data.merchants import ChannelAccount
from data.orders import Order, find_order, orders_of
from data.payments import create_link
from data.people import find_person

_CHANNEL = "telegram"
_VISITS = Rate(30, per=60)
_SEE_OTHER = 303

router = APIRouter(prefix="/visit/telegram", include_in_schema=False)


@router.api_route("/{bot_id}", methods=["GET", "HEAD"])
@router.api_route("/{bot_id}/{order_id}", methods=["GET", "HEAD"])
async def wait(request: Request) -> HTMLResponse:
    """Telegram tells who opened it behind a `#`, which no server sees: a script brings it here."""
    locale = Locale.closest(request.headers.get("accept-language"))
    html = PAGES.render("visit.html", locale=locale)
    return HTMLResponse(html, headers={"Content-Security-Policy": VISIT_POLICY})


@router.post("/{bot_id}")
@router.post("/{bot_id}/{order_id}")
async def enter(
    bot_id: str, request: Request, init_data: Annotated[str, Form()], order_id: str = ""
) -> Response:
    """To what they have to pay; a page that says so where that is nothing."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    address = request.client.host if request.client else ""
    _VISITS.take(address, now=tuanzi.clock.now())
    token = await asyncio.to_thread(_pay_token, tuanzi, bot_id, init_data, order_id)
    if token is not None:
        return RedirectResponse(f"/pay/{token}", status_code=_SEE_OTHER)
    locale = Locale.closest(request.headers.get("accept-language"))
    return HTMLResponse(
        PAGES.render("pay_sorry.html", locale=locale, reason="nothing_open", token="")
    )


def _pay_token(tuanzi: Tuanzi, bot_id: str, raw: str, order_id: str) -> str | None:
    with tuanzi.database.transaction() as session:
        account = session.scalar(
            select(ChannelAccount).where(
                ChannelAccount.channel == _CHANNEL,
                ChannelAccount.external_id == bot_id,
                ChannelAccount.enabled.is_(True),
            )
        )
        token = bot_token_of(session, account, tuanzi.settings) if account else None
        if account is None or token is None:
            raise Unauthorised("init_data")  # an unknown bot is refused like a forgery
        told = read_init_data(raw, token=token.reveal(), now=tuanzi.clock.now())
        _use_up(tuanzi, session, account, told)
        order = _order_of(session, account, told, order_id, tuanzi.clock.now())
        return create_link(session, order_id=order.id, now=tuanzi.clock.now()) if order else None


def _use_up(tuanzi: Tuanzi, session: Session, account: ChannelAccount, told: InitData) -> None:
    """An opening is an event like any other: it comes once."""
    first = inbox.store(
        session,
        merchant_id=account.merchant_id,
        account_id=account.id,
        event_id=f"visit:{told.name}",
        payload={},
        now=tuanzi.clock.now(),
        handled=True,
    )
    if first is None:
        raise Unauthorised("init_data")


def _order_of(
    session: Session, account: ChannelAccount, told: InitData, order_id: str, now: datetime
) -> Order | None:
    """Of theirs, and of nobody else: the one that is named, whatever became of it, or the newest
    that waits for payment."""
    person = find_person(session, account=account, external_id=told.sender.external_id)
    if person is None:
        return None
    if order_id:
        return _named(session, account, person.id, order_id)
    mine = orders_of(session, merchant_id=account.merchant_id, person_id=person.id)
    return next((one for one in mine if one.can_be_paid(now)), None)


def _named(
    session: Session, account: ChannelAccount, person_id: str, order_id: str
) -> Order | None:
    try:
        return find_order(
            session, merchant_id=account.merchant_id, order_id=order_id, person_id=person_id
        )
    except NotFound:
        return None
