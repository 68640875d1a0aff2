"""A command of a menu means one thing, wherever it is given and whatever is being asked."""

import pytest

from data.kernel.locales import Locale
from dialogs.engine.commands import StartFlow
from dialogs.understanding import understand
from tests.dialogs.understanding.shop import a_context, slots_of


@pytest.mark.parametrize("command", ["/gift", "/gift@tuanzi_test_bot", "/礼物", "/禮物", " /GIFT "])
def test_a_command_starts_its_flow(command: str) -> None:
    understood = understand(command, a_context())
    assert (understood.commands, understood.link) == ((StartFlow("gift_finder"),), "words")


def test_what_follows_a_command_fills_the_flow_and_the_command_is_no_part_of_it() -> None:
    understood = understand("/gift 给我妈, 三百以内", a_context(locale=Locale.ZH_HANS))
    assert understood.commands[0] == StartFlow("gift_finder")
    assert slots_of(understood)["recipient"] == "mother"
    assert slots_of(understood)["budget"]["max"] == "300"


def test_a_command_is_no_answer_to_an_open_question_in_free_words() -> None:
    understood = understand("/gift", a_context(asked="address", flow="checkout"))
    assert understood.commands == (StartFlow("gift_finder"),)


@pytest.mark.parametrize("text", ["/nonsense", "gift/", "a /gift", "//gift"])
def test_what_only_looks_like_a_command_is_none(text: str) -> None:
    assert understand(text, a_context()).link != "words"
