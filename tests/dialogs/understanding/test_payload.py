"""Payloads: the grammar, and that only what was offered counts (T07)."""

import pytest

from dialogs.engine.commands import (
    Act,
    CancelFlow,
    GoBack,
    HumanHandoff,
    RepeatLast,
    Restart,
    SetSlot,
    SkipQuestion,
    StartFlow,
)
from dialogs.understanding import Offered, parse_payload, understand
from tests.dialogs.understanding.shop import a_context, slots_of


@pytest.mark.parametrize(
    ("payload", "commands"),
    [
        ("/SetSlots(a=1)", (SetSlot("a", 1),)),
        ('/SetSlots(a=1.5, b="x, y")', (SetSlot("a", 1.5), SetSlot("b", "x, y"))),
        ('/SetSlots(a="say \\"hi\\"")', (SetSlot("a", 'say "hi"'),)),
        ("/SetSlots(a=true, b=false)", (SetSlot("a", True), SetSlot("b", False))),
        ("/SetSlots(a=null)", (SetSlot("a", None),)),
        ("/SetSlots(a=prd_1, b=007)", (SetSlot("a", "prd_1"), SetSlot("b", "007"))),
        ("/StartFlow(gift_finder)", (StartFlow("gift_finder"),)),
        ("/StartFlow(checkout, product=p1)", (StartFlow("checkout"), SetSlot("product", "p1"))),
        ("/Act(action_join_team, team=tm_x)", (Act("action_join_team", {"team": "tm_x"}),)),
        ("/Act(action_open)", (Act("action_open", {}),)),
        ("/cancel", (CancelFlow(),)),
        ("/back", (GoBack(),)),
        ("/skip", (SkipQuestion(),)),
        ("/repeat", (RepeatLast(),)),
        ("/restart", (Restart(),)),
        ("/human", (HumanHandoff(),)),
    ],
)  # fmt: skip
def test_a_payload_says_its_commands(payload: str, commands: tuple[object, ...]) -> None:
    assert parse_payload(payload) == commands


@pytest.mark.parametrize(
    "payload",
    [
        "", "hello", "/", "/SetSlots", "/SetSlots()", "/SetSlots(a)", "/SetSlots(a=)",
        "/SetSlots(a=1", "/SetSlots(a=1,)", "/SetSlots(a=1, a=2)", "/SetSlots(a=1)x",
        "/SetSlots(a=f(x))", "/StartFlow()", "/StartFlow(a b)", "/Act()", "/Act(1x)",
        "/DropTables(a=1)", "/setslots(a=1)", "/SetSlots(a=" + "x" * 2000 + ")",
    ],
)  # fmt: skip
def test_anything_else_is_no_payload(payload: str) -> None:
    assert parse_payload(payload) is None


def test_t07_a_typed_payload_that_nobody_offered_is_plain_text() -> None:
    understood = understand("/SetSlots(price=1)", a_context())
    assert slots_of(understood) == {}
    assert understood.link == "none"


def test_t07_a_typed_payload_amid_a_question_is_at_most_its_answer() -> None:
    understood = understand("/SetSlots(price=1)", a_context(asked="address", flow="checkout"))
    assert slots_of(understood) == {"address": "/SetSlots(price=1)"}


def test_t07_only_exactly_what_was_offered_counts() -> None:
    offered = (Offered("Buy", "/SetSlots(price=2)", 1),)
    context = a_context(offered=offered)
    assert slots_of(understand("/SetSlots(price=1)", context)) == {}
    assert slots_of(understand("/SetSlots(price=2)", context)) == {"price": 2}
    assert understand("/SetSlots(price=2)", context).link == "payload"
