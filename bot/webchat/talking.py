"""A visitor speaks: begin, say, press. Stored and committed before it is answered, like an update
of any messenger; what the shop says comes by listening.py."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bot.app import Tuanzi
from bot.channels.rest import TAP, Free, RestMessage, RestMetadata
from bot.delivery.storing import store_update
from bot.webchat import cookies, doors
from bot.webchat.doors import Visit
from bot.webchat.sites import read_site
from bot.webchat.visitors import issue, renew

# Letters are named: what \w means in all scripts, 64 times over, is 7 MB of a pattern's machine.
LINE_ID = "^[A-Za-z0-9_-]{8,64}$"
LONGEST = 20_000  # characters; a body is at most 64 KiB
_ACCEPTED = 202
_Answer = TypeVar("_Answer")

router = APIRouter(prefix="/webchat", include_in_schema=False)
Bearer = Annotated[str | None, Header(alias="authorization")]


class Beginning(BaseModel):
    """The token that the browser kept, if it kept one. `cookie`: it lets a frame keep nothing else.
    `known`: only if they have been here before; a look is no reason to remember anybody."""

    token: Annotated[str, Field(max_length=200)] = ""
    cookie: bool = False
    known: bool = False


class Line(BaseModel):
    """What every line tells. `id` makes a repeat harmless; language and time zone are for
    somebody we meet now."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, Field(pattern=LINE_ID)]
    locale: Annotated[str, Field(max_length=35)] = ""
    timezone: Annotated[str, Field(max_length=64)] = ""


class Words(Line):
    text: Annotated[Free, Field(min_length=1, max_length=LONGEST, pattern=r"\S")]

    @property
    def message(self) -> str:
        """Typed, the beginning of a press is text like any other (T07)."""
        return f" {self.text}" if self.text.startswith(TAP) else self.text


class Press(Line):
    token: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")]

    @property
    def message(self) -> str:
        return TAP + self.token


@router.post("/{account}/begin")
async def begin(account: str, body: Beginning, request: Request) -> JSONResponse:
    """A token that is good for a day; shown again it is renewed, and the chat goes on."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    doors.admit(tuanzi, request)
    shown = body.token or (cookies.read(request, account) if body.cookie else "")
    renewed, fresh = await in_thread(tuanzi, lambda: _tokens(tuanzi, account, shown))
    if renewed is None and body.known:
        return JSONResponse({"token": "", "new": False})
    if renewed is None:
        doors.admit_newcomer(tuanzi, request)
    answer = JSONResponse({"token": renewed or fresh, "new": renewed is None})
    if body.cookie:
        cookies.set_on(answer, account, renewed or fresh)
    return answer


@router.post("/{account}/say", status_code=_ACCEPTED)
async def say(
    account: str, body: Words, request: Request, authorization: Bearer = None
) -> dict[str, bool]:
    return await _take(account, body, request, authorization)


@router.post("/{account}/press", status_code=_ACCEPTED)
async def press(
    account: str, body: Press, request: Request, authorization: Bearer = None
) -> dict[str, bool]:
    """A button by its opaque token: who may press it is found out when it is heard (T05)."""
    return await _take(account, body, request, authorization)


async def _take(
    account: str, body: Words | Press, request: Request, authorization: str | None
) -> dict[str, bool]:
    """`new`: it was not said before."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    visit = await enter(tuanzi, request, account, authorization)
    doors.admit_line(tuanzi, visit)
    payload = as_rest(visit, body, body.message)
    return {"new": await in_thread(tuanzi, lambda: keep(tuanzi, visit, body.id, payload))}


async def enter(tuanzi: Tuanzi, request: Request, account: str, authorization: str | None) -> Visit:
    """Who calls, if they may."""
    doors.admit(tuanzi, request)
    return await in_thread(tuanzi, lambda: _visit(tuanzi, account, authorization))


async def in_thread(tuanzi: Tuanzi, act: Callable[[], _Answer]) -> _Answer:
    """Where turns are taken, so that this process has one writer."""
    return await asyncio.get_running_loop().run_in_executor(tuanzi.threads, act)


def as_rest(visit: Visit, line: Line, text: str, *, media: str | None = None) -> dict[str, Any]:
    """The wire format of the REST channel, which is how the inbox keeps a line of web chat."""
    about = RestMetadata(
        locale=line.locale or None,
        timezone=line.timezone or None,
        message_id=line.id,
        media=media,
    )
    message = RestMessage(sender=visit.visitor, message=text, metadata=about)
    return message.model_dump(mode="json", exclude_defaults=True)


def keep(tuanzi: Tuanzi, visit: Visit, line_id: str, payload: dict[str, Any]) -> bool:
    """False: it was said before, and nothing happens twice (T02)."""
    return store_update(
        tuanzi.database,
        tuanzi.clock,
        account=visit.site.account,
        event_id=f"{visit.visitor}:{line_id}",
        chat=visit.visitor,
        payload=payload,
    )


def _tokens(tuanzi: Tuanzi, account: str, token: str) -> tuple[str | None, str]:
    """The same visitor's, if there is one, and a new one's."""
    now = tuanzi.clock.now()
    with tuanzi.database.reading() as session:
        site = read_site(session, account)
    return renew(site, token, now=now), issue(site, now=now)


def _visit(tuanzi: Tuanzi, account: str, authorization: str | None) -> Visit:
    with tuanzi.database.reading() as session:
        return doors.visit_of(tuanzi, session, account, authorization)
