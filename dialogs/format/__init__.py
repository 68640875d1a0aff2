"""Flows as YAML: read, checked with line numbers, typed, named by their hash."""

from dialogs.format.calm import Beyond, beyond_calm
from dialogs.format.domain import (
    Domain,
    Response,
    ResponseButton,
    Slot,
    SlotMapping,
    SlotType,
)
from dialogs.format.flow import (
    END,
    ActionStep,
    Branch,
    Call,
    Collect,
    Flow,
    FlowSet,
    Link,
    Noop,
    Rejection,
    SetSlots,
    Step,
    Trigger,
    WaitStep,
)
from dialogs.format.lint_migrate import Versions, Ways, checked_ways
from dialogs.format.loader import (
    check_flow_set,
    flow_set_from_json,
    flow_set_to_json,
    load_flow_set,
    shipped_files,
    shipped_sources,
)
from dialogs.format.predicate_tokens import PredicateError
from dialogs.format.predicates import Predicate, compile_predicate
from dialogs.format.problems import FlowProblems, Position, Problem, Problems
from dialogs.format.reader import Source, read
from dialogs.format.shape import schema
from dialogs.format.values import is_allowed

__all__ = [
    "END",
    "ActionStep",
    "Beyond",
    "Branch",
    "Call",
    "Collect",
    "Domain",
    "Flow",
    "FlowProblems",
    "FlowSet",
    "Link",
    "Noop",
    "Position",
    "Predicate",
    "PredicateError",
    "Problem",
    "Problems",
    "Rejection",
    "Response",
    "ResponseButton",
    "SetSlots",
    "Slot",
    "SlotMapping",
    "SlotType",
    "Source",
    "Step",
    "Trigger",
    "Versions",
    "WaitStep",
    "Ways",
    "beyond_calm",
    "check_flow_set",
    "checked_ways",
    "compile_predicate",
    "flow_set_from_json",
    "flow_set_to_json",
    "is_allowed",
    "load_flow_set",
    "read",
    "schema",
    "shipped_files",
    "shipped_sources",
]
