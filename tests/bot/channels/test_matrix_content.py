"""No event of ours is above the limit of the protocol, whatever is in a text."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import matrix_content
from bot.channels.adapter import Parcel
from bot.channels.matrix import CAPABILITIES
from bot.channels.messages import Draft
from bot.channels.render import render
from data.delivery.messages import Option, Options, Text

_LIMIT = 65_536 - 4_096  # what the homeserver adds: signatures, ids, the events before
_HEAVY = st.text(alphabet='"\\\n&<>\x01茶🍵a', min_size=1, max_size=40).map(lambda text: text * 700)


def wire(content: dict[str, Any]) -> int:
    """Of an edit, the longest form."""
    edit = {**content, "body": f"* {content['body']}", "m.new_content": content}
    return len(json.dumps(edit, ensure_ascii=False).encode())


@settings(max_examples=25)
@given(_HEAVY, st.booleans())
def test_an_edit_fits_into_an_event_whatever_the_words_are(text: str, bold: bool) -> None:
    for draft in render((Text(text),), CAPABILITIES):
        heading = len(draft.text) if bold else 0
        assert wire(matrix_content.words(Draft(draft.text, heading))) <= _LIMIT


def test_a_heading_is_bold_and_markup_of_others_is_none() -> None:
    content = matrix_content.words(Draft("<b>Tea</b>\n@room", bold=10))
    assert content["body"] == "<b>Tea</b>\n@room"
    assert content["formatted_body"] == "<b>&lt;b&gt;Tea&lt;/b&gt;</b><br>@room"
    assert content["m.mentions"] == {}


def test_choices_are_lines_with_their_numbers() -> None:
    options = Options((Option("Yes", "t1", number=1), Option("Not now", "t2", number=2)))
    (draft,) = render((Text("Shall I?"), options), CAPABILITIES)
    assert draft.text == "Shall I?\n1. Yes\n2. Not now"


def test_an_answer_stands_in_its_thread() -> None:
    parcel = Parcel("key", "!room:a/$root", "group", (), reply_to="$asked")
    assert matrix_content.room_of(parcel.chat) == ("!room:a", "$root")
    relation = matrix_content.placed({}, parcel)["m.relates_to"]
    assert relation["event_id"] == "$root"
    assert relation["m.in_reply_to"] == {"event_id": "$asked"}
    assert relation["is_falling_back"] is False
    beside = Parcel("key", "!room:a", "group", (), reply_to="12")
    assert matrix_content.placed({"body": "x"}, beside) == {"body": "x"}
