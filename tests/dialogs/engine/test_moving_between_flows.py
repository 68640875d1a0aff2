"""Digressions, cancelling, calling, linking, clarifying, and what each flow keeps."""

from data.kernel.locales import Locale
from dialogs.engine import Say
from dialogs.engine.commands import (
    CancelFlow,
    Clarify,
    CorrectSlots,
    Restart,
    SetSlot,
    StartFlow,
)
from tests.dialogs.engine.talk import Talk, shop


def test_a_digression_ends_and_the_first_flow_goes_on() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    assert talk.hear(StartFlow("colours")) == ["utter_ask_colour"]
    said = talk.hear(SetSlot("colour", "red"))
    assert said == ["utter_colour", "utter_continue_interrupted", "utter_ask_occasion"]
    assert {"flow_interrupted", "flow_resumed"} <= set(talk.names())


def test_the_name_of_the_flow_to_go_on_with_is_in_the_persons_language() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    talk.hear(StartFlow("colours"))
    talk.hear(SetSlot("colour", "red"))
    back = next(e for e in talk.effects if isinstance(e, Say) and "continue" in e.response)
    assert back.values_for(Locale.ZH_HANT)["flow_name"] == "挑禮物"
    assert back.values_for(Locale.EN)["flow_name"] == "Find a gift"


def test_two_flows_that_use_the_same_slot_never_mix_their_answers() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    assert talk.hear(StartFlow("birthday")) == ["utter_ask_recipient"]
    talk.hear(SetSlot("recipient", "dad"))
    assert talk.stack() == ["gift"]
    assert talk.slots["recipient"] == "mum"


def test_a_value_said_with_a_digression_belongs_to_it() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    said = talk.hear(StartFlow("birthday"), SetSlot("recipient", "dad"))
    assert said == ["utter_saved", "utter_continue_interrupted", "utter_ask_occasion"]
    assert talk.slots["recipient"] == "mum"


def test_of_two_wishes_the_first_named_comes_first() -> None:
    talk = Talk()
    assert talk.hear(StartFlow("colours"), StartFlow("gift")) == ["utter_ask_colour"]
    assert talk.hear(SetSlot("colour", "red")) == ["utter_colour", "utter_ask_recipient"]


def test_starting_the_flow_one_is_in_asks_its_question_again() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    assert talk.hear(StartFlow("gift")) == ["utter_ask_recipient"]
    assert talk.stack() == ["gift"]


def test_a_flow_further_down_comes_back_with_its_own_values() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    talk.hear(StartFlow("birthday"))
    assert talk.hear(StartFlow("gift")) == ["utter_ask_occasion"]
    assert talk.stack() == ["birthday", "gift"]
    assert talk.slots["recipient"] == "mum"


def test_a_flow_whose_guard_is_false_cannot_be_started() -> None:
    talk = Talk()
    assert talk.hear(StartFlow("member")) == ["utter_cannot_handle"]
    assert talk.hear(StartFlow("order")) == ["utter_cannot_handle"]


def test_a_guard_sees_what_is_said_together_with_the_start() -> None:
    talk = Talk()
    assert talk.hear(StartFlow("order"), SetSlot("product", "p1")) == ["utter_ask_address"]
    assert talk.slots["product"] == "p1"


def test_unknown_flows_patterns_and_slots_are_not_understood() -> None:
    talk = Talk()
    for command in (StartFlow("nonsense"), StartFlow("pattern_restart"), SetSlot("budget", 3)):
        assert talk.hear(command) == ["utter_cannot_handle"]
    assert "budget" not in talk.slots


def test_cancel_says_so_forgets_the_answers_and_goes_on_below() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    talk.hear(StartFlow("colours"))
    said = talk.hear(CancelFlow(), CancelFlow())
    assert said == ["utter_flow_cancelled", "utter_continue_interrupted", "utter_ask_occasion"]
    assert talk.hear(CancelFlow()) == ["utter_flow_cancelled"]
    assert "recipient" not in talk.slots
    assert talk.hear(CancelFlow()) == ["utter_nothing_to_cancel"]


