"""Flows and their steps as the engine walks them: typed, frozen, nested branches made flat.

Every step's `next` is a tuple of branches; a plain `next: id` is one branch without condition.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from data.kernel.ids import FlowSha
from data.kernel.locales import Locale
from dialogs.format.domain import Domain, Response, Variant
from dialogs.format.placeholders import gaps_of
from dialogs.format.predicates import Predicate

END = "END"
PATTERN_PREFIX = "pattern_"
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """Taken when `condition` holds; None always holds. `target` is a step id or END."""

    condition: Predicate | None
    target: str


@dataclass(frozen=True, slots=True)
class Rejection:
    condition: Predicate
    utter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`path` is where the step stands in the document, for the linter."""

    id: str
    next: tuple[Branch, ...] = (Branch(None, END),)
    path: Path = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect(Step):
    """Asks until the slot holds an accepted value. `ask` names a response or an action;
    `if_skipped` is what "it does not matter" sets (None: the question cannot be skipped).
    `description` tells a language model what the slot is for."""

    slot: str
    ask: str
    validate: str | None = None
    ask_before_filling: bool = False
    reset_after_flow_ends: bool = True
    force_slot_filling: bool = False
    rejections: tuple[Rejection, ...] = ()
    if_skipped: Any = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStep(Step):
    """`reads`: slots whose change afterwards brings the flow back to this step."""

    name: str
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSlots(Step):
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noop(Step):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Step):
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Step):
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStep(Step):
    """Parks the flow until one of `events` about the object in slot `key`, or `timeout` seconds.
    `fields`: slot to field of the event's payload. Waiting for the time alone goes on with `next`
    and has neither `key` nor `on_timeout`."""

    events: tuple[str, ...]
    key: str | None
    timeout: int
    on_timeout: str | None
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    intent: str
    threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """`titles`: what people are told the flow is called. `first` is its first step's id.
    `private`: it takes no step in a group but goes on in the person's own chat."""

    id: str
    description: str
    steps: Mapping[str, Step]
    titles: Mapping[Locale, str]
    guard: Predicate | None = None
    triggers: tuple[Trigger, ...] = ()
    persisted: frozenset[str] = frozenset()
    run_pattern_completed: bool = True
    always_include_in_prompt: bool = False
    private: bool = False

    @property
    def first(self) -> str:
        return next(iter(self.steps))

    @property
    def is_pattern(self) -> bool:
        return self.id.startswith(PATTERN_PREFIX)


@dataclass(frozen=True)
class FlowSet:
    """All flows and the domain of one version; `sha` names it, `document` is what was hashed."""

    flows: Mapping[str, Flow]
    domain: Domain
    sha: FlowSha
    document: Mapping[str, Any] = field(compare=False, repr=False)

    @cached_property
    def owned(self) -> Mapping[str, frozenset[str]]:
        """Per flow, the slots that its steps and those of the flows it calls fill or read."""
        return {flow: _owned(self.flows, flow, set()) for flow in self.flows}

    @cached_property
    def takes(self) -> Mapping[str, frozenset[str]]:
        """Per flow, the slots that belong to it when they are said together with its start."""
        return {
            name: self.owned[name] | (flow.guard.slots if flow.guard else frozenset())
            for name, flow in self.flows.items()
        }

    @cached_property
    def reset(self) -> Mapping[str, frozenset[str]]:
        """Per flow, the slots that go back to their initial value when it ends."""
        return {
            name: self.owned[name] - flow.persisted - _kept(self.flows, name, set())
            for name, flow in self.flows.items()
        }

    @cached_property
    def private_slots(self) -> frozenset[str]:
        """Whose values stand in no log, and are asked for in no group."""
        return frozenset(slot.name for slot in self.domain.slots.values() if slot.private)

    @cached_property
    def initial_values(self) -> tuple[tuple[str, Any], ...]:
        slots = self.domain.slots.values()
        return tuple((slot.name, slot.initial) for slot in slots if slot.initial is not None)

    @cached_property
    def gaps(self) -> Mapping[str, frozenset[str]]:
        """Per response, the names between its braces."""
        return {name: _gaps(response) for name, response in self.domain.responses.items()}

    @cached_property
    def triggers(self) -> Mapping[str, tuple[Trigger, str]]:
        """Intent to its trigger and the flow it starts."""
        return {
            trigger.intent: (trigger, flow.id)
            for flow in self.flows.values()
            for trigger in flow.triggers
        }

    @cached_property
    def started_by(self) -> Mapping[str, str]:
        """Intent to the flow it starts."""
        return {intent: flow for intent, (_, flow) in self.triggers.items()}

    @cached_property
    def sure_from(self) -> Mapping[str, float]:
        """How sure understanding must be of an intent, where a trigger says so."""
        triggers = ((intent, trigger.threshold) for intent, (trigger, _) in self.triggers.items())
        return {intent: bar for intent, bar in triggers if bar is not None}

    @cached_property
    def startable(self) -> tuple[Flow, ...]:
        """Flows a person may start; patterns are the engine's own."""
        return tuple(flow for flow in self.flows.values() if not flow.is_pattern)


def _gaps(response: Response) -> frozenset[str]:
    """And what its variants depend on: all that must be known to say it."""
    gaps: set[str] = set()
    sentences: tuple[Response | Variant, ...] = (response, *response.variants)
    for one in sentences:
        titles = [title for button in one.buttons for title in button.title.values()]
        payloads = [button.payload for button in one.buttons]
        gaps |= gaps_of(*one.text.values(), *titles, *payloads)
    return frozenset(gaps.union(*({slot for slot, _ in one.needs} for one in response.variants)))


def _own_slots(flow: Flow) -> set[str]:
    owned: set[str] = set()
    for step in flow.steps.values():
        match step:
            case Collect():
                owned.add(step.slot)
            case ActionStep():
                owned.update(step.reads)
            case SetSlots():
                owned.update(slot for slot, _ in step.values)
            case WaitStep():
                owned.update(slot for slot, _ in step.fields)
    return owned


def called(flow: Flow) -> set[str]:
    return {step.flow for step in flow.steps.values() if isinstance(step, Call)}


def _owned(flows: Mapping[str, Flow], name: str, seen: set[str]) -> frozenset[str]:
    if name in seen or name not in flows:
        return frozenset()
    seen.add(name)
    below = (_owned(flows, child, seen) for child in sorted(called(flows[name])))
    return frozenset(_own_slots(flows[name])).union(*below)


def _kept(flows: Mapping[str, Flow], name: str, seen: set[str]) -> frozenset[str]:
    """Slots that some collect keeps after the end, and what called flows persist."""
    if name in seen or name not in flows:
        return frozenset()
    seen.add(name)
    collects = (step for step in flows[name].steps.values() if isinstance(step, Collect))
    kept = {step.slot for step in collects if not step.reset_after_flow_ends}
    below = (
        _kept(flows, child, seen) | flows[child].persisted
        for child in sorted(called(flows[name]))
        if child in flows
    )
    return frozenset(kept).union(*below)
