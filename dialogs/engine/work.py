"""The engine's workbench: a mutable copy of one state, for the length of one step."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from data.kernel.ids import FlowSha
from dialogs.engine.outcome import Effect, Event, Outcome, RunAction, Say
from dialogs.engine.state import Asking, Frame, FrameKind, Mode, Pending, State
from dialogs.format.domain import ResponseButton
from dialogs.format.flow import END, Collect, Flow, FlowSet, Step
from dialogs.format.values import is_allowed

# CALM's circuit breaker stands at 250 steps in a turn; a longer turn is a loop.
MAX_STEPS = 250
PATTERN = "pattern_"


class Runaway(Exception):
    """A flow goes round in circles."""


@dataclass(frozen=True, slots=True)
class Flows:
    """The live version, and where to find any other that a frame is pinned to."""

    live: FlowSha
    flows_for: Callable[[FlowSha], FlowSet]

    @classmethod
    def of(cls, flow_set: FlowSet) -> "Flows":
        """One version and no other: tests, the linter's simulator."""
        return cls(flow_set.sha, lambda _sha: flow_set)


class Work:
    """Primitives that every rule of the engine is made of."""

    def __init__(self, state: State, flows: Flows, spent: int = 0) -> None:
        self.stack = list(state.stack)
        self.slots = dict(state.slots)
        self.parked = list(state.parked)
        self.mode = state.mode
        self.chat_kind = state.chat_kind
        self.serial = state.serial
        self.lapsed = state.lapsed
        self.flows = flows
        self.spent = spent
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.pending: Pending | None = None
        self.action: RunAction | None = None
        self.listening = False
        self.leads_from: FlowSha | None = None
        self._sets: dict[FlowSha, FlowSet] = {}

    def outcome(self) -> Outcome:
        state = State(
            stack=tuple(self.stack),
            slots=self.slots,
            parked=tuple(self.parked),
            mode=self.mode,
            chat_kind=self.chat_kind,
            pending=self.pending,
            serial=self.serial,
            lapsed=self.lapsed,
        )
        return Outcome(state, tuple(self.events), tuple(self.effects), self.action)

    # — looking —

    @property
    def version(self) -> FlowSha:
        """What new frames are pinned to: the stack's version, on an empty stack the live one;
        where a flow comes from another chat, that flow's."""
        if self.leads_from is not None:
            return self.leads_from
        return self.stack[-1].version if self.stack else self.flows.live

    def flow_set(self, frame: Frame | None = None) -> FlowSet:
        if frame is not None:
            sha = frame.version
        elif self.stack and self.leads_from is None:
            sha = self.stack[-1].version
        else:
            sha = self.version
        try:
            return self._sets[sha]
        except KeyError:
            found = self._sets[sha] = self.flows.flows_for(sha)
            return found

    def flow(self, frame: Frame) -> Flow:
        return self.flow_set(frame).flows[frame.flow]

    def step(self, frame: Frame) -> Step:
        return self.flow(frame).steps[frame.step]

    def context(self, frame: Frame) -> Mapping[str, Any]:
        return {"chat": self.chat_kind, **frame.context}

    def question(self) -> Collect | None:
        """The collect step that the conversation stands at, if it does."""
        if not self.stack or not self.stack[-1].trail or self.stack[-1].step == END:
            return None
        step = self.step(self.stack[-1])
        return step if isinstance(step, Collect) else None

    def waits_for_answer(self) -> bool:
        """Nothing is left to do before the next message."""
        question = self.question()
        return not self.stack or (question is not None and self.slots.get(question.slot) is None)

    def root_of(self, index: int) -> int:
        """The root of the group that the frame at `index` belongs to."""
        while index > 0 and self.stack[index].kind is FrameKind.CALL:
            index -= 1
        return index

    def spoken_with(self) -> list[Frame]:
        """Where the person is: their uppermost flow with those it called, under all patterns."""
        for top in range(len(self.stack) - 1, -1, -1):
            root = self.root_of(top)
            if self.stack[root].is_root:
                return self.stack[root : top + 1]
        return []

    # — changing —

    def spend(self) -> None:
        self.spent += 1
        if self.spent > MAX_STEPS:
            raise Runaway

    def number(self) -> int:
        self.serial += 1
        return self.serial

    def change(self, index: int, **changes: Any) -> Frame:
        frame = self.stack[index]._replace(**changes)
        self.stack[index] = frame
        return frame

    def push(
        self,
        flow: str,
        kind: FrameKind,
        *,
        context: Mapping[str, Any] | None = None,
        stash: Mapping[str, Any] | None = None,
        quiet: bool = False,
    ) -> Frame:
        frame = self.new_frame(flow, kind, context=context, stash=stash, quiet=quiet)
        self.stack.append(frame)
        return frame

    def new_frame(
        self,
        flow: str,
        kind: FrameKind,
        *,
        context: Mapping[str, Any] | None = None,
        stash: Mapping[str, Any] | None = None,
        quiet: bool = False,
    ) -> Frame:
        first = self.flow_set().flows[flow].first if kind is not FrameKind.ACT else flow
        return Frame(
            id=self.number(),
            flow=flow,
            step=first,
            kind=kind,
            version=self.version,
            context=context or {},
            stash=stash or {},
            quiet=quiet,
        )

    def push_pattern(
        self, name: str, context: Mapping[str, Any] | None = None, *, quiet: bool = False
    ) -> None:
        """The same pattern twice on top would pile up: the newer one stands for both."""
        flow = PATTERN + name
        while self.stack and self.stack[-1].flow == flow:
            self.leave(-1)
        self.push(flow, FrameKind.PATTERN, context=context, quiet=quiet)

    def leave(self, start: int, end: int | None = None, *, why: str = "flow_left") -> None:
        """Take frames off the stack before their end; of each that had begun the log says so."""
        left = self.stack[start:end]
        del self.stack[start:end]
        for frame in reversed(left):
            if frame.trail:
                is_own = frame.is_root or frame.kind is FrameKind.CALL
                self.note(why if is_own else "flow_left", frame, kind=frame.kind.value)

    def allows(self, slot: str, value: Any) -> bool:
        declared = self.flow_set().domain.slots.get(slot)
        return declared is not None and is_allowed(declared, value)

    def set_slot(
        self, slot: str, value: Any, event: str = "slot_set", at: Frame | None = None
    ) -> bool:
        """Set a declared slot to an allowed value; anything else is refused and noted."""
        declared = self.flow_set().domain.slots.get(slot)
        if declared is None or not is_allowed(declared, value):
            self.note("slot_refused", slot=slot)
            return False
        self.slots[slot] = value
        # The log is read by more people than an address is meant for.
        shown = {} if declared.private else {"value": value}
        self.note(event, at, slot=slot, **shown)
        return True

    def reset_slot(self, slot: str) -> None:
        declared = self.flow_set().domain.slots.get(slot)
        if declared is not None and declared.initial is not None:
            self.slots[slot] = declared.initial
        else:
            self.slots.pop(slot, None)

    def note(self, name: str, frame: Frame | None = None, **data: Any) -> None:
        """For the log, at this frame's step or the last it took; without one, at the top's."""
        at = frame or (self.stack[-1] if self.stack else None)
        if at is None:
            self.events.append(Event(name, version=self.flows.live, data=data))
        else:
            step = at.trail[-1] if at.step == END and at.trail else at.step
            self.events.append(Event(name, at.flow, step, at.version, at.id, data))

    def note_each(self, name: str, frames: Iterable[Frame], **data: Any) -> None:
        """What befalls a flow befalls those that called it, each at its own step."""
        for frame in frames:
            if frame.trail:
                self.note(name, frame, **data)

    def say(
        self,
        response: str,
        frame: Frame,
        *,
        question: str | None = None,
        buttons: tuple[ResponseButton, ...] = (),
    ) -> None:
        """The gaps are filled from what is known now: slots may be reset before it is sent."""
        flow_set = self.flow_set(frame)
        known = {**self.slots, **frame.context}
        gaps = flow_set.gaps.get(response, frozenset())
        values = {
            gap: known.get(gap) for gap in gaps if gap in known or gap in flow_set.domain.slots
        }
        titled = flow_set.flows.get(frame.context.get("flow", frame.flow))
        titles = {"flow_name": titled.titles} if titled and "flow_name" in gaps else {}
        self.effects.append(Say(response, frame.version, values, titles, question, buttons))

    def request(self, name: str, why: Asking, *, slot: str | None = None) -> None:
        """Stand still until the action's result is given."""
        frame = self.stack[-1]
        call = self.number()
        self.pending = Pending(name, call, frame.id, why, self.spent)
        values = frame.context if why is Asking.ACT else {}
        step = frame.step
        self.action = RunAction(
            name, call, frame.flow, step, frame.version, dict(self.slots), values, slot
        )
        self.note("action_requested", frame, action=name, call=call)

    def hand_over(self) -> None:
        self.mode = Mode.HUMAN
        self.lapsed = ""  # whatever they came back to, a person hears of it now
        place = self.spoken_with() or self.stack[-1:]
        if place:
            self.note_each("handed_over", place)
        else:
            self.note("handed_over")
