"""A merchant's own site as an account: which pages may frame its chat, how it looks, its key.

`ChannelAccount.secret` signs the tokens of visitors, so a token of one site opens no other.
"""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.opening import open_account
from data.kernel.encryption import Unreadable, cipher_of, place_of
from data.kernel.errors import Invalid, NotFound
from data.kernel.ids import new_id
from data.merchants import ChannelAccount

CHANNEL = "web"
SIDES = ("right", "left")
MOST_ORIGINS, LONGEST_TITLE = 20, 60
_ORIGINS, _LOOK = "origins", "look"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
# Letters, digits, dots and hyphens: what stands in a header cannot end it.
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]*[a-z0-9])*")
_NEAR = frozenset({"localhost", "127.0.0.1"})
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Look:
    """What the merchant chose; the script tag may say otherwise. Empty: ours."""

    colour: str = ""
    side: str = SIDES[0]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """An account that is open; `origins` are the pages that may show its chat."""

    account: ChannelAccount
    origins: tuple[str, ...]
    look: Look
    key: bytes = field(repr=False)


def read_origin(text: str) -> str:
    """`https://www.shop.example`, as a browser would say it; Invalid for anything more or less."""
    try:
        parts = urlsplit(text.strip())
        host = (parts.hostname or "").encode("idna").decode().lower()
        port = parts.port
    except ValueError as error:
        raise Invalid("origins") from error
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in parts.netloc)
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _NEAR)
    if not (plain and safe and _HOST.fullmatch(host)):
        raise Invalid("origins")
    place = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{place}"


def read_origins(texts: list[str]) -> tuple[str, ...]:
    """Each once, in their order; at least one."""
    origins = tuple(dict.fromkeys(map(read_origin, texts)))
    if not 0 < len(origins) <= MOST_ORIGINS:
        raise Invalid("origins")
    return origins


def read_look(*, colour: str = "", side: str = "", title: str = "") -> Look:
    """Invalid names the field that makes no sense."""
    colour, side, title = colour.strip().lower(), side or SIDES[0], title.strip()
    if colour and not _COLOUR.fullmatch(colour):
        raise Invalid("colour")
    if side not in SIDES:
        raise Invalid("side")
    if len(title) > LONGEST_TITLE:
        raise Invalid("title")
    return Look(colour, side, title)


def open_site(
    session: Session, *, merchant_id: str, origins: tuple[str, ...], look: Look, now: datetime
) -> ChannelAccount:
    """A new account, with a key of its own."""
    account = open_account(
        session, merchant_id=merchant_id, channel=CHANNEL, external_id=new_id("web"), now=now
    )
    _write(account, origins, look)
    renew_key(session, account)
    return account


def change_site(account: ChannelAccount, *, origins: tuple[str, ...], look: Look) -> None:
    """Its chats and visitors stay; one that was closed is open again."""
    _write(account, origins, look)
    account.enabled = True


def close_site(account: ChannelAccount) -> None:
    """Nobody can open its chat until it is changed again; what was said is kept."""
    account.enabled = False


def renew_key(session: Session, account: ChannelAccount) -> None:
    """Every token that is out becomes worthless: each visitor begins a new chat."""
    account.secret = cipher_of(session).encrypt(secrets.token_urlsafe(32), place=_place(account))


def find_site(session: Session, *, merchant_id: str, account_id: str) -> ChannelAccount:
    """Of this shop, open or closed."""
    account = session.get(ChannelAccount, account_id)
    if account is None or account.merchant_id != merchant_id or not is_site(account):
        raise NotFound("site")
    return account


def sites_of(session: Session, *, merchant_id: str) -> list[ChannelAccount]:
    accounts = session.scalars(
        select(ChannelAccount)
        .where(ChannelAccount.merchant_id == merchant_id, ChannelAccount.channel == CHANNEL)
        .order_by(ChannelAccount.created_at, ChannelAccount.id)
    )
    return [account for account in accounts if is_site(account)]


def read_site(session: Session, account_id: str) -> Site:
    """The open site of this name; its key is lost with the operator's: then it is not there."""
    account = session.get(ChannelAccount, account_id)
    if account is None or not is_site(account) or not account.enabled or not account.secret:
        raise NotFound("site")
    try:
        key = cipher_of(session).decrypt(account.secret, place=_place(account))
    except Unreadable as error:
        raise NotFound("site") from error
    return Site(account, origins_of(account), look_of(account), key.encode())


def origins_of(account: ChannelAccount) -> tuple[str, ...]:
    return tuple(account.settings[_ORIGINS])


def look_of(account: ChannelAccount) -> Look:
    return Look(**account.settings[_LOOK])


def is_site(account: ChannelAccount) -> bool:
    """The demo's page speaks through an account of this channel too, and is no site."""
    return account.channel == CHANNEL and _ORIGINS in account.settings


def tag_of(public_url: str, account: ChannelAccount) -> str:
    """What a merchant puts into their pages; nothing in it is a person's to choose."""
    return f'<script src="{public_url}/widget.js" data-shop="{account.id}" async></script>'


def _write(account: ChannelAccount, origins: tuple[str, ...], look: Look) -> None:
    chosen = {"colour": look.colour, "side": look.side, "title": look.title}
    account.settings = {**account.settings, _ORIGINS: list(origins), _LOOK: chosen}


def _place(account: ChannelAccount) -> str:
    return place_of(account.merchant_id, ChannelAccount.__tablename__, account.id)
