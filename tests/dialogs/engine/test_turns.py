"""Actions beside flows, small talk, private questions, failures, versions."""

import pytest

from dialogs.engine import (
    RECORDED,
    ActionResult,
    ChatKind,
    Event,
    Failed,
    Flows,
    GoPrivate,
    Heard,
    Post,
    Repeat,
    Say,
    StartPattern,
    State,
    current_version,
    open_question,
    run,
    step,
)
from dialogs.engine.commands import (
    Act,
    CannotHandle,
    ChitChat,
    RepeatLast,
    SetSlot,
    StartFlow,
)
from dialogs.format import load_flow_set
from tests.dialogs.engine.talk import Talk, recommend_and_order, shop, sources


def test_small_talk_is_answered_first_and_the_question_comes_again() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    assert talk.hear(ChitChat("utter_small_talk")) == ["utter_small_talk", "utter_ask_recipient"]
    assert talk.hear(ChitChat("utter_unknown")) == ["utter_chitchat", "utter_ask_recipient"]


def test_what_is_not_understood_is_silent_beside_what_is() -> None:
    talk = Talk()
    assert talk.hear(CannotHandle(), StartFlow("gift")) == ["utter_ask_recipient"]


def test_repeating_does_not_ask_twice() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    assert talk.hear(RepeatLast()) == []
    assert talk.effects == (Repeat(),)
    assert talk.hear(SetSlot("recipient", "mum")) == ["utter_ask_occasion"]


def test_a_press_on_a_shared_object_leaves_ones_own_flow_alone() -> None:
    talk = Talk()
    talk.act = lambda call: ActionResult(effects=(Post("joined"),))
    talk.hear(StartFlow("gift"))
    before = talk.state
    talk.hear(Act("action_join", {"team": "t1"}))
    assert talk.effects == (Post("joined"),)
    assert talk.calls[-1].values == {"team": "t1"}
    assert talk.state._replace(serial=0) == before._replace(serial=0)


def test_only_declared_actions_can_be_pressed() -> None:
    talk = Talk()
    assert talk.hear(Act("action_delete_everything")) == ["utter_cannot_handle"]
    assert talk.calls == []


def test_an_action_can_go_on_with_a_flow() -> None:
    talk = Talk()
    talk.act = lambda call: ActionResult(commands=(StartFlow("colours"),))
    assert talk.hear(Act("action_join")) == ["utter_ask_colour"]


def test_two_presses_that_go_on_are_both_carried_out() -> None:
    talk = Talk()
    talk.act = lambda call: ActionResult(commands=(StartFlow("colours"),))
    assert talk.hear(Act("action_join"), Act("action_join")) == ["utter_ask_colour"]
    assert talk.stack() == ["colours"]
    assert len(talk.calls) == 2


def test_actions_set_only_declared_slots_to_allowed_values() -> None:
    talk = Talk()
    talk.act = lambda call: ActionResult({"budget": "much", "nonsense": 1, "colour": "red"})
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"), SetSlot("occasion", "wedding"))
    talk.hear(SetSlot("budget", 50))
    assert talk.slots["budget"] == 50
    assert talk.slots["colour"] == "red"
    assert "nonsense" not in talk.slots


def test_effects_are_shown_in_their_place_before_the_next_action_runs() -> None:
    seen: list[str] = []

    def see(effect: object) -> None:
        seen.append(effect.response if isinstance(effect, Say) else str(effect))

    def act(call: object) -> ActionResult:
        seen.append("action")
        return ActionResult(effects=(Say("utter_small_talk", shop().sha),))

    commands = (
        ChitChat(),
        StartFlow("gift"),
        SetSlot("recipient", "mum"),
        SetSlot("occasion", "wedding"),
        SetSlot("budget", 50),
    )
    run(State(), Heard(commands), Flows.of(shop()), act, see=see)
    assert seen == ["utter_chitchat", "action", "utter_small_talk", "action", "utter_small_talk"]


def test_a_private_question_is_never_asked_nor_answered_in_a_group() -> None:
    talk = Talk(state=State(chat_kind=ChatKind.GROUP))
    assert talk.hear(StartFlow("order"), SetSlot("product", "p1")) == []
    away = talk.effect(GoPrivate)
    assert (away.slot, away.flow, away.slots["product"]) == ("address", "order", "p1")
    assert talk.stack() == []
    assert open_question(talk.state, talk.flows) is None
    talk.hear(StartFlow("colours"))
    talk.hear(SetSlot("address", "1 Long Road"))
    assert "address" not in talk.slots


