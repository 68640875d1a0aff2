"""A press that the engine takes itself: kept as an event, and whatever is open stays as it is."""

from dialogs.engine import Say, StartPattern
from dialogs.engine.commands import Act, SetSlot, StartFlow
from tests.dialogs.engine.talk import Talk

PRESS = Act("action_note_satisfaction", {"satisfied": True, "asked": 7})


def test_it_is_an_event_with_what_was_asked() -> None:
    talk = Talk()
    assert talk.take(StartPattern("pattern_customer_satisfaction", {"asked": 7})) == [
        "utter_ask_satisfied"
    ]
    assert next(e for e in talk.effects if isinstance(e, Say)).values["asked"] == 7
    assert talk.hear(PRESS) == ["utter_satisfaction_noted"]
    (told,) = [event for event in talk.events if event.name == "satisfaction_told"]
    assert told.data == {"satisfied": True, "asked": 7}
    assert (talk.stack(), talk.calls) == ([], [])


def test_amid_a_flow_it_changes_nothing_there() -> None:
    talk = Talk()
    talk.hear(StartFlow("gift"), SetSlot("recipient", "mum"))
    assert talk.hear(PRESS) == ["utter_satisfaction_noted"]
    assert (talk.stack(), talk.slots["recipient"]) == (["gift"], "mum")
    assert talk.hear(SetSlot("occasion", "wedding")) == ["utter_ask_budget"]
