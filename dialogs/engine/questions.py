"""Which question is open: what understanding needs to read an answer."""

from dataclasses import dataclass

from data.kernel.ids import FlowSha
from dialogs.engine.state import Mode, State
from dialogs.engine.walking import is_withheld
from dialogs.engine.work import Flows, Work
from dialogs.format.domain import SlotType


@dataclass(frozen=True, slots=True)
class Question:
    """The slot that is asked for, and what it may hold."""

    slot: str
    slot_type: SlotType
    values: tuple[str, ...]
    flow: str
    step: str
    can_be_skipped: bool = False


def open_question(state: State, flows: Flows) -> Question | None:
    """The question that the conversation stands at; a private one is not open in a group."""
    work = Work(state, flows)
    step = work.question()
    if step is None or state.mode is Mode.HUMAN or is_withheld(work, step.slot):
        return None
    slot = work.flow_set().domain.slots[step.slot]
    flow = state.stack[-1].flow
    return Question(slot.name, slot.type, slot.values, flow, step.id, step.if_skipped is not None)


def current_version(state: State, flows: Flows) -> FlowSha:
    """The flow set against which the next message is to be understood."""
    return Work(state, flows).version
