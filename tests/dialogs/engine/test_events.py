"""Each event names the flow, the step and the run of the flow that it is about (dialogs.md §9)."""

from dialogs.engine import TIMEOUT, ActionResult, HandOver, Happened, RunAction
from dialogs.engine.commands import (
    CancelFlow,
    GoBack,
    HumanHandoff,
    Restart,
    SetSlot,
    StartFlow,
)
from tests.dialogs.engine.talk import Talk

ENDS = ("flow_completed", "flow_cancelled", "flow_left")
Place = tuple[str, str]


def told(talk: Talk, name: str) -> list[Place]:
    return [(event.flow, event.step) for event in talk.events if event.name == name]


def frames_of(talk: Talk, *names: str) -> list[int]:
    return [event.frame for event in talk.events if event.name in names]


def gift(*slots: tuple[str, object]) -> Talk:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    for slot, value in slots:
        talk.hear(SetSlot(slot, value))
    return talk


def test_an_answer_is_told_at_its_question_and_a_refused_one_too() -> None:
    talk = gift(("recipient", "mum"), ("occasion", "birthday"), ("budget", 5))
    assert told(talk, "question_answered") == [
        ("gift", "0_collect_recipient"),
        ("gift", "1_collect_occasion"),
        ("gift", "2_collect_budget"),
    ]
    assert told(talk, "answer_rejected") == [("gift", "2_collect_budget")]


def test_what_a_validation_does_not_take_is_rejected_at_its_question() -> None:
    def act(call: RunAction) -> ActionResult:
        return ActionResult({"address": None} if call.name == "validate_address" else {})

    talk = Talk()
    talk.act = act
    talk.hear(StartFlow("order"), SetSlot("product", "p1"))
    talk.hear(SetSlot("address", "nowhere"))
    assert told(talk, "answer_rejected") == [("order", "0_collect_address")]


def test_a_correction_is_told_at_the_step_of_the_corrected_slot() -> None:
    talk = gift(("recipient", "mum"), ("occasion", "birthday"), ("budget", 50))
    talk.hear(SetSlot("recipient", "dad"))
    assert told(talk, "slot_corrected") == [("gift", "0_collect_recipient")]
    talk.hear(StartFlow("birthday"), SetSlot("recipient", "son"))
    talk.hear(SetSlot("occasion", "wedding"))  # of the flow that stands back
    assert told(talk, "slot_corrected")[1:] == [("gift", "1_collect_occasion")]


def test_going_back_is_told_at_the_question_that_opens_again() -> None:
    talk = gift(("recipient", "mum"), ("occasion", "birthday"))
    talk.hear(GoBack())
    assert told(talk, "went_back") == [("gift", "1_collect_occasion")]


def test_a_cancelled_flow_and_the_one_it_called_are_each_told_where_they_stood() -> None:
    talk = Talk()
    talk.hear(StartFlow("outer"))
    talk.hear(CancelFlow())
    ended = [event for event in talk.events if event.name == "flow_cancelled"]
    assert [(each.flow, each.step) for each in ended] == [
        ("colours", "0_collect_colour"),
        ("outer", "0_call_colours"),
    ]
    assert [each.frame for each in ended] == sorted({each.frame for each in ended}, reverse=True)


def test_who_starts_another_flow_interrupts_the_step_they_were_at() -> None:
    talk = Talk()
    talk.hear(StartFlow("outer"))
    talk.hear(StartFlow("gift"))
    outer = [("outer", "0_call_colours"), ("colours", "0_collect_colour")]
    assert told(talk, "flow_interrupted") == outer
    talk.hear(StartFlow("outer"))  # the one below comes up again
    assert told(talk, "flow_interrupted")[2:] == [("gift", "0_collect_recipient")]
    assert told(talk, "flow_resumed") == outer


def ordered() -> Talk:
    talk = Talk()
    talk.hear(StartFlow("order"), SetSlot("product", "p1"), SetSlot("address", "here"))
    talk.hear(SetSlot("sure", True))
    return talk


def test_a_wait_that_ends_by_the_clock_is_told_apart_and_interrupts_what_is_going_on() -> None:
    talk = ordered()
    talk.hear(StartFlow("gift"))
    wait = talk.state.parked[0].wait
    talk.take(Happened(TIMEOUT, wait=wait))
    assert told(talk, "wait_started") == told(talk, "wait_timed_out") == [("order", "paid")]
    assert told(talk, "wait_ended") == []
    assert told(talk, "flow_interrupted") == [("gift", "0_collect_recipient")]


def test_a_hand_over_is_told_at_the_step_where_the_person_was() -> None:
    for ask in ("person", "staff", "link"):
        talk = Talk()
        talk.hear(StartFlow("person" if ask == "link" else "outer"))
        if ask == "staff":
            talk.take(HandOver())
        elif ask == "person":
            talk.hear(HumanHandoff())
        place = [("outer", "0_call_colours"), ("colours", "0_collect_colour")]
        if ask == "link":
            place = [("person", "0_link_pattern_human_handoff")]
        assert told(talk, "handed_over") == place


def test_every_flow_that_is_left_before_its_end_says_so_once() -> None:
    talk = Talk()
    talk.hear(StartFlow("outer"))
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    talk.hear(SetSlot("colour", "red"))  # below: the child is left, for the colour is its own
    talk.hear(CancelFlow())
    talk.hear(Restart())
    begun, ended = frames_of(talk, "flow_started"), frames_of(talk, *ENDS)
    still = [frame.id for frame in talk.state.stack]
    assert sorted(begun) == sorted([*ended, *still])
