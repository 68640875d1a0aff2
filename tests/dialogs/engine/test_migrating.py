"""Flows under way in another version: frames, trails, children, what is parked, and values."""

from collections.abc import Mapping

from dialogs.engine import RECORDED, Flows, Happened, Moved, State, Way, move_on, pinned
from dialogs.engine.commands import CorrectSlots, GoBack, SetSlot, StartFlow
from dialogs.format import FlowSet, load_flow_set
from tests.dialogs.engine.talk import DOMAIN, SHOP, Talk, shop, sources

Steps = Mapping[str, Mapping[str, str]]
# The recipient is asked second, the budget's step has another name, the occasion is not asked.
_BEFORE = SHOP[SHOP.index("      - id: 0_collect_recipient") : SHOP.index("      - id: show")]
_AFTER = """\
      - id: budget
        collect: budget
      - id: whom
        collect: recipient
"""
_CHANGED = (
    SHOP.replace(_BEFORE, _AFTER, 1)
    .replace("0_collect_colour", "which")
    .replace("      - call: colours\n", "      - {id: first, call: colours}\n")
    .replace("      - id: paid\n", "      - id: paying\n")
    .replace("timeout: PT30M", "timeout: PT45M")
)
_LOADED: dict[str, FlowSet] = {}


def changed(domain: str = DOMAIN) -> FlowSet:
    if domain not in _LOADED:
        _LOADED[domain] = load_flow_set(sources(_CHANGED, domain=domain))
    return _LOADED[domain]


def moved(talk: Talk, steps: Steps, new: FlowSet | None = None) -> list[str]:
    """Move, and go on in the new version; the names of what happened."""
    old, new = shop(), new or changed()
    sets = {old.sha: old, new.sha: new}
    talk.flows = Flows(new.sha, lambda sha: sets[sha])
    stands = move_on(talk.state, Moved((Way(old.sha, new.sha, steps),)), talk.flows)
    talk.state = stands.state
    talk.events += stands.events
    return [event.name for event in stands.events if event.name not in RECORDED]


def versions(state: State) -> set[str]:
    return set(pinned(state))


def test_an_open_question_goes_on_at_the_step_that_is_named() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    talk.hear(SetSlot("recipient", "mum"))
    talk.hear(SetSlot("occasion", "birthday"))
    assert moved(talk, {"gift": {"2_collect_budget": "budget"}}) == ["flow_migrated"]
    (frame,) = talk.state.stack
    assert (frame.step, frame.trail) == ("budget", ("budget",))
    assert versions(talk.state) == {changed().sha}
    assert "occasion" not in talk.slots  # nothing in the new version would ever reset it
    talk.hear(SetSlot("budget", 50.0))
    assert [call.name for call in talk.calls] == ["action_recommend", "action_ask_choice"]


def test_the_trail_is_what_can_still_be_corrected() -> None:
    talk = Talk()
    talk.hear(SetSlot("product", "p"), StartFlow("order"))
    talk.hear(SetSlot("address", "a"))
    trail = talk.state.stack[0].trail
    moved(talk, {"order": {"2_collect_sure": "2_collect_sure"}})
    assert talk.state.stack[0].trail == trail
    assert talk.hear(SetSlot("address", "b")) == ["utter_corrected", "utter_ask_sure"]
    assert talk.slots["address"] == "b"


def test_a_step_that_now_comes_later_is_not_gone_back_to() -> None:
    """It would lead past the question that is still open."""
    talk = Talk()
    talk.hear(StartFlow("gift"))
    talk.hear(SetSlot("recipient", "mum"))
    talk.hear(SetSlot("occasion", "birthday"))
    moved(talk, {"gift": {"0_collect_recipient": "whom", "2_collect_budget": "budget"}})
    assert talk.state.stack[0].trail == ("budget",)
    said = talk.hear(CorrectSlots({"recipient": "dad"}))
    assert said == ["utter_corrected", "utter_ask_budget"]
    assert talk.slots["recipient"] == "dad"


def test_one_can_go_back_only_to_what_there_still_is() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    talk.hear(SetSlot("recipient", "mum"))
    talk.hear(SetSlot("occasion", "birthday"))
    moved(talk, {"gift": {"2_collect_budget": "budget"}})
    talk.hear(GoBack())
    assert talk.state.stack[0].step == "budget"


def test_a_flow_that_stands_where_nobody_said_stays() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    before = talk.state
    assert moved(talk, {"gift": {"2_collect_budget": "budget"}}) == []
    assert talk.state == before
    assert talk.hear(SetSlot("recipient", "mum")) == ["utter_ask_occasion"]


def test_a_called_flow_moves_with_its_caller_or_not_at_all() -> None:
    talk = Talk()
    talk.hear(StartFlow("outer"))
    before = talk.state
    (caller, _called) = before.stack
    assert moved(talk, {"outer": {caller.step: "first"}}) == []
    assert moved(talk, {"colours": {"0_collect_colour": "which"}}) == []
    assert talk.state == before
    both = {"outer": {caller.step: "first"}, "colours": {"0_collect_colour": "which"}}
    assert moved(talk, both) == ["flow_migrated", "flow_migrated"]
    assert talk.hear(SetSlot("colour", "red")) == ["utter_colour", "utter_ask_budget"]


def test_each_group_moves_by_itself() -> None:
    """A digression stays where it is and the flow below goes on in the new version."""
    talk = Talk()
    talk.hear(StartFlow("gift"))
    talk.hear(StartFlow("colours"))
    assert moved(talk, {"gift": {"0_collect_recipient": "whom"}}) == ["flow_migrated"]
    assert versions(talk.state) == {shop().sha, changed().sha}
    said = talk.hear(SetSlot("colour", "red"))
    assert said == ["utter_colour", "utter_continue_interrupted", "utter_ask_recipient"]


def test_what_waits_goes_on_with_its_values_when_its_event_comes() -> None:
    talk = Talk()
    talk.hear(SetSlot("product", "p"), StartFlow("order"))
    talk.hear(SetSlot("address", "a"))
    talk.hear(SetSlot("sure", True))
    (parked,) = talk.state.parked
    assert moved(talk, {"order": {"paid": "paying"}}) == ["flow_migrated"]
    assert talk.state.parked[0].key == parked.key
    assert versions(talk.state) == {changed().sha}
    assert "utter_thanks" in talk.take(Happened("payment_paid", parked.key, {"number": "7"}))
    assert talk.state.parked == ()


def test_a_value_that_the_new_version_forbids_is_asked_for_again() -> None:
    narrower = DOMAIN.replace(
        "recipient: {type: text}", "recipient: {type: categorical, values: [dad]}"
    )
    talk = Talk()
    talk.hear(StartFlow("gift"))
    talk.hear(SetSlot("recipient", "mum"))
    talk.hear(SetSlot("occasion", "birthday"))
    moved(talk, {"gift": {"2_collect_budget": "budget"}}, changed(narrower))
    assert "recipient" not in talk.slots
    assert talk.hear(SetSlot("budget", 50.0)) == ["utter_ask_recipient"]


def test_values_put_away_by_a_digression_move_with_their_flow() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"))
    talk.hear(SetSlot("recipient", "mum"))
    talk.hear(StartFlow("birthday"))
    assert talk.slots.get("recipient") is None  # the birthday's own is not said yet
    moved(talk, {"gift": {"1_collect_occasion": "budget"}})
    talk.hear(SetSlot("recipient", "dad"))
    assert talk.slots["recipient"] == "mum"
