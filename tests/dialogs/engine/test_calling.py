"""Actions that run between turns: the flow stands still until its own answer comes."""

from typing import Any

import pytest

from dialogs.engine import (
    ActionAnswered,
    ActionFailed,
    ActionResult,
    HandBack,
    HandOver,
    Happened,
    Heard,
    Mode,
    Parked,
    RunAction,
    Say,
    StartPattern,
    State,
)
from dialogs.engine.commands import Act, Restart, SetSlot, StartFlow
from dialogs.engine.inputs import Failed
from tests.dialogs.engine.talk import Act as TalkAct
from tests.dialogs.engine.talk import Talk, shop
from tests.dialogs.engine.test_events import ENDS

RECOMMEND = "action_recommend"


def test_a_call_ends_the_turn_and_its_answer_goes_on_from_there() -> None:
    talk = asked_for_a_gift()
    assert (talk.said, call_of(talk).name, talk.stack()) == ([], RECOMMEND, ["gift"])
    answer = ActionResult({"exclusions": ["tea"]}, (say(talk, "utter_colour"),))
    assert talk.take(ActionAnswered(call_of(talk).call, answer)) == [
        "utter_colour",
        "utter_ask_choice",
    ]
    assert (talk.state.pending, talk.slots["exclusions"]) == (None, ["tea"])


@pytest.mark.parametrize(
    "meanwhile",
    [
        Heard((SetSlot("choice", "x"),)),
        Heard((Restart(),)),
        StartPattern("pattern_session_start"),
        Failed("boom"),
        ActionAnswered(999, ActionResult({"recipient": "uncle"})),
        ActionFailed(999, "timeout"),
    ],
)
def test_nothing_else_moves_it_meanwhile(meanwhile: Any) -> None:
    talk = asked_for_a_gift()
    before = talk.state
    assert talk.take(meanwhile) == []
    assert talk.state == before


def test_a_late_or_repeated_answer_is_dropped_by_its_number() -> None:
    talk = asked_for_a_gift()
    answered = ActionAnswered(call_of(talk).call, ActionResult())
    talk.take(answered)
    before = talk.state
    assert talk.take(answered) == []
    assert talk.take(ActionFailed(answered.call, "timeout")) == []
    assert talk.state == before
    assert talk.names().count("answer_ignored") == 2


def test_a_call_that_fails_is_apologised_for_and_the_question_before_it_is_open_again() -> None:
    talk = asked_for_a_gift()
    assert talk.take(ActionFailed(call_of(talk).call, "timeout")) == [
        "utter_internal_error",
        "utter_ask_budget",
    ]
    assert talk.slots["recipient"] == "mum"
    talk.hear(SetSlot("budget", 60))
    assert call_of(talk).name == RECOMMEND


def test_a_flow_without_a_question_ends_where_its_call_fails() -> None:
    talk = Talk(shop(CALLING))
    talk.act = calling(RECOMMEND)
    talk.hear(StartFlow("points"))
    assert talk.take(ActionFailed(call_of(talk).call, "broken")) == ["utter_internal_error"]
    assert (talk.stack(), talk.state.pending) == ([], None)


def test_a_press_or_a_check_that_fails_leaves_what_stands_below() -> None:
    talk = asked_for_a_gift(answered=True)
    talk.act = calling("action_join")
    talk.hear(Act("action_join"))
    assert talk.take(ActionFailed(call_of(talk).call, "broken")) == [
        "utter_internal_error",
        "utter_ask_choice",
    ]
    talk = Talk(state=State(slots={"product": "tea"}))
    talk.act = calling("validate_address")
    talk.hear(StartFlow("order"))
    talk.hear(SetSlot("address", "Canary Road 7"))
    assert call_of(talk).name == "validate_address"
    assert talk.take(ActionFailed(call_of(talk).call, "broken")) == [
        "utter_internal_error",
        "utter_ask_address",
    ]
    assert talk.slots.get("address") is None


def test_an_event_that_comes_meanwhile_is_next_after_the_answer() -> None:
    talk = Talk(state=State(slots={"product": "tea"}))
    talk.hear(StartFlow("order"))
    talk.hear(SetSlot("address", "x"))
    talk.hear(SetSlot("sure", True))
    (parked,) = parked_of(talk)
    talk.act = calling(RECOMMEND)
    talk.hear(StartFlow("gift"))
    for slot, value in (("recipient", "mum"), ("occasion", "birthday"), ("budget", 50)):
        talk.hear(SetSlot(slot, value))
    call = call_of(talk).call
    assert talk.take(Happened("payment_paid", parked.key, {"number": "R1"})) == []
    assert parked_of(talk)[0].ready is not None
    assert talk.take(ActionAnswered(call, ActionResult())) == ["utter_thanks", "utter_ask_choice"]
    assert not parked_of(talk)


