"""`/pay/<token>`: what is bought, for how much, and how it stands; works without JavaScript.

Opening it changes nothing, however often a preview does (T10). The sum is the order's, read here;
no form field says what to pay (T33). With the SIMULATED bank, buttons play what a payer would do.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.delivery.telegram_accounts import PROVIDER
from bot.pages.bank import visit_bank
from bot.pages.ways import Payer, ways_of
from bot.web.guesses import Guesses
from bot.web.headers import PAY_POLICY
from bot.web.rates import Rate
from bot.web.templates import Pages
from data.catalogue import Variant
from data.group_buys import only_reserves
from data.kernel.errors import Forbidden, NotFound, Refused, ShopError
from data.kernel.locales import Locale
from data.merchants import ChannelAccount, Merchant
from data.orders import OrderLine, OrderState
from data.orders.sums import charges_of
from data.payments import find_payable
from data.payments.gateway import Scene
from data.payments.sandbox_bank import SANDBOX
from data.payments.sandbox_models import Outcome
from data.people import ChannelIdentity, Person
from dialogs.actions.products import variant_words
from dialogs.invitations import PAY

_HERE = Path(__file__).parent
PAGES = Pages(_HERE / "templates")
# docs/architecture.md, "limits". A page that waits loads itself anew six times a minute: thirty are
# five windows of it. Behind one address are offices and carriers: that limit is for floods, and for
# guesses that come all at once, before the first is known to be one.
_LOOKS = Rate(30, per=60)  # of one link
_GUESSES = Guesses(300)  # from one address
SEE_OTHER = 303

# What is said of a code that is of no use here; everything else the page itself shows.
CODE_REASONS = frozenset(
    {
        "none",
        "coupon_too_little",
        "coupon_over",
        "coupon_used",
        "coupon_other",
        "gift_card_empty",
        "gift_card_currency",
        "nothing_due",
    }
)
# Why it is not known who pays inside WeChat: nobody could tell, or they did not want us to know.
UNKNOWN, UNWILLING = "unknown", "unwilling"
WECHAT_REASONS = frozenset({UNKNOWN, UNWILLING})


@dataclass(frozen=True, slots=True)
class Said:
    """What the page's own address tells: they come from a bank, their code was of no use, or WeChat
    did not tell us who they are."""

    asked: bool = False
    of_code: str = ""
    of_wechat: str = ""


router = APIRouter(prefix="/pay", include_in_schema=False)


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(
    token: str, request: Request, asked: bool = False, code: str = "", wechat: str = ""
) -> HTMLResponse:
    """The page of an order, in its buyer's language. `asked`: they have just been at the bank;
    `code`: why the code that they typed is of no use; `wechat`: why it is not known who pays."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    look(tuanzi, request)
    try:
        said = Said(
            asked,
            code if code in CODE_REASONS else "",
            wechat if wechat in WECHAT_REASONS else "",
        )
        html = await asyncio.to_thread(_page, tuanzi, token, Payer.of(request), said)
        status = 200
    except NotFound:
        missed(tuanzi, request)
        html, status = sorry(request, "not_found"), 404
    except Refused:
        html, status = sorry(request, "expired"), 410
    return answer(html, status)


@router.post("/{token}/sandbox")
async def play_the_bank(
    token: str, request: Request, outcome: Annotated[Outcome, Form()]
) -> RedirectResponse:
    """The payer decides at the SIMULATED bank; then the page says how it went."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    look(tuanzi, request)
    if SANDBOX not in tuanzi.gateways.house or is_foreign(request):
        raise Forbidden("sandbox")
    try:
        await visit_bank(tuanzi, token=token, outcome=outcome)
    except NotFound:
        missed(tuanzi, request)
        raise
    except ShopError:
        pass  # closed, paid or under way meanwhile: the page says so
    return RedirectResponse(f"/pay/{token}?asked=1", status_code=SEE_OTHER)


def look(tuanzi: Tuanzi, request: Request) -> None:
    """By a link's token, or the key of a payment that somebody comes back from."""
    now = tuanzi.clock.now()
    _GUESSES.look(request, now=now)
    _LOOKS.take(request.path_params.get("token") or request.path_params["key"], now=now)


def missed(tuanzi: Tuanzi, request: Request) -> None:
    """Somebody tried a link that there is not."""
    _GUESSES.missed(request, now=tuanzi.clock.now())


def _page(tuanzi: Tuanzi, token: str, payer: Payer, said: Said) -> str:
    now = tuanzi.clock.now()
    with tuanzi.database.reading() as session:
        payable = find_payable(session, token=token, now=now)
        person = session.get_one(Person, payable.order.person_id)
        merchant = session.get_one(Merchant, payable.order.merchant_id)
        return PAGES.render(
            "pay.html",
            locale=Locale(person.locale),
            payable=payable,
            order=payable.order,
            lines=[(line, _which(session, line, person)) for line in payable.lines],
            charges=charges_of(session, payable.order),
            only_reserves=only_reserves(session, order_id=payable.order.id),
            waits_for_group=payable.order.state == OrderState.WAITING_GROUP,
            merchant=merchant,
            timezone=person.timezone,
            token=token,
            said=said,
            sandbox=SANDBOX in tuanzi.gateways.house,
            ways=ways_of(tuanzi, session, payable.order, payer),
            in_wechat=payer.scene is Scene.WECHAT,
            invoices=_where_invoices_are(session, person),
            outcomes=list(Outcome),
            demo=tuanzi.settings.demo,
        )


def _where_invoices_are(session: Session, person: Person) -> str:
    """The private chat with a bot below whose messages this buyer can pay; empty: there is none."""
    mine = select(ChannelAccount).join(
        ChannelIdentity, ChannelIdentity.account_id == ChannelAccount.id
    )
    accounts = session.scalars(
        mine.where(
            ChannelIdentity.person_id == person.id,
            ChannelAccount.channel == "telegram",
            ChannelAccount.enabled.is_(True),
        )
    )
    names = (one.settings.get("username", "") for one in accounts if PROVIDER in one.settings)
    return next((f"https://t.me/{name}?start={PAY}" for name in names if name), "")


def _which(session: Session, line: OrderLine, person: Person) -> str:
    """Colour and size in the buyer's words; nothing once the variant is off the shelf."""
    variant = session.get(Variant, line.variant_id)
    return variant_words(variant, Locale(person.locale)) if variant else ""


def sorry(request: Request, reason: str, token: str = "") -> str:
    """`token`: of a bill that they may go back to."""
    locale = Locale.closest(request.headers.get("accept-language"))
    return PAGES.render("pay_sorry.html", locale=locale, reason=reason, token=token)


def answer(html: str, status: int) -> HTMLResponse:
    return HTMLResponse(html, status, headers={"Content-Security-Policy": PAY_POLICY})


def reads(request: Request) -> bool:
    """Somebody does, and no program: their browser asks for a page."""
    return "text/html" in request.headers.get("accept", "")


def is_foreign(request: Request) -> bool:
    """A form on somebody else's page may not press our buttons. Browsers of before 2023 say only
    which page a form came from; what says neither is no browser, and holds the link."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
