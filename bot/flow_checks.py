"""Flow files checked against what this shop can do: our actions on the shelf, and those that its
merchant brought along."""

from collections.abc import Collection, Mapping

from dialogs.actions.shelf import ACTIONS
from dialogs.format import FlowSet, Problem, check_flow_set, load_flow_set


def check_flows(sources: Mapping[str, str], *, called: Collection[str] = ()) -> list[Problem]:
    """Every mistake and every warning, sorted by place. `called`: the merchant's own actions."""
    return check_flow_set(sources, runnable={*ACTIONS, *called})


def load_flows(sources: Mapping[str, str], *, called: Collection[str] = ()) -> FlowSet:
    """Raises FlowProblems with every mistake at once."""
    return load_flow_set(sources, runnable={*ACTIONS, *called})
