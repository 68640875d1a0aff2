"""From the pay page to a provider and back: a link, a code to scan, WeChat's own bridge.

Choosing a way commits the intent and asks the provider; then `/pay/<token>/go` hands over, and may
be reloaded as often as one likes. Who comes back is asked about at once, and believed nothing.
"""

import asyncio
import io

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.console.desk import set_cookie
from bot.pages.at_provider import ask_provider
from bot.pages.knocking import is_in_wechat
from bot.pages.pay import PAGES, SEE_OTHER, answer, is_foreign, look, missed, reads, sorry
from bot.pages.ways import MustIntroduce, Payer, begin, open_handover
from bot.web.headers import BRIDGE_POLICY, PAY_POLICY
from data.kernel.errors import Forbidden, NotFound, ShopError
from data.kernel.locales import Locale
from data.merchants import Merchant
from data.orders import Order
from data.payments import AttemptState, PaymentAttempt, order_behind
from data.payments.account_models import PaymentAccount
from data.payments.checking import ask_now
from data.payments.gateway import PayBy
from data.people import Person
from integrations.payments.kinds import Bridging

_COOKIE = "__Host-tz-pay"
# WeChat Pay opens its page on phones only for who comes from the domain that a shop has named
# there; more than the domain nobody is told, for the path is the key to the order.
_WHO_SENDS = "strict-origin"
_QR_SCALE = 6  # pixels of a module: WeChat's codes are some forty modules wide

router = APIRouter(prefix="/pay", include_in_schema=False)


@router.post("/{token}/with/{account_id}")
async def choose(token: str, account_id: str, request: Request) -> Response:
    """One way is chosen; if another one is open, that is closed at its provider first."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    look(tuanzi, request)
    if is_foreign(request):
        raise Forbidden("pay")
    try:
        await take_way(tuanzi, token, account_id, Payer.of(request))
    except NotFound as error:
        if error.detail != "way_to_pay":  # else the link is good, and its page was written before
            missed(tuanzi, request)
        elif reads(request):
            return answer(sorry(request, "way_gone", token), error.status)
        raise
    except MustIntroduce:  # a form of a page that was written while we knew them still
        return RedirectResponse(f"/pay/{token}", SEE_OTHER)
    except ShopError:
        pass  # closed, paid, sold out or under way meanwhile: the page says so
    return going_on(token)


async def take_way(tuanzi: Tuanzi, token: str, account_id: str, payer: Payer) -> None:
    """Back when the provider has answered; what is open another way is closed there first."""
    begun = await asyncio.to_thread(begin, tuanzi, token, account_id, payer)
    await ask_provider(tuanzi, begun.attempt_id)
    if begun.closing:
        begun = await asyncio.to_thread(begin, tuanzi, token, account_id, payer)
        await ask_provider(tuanzi, begun.attempt_id)


def going_on(token: str) -> Response:
    """On to the provider, in the browser that will come back from there."""
    response = RedirectResponse(f"/pay/{token}/go", SEE_OTHER)
    set_cookie(response, _COOKIE, token)
    return response


@router.get("/{token}/go")
async def hand_over(token: str, request: Request) -> Response:
    """To the provider; where there is nothing to hand over, the page says how it stands."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    look(tuanzi, request)
    try:
        html, by = await asyncio.to_thread(_handover, tuanzi, token)
    except NotFound:
        missed(tuanzi, request)
        return answer(sorry(request, "not_found"), 404)
    except ShopError:
        return answer(sorry(request, "expired"), 410)
    if html is None:
        return RedirectResponse(f"/pay/{token}?asked=1", SEE_OTHER)
    if by == PayBy.JSAPI and not is_in_wechat(request):  # begun there, gone on with elsewhere
        return RedirectResponse(f"/pay/{token}", SEE_OTHER)
    policy = BRIDGE_POLICY if by == PayBy.JSAPI else PAY_POLICY
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": _WHO_SENDS}
    return HTMLResponse(html, headers=headers)


