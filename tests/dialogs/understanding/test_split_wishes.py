"""Words that end a common order, or a part of it, count for whose it is, and for nobody else."""

from dataclasses import replace

import pytest

from dialogs.engine.commands import Act, CancelFlow
from dialogs.format.domain import SlotType
from dialogs.understanding import Asked, Context, OwnSplits, understand
from tests.dialogs.understanding.shop import a_context

FLOWS = {"split_start": frozenset[str](), "split_leave": frozenset[str]()}


def _theirs(**own: bool) -> Context:
    return replace(a_context(own_splits=lambda: OwnSplits(**own)), flow_slots=FLOWS)


@pytest.mark.parametrize(
    ("said", "wish"),
    [("that's all, close it", "split_close"), ("截止吧", "split_close"),
     ("call it off", "split_off"), ("这单不点了", "split_off"), ("這單取消", "split_off")],
)  # fmt: skip
def test_an_organiser_ends_it_and_nobody_else(said: str, wish: str) -> None:
    understood = understand(said, _theirs(organises=True))
    assert (understood.link, understood.intent) == ("words", wish)
    assert understood.commands == (Act(f"action_{wish}_said"),)
    for others in (_theirs(), _theirs(is_in=True)):
        assert understand(said, others).intent != wish


@pytest.mark.parametrize("said", ["I'm out", "我不要了", "算了我不吃了", "算了，我不吃了"])
def test_who_is_in_it_leaves_and_nobody_else(said: str) -> None:
    understood = understand(said, _theirs(is_in=True))
    assert understood.commands == (Act("action_split_leave_said"),)
    assert understand(said, _theirs(organises=True)).intent != "split_leave"


def test_who_has_a_seat_in_a_team_here_leaves_that_by_the_words_for_it() -> None:
    both = replace(_theirs(is_in=True, has_seat=True), team_open=True)
    assert understand("I'm out", both).intent == "group_buy_leave"
    assert understand("我不吃了", both).intent == "split_leave"


def test_flows_that_a_shop_published_before_hear_none_of_it() -> None:
    knows = {"split_start": frozenset[str]()}
    older = replace(_theirs(organises=True, is_in=True), flow_slots=knows)
    for said in ("close it", "call it off", "我不吃了"):
        assert understand(said, older).intent not in ("split_close", "split_off", "split_leave")


def _asked(slot: str, kind: SlotType, **own: bool) -> Context:
    return replace(_theirs(**own), active_flow="split_add", asked=Asked(slot, kind))


def test_to_the_sum_the_same_words_are_an_answer() -> None:
    asked = _asked("confirm_split_pay", SlotType.BOOL, organises=True)
    assert understand("下单吧", asked).intent != "split_close"


@pytest.mark.parametrize("slot", ["split_item", "confirm_split_pay"])
def test_who_was_about_to_put_something_in_and_does_not_want_to_just_stops(slot: str) -> None:
    kind = SlotType.TEXT if slot == "split_item" else SlotType.BOOL
    assert understand("算了我不吃了", _asked(slot, kind)).commands == (CancelFlow(),)
