"""A visitor of a merchant's own site speaks and hears: each line once, each answer there."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.web.cursors import read_cursor
from data.conversations import ConversationEvent
from data.delivery.models import InboxRow
from data.kernel.clock import TurnableClock
from tests.bot.open_demo import Demo
from tests.bot.webchat.site import Frame, a_frame, a_site


def test_what_is_said_is_answered_and_both_stand_in_the_chat(frame: Frame) -> None:
    assert frame.say("hello").json() == {"new": True}
    news = frame.hear()
    assert [item["kind"] for item in news["items"]][:2] == ["said", "message"]
    assert frame.lines() == ["hello"]
    assert frame.messages()[0]["text"]
    assert news["human"] is False


def test_the_same_line_again_has_no_second_effect(frame: Frame) -> None:
    """T02: what was typed without a network goes out as often as it must."""
    line = {"id": "line-typed-offline", "text": "hello"}
    answers = [frame.post("say", line) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert [answer.json()["new"] for answer in answers] == [True, False, False]
    before = len(frame.messages())
    assert frame.post("say", line).json() == {"new": False}
    assert frame.lines() == ["hello"]
    assert len(frame.messages()) == before


def test_whoever_comes_back_goes_on_from_the_cursor(frame: Frame) -> None:
    frame.say("hello")
    cursor = frame.hear()["cursor"]
    clock = frame.tuanzi.clock
    assert isinstance(clock, TurnableClock)
    clock.advance(timedelta(minutes=1))
    assert frame.hear(cursor)["items"] == []
    frame.say("help")
    said = [item["text"] for item in frame.hear(cursor)["items"] if item["kind"] == "said"]
    assert said == ["help"]
    assert frame.lines() == ["hello", "help"]


def test_a_row_that_was_committed_late_is_told_all_the_same(frame: Frame) -> None:
    """As on PostgreSQL: the reader's cursor has gone past a number that was not there yet."""
    frame.say("hello")
    news = frame.hear()
    cursor = read_cursor(news["cursor"])
    assert cursor is not None
    again = frame.hear(news["cursor"])["items"]
    assert [item["id"] for item in again] == [item["id"] for item in news["items"]]


def test_what_is_typed_is_never_a_press(frame: Frame) -> None:
    """T07"""
    for typed in ("/tap:abcdefgh", "/tap:/tap:abcdefgh"):
        frame.say(typed)
    with frame.tuanzi.database.reading() as session:
        pressed = session.scalars(
            select(ConversationEvent.body)
            .where(ConversationEvent.kind == "user_said")
            .order_by(ConversationEvent.id.desc())
            .limit(2)
        )
        frame.hear()
        assert not any(body["pressed"] for body in pressed)


def test_an_old_button_gets_a_sentence(frame: Frame) -> None:
    """T06: a token that nobody offered here is no other's button either."""
    frame.press("nobodys-token")
    news = frame.hear()
    said, told = news["items"][0], news["items"][1:]
    assert said["pressed"] is True
    assert "button" in told[-1]["messages"][0]["text"].lower()


def test_a_button_is_pressed_by_its_token_and_shown_by_its_words(frame: Frame) -> None:
    frame.say("gift for my mum, under 300")
    buttons = [one for message in frame.messages() for one in message.get("buttons", ())]
    assert buttons
    frame.press(buttons[0]["payload"].removeprefix("/tap:"))
    pressed = [item for item in frame.hear()["items"] if item.get("pressed")]
    assert [item["text"] for item in pressed] == [buttons[0]["title"]]


def test_an_address_is_kept_out_of_the_chat_that_is_told_again(frame: Frame) -> None:
    """T14"""
    frame.say("张小兰 13800138000 上海市徐汇区漕溪路 1 号")
    (line,) = [item for item in frame.hear()["items"] if item["kind"] == "said"]
    assert line["sealed"] is True
    assert line["text"] == ""


def test_what_a_person_of_the_shop_writes_arrives(frame: Frame) -> None:
    frame.say("我想找人工客服")
    assert frame.hear()["human"] is True


def test_a_line_whose_turn_broke_is_still_in_the_chat(
    frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The apology names the line that no event holds."""
    frame.say("hello")
    frame.hear()
    frame.say("boom")
    turns = frame.tuanzi.turns
    run = type(turns).run

    def broken(self: object, session: object, hearing: object, act: object, inbox_id: int) -> None:
        if getattr(act, "__qualname__", "").startswith("take_turn_of"):
            raise ZeroDivisionError
        run(self, session, hearing, act, inbox_id)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(type(turns), "run", broken)
    for _ in range(4):  # each try waits a little longer
        frame.hear()
        clock = frame.tuanzi.clock
        assert isinstance(clock, TurnableClock)
        clock.advance(timedelta(minutes=5))
    assert frame.lines() == ["hello", "boom"]


def test_nothing_of_another_visitor_is_told(demo: Demo) -> None:
    """T11, T12: the token alone says whose chat it is."""
    account = a_site(demo)
    ann, bob = a_frame(demo, account), a_frame(demo, account)
    ann.say("hello from ann", sender=bob.visitor, visitor=bob.visitor)
    assert bob.hear()["items"] == []
    assert ann.lines() == ["hello from ann"]
    with demo.tuanzi.database.reading() as session:
        kept = session.scalar(select(func.count()).where(InboxRow.event_id.startswith(bob.visitor)))
    assert kept == 0