def test_the_flow_that_left_a_group_goes_on_privately() -> None:
    group = Talk(state=State(chat_kind=ChatKind.GROUP))
    group.hear(StartFlow("order"), SetSlot("product", "p1"))
    away = group.effect(GoPrivate)
    private = Talk()
    values = tuple(SetSlot(slot, value) for slot, value in away.slots.items())
    assert private.hear(StartFlow(away.flow), *values) == ["utter_ask_address"]


def test_the_log_never_holds_what_is_private() -> None:
    talk = Talk()
    talk.hear(StartFlow("order"), SetSlot("product", "p1"), SetSlot("address", "1 Long Road"))
    told = [event for event in talk.events if event.name not in RECORDED]  # those are sealed
    assert "1 Long Road" not in str([event.to_json() for event in told])


def test_a_flow_that_goes_in_circles_is_stopped_and_nothing_of_the_turn_holds() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    before = talk.state
    said = talk.hear(StartFlow("runaway"), SetSlot("recipient", "mum"))
    assert said == ["utter_internal_error", "utter_ask_recipient"]
    assert talk.failed == "too_many_steps"
    assert talk.state._replace(serial=0) == before._replace(serial=0)
    assert "turn_failed" in talk.names()


def test_an_action_that_fails_undoes_the_turn() -> None:
    talk = Talk()
    talk.act = lambda call: ActionResult(failed="boom")
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"), SetSlot("occasion", "wedding"))
    said = talk.hear(SetSlot("budget", 50))
    assert said == ["utter_internal_error", "utter_ask_budget"]
    assert talk.failed == "boom"
    assert "budget" not in talk.slots


def test_a_broken_apology_says_nothing_rather_than_never_ending() -> None:
    loop = """
flows:
  pattern_internal_error:
    description: loops itself
    steps:
      - id: again
        collect: copies
        next: [{if: slots.copies > 0, then: again}, {else: END}]
"""
    talk = Talk(shop(loop))
    assert talk.take(Failed("test")) == []
    assert talk.failed == "broken"


def test_a_pattern_can_be_started_from_outside() -> None:
    talk = Talk()
    assert talk.take(StartPattern("pattern_session_start")) == ["utter_welcome"]
    assert talk.take(StartPattern("pattern_nonsense")) == []


def test_a_result_that_nobody_asked_for_is_a_mistake_of_ours() -> None:
    flows = Flows.of(shop())
    with pytest.raises(ValueError, match="no_action_pending"):
        step(State(), ActionResult(), flows)


def test_every_call_of_an_action_has_its_own_number() -> None:
    talk = Talk()
    for budget in (50, 60, 70):
        talk.hear(
            StartFlow("gift"),
            SetSlot("recipient", "mum"),
            SetSlot("occasion", "wedding"),
            SetSlot("budget", budget),
        )
    numbers = [call.call for call in talk.calls]
    assert len(numbers) == len(set(numbers)) > 4


def test_a_running_conversation_stays_on_its_version_and_the_next_flow_takes_the_new() -> None:
    old = shop()
    new = load_flow_set({**sources(), "flows/more.yml": NEW_FLOW})
    versions = {old.sha: old, new.sha: new}
    before, after = Flows(old.sha, versions.__getitem__), Flows(new.sha, versions.__getitem__)
    state = run(State(), Heard((StartFlow("gift"),)), before, recommend_and_order).state
    assert current_version(state, after) == old.sha
    tried = run(state, Heard((StartFlow("newest"),)), after, recommend_and_order)
    assert next(e.response for e in tried.effects if isinstance(e, Say)) == "utter_cannot_handle"
    digressed = run(state, Heard((StartFlow("colours"),)), after, recommend_and_order)
    assert {frame.version for frame in digressed.state.stack} == {old.sha}
    fresh = run(State(), Heard((StartFlow("newest"),)), after, recommend_and_order)
    assert next(e.response for e in fresh.effects if isinstance(e, Say)) == "utter_saved"


NEW_FLOW = """
flows:
  newest:
    description: only in the new version
    steps:
      - action: utter_saved
"""


def test_events_are_plain_json() -> None:
    event = Event("slot_set", "gift", "show", "v1", 3, {"slot": "budget", "value": 5})
    assert event.to_json() == {
        "event": "slot_set",
        "flow": "gift",
        "step": "show",
        "version": "v1",
        "frame": 3,
        "data": {"slot": "budget", "value": 5},
    }
