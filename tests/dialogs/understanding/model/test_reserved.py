"""What a language model may propose: a closed list of the flows that ship, and the rule behind."""

import pytest

from dialogs.actions.shelf import ACTIONS
from dialogs.format import FlowSet
from dialogs.format.build import build
from dialogs.format.documents import merge
from dialogs.understanding.model import is_reserved, proposable
from dialogs.understanding.model.reserved import RESERVED_ACTIONS
from tests.dialogs.understanding.model.questions import a_question, shipped

# A new flow goes into one of them by somebody's decision.
PROPOSABLE = {
    "gift_finder", "order_status", "order_receipt", "product_search", "cheaper_ones",
    "product_question", "my_days",
}  # fmt: skip
RESERVED = {
    "checkout", "group_buy_start", "group_checkout", "order_cancel", "order_return",
    "order_variant", "order_exchange", "order_address",
    "change_address", "buy_seen",
    "remember_day", "change_lead", "forget_day", "stop_day", "buy_idea", "stop_messages",
    "start_messages", "protect_minor", "allow_model", "stop_model", "ask_model", "keep_gift_day",
    "pay_order", "team_address", "team_invite", "pool_start", "pool_address", "pool_give",
    "pool_off", "split_start", "split_add", "split_address", "split_off", "split_leave",
    "link_me", "type_link", "unlink_me",
    "export_me", "forget_me", "move_here",
    "use_code", "gift_card_balance",
}  # fmt: skip
UNHEARD = {
    "split_rules",
    "group_buy_which",
    "team_line",
    "talk_to_a_person",
    "gift_day",
    "no_gift_days",
    "address_ahead",
    "link_asked",
    "link_told",
}  # nothing that is said starts them
FILLABLE = {
    "recipient", "occasion", "budget", "recipient_age", "interests", "excluded", "search_for",
    "occasion_person", "product_named",
}  # fmt: skip


def test_t29_every_flow_that_ships_is_either_proposable_or_reserved() -> None:
    flow_set = shipped()
    assert {flow.id for flow in proposable(flow_set)} == PROPOSABLE
    assert {flow.id for flow in flow_set.startable} == PROPOSABLE | RESERVED | UNHEARD
    assert {flow for flow in RESERVED if not is_reserved(flow_set, flow)} == set()


def test_every_reserved_action_is_one_of_ours() -> None:
    assert sorted(RESERVED_ACTIONS - set(ACTIONS)) == []


def test_t29_no_yes_no_id_and_nothing_private_can_be_filled() -> None:
    assert set(a_question("anything").scope.fillable()) == FILLABLE


def _flows(steps: str, *, more: str = "") -> FlowSet:
    """A merchant's flow `party`; `checkout` and the patterns stand for those that ship."""
    party = f"""
flows:
  party:
    description: A party is planned.
    nlu_trigger: [{{intent: party}}]
    steps:
{steps}
  checkout:
    description: Something is bought.
    steps: [{{action: action_place_order}}]
{more}
slots:
  colour: {{type: categorical, values: [red, blue]}}
  sure: {{type: bool}}
"""
    return build(merge({"party.yml": party}))


CASES = [
    ("      - collect: colour", False),
    ("      - call: checkout", True),
    ("      - collect: colour\n      - call: checkout", True),
    ("      - collect: sure\n      - call: checkout", False),
    ("      - collect: colour\n        ask_before_filling: true\n      - call: checkout", False),
    ("      - collect: sure\n      - action: action_place_order", True),
    ("      - link: pattern_human_handoff", True),
]


@pytest.mark.parametrize(("steps", "reserved"), CASES)
def test_t29_a_merchants_flow_is_reserved_if_it_gets_to_money_without_a_question(
    steps: str, reserved: bool
) -> None:
    """A question whose answer the model may give keeps nothing apart."""
    flow_set = _flows(steps)
    assert is_reserved(flow_set, "party") is reserved
    assert ("party" in {flow.id for flow in proposable(flow_set)}) is not reserved


def test_a_flow_that_is_always_included_stays_when_the_list_is_cut() -> None:
    many = "".join(
        f"  f{number}:\n    description: One of many.\n    nlu_trigger: [{{intent: i{number}}}]\n"
        "    steps: [{action: utter_anything_else}]\n"
        for number in range(30)
    )
    last = "  zz:\n    description: Always.\n    always_include_in_prompt: true\n"
    last += "    steps: [{action: utter_anything_else}]\n"
    flow_set = _flows("      - collect: colour", more=many + last)
    told = [flow.id for flow in proposable(flow_set)]
    assert (told[0], len(told)) == ("zz", 20)
