"""What the pages of a shared team have in common: whose link it is, who looks, how often, and what
is said where there is nothing to see."""

from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.app import Tuanzi
from bot.delivery.wechat_platform import CHANNEL, secret_of
from bot.pages.visitors import VISITOR_COOKIE, Visitor, account_named, recognise
from bot.web.guesses import Guesses
from bot.web.headers import SHARE_POLICY
from bot.web.templates import Pages
from data.kernel.errors import NotFound
from data.kernel.locales import Locale
from data.merchants import ChannelAccount

PAGES = Pages(Path(__file__).parent / "templates")
_GUESSES = Guesses(60)  # a page that loads itself anew twice a minute, in a household
_IN_WECHAT = "MicroMessenger"


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who came back from the platform to this account of the shop."""

    visitor: Visitor
    account: ChannelAccount


def limit(tuanzi: Tuanzi, request: Request) -> None:
    _GUESSES.look(request, now=tuanzi.clock.now())


def missed(tuanzi: Tuanzi, request: Request) -> None:
    _GUESSES.missed(request, now=tuanzi.clock.now())


def is_in_wechat(request: Request) -> bool:
    return _IN_WECHAT in request.headers.get("user-agent", "")


def known(session: Session, tuanzi: Tuanzi, request: Request, merchant_id: str) -> Known | None:
    """Who looks, if they came by an account of this very shop."""
    cookie = request.cookies.get(VISITOR_COOKIE, "")
    account = session.get(ChannelAccount, account_named(cookie))
    if account is None or account.merchant_id != merchant_id or not account.enabled:
        return None
    key = secret_of(session, account)
    visitor = recognise(key, cookie, tuanzi.clock.now()) if key else None
    return Known(visitor, account) if visitor and visitor.account_id == account.id else None


def account_of(session: Session, app_id: str) -> ChannelAccount:
    """An official account that is connected, or NotFound."""
    account = session.scalar(
        select(ChannelAccount).where(
            ChannelAccount.channel == CHANNEL,
            ChannelAccount.external_id == app_id,
            ChannelAccount.enabled.is_(True),
        )
    )
    if account is None:
        raise NotFound("account")
    return account


def language(request: Request, default: Locale) -> Locale:
    """Asked for, else what the browser prefers, else that of whoever opened the team."""
    wanted = request.query_params.get("lang") or request.headers.get("accept-language", "")
    return Locale.closest(wanted.split(",")[0].split(";")[0].strip(), default)


def sorry(request: Request, reason: str, status: int) -> HTMLResponse:
    """One page for every way of not being there; it says nothing of any team."""
    html = PAGES.render("share_sorry.html", locale=language(request, Locale.ZH_HANS), reason=reason)
    return answer(html, status)


def answer(html: str, status: int = 200, *, policy: str = SHARE_POLICY) -> HTMLResponse:
    return HTMLResponse(html, status, headers={"Content-Security-Policy": policy})
