"""The demo page speaks: the same way as the REST channel's messages, on the web chat's account."""

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from bot.app import Tuanzi
from bot.channels.rest import TAP, RestChat, RestMessage, RestMetadata, parse
from bot.delivery.advising import in_turn_thread
from bot.delivery.turns import Received
from bot.demo.cast import find_member, set_language, web_account
from bot.demo.doors import guard
from bot.demo.seeding import GROUP, read_shop
from bot.web.limits import KIB
from data.delivery import inbox
from data.kernel.locales import Locale
from dialogs.understanding.model import Advice

router = APIRouter(prefix="/demo", tags=["demo"], dependencies=[Depends(guard)])
_TOKEN = "^[A-Za-z0-9_-]{1,64}$"  # noqa: S105  # the shape of one, none itself


class Spoken(BaseModel):
    """One line or one pressed button of one person. `id` makes a repeat harmless."""

    model_config = ConfigDict(extra="forbid")

    who: Annotated[str, Field(alias="as", max_length=32)]
    where: Annotated[Literal["private", "group"], Field(alias="in")] = "private"
    text: Annotated[str, Field(max_length=64 * KIB)] = ""
    press: Annotated[str | None, Field(pattern=_TOKEN)] = None
    locale: Locale | None = None
    timezone: Annotated[str | None, Field(max_length=64)] = None
    name: Annotated[str, Field(max_length=40)] = ""
    id: Annotated[str, Field(pattern=_TOKEN)]


class Language(BaseModel):
    locale: Locale


@router.post("/say")
async def say(body: Spoken, request: Request) -> dict[str, Any]:
    """`heard`: the shop took a turn. What it says comes by the stream, as to everybody else."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    take = partial(_take_turn, tuanzi, body)
    heard = await in_turn_thread(tuanzi.threads, tuanzi.turns.adviser, take)
    return {"heard": heard}


@router.put("/people/{person_id}/language")
def speak(person_id: str, body: Language, request: Request) -> dict[str, str]:
    """The language the shop speaks with this person."""
    tuanzi: Tuanzi = request.app.state.tuanzi
    with tuanzi.database.transaction() as session:
        set_language(session, person_id=person_id, locale=body.locale, now=tuanzi.clock.now())
    return {"person": person_id, "locale": body.locale}


def _take_turn(tuanzi: Tuanzi, body: Spoken, advice: Advice | None) -> bool:
    message = _as_rest(body)
    with tuanzi.database.reading() as session:
        account = web_account(session)
        payload = message.model_dump(mode="json")
        received = Received(account, parse(message), payload, advice=advice)
        if tuanzi.turns.answer_in(session, received):
            return True
    with tuanzi.database.reading() as session:  # a shop that is mute may have heard all the same
        event_id = received.event.event_id
        return inbox.find(session, account_id=account.id, event_id=event_id) is not None


def _as_rest(body: Spoken) -> RestMessage:
    member = find_member(body.who)
    group = RestChat(id=GROUP, kind="group", title=read_shop()["group"]["title"])
    about = RestMetadata(
        chat=group if body.where == "group" else None,
        name=member.name if member else body.name,
        # Their own language wins; this one is for somebody the shop meets now.
        locale=member.locale if member else body.locale,
        timezone=None if member else body.timezone,
        message_id=body.id,
    )
    said = TAP + body.press if body.press else body.text
    return RestMessage(sender=body.who, message=said, metadata=about)
