"""What a merchant's action is told, and what of its answer holds (T19, T20)."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.delivery.messages import Options, OutboundMessage, Text
from data.delivery.outbox import Letter
from dialogs.actions.answers import Said, read_answer, refusal_of, result_of
from dialogs.actions.contract import CallFailed, Reason
from dialogs.engine import Post, Say
from dialogs.format.values import is_allowed
from tests.dialogs.actions.paper_shop import a_call, a_shop

SHOP = a_shop()
BOAT = {"title": "Boat", "payload": "/SetSlots(shape=boat)"}


def slot(name: Any, value: Any) -> dict[str, Any]:
    return {"event": "slot", "name": name, "value": value, "timestamp": None}


def why(body: object) -> tuple[Reason, str]:
    with pytest.raises(CallFailed) as failed:
        read_answer(body, SHOP.domain)
    return failed.value.reason, failed.value.detail


def test_t20_a_call_tells_public_slots_and_an_opaque_sender_only() -> None:
    call = a_call("action_fold", paper="red", address="1 High Street", name="Ann Lee")
    told = json.dumps(call)
    assert "High Street" not in told, "no private slot, not even its name"
    assert "address" not in told
    assert "Ann" not in told
    assert call["tracker"]["slots"] == {
        "paper": "red", "shape": None, "price": None, "sheets": None, "refusal": None,
    }  # fmt: skip
    assert call["next_action"] == "action_fold"
    assert call["sender_id"] == call["tracker"]["sender_id"] == "cnv_1"
    assert call["tracker"]["latest_message"]["text"] == "fold it"
    assert call["domain"]["slots"]["shape"]["values"] == ["crane", "boat"]


def test_the_slot_to_validate_comes_last_as_in_rasa() -> None:
    call = a_call("validate_paper", slot="paper", paper=" red ")
    assert call["tracker"]["events"][-1] == {"event": "slot", "name": "paper", "value": " red "}
    assert call["domain"]["forms"] == {"paper": {"required_slots": ["paper"]}}
    private = a_call("validate_address", slot="address", address="1 High Street")
    assert "address" not in json.dumps(private["domain"])
    assert "High Street" not in json.dumps(private)


def test_t19_slots_are_set_and_responses_of_ours_said() -> None:
    answer = read_answer(
        {
            "events": [slot("shape", "crane"), slot("requested_slot", None)],
            "responses": [
                {"response": "utter_folded", "template": "utter_folded", "text": None,
                 "buttons": [BOAT], "custom": {}, "elements": [], "paper": "red"},
                {"text": "Bye", "buttons": []},
                {"text": None, "buttons": []},
            ],
        },
        SHOP.domain,
    )  # fmt: skip
    assert answer.slots == {"shape": "crane"}
    result = result_of(
        answer, flow_set=SHOP, slots={"address": "1 High Street", "paper": "white"}, letter=_to_ann
    )
    folded, bye = result.effects
    assert isinstance(folded, Say)
    assert folded.values == {"shape": "crane", "paper": "red"}, "its gaps and nothing else"
    assert [button.payload for button in folded.buttons] == ["/SetSlots(shape=boat)"]
    assert isinstance(bye, Post)
    assert bye.message == _to_ann(OutboundMessage((Text("Bye"),)))
    assert result.slots == {"refusal": None, "shape": "crane"}


def _to_ann(message: OutboundMessage) -> Letter:
    return Letter("cha_1", message, person_id="per_ann")


def test_text_with_buttons_is_one_message() -> None:
    answer = read_answer({"responses": [{"text": "Or?", "buttons": [BOAT]}]}, SHOP.domain)
    (post,) = result_of(answer, flow_set=SHOP, slots={}, letter=_to_ann).effects
    assert isinstance(post, Post)
    text, options = post.message.message.segments
    assert text == Text("Or?")
    assert isinstance(options, Options)


@pytest.mark.parametrize(
    ("events", "reason", "detail"),
    [
        ([slot("foreign", 1)], Reason.WRONG_SLOT, "foreign"),
        ([slot("address", "1 High Street")], Reason.WRONG_SLOT, "address"),
        ([slot("shape", "swan")], Reason.WRONG_SLOT, "shape"),
        ([slot("sheets", float("inf"))], Reason.WRONG_SLOT, "sheets"),
        ([slot("paper", "x" * 10_001)], Reason.WRONG_SLOT, "paper"),
        ([slot("shape", "boat"), slot(["paper"], 1)], Reason.WRONG_SLOT, "list"),
        ([slot("sheets", 10**400)], Reason.WRONG_SLOT, "sheets"),
        ([slot("paper", "half \ud83d")], Reason.WRONG_SLOT, "paper"),
        ([slot("price", [{"a": "\x00"}])], Reason.WRONG_SLOT, "price"),
        ([slot("a\nb" * 100, 1)], Reason.WRONG_SLOT, ("a?b" * 100)[:80]),
        ([{"event": "followup", "name": "action_place_order"}], Reason.WRONG_EVENT, "followup"),
        ([{"event": "reset_slots"}], Reason.WRONG_EVENT, "reset_slots"),
        ([{"name": "paper"}], Reason.WRONG_EVENT, "NoneType"),
        (["slot"], Reason.UNREADABLE, "events"),
        ("slot", Reason.UNREADABLE, "events"),
        ([slot("paper", "x")] * 201, Reason.TOO_LARGE, "events"),
    ],
)
def test_t19_no_event_reaches_further_than_public_slots(
    events: Any, reason: Reason, detail: str
) -> None:
    assert why({"events": events, "responses": []}) == (reason, detail)


@pytest.mark.parametrize(
    ("response", "reason", "detail"),
    [
        ({"response": "utter_nothing"}, Reason.WRONG_RESPONSE, "utter_nothing"),
        ({"response": 5}, Reason.WRONG_RESPONSE, "int"),
        ({"response": "utter_price", "price": 1}, Reason.WRONG_RESPONSE, "price"),
        ({"response": "utter_price", "paper": "a, sheets=9"}, Reason.WRONG_RESPONSE, "paper"),
        ({"response": "utter_ready", "price": 1}, Reason.WRONG_RESPONSE, "price"),
        ({"response": "utter_ready", "shape": "boat"}, Reason.WRONG_RESPONSE, "shape"),
        ({"response": "utter_folded", "paper": float("inf")}, Reason.WRONG_RESPONSE, "paper"),
        ({"response": "utter_folded", "paper": {"a": 1}}, Reason.WRONG_RESPONSE, "paper"),
        ({"text": "x" * 2001}, Reason.TOO_LARGE, "text"),
        ({"text": ["x"]}, Reason.UNREADABLE, "text"),
        ({"image": "http://169.254.169.254/"}, Reason.WRONG_RESPONSE, "image"),
        ({"text": "hi", "custom": {"type": "payment_link"}}, Reason.WRONG_RESPONSE, "custom"),
        ({"buttons": [BOAT]}, Reason.WRONG_RESPONSE, "buttons"),
        ({"text": "hi", "buttons": [BOAT] * 11}, Reason.TOO_LARGE, "buttons"),
        ({"text": "hi", "buttons": ["x"]}, Reason.UNREADABLE, "buttons"),
    ],
)
def test_t19_no_message_says_more_than_words(response: Any, reason: Reason, detail: str) -> None:
    assert why({"responses": [response]}) == (reason, detail)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("/SetSlots(address=here)", Reason.WRONG_SLOT),
        ("/SetSlots(shape=swan)", Reason.WRONG_SLOT),
        ("/SetSlots(shape=boat, foreign=1)", Reason.WRONG_SLOT),
        ("/SetSlots(paper={address})", Reason.WRONG_RESPONSE),
        ("/StartFlow(fold)", Reason.WRONG_RESPONSE),
        ("/Act(action_place_order)", Reason.WRONG_RESPONSE),
        ("/human", Reason.WRONG_RESPONSE),
        ("boat", Reason.WRONG_RESPONSE),
        (None, Reason.WRONG_RESPONSE),
    ],
)
def test_t19_a_button_does_no_more_than_the_answer_could(payload: Any, reason: Reason) -> None:
    body = {"text": "Or?", "buttons": [{"title": "Boat", "payload": payload}]}
    assert why({"responses": [body]})[0] is reason
    titled = {"text": "Or?", "buttons": [{**BOAT, "title": "to {address}"}]}
    assert why({"responses": [titled]})[0] is Reason.WRONG_RESPONSE


def test_plain_text_stays_plain() -> None:
    """No gap is filled, no tag read, no direction turned."""
    text = "<b>{address}</b>\u202egnp.exe\x1b[31m\x00\nok"
    answer = read_answer({"responses": [{"text": text}]}, SHOP.domain)
    assert answer.messages == (Said(text="<b>{address}</b>gnp.exe[31m\nok"),)
    (post,) = result_of(answer, flow_set=SHOP, slots={"address": "here"}, letter=_to_ann).effects
    assert isinstance(post, Post)
    assert post.message.message.segments == (Text("<b>{address}</b>gnp.exe[31m\nok"),)


def test_text_in_a_slot_stays_plain_too() -> None:
    """It is said in responses as it is."""
    set_by_it = [slot("paper", "\u202egnp.exe\x1b[31m"), slot("price", [{"a": "\u2066b"}])]
    answer = read_answer({"events": set_by_it}, SHOP.domain)
    assert answer.slots == {"paper": "gnp.exe[31m", "price": [{"a": "b"}]}


@pytest.mark.parametrize("body", [None, [], "ok", 5, {"events": {}, "responses": {"a": 1}}])
def test_what_is_no_answer_is_unreadable(body: object) -> None:
    assert why(body)[0] is Reason.UNREADABLE


def test_only_a_refusal_is_an_answer() -> None:
    refusal = refusal_of(CallFailed(Reason.REFUSED))
    assert refusal is not None
    assert refusal.slots == {"refusal": "refused"}
    assert refusal_of(CallFailed(Reason.TIMEOUT)) is None
    assert CallFailed(Reason.TIMEOUT).may_pass
    assert not CallFailed(Reason.UNKNOWN_ACTION).may_pass


_NAMES = st.sampled_from(
    ["paper", "shape", "price", "address", "text", "response", "event", "slot"]
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _NAMES,
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            _NAMES | st.sampled_from(["name", "value", "buttons"]), inside, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.fixed_dictionaries({"event": st.just("slot"), "name": _NAMES, "value": _ANYTHING})),
    st.lists(_ANYTHING, max_size=3),
)
def test_t19_whatever_comes_is_allowed_or_refused_by_name(events: Any, responses: Any) -> None:
    try:
        answer = read_answer({"events": events, "responses": responses}, SHOP.domain)
    except CallFailed:
        return
    for name, value in answer.slots.items():
        assert is_allowed(SHOP.domain.slots[name], value)
        assert not SHOP.domain.slots[name].private
    assert len(result_of(answer, flow_set=SHOP, slots={}, letter=_to_ann).effects) <= 3
