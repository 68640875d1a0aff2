"""Changing an earlier answer, at the right place and only while it can be changed."""

from dialogs.engine import Happened
from dialogs.engine.commands import CorrectSlots, SetSlot, StartFlow
from tests.dialogs.engine.talk import Talk, shop


def asked_for_choice() -> Talk:
    talk = Talk()
    talk.hear(
        StartFlow("gift"),
        SetSlot("recipient", "mum"),
        SetSlot("occasion", "wedding"),
        SetSlot("budget", 50),
    )
    talk.calls.clear()
    return talk


def test_a_correction_runs_the_later_steps_again_but_asks_nothing_twice() -> None:
    talk = asked_for_choice()
    assert talk.hear(SetSlot("recipient", "dad")) == ["utter_corrected"]
    assert [call.name for call in talk.calls] == ["action_recommend", "action_ask_choice"]
    assert talk.calls[0].slots["recipient"] == "dad"
    assert talk.slots["budget"] == 50


def test_several_corrections_go_back_to_the_earliest() -> None:
    talk = asked_for_choice()
    assert talk.hear(SetSlot("budget", 5), SetSlot("occasion", "birthday")) == [
        "utter_corrected",
        "utter_too_low",
        "utter_ask_budget",
    ]
    assert talk.slots["occasion"] == "birthday"


def test_saying_the_same_again_changes_nothing() -> None:
    talk = asked_for_choice()
    talk.hear(SetSlot("budget", 50))
    assert [call.name for call in talk.calls] == ["action_ask_choice"]
    assert "slot_corrected" not in talk.names()


def test_a_slot_that_an_action_reads_brings_the_flow_back_to_it() -> None:
    talk = asked_for_choice()
    assert talk.hear(SetSlot("exclusions", "perfume", append=True)) == []
    assert [call.name for call in talk.calls] == ["action_recommend", "action_ask_choice"]
    talk.hear(SetSlot("exclusions", "tea", append=True))
    assert talk.calls[-2].slots["exclusions"] == ["perfume", "tea"]


def test_what_is_asked_before_filling_is_asked_anew_after_a_correction() -> None:
    talk = Talk()
    talk.hear(StartFlow("order"), SetSlot("product", "p1"))
    assert talk.hear(SetSlot("address", "here")) == ["utter_ask_sure"]
    assert talk.hear(SetSlot("address", "there")) == ["utter_corrected", "utter_ask_sure"]


def test_a_digression_can_correct_the_flow_below_it() -> None:
    talk = asked_for_choice()
    talk.hear(StartFlow("colours"))
    assert talk.hear(SetSlot("budget", 70)) == ["utter_corrected", "utter_ask_colour"]
    talk.calls.clear()
    said = talk.hear(SetSlot("colour", "red"))
    assert said == ["utter_colour", "utter_continue_interrupted"]
    assert talk.calls[0].slots["budget"] == 70


def test_a_correction_leaves_a_called_flow_that_came_later() -> None:
    talk = Talk()
    talk.hear(StartFlow("outer"))
    talk.hear(SetSlot("colour", "red"))
    assert talk.hear(CorrectSlots({"colour": "blue"})) == ["utter_corrected", "utter_ask_budget"]
    assert talk.slots["colour"] == "blue"


def test_a_barrier_refuses_a_correction_and_says_so() -> None:
    after = """
flows:
  deposit:
    description: asks again after the payment
    steps:
      - collect: recipient
      - set_slots: [{payment: pay1}]
      - x-wait: {event: payment_paid, key: payment, timeout: P7D, on_timeout: END}
      - collect: colour
"""
    talk = Talk(shop(after))
    talk.hear(StartFlow("deposit"), SetSlot("recipient", "mum"))
    assert talk.take(Happened("payment_paid", "pay1")) == ["utter_ask_colour"]
    said = talk.hear(SetSlot("recipient", "dad"))
    assert said == ["utter_correction_too_late", "utter_ask_colour"]
    assert talk.slots["recipient"] == "mum"


def test_several_values_for_a_list_in_one_message_are_all_kept() -> None:
    talk = asked_for_choice()
    talk.hear(
        SetSlot("exclusions", "perfume", append=True), SetSlot("exclusions", "tea", append=True)
    )
    assert talk.slots["exclusions"] == ["perfume", "tea"]


def test_a_flow_starts_with_every_value_that_was_said_for_a_list() -> None:
    talk = Talk()
    talk.hear(
        StartFlow("gift"),
        SetSlot("exclusions", "perfume", append=True),
        SetSlot("exclusions", "tea", append=True),
    )
    assert talk.slots["exclusions"] == ["perfume", "tea"]


TWICE_ASKED = """
flows:
  sell:
    description: asks whether it is meant, then something more
    steps:
      - id: 0_collect_copies
        collect: budget
      - id: 1_collect_sure
        collect: sure
        ask_before_filling: true
      - id: 2_collect_colour
        collect: colour
      - action: action_order
        x-reads: [sure]
      - id: 3_collect_recipient
        collect: recipient
"""


def confirmed() -> Talk:
    talk = Talk(shop(TWICE_ASKED))
    talk.hear(StartFlow("sell"), SetSlot("budget", 30))
    assert talk.hear(SetSlot("sure", True)) == ["utter_ask_colour"]
    return talk


def test_what_is_asked_before_filling_is_asked_again_and_never_changed_in_passing() -> None:
    talk = confirmed()
    assert talk.hear(SetSlot("sure", False)) == ["utter_ask_sure"]
    assert talk.slots["sure"] is None
    assert talk.hear(SetSlot("sure", False)) == ["utter_ask_colour"]
    assert talk.slots["sure"] is False


def test_that_holds_where_an_action_reads_it_too() -> None:
    talk = confirmed()
    assert talk.hear(SetSlot("colour", "red")) == ["utter_ask_recipient"]
    talk.calls.clear()
    assert talk.hear(SetSlot("sure", False)) == ["utter_ask_sure"]
    assert talk.calls == []
    assert talk.hear(SetSlot("sure", True)) == ["utter_ask_recipient"]
    assert [call.name for call in talk.calls] == ["action_order"]


def test_beside_it_another_correction_is_spoken_of() -> None:
    talk = confirmed()
    said = talk.hear(SetSlot("sure", False), SetSlot("budget", 40))
    assert said == ["utter_corrected", "utter_ask_sure"]
    assert (talk.slots["budget"], talk.slots["sure"]) == (40, None)


def test_an_answer_to_the_question_below_a_digression_counts() -> None:
    """It is none in passing: the question stands open, and its button was pressed."""
    talk = Talk(shop(TWICE_ASKED))
    talk.hear(StartFlow("sell"), SetSlot("budget", 30))
    talk.hear(StartFlow("birthday"))
    assert talk.hear(SetSlot("sure", True)) == ["utter_ask_recipient"]
    assert talk.slots["sure"] is True
