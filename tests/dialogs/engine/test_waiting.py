"""Flows that wait for the outside: parked, woken once, timed out, early events, handoff."""

from dialogs.engine import (
    TIMEOUT,
    ActionResult,
    HandBack,
    Handoff,
    HandOver,
    Happened,
    Mode,
    RunAction,
    Unwait,
    Wait,
)
from dialogs.engine.commands import CancelFlow, HumanHandoff, SetSlot, StartFlow
from tests.dialogs.engine.talk import Talk, shop

AGAIN = """
flows:
  again:
    description: waits again after a failure
    steps:
      - set_slots: [{payment: p1}]
      - id: paid
        x-wait: {event: [payment_paid, payment_failed], key: payment,
                 set_slots: {receipt: number}, timeout: P1D, on_timeout: END}
        next: [{if: slots.receipt, then: END}, {else: paid}]
  late:
    description: waits for the time alone
    steps:
      - action: action_recommend
      - id: hour
        x-wait: {event: timeout, timeout: PT1H}
      - action: utter_late
  long:
    description: asks, waits, asks
    steps:
      - id: who
        collect: recipient
      - id: hour
        x-wait: {event: timeout, timeout: PT1H}
      - id: much
        collect: budget
"""
BREAKS = """
flows:
  breaks:
    description: waits, and does what may break
    steps:
      - set_slots: [{payment: p1}]
      - id: paid
        x-wait: {event: payment_paid, key: payment, timeout: P1D, on_timeout: END}
      - action: action_order
"""


def ordered(product: str = "p1", talk: Talk | None = None) -> Talk:
    talk = talk or Talk()
    talk.hear(StartFlow("order"), SetSlot("product", product), SetSlot("address", "here"))
    talk.hear(SetSlot("sure", True))
    return talk


def test_a_waiting_flow_leaves_the_stack_and_tells_what_it_waits_for() -> None:
    talk = ordered()
    wait = talk.effect(Wait)
    assert wait.events == ("payment_paid", "payment_failed")
    assert wait.timeout == 1800
    assert wait.key == talk.calls[-1].name.replace("action_order", f"pay{talk.calls[-1].call}")
    assert talk.stack() == []
    assert "address" not in talk.slots


def test_its_event_wakes_it_once_and_brings_its_values() -> None:
    talk = ordered()
    paid = Happened("payment_paid", talk.effect(Wait).key, {"number": "R1"})
    assert talk.take(paid) == ["utter_thanks", "utter_anything_else"]
    assert isinstance(talk.effects[0], Unwait)
    assert talk.take(paid) == []
    assert talk.names()[-1] == "event_ignored"


def test_an_event_about_something_else_wakes_nobody() -> None:
    talk = ordered()
    assert talk.take(Happened("payment_paid", "another")) == []
    assert talk.take(Happened("reminder_due", talk.state.parked[0].key)) == []
    assert len(talk.state.parked) == 1


def test_the_question_below_is_asked_again_without_ado() -> None:
    talk = ordered()
    key = talk.effect(Wait).key
    talk.hear(StartFlow("gift"))
    said = talk.take(Happened("payment_paid", key))
    assert said == ["utter_thanks", "utter_ask_recipient"]


def test_the_same_flow_can_wait_twice_with_different_values() -> None:
    talk = ordered("p1")
    first = talk.effect(Wait).key
    ordered("p2", talk)
    assert len(talk.state.parked) == 2
    talk.hear(StartFlow("order"), SetSlot("product", "p3"))
    assert talk.hear(SetSlot("address", "elsewhere")) == ["utter_ask_sure"]
    said = talk.take(Happened("payment_paid", first, {"number": "R1"}))
    assert said == ["utter_thanks", "utter_ask_sure"]
    assert talk.slots["address"] == "elsewhere"
    assert len(talk.state.parked) == 1


def test_time_runs_out() -> None:
    talk = ordered()
    said = talk.take(Happened(TIMEOUT, wait=talk.effect(Wait).wait))
    assert said == ["utter_late", "utter_anything_else"]


def test_a_wait_says_which_flow_it_is_and_what_that_flow_has_heard() -> None:
    """So that what was told before is looked for outside, and wakes the same flow once."""
    talk = Talk(shop(AGAIN))
    talk.hear(StartFlow("again"))
    first = talk.effect(Wait)
    assert (first.key, first.after) == ("p1", 0)
    talk.take(Happened("payment_failed", "p1", wait=first.wait, number=7))
    second = talk.effect(Wait)
    assert (second.frame, second.after) == (first.frame, 7)
    assert second.wait > first.wait
    assert talk.take(Happened("payment_failed", "p1", wait=second.wait, number=7)) == []
    assert talk.names()[-1] == "event_ignored"


def test_what_was_heard_while_a_person_had_the_chat_is_not_heard_again() -> None:
    talk = Talk(shop(AGAIN))
    talk.hear(StartFlow("again"))
    talk.take(HandOver())
    talk.take(Happened("payment_failed", "p1", number=7))
    talk.take(HandBack())
    assert talk.effect(Wait).after == 7


