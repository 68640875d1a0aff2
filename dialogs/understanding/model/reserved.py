"""Which flows a language model may propose: none that buys, binds, agrees, forgets or tells an age.

A flow is reserved if one of its own steps does such a thing, or if another flow that does can be
reached from its beginning without a question that only the person can answer.
"""

from collections.abc import Iterator

from dialogs.format import FlowSet
from dialogs.format.flow import ActionStep, Call, Collect, Flow, Link, Step
from dialogs.understanding.model.fillable import fillable

# Closed, and every name is one of ours (tests/dialogs/understanding/model/test_reserved.py).
RESERVED_ACTIONS = frozenset(
    {
        # money, and what leads straight to it
        "action_begin_checkout", "action_place_order", "action_buy_seen", "action_cancel_order",
        "action_pay_again", "action_order_again", "action_place_seat_order",
        "action_tell_how_to_pay", "action_use_code", "action_tell_gift_card",
        # where it goes
        "action_change_address", "action_move_order", "action_set_team_address",
        # what comes back, and what is changed
        "action_return_goods", "action_change_variant", "action_exchange_goods",
        # a seat or a team, before others
        "action_open_team", "action_share_team", "action_join_team", "action_leave_team",
        "action_invite", "action_give_invitation", "action_nudge_team",
        "action_give_up_seat", "action_wait_for_place", "action_tell_line", "action_leave_line",
        # a present that several pay for
        "action_open_pool", "action_pool_address", "action_chip_in", "action_leave_pool",
        "action_cancel_pool", "action_close_pool_links",
        # an order that a group fills together
        "action_open_split", "action_close_split", "action_cancel_split", "action_split_pay",
        "action_leave_split", "action_split_close_said", "action_split_leave_said",
        "action_split_address",
        # keeping a day is a consent; forgetting one cannot be undone
        "action_remember_day", "action_change_lead", "action_forget_day",
        # consents and age
        "action_stop_messages", "action_start_messages", "action_protect_minor",
        "action_stop_nudges", "action_start_nudges",
        "action_allow_model", "action_stop_model", "action_ask_model",
        # who somebody is, and all that is theirs
        "action_offer_link", "action_type_link", "action_agree_to_link", "action_refuse_link",
        "action_join_people", "action_tell_of_link", "action_find_identity", "action_unlink",
        "action_export_me", "action_look_before_forgetting", "action_forget_me",
        "action_move_here",
    }
)  # fmt: skip
_MOST = 20  # flows that a model is told of: a small model loses its way in a longer list


def is_reserved(flow_set: FlowSet, name: str) -> bool:
    flow = flow_set.flows.get(name)
    if flow is None or flow.is_pattern:
        return True
    return any(map(_does, flow.steps.values())) or _reaches(flow_set, flow, {name})


def proposable(flow_set: FlowSet) -> tuple[Flow, ...]:
    """What somebody may start by saying it, as far as it is not reserved.

    `always_include_in_prompt` puts a flow on the list without a trigger, and keeps it there when
    the list is cut."""
    free = [
        flow
        for flow in flow_set.startable
        if (flow.triggers or flow.always_include_in_prompt) and not is_reserved(flow_set, flow.id)
    ]
    always = [flow for flow in free if flow.always_include_in_prompt]
    others = [flow for flow in free if not flow.always_include_in_prompt]
    return (*always, *others[: max(0, _MOST - len(always))])


def _does(step: Step) -> bool:
    return isinstance(step, ActionStep) and step.name in RESERVED_ACTIONS


def _reaches(flow_set: FlowSet, flow: Flow, seen: set[str]) -> bool:
    """Whether a reserved flow begins before the person was asked something."""
    for below in _entered(flow_set, flow):
        if below in seen:
            continue
        seen.add(below)
        called = flow_set.flows.get(below)
        if called is None or called.is_pattern or any(map(_does, called.steps.values())):
            return True
        if _reaches(flow_set, called, seen):
            return True
    return False


def _entered(flow_set: FlowSet, flow: Flow) -> Iterator[str]:
    """Flows that are called or linked from steps which no question keeps apart from the first."""
    ahead, passed = [flow.first], set[str]()
    while ahead:
        step = flow.steps.get(ahead.pop())
        if step is None or step.id in passed:
            continue
        passed.add(step.id)
        if isinstance(step, Call | Link):
            yield step.flow
        if not _asks(flow_set, step):
            ahead += [branch.target for branch in step.next]


def _asks(flow_set: FlowSet, step: Step) -> bool:
    """A question that a model cannot answer instead of the person."""
    if not isinstance(step, Collect):
        return False
    slot = flow_set.domain.slots.get(step.slot)
    return step.ask_before_filling or slot is None or fillable(slot) is None
