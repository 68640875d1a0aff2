"""The few actions that are the engine's own, for patterns and their buttons to use."""

from collections.abc import Callable, Mapping

from dialogs.engine.outcome import Handoff, Repeat
from dialogs.engine.work import Work
from dialogs.format.domain import ResponseButton
from dialogs.format.own_names import OWN_ACT_NAMES, OWN_ACTION_NAMES

START_PAYLOAD = "/StartFlow({})"  # as dialogs/understanding/payload.py reads it


def _answer_chitchat(work: Work) -> None:
    frame = work.stack[-1]
    response = frame.context.get("response")
    known = response in work.flow_set(frame).domain.responses
    work.say(str(response) if known else "utter_chitchat", frame)


def _clarify_flows(work: Work) -> None:
    """Each candidate is a button with the flow's name."""
    frame = work.stack[-1]
    flows = work.flow_set(frame).flows
    buttons = tuple(
        ResponseButton(flows[flow].titles, START_PAYLOAD.format(flow))
        for flow in frame.context.get("flows", ())
        if flow in flows
    )
    work.say("utter_clarify", frame, buttons=buttons)


def _hand_over(work: Work) -> None:
    work.effects.append(Handoff())
    work.hand_over()


def _repeat(work: Work) -> None:
    work.effects.append(Repeat())


def _note_satisfaction(work: Work) -> None:
    """Of one question the last answer counts: `asked` tells which question it was."""
    frame = work.stack[-1]
    told = {name: frame.context.get(name) for name in ("asked", "satisfied")}
    work.note("satisfaction_told", frame, **told)
    work.say("utter_satisfaction_noted", frame)


OWN_ACTIONS: Mapping[str, Callable[[Work], None]] = dict(
    zip(
        OWN_ACTION_NAMES,
        (_answer_chitchat, _clarify_flows, _hand_over, _repeat),
        strict=True,
    )
)
OWN_ACTS: Mapping[str, Callable[[Work], None]] = dict(
    zip(OWN_ACT_NAMES, (_note_satisfaction,), strict=True)
)
