"""On a merchant's own site: who comes too late gets in line, and the page brings their turn."""

from typing import Any

from sqlalchemy import update

from data.group_buys import Campaign
from tests.bot.open_demo import Demo
from tests.bot.webchat.site import Frame, a_frame
from tests.bot.webchat.test_keeping import press

_TEAM = "Oolong for two · CN¥59 · 1 to go"


def anybody_may_join(demo: Demo) -> None:
    with demo.tuanzi.database.transaction() as session:
        session.execute(update(Campaign).values(open_to_others=True))


def texts(frame: Frame) -> str:
    return "\n".join(str(message.get("text", "")) for message in frame.messages())


def labels(frame: Frame) -> list[str]:
    found: list[dict[str, Any]] = [
        button for message in frame.messages() for button in message.get("buttons", ())
    ]
    return [str(button["title"]) for button in found]


def test_a_visitor_waits_for_a_place_leaves_the_line_and_waits_again(
    demo: Demo, frame: Frame
) -> None:
    anybody_may_join(demo)
    second, late = a_frame(demo, frame.account), a_frame(demo, frame.account)
    frame.say("group buys")
    press(frame, "Share a link: Oolong")
    for visitor in (second, late):
        visitor.say("any open group buys?")
        visitor.hear()
    press(second, _TEAM)
    press(late, _TEAM)
    assert "you would be number 1" in texts(late)
    press(late, "Get in line")
    assert "You are number 1 in line" in texts(late)
    press(late, "Leave the line")
    assert "You are out of the line" in texts(late)
    press(late, "Get in line")
    assert "Pay now" not in labels(late)
    second.say("leave the group buy")
    second.hear()
    assert "it is your turn" in texts(late)
    press(late, "Pay now")
    assert "is yours for 30 minutes" in texts(late)
