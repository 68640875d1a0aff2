"""Sorts what was understood into what will be done, before anything is done.

unknown or forbidden ▸ cannot   ·   asked slot ▸ answer   ·   same value ▸ dropped
filled slot ▸ correction        ·   slot of a flow started now ▸ that flow's
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dialogs.engine.commands import (
    Act,
    CancelFlow,
    CannotHandle,
    ChitChat,
    Clarify,
    Command,
    CorrectSlots,
    GoBack,
    HumanHandoff,
    RepeatLast,
    Restart,
    SetSlot,
    SkipQuestion,
    StartFlow,
)
from dialogs.engine.frames import top_user_root
from dialogs.engine.walking import is_withheld
from dialogs.engine.work import Work
from dialogs.format.domain import SlotType
from dialogs.format.flow import Collect, Flow
from dialogs.format.own_names import OWN_ACT_NAMES

CONTINUE_INTERRUPTED = "pattern_continue_interrupted"


@dataclass(slots=True)
class Plan:
    """What one message asks for. `corrections` are spoken of, `sets` are not; `said` are all values
    together, for the guards of flows that start with them."""

    said: dict[str, Any] = field(default_factory=dict)
    restart: bool = False
    handoff: bool = False
    cancel: bool = False
    skip: bool = False
    back: bool = False
    repeat: bool = False
    answers: dict[str, Any] = field(default_factory=dict)
    sets: dict[str, Any] = field(default_factory=dict)
    corrections: dict[str, Any] = field(default_factory=dict)
    starts: dict[str, dict[str, Any]] = field(default_factory=dict)
    candidates: tuple[str, ...] = ()
    chats: list[str | None] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    cannot: str | None = None
    settled: bool = False

    @property
    def is_quiet(self) -> bool:
        """Nothing but presses on shared objects: the person's own flow is left as it is."""
        return not (self.settled or self.cannot is not None)


def clean(work: Work, commands: tuple[Command, ...]) -> Plan:
    """One plan out of all commands; what cannot be done counts only if nothing else can."""
    kept = _forced(work, commands)
    plan = Plan(said=_said(work, kept))
    slots_last = sorted(kept, key=lambda command: isinstance(command, SetSlot | CorrectSlots))
    for command in slots_last:
        _SORT[type(command)](work, plan, command)
    others = plan.settled or plan.acts
    if plan.cannot is not None and others:
        plan.cannot = None
    return plan