def test_a_person_who_takes_over_is_not_talked_over_and_the_flow_goes_on_afterwards() -> None:
    talk = asked_for_a_gift()
    call = call_of(talk).call
    talk.take(HandOver())
    answer = ActionResult({"exclusions": ["tea"]}, (say(talk, "utter_colour"),))
    assert talk.take(ActionAnswered(call, answer)) == []
    assert (talk.state.mode, talk.state.pending) == (Mode.HUMAN, None)
    assert talk.take(HandBack()) == ["utter_ask_choice"]
    assert talk.slots["exclusions"] == ["tea"]


def test_handed_back_before_the_answer_it_still_waits_for_it() -> None:
    talk = asked_for_a_gift()
    call = call_of(talk).call
    talk.take(HandOver())
    assert talk.take(HandBack()) == []
    assert talk.take(ActionAnswered(call, ActionResult())) == ["utter_ask_choice"]


def test_a_call_that_fails_while_a_person_has_the_chat_says_nothing() -> None:
    talk = asked_for_a_gift()
    call = call_of(talk).call
    talk.take(HandOver())
    assert talk.take(ActionFailed(call, "timeout")) == []
    assert talk.take(HandBack()) == ["utter_ask_budget"]


def test_an_apology_that_calls_and_fails_itself_is_not_made_again() -> None:
    talk = Talk(shop(CALLING))
    talk.act = calling(RECOMMEND)
    talk.hear(StartFlow("points"))
    talk.flows = Talk(shop(CALLING + SORRY)).flows
    talk.take(ActionFailed(call_of(talk).call, "broken"))
    assert talk.take(ActionFailed(call_of(talk).call, "broken")) == []
    assert (talk.stack(), talk.state.pending) == ([], None)
    begun = [event.frame for event in talk.events if event.name == "flow_started"]
    ended = [event.frame for event in talk.events if event.name in ENDS]
    assert sorted(begun) == sorted(ended), "each run ends once, also the apology's"


def test_an_answer_that_breaks_the_turn_leaves_nobody_standing() -> None:
    talk = asked_for_a_gift()
    call = call_of(talk).call
    assert talk.take(ActionAnswered(call, ActionResult(failed="boom"))) == [
        "utter_internal_error",
        "utter_ask_budget",
    ]
    assert (talk.failed, talk.state.pending) == ("boom", None)


def test_what_breaks_even_the_apology_is_not_left_to_break_the_next_turn() -> None:
    """A payment came during the call; the flow that it wakes may be what broke."""
    talk = Talk(state=State(slots={"product": "tea"}))
    talk.hear(StartFlow("order"))
    talk.hear(SetSlot("address", "x"))
    talk.hear(SetSlot("sure", True))
    (parked,) = parked_of(talk)
    talk.act = calling(RECOMMEND)
    talk.hear(StartFlow("gift"))
    for slot, value in (("recipient", "mum"), ("occasion", "birthday"), ("budget", 50)):
        talk.hear(SetSlot(slot, value))
    talk.take(Happened("payment_paid", parked.key, {"number": "R1"}))
    assert talk.take(ActionFailed(call_of(talk).call, "broken", hopeless=True)) == []
    assert (talk.stack(), parked_of(talk)) == ([], ())
    assert talk.hear(StartFlow("colours")) == ["utter_ask_colour"]


CALLING = """
flows:
  points:
    description: how many points somebody has
    steps:
      - action: action_recommend
"""
SORRY = """
  pattern_internal_error:
    description: asks somebody what to say
    steps:
      - action: action_recommend
"""


def asked_for_a_gift(*, answered: bool = False) -> Talk:
    """Stands at its call, or at the question after it."""
    talk = Talk()
    talk.act = calling(RECOMMEND)
    talk.hear(StartFlow("gift"))
    for slot, value in (("recipient", "mum"), ("occasion", "birthday"), ("budget", 50)):
        talk.hear(SetSlot(slot, value))
    if answered:
        talk.take(ActionAnswered(call_of(talk).call, ActionResult()))
    return talk


def calling(name: str) -> TalkAct:
    """This action runs elsewhere; the others answer at once."""

    def act(call: RunAction) -> ActionResult | None:
        if call.name == name:
            return None
        asks = call.name == "action_ask_choice"
        said = (Say("utter_ask_choice", call.version),) if asks else ()
        return ActionResult({"payment": "pay1"} if call.name == "action_order" else {}, said)

    return act


def call_of(talk: Talk) -> RunAction:
    assert talk.state.pending is not None
    assert talk.state.pending.call == talk.calls[-1].call
    return talk.calls[-1]


def parked_of(talk: Talk) -> tuple[Parked, ...]:
    """As a function, so that the type checker does not remember what was there before."""
    return talk.state.parked


def say(talk: Talk, response: str) -> Say:
    return Say(response, talk.flows.live)
