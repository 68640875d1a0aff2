"""Flows whose version must go, and flows that nobody goes on with: what is left of them."""

from dialogs.engine import (
    ChatKind,
    Flows,
    GoPrivate,
    HandBack,
    HandOver,
    Heard,
    State,
    Unwait,
    run,
)
from dialogs.engine.commands import CannotHandle, ChitChat, SetSlot, StartFlow
from dialogs.engine.ending import lapsed, restarted
from dialogs.format import load_flow_set
from tests.dialogs.engine.talk import SHOP, Talk, recommend_and_order, shop, sources

NEWER = load_flow_set(sources(SHOP.replace("find a gift", "find a present")))


def lost(talk: Talk, live=NEWER) -> tuple[Unwait, ...]:  # type: ignore[no-untyped-def]
    """Its version must go; nothing of it can be looked up any more."""

    def find(sha: str):  # type: ignore[no-untyped-def]
        assert sha == live.sha
        return live

    talk.flows = Flows(live.sha, find)
    talk.state, events, ended = restarted(talk.state, frozenset({shop().sha}), talk.flows)
    talk.events += events
    return ended


def test_the_flow_begins_again_and_answers_that_still_come_are_taken() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    talk.hear(SetSlot("recipient", "mum"))
    lost(talk)
    assert talk.slots == {}
    said = talk.hear(SetSlot("occasion", "birthday"))
    assert said == ["utter_code_change", "utter_ask_recipient"]
    assert talk.slots["occasion"] == "birthday"
    assert talk.state.stack[0].version == NEWER.sha


def test_an_answer_that_fits_nothing_is_passed_over() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    lost(talk)
    assert talk.hear(CannotHandle()) == ["utter_code_change", "utter_ask_recipient"]


def test_small_talk_comes_after_the_apology() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    lost(talk)
    said = talk.hear(ChitChat("utter_small_talk"))
    assert said == ["utter_code_change", "utter_small_talk", "utter_ask_recipient"]


def test_what_the_guard_asks_for_is_kept() -> None:
    """ "Buy this one" is not asked again, all that was answered since then is."""
    talk = Talk()
    talk.hear(SetSlot("product", "p"), StartFlow("order"))
    talk.hear(SetSlot("address", "a"))
    lost(talk)
    assert talk.hear() == ["utter_code_change", "utter_ask_address"]
    assert talk.slots["product"] == "p"


def test_a_flow_whose_guard_no_longer_holds_ends() -> None:
    stricter = load_flow_set(sources(SHOP.replace("if: slots.product", "if: slots.receipt")))
    talk = Talk()
    talk.hear(SetSlot("product", "p"), StartFlow("order"))
    lost(talk, stricter)
    assert talk.hear() == ["utter_code_change_over"]
    assert talk.state.stack == ()
    assert "product" not in talk.slots


def test_a_digression_and_what_it_interrupted_both_begin_again() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    talk.hear(SetSlot("recipient", "mum"))
    talk.hear(StartFlow("birthday"))
    lost(talk)
    assert talk.hear() == ["utter_code_change", "utter_ask_recipient"]
    assert talk.stack() == ["gift", "birthday"]
    said = talk.hear(SetSlot("recipient", "dad"))
    assert said == ["utter_saved", "utter_ask_recipient"]


def test_a_flow_of_a_sound_version_goes_on_above_a_lost_one() -> None:
    talk = Talk()
    talk.hear(StartFlow("birthday"))
    (below,) = talk.state.stack
    talk.state = talk.state._replace(stack=(below._replace(version="gone"),))  # type: ignore[arg-type]
    upper = Talk()
    upper.hear(StartFlow("gift"))
    (above,) = upper.state.stack
    stack = (*talk.state.stack, above._replace(id=9))
    talk.state = State(stack=stack, slots={"recipient": None}, serial=9)
    talk.flows = Flows.of(shop())
    state, events, _ = restarted(talk.state, frozenset({"gone"}), talk.flows)
    assert [event.name for event in events] == ["flow_restarted"]
    talk.state = state
    said = talk.hear(SetSlot("recipient", "mum"))
    assert said == ["utter_code_change", "utter_ask_occasion"]
    assert talk.stack() == ["birthday", "gift"]


def test_what_waited_is_forgotten_with_its_wait() -> None:
    talk = Talk()
    talk.hear(SetSlot("product", "p"), StartFlow("order"))
    talk.hear(SetSlot("address", "a"))
    talk.hear(SetSlot("sure", True))
    (parked,) = talk.state.parked
    assert lost(talk) == (Unwait(parked.wait),)
    assert talk.state.parked == ()
    assert talk.hear() == []


def test_the_idle_forget_everything_but_what_they_were_to_keep() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    for slot, value in (("recipient", "mum"), ("occasion", "wedding"), ("budget", 50.0)):
        talk.hear(SetSlot(slot, value))
    talk.hear(SetSlot("choice", "tea"))
    talk.hear(StartFlow("colours"))
    talk.state, events = lapsed(talk.state, talk.flows)
    assert [event.name for event in events] == ["flow_expired"]
    assert talk.slots == {"choice": "tea"}
    assert talk.hear(CannotHandle()) == ["utter_session_end"]
    assert talk.hear(CannotHandle()) == ["utter_cannot_handle"]


def test_whom_a_person_of_the_shop_has_spoken_with_is_not_told_of_it_afterwards() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    talk.state, _ = lapsed(talk.state, talk.flows)
    talk.take(HandOver())
    talk.take(HandBack())
    assert talk.hear(ChitChat("utter_small_talk")) == ["utter_small_talk"]


def test_a_flow_that_cannot_simply_be_begun_again_is_only_told_of() -> None:
    talk = Talk()
    talk.hear(SetSlot("product", "p"), StartFlow("order"))
    talk.state, _ = lapsed(talk.state, talk.flows)
    assert talk.hear(CannotHandle()) == ["utter_session_end_over"]


def test_a_flow_goes_private_in_the_version_it_is_of() -> None:
    talk = Talk(state=State(chat_kind=ChatKind.GROUP))
    talk.hear(SetSlot("product", "p"), StartFlow("order"))
    private: GoPrivate = talk.effect(GoPrivate)
    flows = Flows(NEWER.sha, {shop().sha: shop(), NEWER.sha: NEWER}.__getitem__)
    commands = (StartFlow(private.flow), SetSlot("product", "p"))
    begun = run(State(), Heard(commands, version=private.version), flows, recommend_and_order)
    assert [frame.version for frame in begun.state.stack] == [shop().sha]
    plain = run(State(), Heard(commands), flows, recommend_and_order)
    assert [frame.version for frame in plain.state.stack] == [NEWER.sha]
    busy = run(State(), Heard((StartFlow("gift"),)), flows, recommend_and_order)
    both = run(busy.state, Heard(commands, version=private.version), flows, recommend_and_order)
    assert [frame.version for frame in both.state.stack] == [NEWER.sha, shop().sha]