def test_two_waits_of_one_turn_are_both_told_though_an_action_runs_between() -> None:
    talk = Talk(shop(AGAIN))
    talk.hear(StartFlow("again"), StartFlow("late"))
    seen = [effect for effect in talk.effects if isinstance(effect, Wait)]
    assert sorted(wait.events[0] for wait in seen) == ["payment_paid", "timeout"]
    assert [call.name for call in talk.calls] == ["action_recommend"]


def test_waiting_for_the_time_alone_goes_on_with_the_next_step() -> None:
    talk = Talk(shop(AGAIN))
    talk.hear(StartFlow("late"))
    wait = talk.effect(Wait)
    assert (wait.events, wait.key, wait.timeout) == ((TIMEOUT,), "", 3600)
    assert talk.take(Happened(TIMEOUT, wait=wait.wait)) == ["utter_late", "utter_anything_else"]


def test_an_event_that_has_passed_is_final_and_so_is_the_time_if_it_was_waited_for() -> None:
    talk = Talk(shop(AGAIN))
    talk.hear(StartFlow("long"), SetSlot("recipient", "mum"))
    talk.take(Happened(TIMEOUT, wait=talk.effect(Wait).wait))
    assert talk.hear(SetSlot("recipient", "dad"))[0] == "utter_correction_too_late"


def test_cancel_does_not_reach_a_waiting_flow() -> None:
    talk = ordered()
    assert talk.hear(CancelFlow()) == ["utter_nothing_to_cancel"]
    assert len(talk.state.parked) == 1


def test_a_person_takes_over_and_the_bot_is_silent() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    assert talk.hear(HumanHandoff()) == ["utter_human_handoff"]
    assert talk.effect(Handoff)
    assert talk.state.mode is Mode.HUMAN
    assert talk.hear(SetSlot("recipient", "mum"), StartFlow("colours")) == []
    assert talk.take(HandBack()) == ["utter_ask_recipient"]


def test_staff_takes_the_chat_and_gives_it_back() -> None:
    talk = Talk()
    assert talk.take(HandOver()) == []
    assert talk.effect(Handoff)
    assert talk.hear(StartFlow("gift")) == []
    assert talk.take(HandBack()) == []
    assert talk.hear(StartFlow("gift")) == ["utter_ask_recipient"]


def test_what_happens_while_a_person_has_the_chat_goes_on_afterwards() -> None:
    talk = ordered()
    key = talk.effect(Wait).key
    talk.take(HandOver())
    assert talk.take(Happened("payment_paid", key, {"number": "R1"})) == []
    assert talk.take(Happened("payment_paid", key, {"number": "R1"})) == []
    assert talk.take(HandBack()) == ["utter_thanks", "utter_anything_else"]


def test_what_comes_after_the_time_ran_out_counts_while_a_person_has_the_chat() -> None:
    talk = ordered()
    wait = talk.effect(Wait)
    talk.take(HandOver())
    talk.take(Happened(TIMEOUT, wait=wait.wait))
    assert talk.effects == (), "it waits on"
    talk.take(Happened("payment_paid", wait=wait.wait, payload={"number": "R1"}, number=3))
    assert talk.effect(Unwait)
    talk.take(Happened(TIMEOUT, wait=wait.wait))
    assert talk.take(HandBack()) == ["utter_thanks", "utter_anything_else"]


def test_where_nothing_came_after_it_the_time_ran_out() -> None:
    talk = ordered()
    wait = talk.effect(Wait)
    talk.take(HandOver())
    talk.take(Happened(TIMEOUT, wait=wait.wait))
    assert talk.take(HandBack()) == ["utter_late", "utter_anything_else"]
    assert talk.effects[0] == Unwait(wait.wait)


def broken(call: RunAction) -> ActionResult:
    return ActionResult(failed="boom")


def test_a_flow_that_breaks_when_its_event_comes_ends_with_an_apology() -> None:
    talk = Talk(shop(BREAKS))
    talk.hear(StartFlow("breaks"))
    talk.hear(StartFlow("gift"))
    talk.act = broken
    paid = Happened("payment_paid", "p1")
    assert talk.take(paid) == ["utter_internal_error", "utter_ask_recipient"]
    assert (talk.failed, talk.state.parked) == ("boom", ())
    assert isinstance(talk.effects[0], Unwait)
    assert talk.take(paid) == []


def test_the_chat_is_given_back_though_what_waited_for_that_breaks() -> None:
    talk = Talk(shop(BREAKS))
    talk.hear(StartFlow("breaks"))
    talk.hear(StartFlow("gift"))
    talk.take(HandOver())
    talk.take(Happened("payment_paid", "p1"))
    talk.act = broken
    assert talk.take(HandBack()) == ["utter_internal_error", "utter_ask_recipient"]
    assert (talk.state.mode, talk.state.parked) == (Mode.BOT, ())


def test_a_flow_asks_for_a_person() -> None:
    talk = Talk()
    assert talk.hear(StartFlow("person")) == ["utter_human_handoff"]
    assert talk.state.mode is Mode.HUMAN
