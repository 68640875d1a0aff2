"""A flow that is private as a whole takes no step where others read along."""

from dialogs.engine import ChatKind, FrameKind, GoPrivate, Heard, State
from dialogs.engine.commands import ChitChat, SetSlot, StartFlow
from dialogs.format import FlowSet, load_flow_set
from tests.dialogs.engine.talk import LANGUAGES, Talk, response_file, shop, sources

PRIVATE = """
flows:
  secret:
    description: nobody else's business
    x-private: true
    steps:
      - id: 0_collect_recipient
        collect: recipient
      - id: 1_collect_budget
        collect: budget
  caller:
    description: comes to something private
    steps:
      - id: 0_collect_colour
        collect: colour
      - call: secret
  follower:
    description: goes on with something private
    steps:
      - link: secret
  pattern_chitchat:
    description: small talk is private here
    x-private: true
    steps:
      - action: utter_small_talk
"""


def in_group() -> Talk:
    return Talk(shop(PRIVATE), State(chat_kind=ChatKind.GROUP))


def test_it_leaves_a_group_with_what_was_said() -> None:
    talk = in_group()
    assert talk.hear(StartFlow("secret"), SetSlot("recipient", "mum")) == []
    away = talk.effect(GoPrivate)
    assert (away.flow, away.slot, away.slots) == ("secret", "", {"recipient": "mum"})
    assert (talk.stack(), talk.slots.get("recipient")) == ([], None)
    assert "flow_started" not in talk.names()


def test_in_private_it_is_a_flow_like_any_other() -> None:
    talk = Talk(shop(PRIVATE))
    assert talk.hear(StartFlow("secret")) == ["utter_ask_recipient"]


def test_what_was_going_on_in_the_group_goes_on_there_with_its_own_values() -> None:
    talk = in_group()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "dad"))
    said = talk.hear(StartFlow("secret"), SetSlot("recipient", "mum"))
    assert talk.effect(GoPrivate).slots == {"recipient": "mum"}
    assert said == ["utter_continue_interrupted", "utter_ask_occasion"]
    assert talk.slots["recipient"] == "dad"


def test_called_or_linked_it_takes_along_what_was_known() -> None:
    talk = in_group()
    talk.hear(StartFlow("caller"))
    talk.hear(SetSlot("colour", "red"))
    away = talk.effect(GoPrivate)
    assert (away.flow, away.slots["colour"], talk.stack()) == ("secret", "red", [])
    talk.hear(StartFlow("follower"))
    assert (talk.effect(GoPrivate).flow, talk.stack()) == ("secret", [])


def test_a_pattern_goes_with_what_it_was_told() -> None:
    talk = in_group()
    talk.hear(StartFlow("colours"))
    said = talk.hear(ChitChat("utter_small_talk"))
    away = talk.effect(GoPrivate)
    assert (away.flow, away.slots) == ("pattern_chitchat", {"response": "utter_small_talk"})
    assert said == ["utter_ask_colour"]
    assert talk.state.stack[-1].kind is FrameKind.REGULAR


def with_a_private_question() -> FlowSet:
    files = sources()
    for tag in LANGUAGES:
        said = response_file()
        before = 'utter_ask_colour:\n  - text: "{colour} {budget}"\n'
        assert before in said
        files[f"language/{tag}/responses.yml"] = said.replace(
            before, before + "    x-private: true\n"
        )
    return load_flow_set(files)


def test_a_question_in_a_private_response_is_asked_where_its_answer_is_looked_for() -> None:
    flow_set = with_a_private_question()
    group = Talk(flow_set, State(chat_kind=ChatKind.GROUP))
    assert group.hear(StartFlow("colours")) == []
    away = group.effect(GoPrivate)
    assert (away.flow, away.slot) == ("colours", "colour")
    assert Talk(flow_set).hear(StartFlow("colours")) == ["utter_ask_colour"]


def test_what_it_brings_changes_nothing_that_goes_on_where_it_arrives() -> None:
    """In the group they had chosen another product, and seven of it."""
    known = {"product": "p9", "copies": 7, "recipient": "dad"}
    group = Talk(shop(PRIVATE), State(chat_kind=ChatKind.GROUP, slots=known))
    group.hear(StartFlow("follower"))
    away = group.effect(GoPrivate)
    assert {**away.slots} == known
    alone = Talk(shop(PRIVATE))
    alone.hear(StartFlow("order"), SetSlot("product", "p1"))
    alone.hear(SetSlot("address", "Long Road"))
    arrived = Heard(
        (StartFlow(away.flow), *(SetSlot(*each) for each in away.slots.items())), {}, away.version
    )
    assert alone.take(arrived) == ["utter_ask_budget"]
    assert (alone.slots["recipient"], alone.slots["copies"]) == ("dad", 7)
    assert alone.hear(SetSlot("budget", 50)) == ["utter_continue_interrupted", "utter_ask_sure"]
    assert (alone.slots["product"], alone.slots["copies"]) == ("p1", 1)


def test_what_goes_on_there_already_hears_what_is_its_own() -> None:
    alone = Talk(shop(PRIVATE))
    alone.hear(StartFlow("order"), SetSlot("product", "p1"))
    alone.hear(StartFlow("secret"), SetSlot("recipient", "mum"))
    told = {"product": "p9", "recipient": "dad"}
    arrived = (StartFlow("secret"), *(SetSlot(*each) for each in told.items()))
    assert alone.take(Heard(arrived, {}, alone.flows.live)) == [
        "utter_corrected",
        "utter_ask_budget",
    ]
    assert alone.slots["recipient"] == "dad"
    assert "p9" not in [alone.slots.get("product"), *alone.state.stack[0].stash.values()]