def test_cancelling_inside_a_called_flow_cancels_its_caller_too() -> None:
    talk = Talk()
    talk.hear(StartFlow("outer"))
    assert talk.stack() == ["outer", "colours"]
    assert talk.hear(CancelFlow()) == ["utter_flow_cancelled"]
    assert talk.stack() == []


def test_cancel_and_another_wish_in_one_breath() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    assert talk.hear(CancelFlow(), StartFlow("colours")) == [
        "utter_flow_cancelled",
        "utter_ask_colour",
    ]
    assert talk.stack() == ["colours"]


def test_a_called_flow_comes_back_and_its_answers_live_until_the_caller_ends() -> None:
    talk = Talk()
    talk.hear(StartFlow("outer"))
    assert talk.hear(SetSlot("colour", "red")) == ["utter_colour", "utter_ask_budget"]
    assert talk.slots["colour"] == "red"
    assert talk.hear(SetSlot("budget", 20)) == ["utter_outer_done", "utter_anything_else"]
    assert "colour" not in talk.slots


def test_a_link_ends_this_flow_first() -> None:
    talk = Talk()
    assert talk.hear(StartFlow("chain")) == ["utter_chain", "utter_ask_colour"]
    assert talk.stack() == ["colours"]
    assert talk.hear(SetSlot("colour", "red")) == ["utter_colour", "utter_anything_else"]


def test_a_link_in_a_digression_leads_back_at_its_own_end() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    assert talk.hear(StartFlow("chain")) == ["utter_chain", "utter_ask_colour"]
    said = talk.hear(SetSlot("colour", "red"))
    assert said == ["utter_colour", "utter_continue_interrupted", "utter_ask_recipient"]


def test_several_candidates_become_buttons_and_the_open_question_stays_open() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    assert talk.hear(Clarify(("colours", "birthday", "nonsense"))) == ["utter_clarify"]
    payloads = [button.payload for button in talk.effect(Say).buttons]
    assert payloads == ["/StartFlow(colours)", "/StartFlow(birthday)"]
    assert talk.hear(SetSlot("recipient", "mum")) == ["utter_ask_occasion"]


def test_one_candidate_is_started_and_none_is_not_understood() -> None:
    talk = Talk()
    assert talk.hear(Clarify(("nonsense",))) == ["utter_cannot_handle"]
    assert talk.hear(Clarify(("colours",))) == ["utter_ask_colour"]


def test_persisted_slots_outlive_their_flow_and_the_others_do_not() -> None:
    talk = Talk()
    talk.hear(
        StartFlow("gift"),
        SetSlot("recipient", "mum"),
        SetSlot("occasion", "wedding"),
        SetSlot("budget", 50),
    )
    talk.hear(SetSlot("choice", "p7"))
    assert talk.slots == {"choice": "p7", "copies": 1}
    assert talk.hear(StartFlow("gift")) == ["utter_ask_recipient"]


def test_restart_forgets_everything() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    assert talk.hear(Restart()) == ["utter_restarted"]
    assert talk.stack() == []
    assert "recipient" not in talk.slots


def test_a_correction_together_with_a_new_wish_belongs_to_the_flow_that_asked() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    said = talk.hear(CorrectSlots({"recipient": "dad"}), StartFlow("colours"))
    assert said == ["utter_corrected", "utter_ask_colour"]
    talk.hear(SetSlot("colour", "red"))
    assert talk.slots["recipient"] == "dad"


def test_a_merchant_redefines_a_pattern_with_a_flow_of_its_id() -> None:
    question = """
flows:
  pattern_continue_interrupted:
    description: asks before it goes on
    steps:
      - collect: anything
        utter: utter_small_talk
"""
    talk = Talk(shop(question))
    talk.hear(StartFlow("gift"))
    talk.hear(StartFlow("colours"))
    assert talk.hear(SetSlot("colour", "red")) == ["utter_colour", "utter_small_talk"]
    assert talk.hear(StartFlow("gift")) == ["utter_ask_recipient"]
    assert talk.stack() == ["gift"]
