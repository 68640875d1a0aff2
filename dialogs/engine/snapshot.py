"""A state as JSON and back, for the conversation's row."""

from collections.abc import Mapping
from typing import Any

from data.kernel.ids import FlowSha
from dialogs.engine.state import (
    Asking,
    ChatKind,
    Frame,
    FrameKind,
    Mode,
    Parked,
    Pending,
    State,
)


def to_json(state: State) -> dict[str, Any]:
    """Plain JSON data; what is empty is left out."""
    body: dict[str, Any] = {
        "mode": state.mode.value,
        "chat": state.chat_kind.value,
        "serial": state.serial,
        "slots": dict(state.slots),
        "stack": [_frame_to_json(frame) for frame in state.stack],
    }
    if state.parked:
        body["parked"] = [parked_to_json(parked) for parked in state.parked]
    if state.lapsed:
        body["lapsed"] = state.lapsed
    if state.pending:
        pending = state.pending
        body["pending"] = [
            pending.action, pending.call, pending.frame, pending.why.value, pending.spent,
        ]  # fmt: skip
    return body


def from_json(body: Mapping[str, Any]) -> State:
    """An empty body is a new conversation."""
    return State(
        stack=tuple(_frame_from_json(frame) for frame in body.get("stack", ())),
        slots=dict(body.get("slots", {})),
        parked=tuple(parked_from_json(parked) for parked in body.get("parked", ())),
        mode=Mode(body.get("mode", Mode.BOT)),
        chat_kind=ChatKind(body.get("chat", ChatKind.PRIVATE)),
        pending=_pending_from_json(body.get("pending")),
        serial=body.get("serial", 0),
        lapsed=body.get("lapsed", ""),
    )


def _frame_to_json(frame: Frame) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": frame.id,
        "flow": frame.flow,
        "step": frame.step,
        "kind": frame.kind.value,
        "version": frame.version,
        "trail": list(frame.trail),
        "barrier": frame.barrier,
        "context": dict(frame.context),
        "stash": dict(frame.stash),
        "quiet": frame.quiet,
        "heard": frame.heard,
    }
    return {key: value for key, value in body.items() if value}


def _frame_from_json(body: Mapping[str, Any]) -> Frame:
    return Frame(
        id=body["id"],
        flow=body["flow"],
        step=body["step"],
        kind=FrameKind(body["kind"]),
        version=FlowSha(body["version"]),
        trail=tuple(body.get("trail", ())),
        barrier=body.get("barrier", 0),
        context=dict(body.get("context", {})),
        stash=dict(body.get("stash", {})),
        quiet=body.get("quiet", False),
        heard=body.get("heard", 0),
    )


def parked_to_json(parked: Parked) -> dict[str, Any]:
    return {
        "wait": parked.wait,
        "events": list(parked.events),
        "key": parked.key,
        "frames": [_frame_to_json(frame) for frame in parked.frames],
        "slots": dict(parked.slots),
        "ready": [parked.ready[0], dict(parked.ready[1])] if parked.ready else None,
    }


def parked_from_json(body: Mapping[str, Any]) -> Parked:
    ready = body["ready"]
    return Parked(
        wait=body["wait"],
        events=tuple(body["events"]),
        key=body["key"],
        frames=tuple(_frame_from_json(frame) for frame in body["frames"]),
        slots=dict(body["slots"]),
        ready=(ready[0], dict(ready[1])) if ready else None,
    )


def _pending_from_json(body: list[Any] | None) -> Pending | None:
    if body is None:
        return None
    action, call, frame, why, spent = body
    return Pending(action, call, frame, Asking(why), spent)
