"""One response, several sentences: what the slots hold decides which is said."""

import pytest

from data.delivery.messages import Options, Text
from data.kernel.locales import Locale
from dialogs.engine import Say
from dialogs.engine.commands import SetSlot, StartFlow
from dialogs.format import (
    FlowProblems,
    check_flow_set,
    flow_set_from_json,
    flow_set_to_json,
    load_flow_set,
)
from dialogs.responses import say
from tests.dialogs.engine.talk import LANGUAGES, Talk, sources

GOLD = "- {type: slot, name: colour, value: gold}"
SAID = """\
utter_done:
  - condition: [{type: slot, name: colour, value: gold}, {type: slot, name: copies, value: 2}]
    text: "two in gold"
    buttons: [{title: more, payload: "/SetSlots(copies=3)"}]
  - text: "otherwise {budget}"
  - condition: [{type: slot, name: colour, value: gold}]
    text: "gold"
"""
FLOW = """
flows:
  paint:
    description: paints it
    steps:
      - id: 0_collect_colour
        collect: colour
      - id: done
        action: utter_done
"""


def files(said: str = SAID) -> dict[str, str]:
    found = sources(extra=FLOW)
    return {**found, **{f"language/{tag}/more.yml": said for tag in LANGUAGES}}


@pytest.mark.parametrize(
    ("colour", "copies", "wanted"),
    [
        ("gold", 2, "two in gold"),
        ("gold", 1, "gold"),
        ("red", 2, "otherwise 30"),
        (None, None, "otherwise 30"),
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_the_first_whose_condition_holds_is_said_else_the_one_without(
    colour: str | None, copies: float | None, wanted: str, *, stored: bool
) -> None:
    flow_set = load_flow_set(files())
    if stored:
        flow_set = flow_set_from_json(flow_set_to_json(flow_set))
    known = {"colour": colour, "copies": copies, "budget": "30"}
    message = say(flow_set.domain.responses["utter_done"], known, Locale.EN)
    assert message.segments[0] == Text(wanted)
    has_buttons = any(isinstance(part, Options) for part in message.segments)
    assert has_buttons == (wanted == "two in gold")


def test_the_engine_says_what_the_choice_depends_on_even_where_no_gap_names_it() -> None:
    talk = Talk(load_flow_set(files()))
    talk.hear(StartFlow("paint"), SetSlot("colour", "gold"))
    (done,) = [one for one in talk.effects if isinstance(one, Say) and one.response == "utter_done"]
    assert done.values["colour"] == "gold"
    assert done.values["copies"] == 1


def codes(said: str, tag: str = "") -> list[str]:
    changed = files()
    for name in [f"language/{tag}/more.yml"] if tag else [n for n in changed if "more.yml" in n]:
        changed[name] = said
    return sorted(problem.code for problem in check_flow_set(changed))


def test_a_mistake_in_a_condition_is_found() -> None:
    assert codes(SAID) == []
    assert codes(SAID.replace("name: copies", "name: copys")) == ["unknown_slot"]
    assert codes(SAID.replace("value: 2", "value: two")) == ["wrong_value"]
    assert set(codes(SAID.replace("type: slot", "type: channel"))) == {"not_a_choice"}
    assert codes(SAID.replace('  - text: "otherwise {budget}"\n', "")) == ["missing_default"]
    twice = SAID + '  - text: "once more"\n'
    assert codes(twice) == ["second_default"] * len(LANGUAGES)
    with pytest.raises(FlowProblems):
        load_flow_set(files(twice))


def test_every_sentence_is_there_in_each_language_with_the_same_gaps_and_buttons() -> None:
    assert codes(SAID.replace("value: gold}]", "value: red}]"), "en") == ["missing_language"] * 2
    assert codes(SAID.replace('"gold"', '"gold {budget}"'), "en") == ["gaps_differ"]
    other = SAID.replace("copies=3", "copies=4")
    assert codes(other, "en") == ["buttons_differ"]


def test_it_may_stand_in_the_domain_too() -> None:
    text = "{zh-Hans: 好, zh-Hant: 好, en: yes}"
    domain = f"responses:\n  utter_done:\n    - condition: [{GOLD[2:]}]\n      text: {text}\n"
    found = sources(extra=FLOW)
    found["more.yml"] = domain + f"    - text: {text.replace('yes', 'no')}\n"
    response = load_flow_set(found).domain.responses["utter_done"]
    assert say(response, {"colour": "gold"}, Locale.EN).segments == (Text("yes"),)
    assert say(response, {}, Locale.EN).segments == (Text("no"),)
