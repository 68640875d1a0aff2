"""Coupons and gift cards on the pay page, and paying by gift cards alone."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from bot.app import Tuanzi
from bot.pages.at_provider import ask_provider
from bot.pages.pay import CODE_REASONS, SEE_OTHER, is_foreign, look, missed
from data.kernel.errors import Forbidden, NotFound, Refused, ShopError
from data.orders import Order
from data.payments import order_behind, supersede
from data.payments.codes import apply_code
from data.payments.guesses import note_miss, refuse_guesser
from data.payments.models import OPEN_ATTEMPTS
from data.payments.truth import pay_by_credit

_LONGEST = 60  # a gift card's code with hyphens is 19
router = APIRouter(prefix="/pay", include_in_schema=False)


@router.post("/{token}/code")
async def use_code(
    token: str, request: Request, code: Annotated[str, Form(max_length=_LONGEST)] = ""
) -> RedirectResponse:
    """What is open at a provider asks for another sum, so it is closed there first."""
    tuanzi = _entered(request)
    try:
        closing = await asyncio.to_thread(_close_open, tuanzi, token)
        if closing is not None:
            await ask_provider(tuanzi, closing)
        said = await asyncio.to_thread(_apply, tuanzi, token, code)
    except NotFound as error:
        missed(tuanzi, request)  # guesses at links and at codes count alike
        if error.detail != "code":
            raise
        await asyncio.to_thread(_note_miss, tuanzi, token)
        said = "?code=none"
    return RedirectResponse(f"/pay/{token}{said}", SEE_OTHER)


@router.post("/{token}/credit")
async def pay_with_cards(token: str, request: Request) -> RedirectResponse:
    """Gift cards cover all of it: nobody else is asked."""
    tuanzi = _entered(request)
    try:
        await asyncio.to_thread(_pay, tuanzi, token)
    except NotFound:
        missed(tuanzi, request)
        raise
    except ShopError:
        pass  # closed, paid or sold out meanwhile: the page says so
    return RedirectResponse(f"/pay/{token}?asked=1", SEE_OTHER)


def _entered(request: Request) -> Tuanzi:
    tuanzi: Tuanzi = request.app.state.tuanzi
    look(tuanzi, request)
    if is_foreign(request):
        raise Forbidden("pay")
    return tuanzi


def _close_open(tuanzi: Tuanzi, token: str) -> str | None:
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        order_id = order_behind(session, token=token, now=now)
        buyer = session.get_one(Order, order_id).person_id
        refuse_guesser(session, person_id=buyer, now=now)
        closing = supersede(session, order_id=order_id, way=None, now=now)
        return closing.id if closing is not None and closing.state in OPEN_ATTEMPTS else None


def _apply(tuanzi: Tuanzi, token: str, code: str) -> str:
    """What the page's address says of it."""
    now = tuanzi.clock.now()
    try:
        with tuanzi.database.transaction() as session:
            order_id = order_behind(session, token=token, now=now)
            apply_code(session, order_id=order_id, code=code, now=now)
    except Refused as refusal:
        return f"?code={refusal.detail}" if refusal.detail in CODE_REASONS else ""
    return ""


def _note_miss(tuanzi: Tuanzi, token: str) -> None:
    """Of its buyer, too: in a chat the same guesses are counted."""
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        order = session.get_one(Order, order_behind(session, token=token, now=now))
        note_miss(session, merchant_id=order.merchant_id, person_id=order.person_id, now=now)


def _pay(tuanzi: Tuanzi, token: str) -> None:
    now = tuanzi.clock.now()
    with tuanzi.database.transaction() as session:
        order_id = order_behind(session, token=token, now=now)
        pay_by_credit(session, order_id=order_id, now=now)
