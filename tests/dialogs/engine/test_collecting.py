"""Asking, accepting, rejecting, validating, skipping."""

from dialogs.engine import ActionResult, RunAction, Say, open_question
from dialogs.engine.commands import (
    CancelFlow,
    CannotHandle,
    ChitChat,
    GoBack,
    SetSlot,
    SkipQuestion,
    StartFlow,
)
from dialogs.format import SlotType
from tests.dialogs.engine.talk import Talk, shop


def test_only_what_is_missing_is_asked() -> None:
    talk = Talk()
    said = talk.hear(
        StartFlow("gift"), SetSlot("recipient", "mum"), SetSlot("occasion", "birthday")
    )
    assert said == ["utter_ask_budget"]
    assert talk.effect(Say).question == "budget"


def test_the_open_question_tells_what_it_takes() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    question = open_question(talk.state, talk.flows)
    assert question is not None
    assert (question.slot, question.slot_type) == ("occasion", SlotType.CATEGORICAL)
    assert question.values == ("birthday", "wedding")
    assert question.can_be_skipped


def test_a_rejected_answer_is_explained_and_asked_again() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"), SetSlot("occasion", "wedding"))
    assert talk.hear(SetSlot("budget", 5)) == ["utter_too_low", "utter_ask_budget"]
    assert talk.slots["budget"] is None
    assert "answer_rejected" in talk.names()


def test_a_value_said_before_its_question_is_rejected_too() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"), SetSlot("budget", 5))
    assert talk.hear(SetSlot("occasion", "wedding")) == ["utter_too_low", "utter_ask_budget"]


def test_a_value_that_the_slot_forbids_is_not_understood() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    assert talk.hear(SetSlot("occasion", "funeral")) == [
        "utter_cannot_handle",
        "utter_ask_occasion",
    ]
    assert "occasion" not in talk.slots


def test_an_action_may_ask_the_question() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"), SetSlot("occasion", "wedding"))
    assert talk.hear(SetSlot("budget", 50)) == []
    assert [call.name for call in talk.calls] == ["action_recommend", "action_ask_choice"]
    assert talk.calls[-1].slot == "choice"
    assert talk.hear(SetSlot("choice", "none")) == ["utter_pity", "utter_anything_else"]


def test_an_asking_action_may_answer_itself() -> None:
    talk = Talk()
    talk.act = lambda call: ActionResult({"choice": "p1"} if call.slot == "choice" else {})
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"), SetSlot("occasion", "wedding"))
    assert talk.hear(SetSlot("budget", 50)) == ["utter_anything_else"]


def test_a_validating_action_can_refuse_and_can_mend_a_value() -> None:
    def validate(call: RunAction) -> ActionResult:
        typed = call.slots["address"]
        return ActionResult({"address": None if typed == "nowhere" else "1 Long Road"})

    talk = Talk()
    talk.act = validate
    talk.hear(StartFlow("order"), SetSlot("product", "p1"))
    assert talk.hear(SetSlot("address", "nowhere")) == ["utter_ask_address"]
    assert talk.hear(SetSlot("address", "1 long rd")) == ["utter_ask_sure"]
    assert talk.slots["address"] == "1 Long Road"


def test_what_is_asked_before_filling_forgets_what_was_said_early() -> None:
    talk = Talk()
    said = talk.hear(
        StartFlow("order"),
        SetSlot("product", "p1"),
        SetSlot("address", "here"),
        SetSlot("sure", True),
    )
    assert said == ["utter_ask_sure"]
    assert talk.slots["sure"] is None


def test_a_question_can_be_skipped_where_the_flow_says_what_that_means() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    assert talk.hear(SkipQuestion()) == ["utter_ask_budget"]
    assert talk.slots["occasion"] == "birthday"
    assert talk.hear(SkipQuestion()) == ["utter_cannot_skip", "utter_ask_budget"]


def test_a_forced_question_takes_only_its_answer_but_lets_one_out() -> None:
    talk = Talk()
    talk.hear(StartFlow("forced"))
    said = talk.hear(StartFlow("gift"), ChitChat())
    assert said == ["utter_cannot_handle", "utter_ask_sure"]
    assert talk.stack() == ["forced"]
    assert talk.hear(CancelFlow()) == ["utter_flow_cancelled"]
    assert talk.stack() == []


def test_back_opens_the_question_before_again() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    talk.hear(SetSlot("recipient", "mum"))
    talk.hear(SetSlot("occasion", "wedding"))
    assert talk.hear(GoBack()) == ["utter_ask_occasion"]
    assert talk.hear(GoBack()) == ["utter_ask_recipient"]
    assert talk.hear(SetSlot("recipient", "dad")) == ["utter_ask_occasion"]


def test_nothing_understood_is_said_so_and_the_question_stays() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    assert talk.hear(CannotHandle()) == ["utter_cannot_handle", "utter_ask_recipient"]


def test_the_values_of_a_sentence_are_those_of_its_moment() -> None:
    talk = Talk(shop())
    talk.hear(StartFlow("colours"))
    talk.hear(SetSlot("colour", "red"))
    says = [effect for effect in talk.effects if isinstance(effect, Say)]
    assert says[0].values == {"colour": "red", "budget": None}
    assert "colour" not in talk.slots


def test_a_slot_with_an_initial_value_is_not_asked_and_changing_it_is_no_correction() -> None:
    talk = Talk()
    talk.hear(StartFlow("order"), SetSlot("product", "p1"))
    assert talk.hear(SetSlot("address", "here")) == ["utter_ask_sure"]
    assert talk.hear(SetSlot("copies", 3)) == ["utter_ask_sure"]
    assert talk.slots["copies"] == 3


KEPT = """
flows:
  paint:
    description: remembers the colour for the next time
    run_pattern_completed: false
    steps:
      - id: 0_collect_colour
        collect: colour
        reset_after_flow_ends: false
      - id: 1_collect_budget
        collect: budget
  twice:
    description: comes to it by a call
    run_pattern_completed: false
    steps:
      - call: paint
      - id: 1_collect_occasion
        collect: occasion
"""


def test_what_is_not_to_be_reset_is_not_asked_the_next_time() -> None:
    talk = Talk(shop(KEPT))
    talk.hear(StartFlow("paint"), SetSlot("colour", "red"), SetSlot("budget", 30))
    assert (talk.stack(), talk.slots.get("colour"), talk.slots.get("budget")) == ([], "red", None)
    assert talk.hear(StartFlow("paint")) == ["utter_ask_budget"]


def test_that_holds_for_a_called_flow_whose_caller_ends() -> None:
    talk = Talk(shop(KEPT))
    talk.hear(StartFlow("twice"), SetSlot("colour", "red"), SetSlot("budget", 30))
    talk.hear(SetSlot("occasion", "wedding"))
    assert (talk.stack(), talk.slots.get("colour"), talk.slots.get("budget")) == ([], "red", None)
