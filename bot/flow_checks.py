"""Flow files checked against what this shop can do: only actions on the shelf can be run."""

from collections.abc import Mapping

from dialogs.actions.shelf import ACTIONS
from dialogs.format import FlowSet, Problem, check_flow_set, load_flow_set


def check_flows(sources: Mapping[str, str]) -> list[Problem]:
    """Every mistake and every warning, sorted by place."""
    return check_flow_set(sources, runnable=ACTIONS.keys())


def load_flows(sources: Mapping[str, str]) -> FlowSet:
    """Raises FlowProblems with every mistake at once."""
    return load_flow_set(sources, runnable=ACTIONS.keys())
