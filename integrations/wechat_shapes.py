"""What WeChat answers, as far as we read it; tokens and secrets are in no repr (T47)."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field


@dataclass(frozen=True, slots=True)
class App:
    """An official account as the platform names it; `secret` is in no repr (T47)."""

    id: str
    secret: str = field(repr=False)


class Errcode(BaseModel):
    errcode: int = 0


class Token(BaseModel):
    access_token: str
    expires_in: int


class Ticket(BaseModel):
    ticket: str
    expires_in: int


class Sent(BaseModel):
    msgid: int | str = ""


class Media(BaseModel):
    media_id: str


class Menu(BaseModel):
    menu: dict[str, Any]


class QrCode(BaseModel):
    """`url` is what the picture says; `ticket` names the picture (QR_PICTURES)."""

    ticket: str
    url: str


class Follower(BaseModel):
    """What the platform still tells of somebody: names and faces are given no more."""

    openid: str = ""
    subscribe: int = 0
    language: str = ""
    unionid: str = ""


class Visitor(BaseModel):
    """Who opened a page of ours inside WeChat; `access_token` reads only their own profile."""

    openid: str
    access_token: str = Field(default="", repr=False)
    scope: str = ""
    unionid: str = ""


class Profile(BaseModel):
    """What a visitor agreed to show."""

    openid: str
    nickname: str = ""
    headimgurl: str = ""
