"""What a yes may begin: what asks before it binds, and nothing that has to be pressed."""

import pytest

from dialogs.agreeing import agreed_to
from dialogs.engine.commands import Act, SetSlot, StartFlow
from tests.dialogs.understanding.model.questions import shipped

KEEP = "/StartFlow(keep_gift_day, gift_day_kind=birthday, occasion_person=mother)"
NOTED = "/Act(action_note_satisfaction, satisfied=true, asked=3)"


@pytest.mark.parametrize(
    "payload",
    ["/StartFlow(gift_finder)", "/StartFlow(remember_day)", "/StartFlow(order_cancel)",
     "/StartFlow(forget_day, forget=occ_1)", "/StartFlow(order_cancel, confirm_cancel=true)"],
)  # fmt: skip
def test_a_flow_that_asks_first_may_be_begun_by_a_word(payload: str) -> None:
    (command, *_) = agreed_to(payload, shipped())
    assert isinstance(command, StartFlow)


@pytest.mark.parametrize(
    "payload",
    ["/StartFlow(checkout, product=prd_1)", "/StartFlow(buy_idea, gift_choice=prd_1)",
     "/StartFlow(stop_day, forget=occ_1)", "/StartFlow(stop_messages)",
     "/StartFlow(start_messages)", "/StartFlow(change_lead, lead_days=3)",
     "/StartFlow(allow_model, model_receiver=them)", "/StartFlow(pattern_restart)",
     "/Act(action_pay_again, pressed_order=ord_1)", "/Act(action_join_team, team=tm_1)",
     "/SetSlots(confirm_order=true)", "/cancel", "/human", "/StartFlow(nowhere)", "nonsense"],
)  # fmt: skip
def test_what_pays_buys_joins_stops_or_forgets_at_once_is_pressed(payload: str) -> None:
    assert agreed_to(payload, shipped()) == ()


def test_what_the_button_brings_is_brought_by_the_yes() -> None:
    values = (SetSlot("gift_day_kind", "birthday"), SetSlot("occasion_person", "mother"))
    assert agreed_to(KEEP, shipped()) == (StartFlow("keep_gift_day"), *values)
    assert agreed_to(NOTED, shipped()) == (
        Act("action_note_satisfaction", {"satisfied": True, "asked": 3}),
    )
