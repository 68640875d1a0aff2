"""The chat on a merchant's own sites: which pages may show it, how it looks, the tag for them."""

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.responses import Response

from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import FormProblems, go, page, read_form, typed
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from bot.webchat import sites
from data.kernel.errors import Invalid

router = APIRouter(prefix="/web-chats")
_OK, _UNPROCESSABLE = 200, 422


class SiteForm(BaseModel):
    """Without an account a site is opened."""

    account: str = Field(default="", max_length=32)
    origins: str = Field(max_length=8_000)
    colour: str = Field(default="", max_length=40)
    side: str = Field(default="", max_length=10)
    title: str = Field(default="", max_length=400)


class CloseForm(BaseModel):
    account: str = Field(max_length=32)


@router.get("")
def show_web_chats(desk: AtDesk, shop: Shop) -> Response:
    return _room(desk, shop, {}, "")


@router.post("")
def save_web_chat(desk: AtDesk, shop: Shop, form: Form) -> Response:
    try:
        _save(desk, shop, form)
    except FormProblems as problems:
        return _room(desk, shop, typed(form), min(problems.fields))
    except Invalid as error:
        return _room(desk, shop, typed(form), error.detail)
    return go("/web-chats", done="web_chat_saved")


@router.post("/close")
def close_web_chat(desk: AtDesk, shop: Shop, form: Form) -> Response:
    try:
        account = read_form(CloseForm, form).account
    except FormProblems:
        return _room(desk, shop, {}, "account")
    with changing(shop.database, desk.merchant_id) as session:
        sites.close_site(sites.find_site(session, merchant_id=desk.merchant_id, account_id=account))
    return go("/web-chats", done="web_chat_closed")


def _save(desk: Desk, shop: OpenShop, form: FormData) -> None:
    wanted = read_form(SiteForm, form)
    origins = sites.read_origins(wanted.origins.split())
    look = sites.read_look(colour=wanted.colour, side=wanted.side, title=wanted.title)
    merchant_id = desk.merchant_id
    with changing(shop.database, merchant_id) as session:
        if not wanted.account:
            sites.open_site(
                session, merchant_id=merchant_id, origins=origins, look=look, now=desk.now
            )
            return
        account = sites.find_site(session, merchant_id=merchant_id, account_id=wanted.account)
        sites.change_site(account, origins=origins, look=look)


def _room(desk: Desk, shop: OpenShop, given: dict[str, str], wrong: str) -> Response:
    home = shop.settings.public_url
    with looking(shop.database, desk.merchant_id) as session:
        known = [
            {
                "account": account.id,
                "open": account.enabled,
                "origins": "\n".join(sites.origins_of(account)),
                "look": sites.look_of(account),
                "tag": sites.tag_of(home, account),
                "page": f"{home}/webchat/{account.id}/frame",
            }
            for account in sites.sites_of(session, merchant_id=desk.merchant_id)
        ]
    status = _UNPROCESSABLE if wrong else _OK
    values = {"sites": known, "given": given, "wrong": wrong, "home": home}
    return page("web_chats.html", desk, status=status, sides=sites.SIDES, **values)
