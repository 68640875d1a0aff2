"""What a merchant's page loads: the script of its one tag, and the frame that this script opens.

The chat runs in a frame of our origin (docs/adr/0021): only the pages of the account's list may
show it (T43), and none of them can read it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from bot.app import Tuanzi
from bot.web import static
from bot.web.templates import Pages
from bot.web.wording import for_script, say
from bot.webchat.sites import Look, Site, read_look, read_site
from data.kernel.errors import Invalid
from data.kernel.locales import Locale
from data.merchants import Merchant

PAGES = Pages(Path(__file__).parent / "templates")
# Our own scripts and styles; pictures that were just chosen are `blob:`. No form leaves it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self' {origins}"
)
_THEMES = frozenset({"light", "dark"})
_LOADER = "widget.js"
_LOADER_HEADERS = {
    # Its address stands in merchants' pages and never changes: an update is there in ten minutes.
    "Cache-Control": "public, max-age=600",
    # A page that isolates itself (COEP) may load it all the same.
    "Cross-Origin-Resource-Policy": "cross-origin",
}

router = APIRouter(include_in_schema=False)
Wish = Annotated[str, Query(max_length=100)]


@router.get("/widget.js")
def loader() -> Response:
    """The same for everybody."""
    return Response(static.content(_LOADER), media_type="text/javascript", headers=_LOADER_HEADERS)


@router.get("/webchat/{account}/frame")
def show(account: str, request: Request, lang: Wish = "", theme: Wish = "") -> HTMLResponse:
    """The chat; by itself, without a page around it, it is a page of the shop."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    with tuanzi.database.reading() as session:
        site = read_site(session, account)
        merchant = session.get_one(Merchant, site.account.merchant_id)
    locale = Locale.closest(lang or _preferred(request), Locale(merchant.locale))
    look = _wished(site.look, request.query_params)
    shop = merchant.name.get(locale) or next(iter(merchant.name.values()), "")
    html = PAGES.render(
        "frame.html",
        locale=locale,
        account=account,
        shop=shop,
        heading=look.title or say("webchat.frame", locale).format(shop=shop),
        look=look,
        theme=theme if theme in _THEMES else "light",
        home=_home(tuanzi),
        script_words=for_script(locale, "chat", "webchat"),
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": policy_of(site)})


def policy_of(site: Site) -> str:
    return _POLICY.format(origins=" ".join(site.origins))


def _wished(look: Look, wishes: Mapping[str, str]) -> Look:
    """The script tag may say otherwise than the account; what makes no sense says nothing."""
    for name in ("colour", "side", "title"):
        with suppress(Invalid):
            wish = getattr(read_look(**{name: wishes.get(name, "")}), name)
            look = replace(look, **{name: wish}) if wishes.get(name) else look
    return look


def _preferred(request: Request) -> str:
    return request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip()


def _home(tuanzi: Tuanzi) -> str:
    parts = urlsplit(tuanzi.settings.public_url)
    return f"{parts.scheme}://{parts.netloc}"