@router.get("/{token}/code.svg")
async def draw_code(token: str, request: Request) -> Response:
    """What the provider's own app scans, while there is something to scan."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    look(tuanzi, request)
    try:
        text = await asyncio.to_thread(_code, tuanzi, token)
    except NotFound:
        missed(tuanzi, request)
        raise
    drawing = io.BytesIO()
    segno.make(text, micro=False, error="m").save(
        drawing, kind="svg", scale=_QR_SCALE, dark="#000", light="#fff"
    )
    return Response(drawing.getvalue(), media_type="image/svg+xml")


@router.get("/back/{key}")
async def come_back(key: str, request: Request) -> Response:
    """Back from a provider, paid or not: it is asked now. Another browser than the one that set out
    is told how it stands, and nothing of what was bought."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    look(tuanzi, request)
    try:
        attempt_id = await asyncio.to_thread(_ask_again, tuanzi, key)
        await ask_provider(tuanzi, attempt_id)
        token = request.cookies.get(_COOKIE, "")
        html = await asyncio.to_thread(_standing, tuanzi, attempt_id, token)
    except NotFound:
        missed(tuanzi, request)
        return answer(sorry(request, "not_found"), 404)
    if html is None:
        return RedirectResponse(f"/pay/{token}?asked=1", SEE_OTHER)
    return answer(html, 200)


def _handover(tuanzi: Tuanzi, token: str) -> tuple[str | None, str | None]:
    now = tuanzi.clock.now()
    with tuanzi.database.reading() as session:
        order = session.get_one(Order, order_behind(session, token=token, now=now))
        attempt = open_handover(session, order, now)
        if attempt is None or attempt.pay_with is None:
            return None, None
        html = PAGES.render(
            f"pay_{attempt.pay_by}.html",
            locale=_language(session, order),
            order=order,
            merchant=session.get_one(Merchant, order.merchant_id),
            provider=attempt.provider,
            token=token,
            target=attempt.pay_with,
            back=f"/pay/back/{attempt.idempotency_key}",
            bridge=_bridge(tuanzi, session, attempt) if attempt.pay_by == PayBy.JSAPI else None,
        )
        return html, attempt.pay_by


def _code(tuanzi: Tuanzi, token: str) -> str:
    now = tuanzi.clock.now()
    with tuanzi.database.reading() as session:
        order = session.get_one(Order, order_behind(session, token=token, now=now))
        attempt = open_handover(session, order, now)
        if attempt is None or attempt.pay_by != PayBy.QR or attempt.pay_with is None:
            raise NotFound("code")
        return attempt.pay_with


def _bridge(tuanzi: Tuanzi, session: Session, attempt: PaymentAttempt) -> dict[str, str]:
    account = session.get(PaymentAccount, attempt.account_id)
    gateway = tuanzi.gateways.open(session, account) if account else None
    if not isinstance(gateway, Bridging) or attempt.pay_with is None:
        raise NotFound("way_to_pay")
    return gateway.bridge(attempt.pay_with, now=tuanzi.clock.now())


def _ask_again(tuanzi: Tuanzi, key: str) -> str:
    with tuanzi.database.transaction() as session:
        attempt = session.scalar(select(PaymentAttempt).filter_by(idempotency_key=key))
        if attempt is None:
            raise NotFound("payment")
        if attempt.state in (AttemptState.PENDING, AttemptState.UNKNOWN):
            ask_now(session, attempt, now=tuanzi.clock.now())
        return attempt.id


def _standing(tuanzi: Tuanzi, attempt_id: str, token: str) -> str | None:
    """None: this browser has the link of that very order."""
    now = tuanzi.clock.now()
    with tuanzi.database.reading() as session:
        attempt = session.get_one(PaymentAttempt, attempt_id)
        try:
            own = order_behind(session, token=token, now=now) == attempt.order_id
        except ShopError:
            own = False
        order = session.get_one(Order, attempt.order_id)
        taken = attempt.state in (AttemptState.CAPTURED, AttemptState.AUTHORIZED)
        language = _language(session, order)
        return None if own else PAGES.render("pay_back.html", locale=language, taken=taken)


def _language(session: Session, order: Order) -> Locale:
    return Locale(session.get_one(Person, order.person_id).locale)
