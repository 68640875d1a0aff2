"""Who was here, where a browser lets a frame on somebody else's page keep nothing but this.

It opens nothing: every call shows its token in a header, and only `begin` looks here for one. So no
other page can use it without reading our answers, which it cannot (T42).
"""

from fastapi import Request, Response

from bot.webchat.visitors import RENEWED_FOR

_NAME = "__Host-tuanzi-chat-{}"
# Partitioned: of our frame on this one site, and of nowhere else (CHIPS). Python 3.11 has no word
# for it.
_RULES = "Path=/; Secure; HttpOnly; SameSite=None; Partitioned"


def read(request: Request, account: str) -> str:
    return request.cookies.get(_NAME.format(account), "")[:200]


def set_on(answer: Response, account: str, token: str) -> None:
    """`account` and `token` are ours: neither holds what could end a header."""
    seconds = int(RENEWED_FOR.total_seconds())
    cookie = f"{_NAME.format(account)}={token}; Max-Age={seconds}; {_RULES}"
    answer.headers.append("Set-Cookie", cookie)