def _forced(work: Work, commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """A forced question takes only its answer; a person and a way out always work."""
    question = work.question()
    if question is None or not question.force_slot_filling:
        return commands
    kept = tuple(command for command in commands if _passes(command, question))
    return kept or (CannotHandle("forced"),)


def _passes(command: Command, question: Collect) -> bool:
    if isinstance(command, SetSlot):
        return command.slot == question.slot
    return isinstance(command, CancelFlow | HumanHandoff | Restart)


def _start(work: Work, plan: Plan, command: StartFlow) -> None:
    flow = work.flow_set().flows.get(command.flow)
    if flow is None or flow.is_pattern or not _is_open(work, plan, flow):
        plan.cannot = "flow"
        return
    plan.settled = True
    plan.starts.setdefault(command.flow, {})


def _is_open(work: Work, plan: Plan, flow: Flow) -> bool:
    context = {"chat": work.chat_kind}
    return flow.guard is None or flow.guard({**work.slots, **plan.said}, context)


def _said(work: Work, commands: tuple[Command, ...]) -> dict[str, Any]:
    """ "Buy this one" starts a flow whose guard wants a product, and names the product."""
    said = {c.slot: c.value for c in commands if isinstance(c, SetSlot) and not c.append}
    return {slot: value for slot, value in said.items() if work.allows(slot, value)}


def _set(work: Work, plan: Plan, command: SetSlot) -> None:
    flow = _new_owner(work, plan, command.slot)
    if work.leads_from is not None and flow is None and not _is_of_started(work, plan, command):
        return
    known = flow is not None or bool(work.stack)
    value = _appended(work, command, _so_far(work, plan, command.slot, flow))
    if is_withheld(work, command.slot):
        plan.settled = True
    elif not known or value is None or not work.allows(command.slot, value):
        plan.cannot = "slot" if not known else "value"
    elif flow is not None:
        plan.starts[flow][command.slot] = value
    else:
        _sort_value(work, plan, command, value)


def _new_owner(work: Work, plan: Plan, slot: str) -> str | None:
    """The first flow started now that uses the slot; on an empty stack any that starts, and so
    where a flow comes from another chat: what it brings is for nobody else here."""
    takes = work.flow_set().takes
    running = _running(work)
    starting = [flow for flow in plan.starts if flow not in running]
    for flow in starting:
        if slot in takes[flow]:
            return flow
    alone = not work.stack or work.leads_from is not None
    return starting[0] if starting and alone else None


def _is_of_started(work: Work, plan: Plan, command: SetSlot) -> bool:
    """It is running here already: what comes from the other chat corrects it alone."""
    return any(command.slot in work.flow_set().takes[flow] for flow in plan.starts)


def _so_far(work: Work, plan: Plan, slot: str, flow: str | None) -> Any:
    """What the slot holds with what this very message has already said of it."""
    if flow is not None:
        return plan.starts[flow].get(slot)
    known = work.slots.get(slot)
    return plan.answers.get(slot, plan.sets.get(slot, known))


def _appended(work: Work, command: SetSlot, so_far: Any) -> Any:
    declared = work.flow_set().domain.slots.get(command.slot)
    if declared is None or declared.type is not SlotType.LIST or not command.append:
        return command.value
    old = list(so_far or ())
    new = command.value if isinstance(command.value, list) else [command.value]
    return old + [item for item in new if item not in old]


def _sort_value(work: Work, plan: Plan, command: SetSlot, value: Any) -> None:
    plan.settled = True
    question = work.question()
    old = work.slots.get(command.slot)
    if question is not None and question.slot == command.slot:
        plan.answers[command.slot] = value
    elif old == value and type(old) is type(value):
        return
    elif old in (None, work.flow_set().domain.slots[command.slot].initial) or command.append:
        plan.sets[command.slot] = value
    else:
        plan.corrections[command.slot] = value


def _correct(work: Work, plan: Plan, command: CorrectSlots) -> None:
    for slot, value in command.values.items():
        _set(work, plan, SetSlot(slot, value))


def _clarify(work: Work, plan: Plan, command: Clarify) -> None:
    flows = work.flow_set().flows
    known = [f for f in dict.fromkeys(command.flows) if f in flows and not flows[f].is_pattern]
    if len(known) == 1:
        _start(work, plan, StartFlow(known[0]))
    elif known:
        plan.candidates = tuple(known)
        plan.settled = True
    else:
        plan.cannot = "flow"


def _skip(work: Work, plan: Plan, command: SkipQuestion) -> None:
    if work.question() is None:
        plan.cannot = "no_question"
    else:
        plan.skip = plan.settled = True


def _act(work: Work, plan: Plan, command: Act) -> None:
    if command.action in OWN_ACT_NAMES or command.action in work.flow_set().domain.actions:
        plan.acts.append(command)
    else:
        plan.cannot = "action"


def _chat(work: Work, plan: Plan, command: ChitChat) -> None:
    plan.chats.append(command.response)
    plan.settled = True


def _cannot(work: Work, plan: Plan, command: CannotHandle) -> None:
    plan.cannot = command.reason


def _flag(name: str) -> Callable[[Work, Plan, Any], None]:
    def sort(work: Work, plan: Plan, command: Command) -> None:
        setattr(plan, name, True)
        plan.settled = True

    return sort


def _back(work: Work, plan: Plan, command: GoBack) -> None:
    if top_user_root(work) is None:
        plan.cannot = "no_question"
    else:
        plan.back = plan.settled = True


def _running(work: Work) -> set[str]:
    return {frame.flow for frame in work.stack}


_SORT: Mapping[type, Callable[[Work, Plan, Any], None]] = {
    StartFlow: _start,
    SetSlot: _set,
    CorrectSlots: _correct,
    CancelFlow: _flag("cancel"),
    Clarify: _clarify,
    SkipQuestion: _skip,
    GoBack: _back,
    RepeatLast: _flag("repeat"),
    Restart: _flag("restart"),
    HumanHandoff: _flag("handoff"),
    ChitChat: _chat,
    CannotHandle: _cannot,
    Act: _act,
}
