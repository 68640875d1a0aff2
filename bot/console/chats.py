"""Chats: who speaks with us, what was said, and a person of the shop who takes over and answers."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.responses import Response

from bot.api import talking
from bot.api.paging import Where
from bot.api.reads import chats as reads
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import FormProblems, go, page, read_form, typed, wrong
from bot.web.scope import changing, looking
from bot.web.shop import OpenShop, Shop
from data.conversations import Mode, look_after

router = APIRouter(prefix="/chats")


class AnswerForm(BaseModel):
    text: str = Field(min_length=1, max_length=talking.LONGEST_ANSWER)


@router.get("")
def list_chats(
    desk: AtDesk,
    shop: Shop,
    waiting: Annotated[bool, Query()] = False,
    unanswered: Annotated[bool, Query()] = False,
    after: Annotated[str | None, Query()] = None,
) -> Response:
    among = reads.among(waiting=waiting, unanswered=unanswered)
    with looking(shop.database, desk.merchant_id) as session:
        found = reads.list_chats(
            session, merchant_id=desk.merchant_id, among=among, where=Where(after)
        )
        views = reads.views(session, merchant_id=desk.merchant_id, conversations=found.items)
        return page("chats.html", desk, views=views, following=found.next, among=among)


@router.get("/{conversation_id}")
def show_chat(conversation_id: str, desk: AtDesk, shop: Shop) -> Response:
    """Who opens a chat that nobody had answered has seen it: it is marked no longer."""
    shown = _shown(desk, shop, conversation_id)
    if shown["view"].conversation.unanswered_at is not None:
        with changing(shop.database, desk.merchant_id) as session:
            look_after(session, conversation_id=conversation_id)
    return page("chat.html", desk, **shown)


@router.post("/{conversation_id}/take-over")
def take_over(conversation_id: str, desk: AtDesk, shop: Shop) -> Response:
    def act(session: Session, view: reads.ChatView, by: talking.Speaker) -> None:
        talking.take_over(session, shop.house, view=view, by=by)

    _act(desk, shop, conversation_id, act)
    return go(f"/chats/{conversation_id}", done="taken_over")


@router.post("/{conversation_id}/answer")
def answer(conversation_id: str, desk: AtDesk, shop: Shop, form: Form) -> Response:
    try:
        text = read_form(AnswerForm, form).text
    except FormProblems:
        shown = _shown(desk, shop, conversation_id)
        return wrong("chat.html", desk, **{**shown, "given": typed(form), "wrong": True})

    def act(session: Session, view: reads.ChatView, by: talking.Speaker) -> None:
        talking.answer(session, shop.house, view=view, text=text, by=by)

    _act(desk, shop, conversation_id, act)
    return go(f"/chats/{conversation_id}")


@router.post("/{conversation_id}/hand-back")
def hand_back(conversation_id: str, desk: AtDesk, shop: Shop) -> Response:
    def act(session: Session, view: reads.ChatView, by: talking.Speaker) -> None:
        talking.hand_back(session, shop.house, view=view, by=by)

    _act(desk, shop, conversation_id, act)
    return go(f"/chats/{conversation_id}", done="handed_back")


def _act(
    desk: Desk,
    shop: OpenShop,
    conversation_id: str,
    act: Callable[[Session, reads.ChatView, talking.Speaker], None],
) -> None:
    by = talking.Speaker(desk.name, desk.now)

    def once(session: Session) -> None:
        view = reads.find_chat(
            session, merchant_id=desk.merchant_id, conversation_id=conversation_id
        )
        act(session, view, by)

    talking.first_come(shop.database, desk.merchant_id, once)


def _shown(desk: Desk, shop: OpenShop, conversation_id: str) -> dict[str, Any]:
    with looking(shop.database, desk.merchant_id) as session:
        view = reads.find_chat(
            session, merchant_id=desk.merchant_id, conversation_id=conversation_id
        )
        lines = reads.transcript(session, view)
    human = view.conversation.mode == Mode.HUMAN
    return {"view": view, "lines": lines, "human": human, "given": {}, "wrong": False}
